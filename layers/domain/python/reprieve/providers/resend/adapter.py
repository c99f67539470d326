"""Resend's suppression list over HTTP.

Sources: Resend's machine-readable description (resend/resend-openapi, resend.yaml), the pages "Email Suppressions" and
"Rate limit" of its documentation, and its Node client. What decides how an address is lifted:

- There is one list per team, and an entry has an origin: bounce, complaint or manual. Ours are several. So an entry is
  read before it is deleted, at the price of a second call: to lift a bounce must not forgive a complaint. It is deleted
  by its id, so that an entry that takes its place meanwhile stays.
- Which spelling an entry answers to is not documented: the spelling given is tried, then the lower-case one, then our
  comparison key.
- A team may make two requests per second in all, those that send mail among them. Calls are paced below that, and
  being throttled is normal.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import comparison_key
from reprieve.clock import from_timestamp
from reprieve.errors import Unavailable
from reprieve.providers import calls
from reprieve.providers.addresses import segment, spellings
from reprieve.providers.answers import LIFTED, OTHER_REASON, StatusKind, decoded
from reprieve.providers.http import check_header
from reprieve.providers.one_by_one import OneByOne
from reprieve.providers.rows import created, has_address
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import HOLDS, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.clock import Millis
    from reprieve.providers.calls import Errand
    from reprieve.suppressions.suppression import AnyList

PROVIDER: Final = "resend"
NAME: Final = "Resend"
PATH: Final = "/suppressions"
#: two calls per address and more for other spellings: what fits into one turn of the job
BATCH: Final = 10
#: seconds from the beginning of one call to that of the next
PACE: Final = 0.6
#: Resend's own limit
PAGE_ROWS: Final = 100

_ORIGIN: Final[Mapping[AnyList, str]] = {
    SuppressionList.BOUNCES: "bounce",
    SuppressionList.SPAM_REPORTS: "complaint",
    SuppressionList.UNSUBSCRIBES: "manual",
    HOLDS: "manual",
}
_UNREADABLE: Final = LiftAnswer(LiftOutcome.RETRY, "the answer is not an entry of the list")


class Resend(OneByOne):
    """One team's suppression list (`removals.ports.Provider`), for one thread at a time.

    Resend cannot be asked for a range of time, and the order of its list is not documented: all of it is read.

    Args:
        base_url: http or https, where the API is.
        api_key: one with full access; never shown.
        options: see `OneByOne`.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """

    batch = BATCH
    pace = PACE
    words = _ORIGIN

    def __init__(self, *, base_url: str, api_key: str, **options: Any) -> None:  # noqa: ANN401
        super().__init__(base_url, {"Authorization": f"Bearer {check_header(api_key, 'api_key')}"}, **options)

    def _find(self, errand: Errand, email: str, word: str) -> Mapping[str, Any] | LiftAnswer:
        """Find the entry under one of its spellings, if it has this origin."""
        found = _find(errand, email)
        wrong = not isinstance(found, LiftAnswer) and found.get("origin") != word
        return OTHER_REASON if wrong else found

    def _lift_one(self, errand: Errand, email: str, word: str) -> LiftAnswer:
        """Find the entry under one of its spellings, and delete it if it has this origin."""
        found = self._find(errand, email, word)
        if isinstance(found, LiftAnswer):
            return found
        kind, answer, _ = errand.ask("DELETE", f"{PATH}/{segment(_id_of(found))}")
        # gone between the two calls: another caller lifted it
        return LIFTED if kind is StatusKind.DONE else answer

    def _put_one(self, errand: Errand, email: str) -> LiftAnswer:
        """Put one address on the list, unless it is there under one of its spellings, for whatever reason.

        Whether Resend would replace the origin of what is there is not documented.
        """
        found = _find(errand, email)
        if not isinstance(found, LiftAnswer):
            return calls.LISTED_ALREADY
        if found != calls.NOT_LISTED:
            return found
        kind, answer, _ = errand.ask("POST", PATH, body=json.dumps({"email": email}).encode())
        if kind is StatusKind.MISSING:
            return errand.stop(calls.UNKNOWN_API)
        return calls.LISTED if kind is StatusKind.DONE else answer

    def _rows(self, word: str, start: Millis, end: Millis) -> Iterator[object]:  # noqa: ARG002
        query, seen = {"origin": word, "limit": str(PAGE_ROWS)}, set[str]()
        while True:
            page = calls.page(self._api, PATH, query, provider=NAME, rows="data")
            yield from page["data"]
            if page.get("has_more") is not True:
                return
            last = _id_of(page["data"][-1] if page["data"] else None)
            if not last or last in seen:
                raise Unavailable(f"{NAME}: the list's pages form a circle")
            seen.add(last)
            query["after"] = last

    def _entry(self, suppression_list: SuppressionList, row: object, *, otherwise: Millis) -> Suppression | None:
        if not has_address(row, "email"):
            return None
        entry = Suppression(
            list=suppression_list,
            key=comparison_key(row["email"]),
            email=row["email"],
            created=created(row.get("created_at"), from_timestamp, otherwise=otherwise),
            provider=PROVIDER,
        )
        # the list has no text: Resend puts an address on it for a hard bounce only
        return judged(entry, opinion=Permanence.HARD)


def _find(errand: Errand, email: str) -> Mapping[str, Any] | LiftAnswer:
    """The entry of an address, or the answer for it: NOT_LISTED where it has none."""
    for spelling in spellings(email):
        escaped = segment(spelling)
        if escaped is None:
            return calls.NOT_AN_ADDRESS
        kind, answer, body = errand.ask("GET", f"{PATH}/{escaped}")
        found = decoded(body)
        if kind is StatusKind.DONE:
            return found if isinstance(found, dict) and _id_of(found) else _UNREADABLE
        if kind is not StatusKind.MISSING:
            return answer
        if not (isinstance(found, dict) and found.get("name") == "not_found"):
            # believed only in Resend's own words: a wrong base URL must not pass for an empty list
            return errand.stop(calls.UNKNOWN_API)
    return calls.NOT_LISTED


def _id_of(row: object) -> str:
    found = row.get("id") if isinstance(row, dict) else None
    return found if isinstance(found, str) else ""
