"""The suppression lists of a domain at Mailgun, over HTTP.

Sources: the pages "Bounces", "Complaints" and "Unsubscribe" of Mailgun's API reference, and its Go client
(mailgun/mailgun-go). What decides how an address is lifted:

- Each domain has three lists: bounces (permanent failures of the mailbox), complaints and unsubscribes. One call takes
  an address off one of them.
- An unsubscribe has tags, `*` for all mail. Only that one is ours, and it is lifted alone: `?tag=*`.
- A 404 is said of an address, of a domain and of a path, and only the first is success.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from reprieve.address import comparison_key
from reprieve.errors import Unavailable
from reprieve.providers import calls
from reprieve.providers.addresses import segment, spellings
from reprieve.providers.answers import LIFTED, StatusKind, decoded
from reprieve.providers.http import check_header
from reprieve.providers.one_by_one import OneByOne
from reprieve.providers.reading import from_mail_date, word
from reprieve.providers.rows import created, has_address
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import HOLDS, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.clock import Millis
    from reprieve.providers.calls import Errand
    from reprieve.suppressions.suppression import AnyList

PROVIDER: Final = "mailgun"
NAME: Final = "Mailgun"
#: a call per address, and more for other spellings: what fits into one turn of the job
BATCH: Final = 50
#: seconds from the beginning of one call to that of the next; Mailgun states no limit for these calls
PACE: Final = 0.1
#: Mailgun's own limit
PAGE_ROWS: Final = 1_000
ALL_MAIL: Final = "*"

_UNSUBSCRIBES: Final = "unsubscribes"
_LIST: Final[Mapping[AnyList, str]] = {
    SuppressionList.BOUNCES: "bounces",
    SuppressionList.SPAM_REPORTS: "complaints",
    SuppressionList.UNSUBSCRIBES: _UNSUBSCRIBES,
    HOLDS: _UNSUBSCRIBES,
}
_UNREADABLE: Final = LiftAnswer(LiftOutcome.RETRY, "the answer is not an entry of the list")
_NO_SUCH_DOMAIN: Final = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "404: Mailgun has no such domain, or no such API")


class Mailgun(OneByOne):
    """One domain's suppression lists (`removals.ports.Provider`), for one thread at a time.

    Mailgun's lists are in the order of addresses and cannot be asked for a range of time: all of one is read. Of the
    unsubscribes only those for all mail are ours.

    Args:
        base_url: http or https, where the API of the domain's region is, without its version.
        api_key: the account's, or a key of the domain; never shown.
        domain: whose lists they are.
        options: see `OneByOne`.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """

    batch = BATCH
    pace = PACE
    words = _LIST

    def __init__(self, *, base_url: str, api_key: str, domain: str, **options: Any) -> None:  # noqa: ANN401
        user = base64.b64encode(f"api:{check_header(api_key, 'api_key')}".encode()).decode()
        super().__init__(base_url, {"Authorization": f"Basic {user}"}, **options)
        self._root = f"/v3/{quote(domain, safe='')}"

    def _find(self, errand: Errand, email: str, word: str) -> Mapping[str, Any] | LiftAnswer:
        """Find the entry under one of its spellings."""
        body = self._ask(errand, "GET", email, word)
        if isinstance(body, LiftAnswer):
            return body
        found = decoded(body)
        return found if has_address(found, "address") else _UNREADABLE

    def _lift_one(self, errand: Errand, email: str, word: str) -> LiftAnswer:
        """Delete the entry under one of its spellings."""
        query = {"tag": ALL_MAIL} if word == _UNSUBSCRIBES else None
        answer = self._ask(errand, "DELETE", email, word, query)
        return answer if isinstance(answer, LiftAnswer) else LIFTED

    def _ask(
        self, errand: Errand, method: str, email: str, word: str, query: Mapping[str, str] | None = None
    ) -> bytes | LiftAnswer:
        """Send a request about an address, under one spelling after the other: the body of the first that is there."""
        for spelling in spellings(email):
            escaped = segment(spelling)
            if escaped is None:
                return calls.NOT_AN_ADDRESS
            kind, answer, body = errand.ask(method, f"{self._root}/{word}/{escaped}", query=query)
            if kind is StatusKind.DONE:
                return body
            if kind is not StatusKind.MISSING:
                return answer
            if not _is_of_address(body):
                return errand.stop(_NO_SUCH_DOMAIN)
        return calls.NOT_LISTED

    def _put_one(self, errand: Errand, email: str) -> LiftAnswer:
        """Put one address on the unsubscribes, for all mail."""
        if segment(email) is None:
            return calls.NOT_AN_ADDRESS
        body = json.dumps([{"address": email, "tags": [ALL_MAIL]}]).encode()
        kind, answer, _ = errand.ask("POST", f"{self._root}/{_UNSUBSCRIBES}", body=body)
        if kind is StatusKind.MISSING:
            return errand.stop(_NO_SUCH_DOMAIN)
        return calls.LISTED if kind is StatusKind.DONE else answer

    def _rows(self, word: str, start: Millis, end: Millis) -> Iterator[object]:  # noqa: ARG002
        query, seen = {"limit": str(PAGE_ROWS)}, set[str]()
        while True:
            page = calls.page(self._api, f"{self._root}/{word}", query, provider=NAME, rows="items")
            yield from page["items"]
            paging = page.get("paging")
            following = paging.get("next") if isinstance(paging, dict) else None
            if not page["items"] or not isinstance(following, str):
                return
            # the URL of the next page is Mailgun's word; only its parameters are believed, its host is not
            query = dict(parse_qsl(urlsplit(following).query))
            if following in seen:
                raise Unavailable(f"{NAME}: the list's pages form a circle")
            seen.add(following)

    def _entry(self, suppression_list: SuppressionList, row: object, *, otherwise: Millis) -> Suppression | None:
        if not has_address(row, "address"):
            return None
        if suppression_list is SuppressionList.UNSUBSCRIBES and ALL_MAIL not in (row.get("tags") or [ALL_MAIL]):
            return None
        entry = Suppression(
            list=suppression_list,
            key=comparison_key(row["address"]),
            email=row["address"],
            created=created(row.get("created_at"), from_mail_date, otherwise=otherwise),
            reason=f"{word(row, 'code')} {word(row, 'error')}".strip(),
            provider=PROVIDER,
        )
        # Mailgun puts only permanent failures of a mailbox on its list of bounces
        return judged(entry, opinion=Permanence.HARD)


def _is_of_address(body: bytes) -> bool:
    """Whether a 404 is said of an address, in Mailgun's own words, and not of a domain or a path."""
    found = decoded(body)
    return isinstance(found, dict) and "address" in str(found.get("message")).lower()
