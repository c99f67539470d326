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
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from reprieve.address import MAX_KEY_OCTETS, comparison_key
from reprieve.clock import SECOND, Millis
from reprieve.errors import Unavailable
from reprieve.providers import calls, http
from reprieve.providers.addresses import segment, spellings
from reprieve.providers.answers import StatusKind, decoded
from reprieve.providers.calls import Errand
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import HOLDS, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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

_LIST: Final[Mapping[AnyList, str]] = {
    SuppressionList.BOUNCES: "bounces",
    SuppressionList.SPAM_REPORTS: "complaints",
    SuppressionList.UNSUBSCRIBES: "unsubscribes",
    HOLDS: "unsubscribes",
}
_UNSUBSCRIBED: Final[tuple[AnyList, ...]] = (SuppressionList.UNSUBSCRIBES, HOLDS)
_NO_SUCH_DOMAIN: Final = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "404: Mailgun has no such domain, or no such API")


def upstream_of(base_url: str, api_key: str, **options: Any) -> http.Upstream:  # noqa: ANN401
    """The HTTP side of one account; see `http.Upstream` for the options.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """
    user = base64.b64encode(f"api:{http.check_header(api_key, 'api_key')}".encode()).decode()
    return http.Upstream(base_url, {"Authorization": f"Basic {user}", "Accept": "application/json"}, **options)


class Mailgun:
    """One domain's suppression lists (`removals.ports.Provider`), for one thread at a time.

    Args:
        base_url: http or https, where the API of the domain's region is, without its version.
        api_key: the account's, or a key of the domain; never shown.
        domain: whose lists they are.
        clock: our clock in milliseconds since the epoch; read to bound when to come back.
        sleep: waits for seconds; for tests.
        stopwatch: seconds that only grow; for tests.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """

    batch: int = BATCH

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        domain: str,
        clock: Callable[[], Millis],
        sleep: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = upstream_of(base_url, api_key, pace=PACE, sleep=sleep, stopwatch=stopwatch)
        self._root = f"/v3/{quote(domain, safe='')}"
        self._clock = clock

    def close(self) -> None:
        """Close the connection that is kept for the next call; the adapter can still be used."""
        self._upstream.client.close()

    def lift(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Take addresses off one list, one by one (`removals.ports.Provider.lift`).

        Args:
            suppression_list: bounces, spam reports, unsubscribes or holds; Mailgun keeps no other.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order; ABSENT also on a list that Mailgun does not keep.
        """
        name = _LIST.get(suppression_list)
        if name is None:
            return [calls.NO_SUCH_LIST] * len(emails)
        errand, path = Errand(self._upstream, clock=self._clock, budget=budget), f"{self._root}/{name}"
        query = {"tag": ALL_MAIL} if suppression_list in _UNSUBSCRIBED else None
        return errand.each(emails, lambda email: _lift_one(errand, path, email, query))

    def kept_with(self, suppression_list: AnyList) -> tuple[AnyList, ...]:
        """Unsubscribes and holds are one list there (`suppressions.ports.ProviderLists.kept_with`)."""
        if suppression_list not in _UNSUBSCRIBED:
            return ()
        return tuple(one for one in _UNSUBSCRIBED if one != suppression_list)

    def put(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Put addresses on the unsubscribes, for all mail, one by one (`removals.ports.Provider.put`).

        Args:
            suppression_list: unsubscribes or holds; Mailgun fills the others itself.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order: as of `lift`, with LISTED for LIFTED and ABSENT.
        """
        if suppression_list not in _UNSUBSCRIBED:
            return [calls.KEPT_HERE] * len(emails)
        errand, path = Errand(self._upstream, clock=self._clock, budget=budget), f"{self._root}/unsubscribes"
        return errand.each(emails, lambda email: _put_one(errand, path, email))

    def entries(self, suppression_list: SuppressionList, *, start: Millis, end: Millis) -> Iterator[Suppression]:
        """Read the entries of the list (`removals.ports.Provider.entries`).

        Mailgun's lists are in the order of addresses and cannot be asked for a range of time: all of one is read. Of
        the unsubscribes only those for all mail are ours.

        Args:
            suppression_list: which list; one that Mailgun does not keep is empty, without a call.
            start: the earliest time of creation, in milliseconds, included.
            end: the latest, included.

        Raises:
            Unavailable: no answer, a refusal, or an answer that is not a page.
        """
        name = _LIST.get(suppression_list)
        if name is None or start > end:
            return
        query, seen = {"limit": str(PAGE_ROWS)}, set[str]()
        while True:
            found = calls.page(self._upstream, f"{self._root}/{name}", query, provider=NAME)
            rows, paging = found.get("items"), found.get("paging")
            if not isinstance(rows, list):
                raise Unavailable(f"{NAME}: the answer is not a page of the list")
            for row in rows:
                entry = parse_row(suppression_list, row, otherwise=end)
                if entry is not None and start <= entry.created <= end:
                    yield entry
            following = paging.get("next") if isinstance(paging, dict) else None
            if not rows or not isinstance(following, str):
                return
            # the URL of the next page is Mailgun's word; only its parameters are believed, its host is not
            query = dict(parse_qsl(urlsplit(following).query))
            if following in seen:
                raise Unavailable(f"{NAME}: the list's pages form a circle")
            seen.add(following)


def parse_row(suppression_list: SuppressionList, row: object, *, otherwise: Millis) -> Suppression | None:
    """Read one entry of a list.

    Args:
        suppression_list: the list it belongs to.
        row: the decoded JSON.
        otherwise: the time to assume when there is none that can be read, in milliseconds.

    Returns:
        The entry; None when there is no address in it, or a longer one than an event may have, or when it is an
        unsubscribe from some tags alone.
    """
    email = row.get("address") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(email, str) or not email:
        return None
    if len(email.encode("utf-8", "surrogatepass")) > MAX_KEY_OCTETS:
        return None
    if suppression_list is SuppressionList.UNSUBSCRIBES and ALL_MAIL not in (row.get("tags") or [ALL_MAIL]):
        return None
    entry = Suppression(
        list=suppression_list,
        key=comparison_key(email),
        email=email,
        created=_created(row.get("created_at"), otherwise),
        reason=f"{_word(row.get('code'))} {_word(row.get('error'))}".strip(),
        provider=PROVIDER,
    )
    # Mailgun puts only permanent failures of a mailbox on its list of bounces
    return judged(entry, opinion=Permanence.HARD)


def _lift_one(errand: Errand, path: str, email: str, query: Mapping[str, str] | None) -> LiftAnswer:
    for spelling in spellings(email):
        escaped = segment(spelling)
        if escaped is None:
            return calls.NOT_AN_ADDRESS
        kind, answer, body = errand.ask("DELETE", f"{path}/{escaped}", query=query)
        if kind is StatusKind.DONE:
            return calls.LIFTED
        if kind is not StatusKind.MISSING:
            return answer
        if not _is_of_address(body):
            return errand.stop(_NO_SUCH_DOMAIN)
    return calls.NOT_LISTED


def _put_one(errand: Errand, path: str, email: str) -> LiftAnswer:
    if segment(email) is None:
        return calls.NOT_AN_ADDRESS
    kind, answer, _ = errand.ask("POST", path, body=json.dumps([{"address": email, "tags": [ALL_MAIL]}]).encode())
    if kind is StatusKind.MISSING:
        return errand.stop(_NO_SUCH_DOMAIN)
    return calls.LISTED if kind is StatusKind.DONE else answer


def _is_of_address(body: bytes) -> bool:
    """Whether a 404 is said of an address, in Mailgun's own words, and not of a domain or a path."""
    found = decoded(body)
    return isinstance(found, dict) and "address" in str(found.get("message")).lower()


def _created(value: object, otherwise: Millis) -> Millis:
    """A moment in the form of RFC 2822."""
    try:
        found = parsedate_to_datetime(value if isinstance(value, str) else "")
        at = Millis(round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * SECOND))
    except (ValueError, OverflowError):
        return otherwise
    return at if at > 0 else otherwise


def _word(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
