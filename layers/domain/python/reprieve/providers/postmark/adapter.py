"""The suppressions of a message stream at Postmark, over HTTP.

Sources: the page "Suppressions API" of Postmark's developer documentation, its list of API error codes, and "Bounce
hooks now include Spam complaints" of its blog. What decides how an address is lifted:

- Each message stream has one list, and an entry has a reason: HardBounce, SpamComplaint or ManualSuppression. Ours are
  several. So an entry is read before it is deleted: to lift a bounce must not forgive a complaint.
- A complaint is deleted by Postmark's support alone. It is asked for all the same, because the answer is Postmark's to
  give, and its refusal is answered by name.
- A request has one HTTP status and a status for each address in it.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from reprieve.address import comparison_key
from reprieve.clock import SECOND, from_timestamp
from reprieve.providers import calls
from reprieve.providers.addresses import segment
from reprieve.providers.answers import LIFTED, OTHER_REASON, StatusKind, decoded
from reprieve.providers.http import TooLarge, check_header
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

PROVIDER: Final = "postmark"
NAME: Final = "Postmark"
#: the stream of a server that has not made another
DEFAULT_STREAM: Final = "outbound"
#: two calls per address: what fits into one turn of the job
BATCH: Final = 25
#: seconds from the beginning of one call to that of the next; Postmark states no limit
PACE: Final = 0.1
#: the codes of errors that are about the stream
_NO_STREAM: Final = frozenset({1226, 1235})

_REASON: Final[Mapping[AnyList, str]] = {
    SuppressionList.BOUNCES: "HardBounce",
    SuppressionList.SPAM_REPORTS: "SpamComplaint",
    SuppressionList.UNSUBSCRIBES: "ManualSuppression",
    HOLDS: "ManualSuppression",
}
_COMPLAINT_STAYS: Final = LiftAnswer(LiftOutcome.REFUSED, "only Postmark's support lifts a spam complaint: write to it")
_NOT_ALLOWED: Final = LiftAnswer(LiftOutcome.REFUSED, "Postmark does not let this suppression be changed")
_NO_SUCH_STREAM: Final = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "Postmark's server has no such message stream")
_UNREADABLE: Final = LiftAnswer(LiftOutcome.RETRY, "the answer is not about the address")


class Postmark(OneByOne):
    """One message stream's suppressions (`removals.ports.Provider`), for one thread at a time.

    Args:
        base_url: http or https, where the API is.
        api_key: the server's API token; never shown.
        stream: the id of the message stream; "" for the default one.
        options: see `OneByOne`.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """

    batch = BATCH
    pace = PACE
    words = _REASON

    def __init__(self, *, base_url: str, api_key: str, stream: str = "", **options: Any) -> None:  # noqa: ANN401
        super().__init__(base_url, {"X-Postmark-Server-Token": check_header(api_key, "api_key")}, **options)
        self._path = f"/message-streams/{quote(stream or DEFAULT_STREAM, safe='')}/suppressions"

    def _lift_one(self, errand: Errand, email: str, word: str) -> LiftAnswer:
        """Find the entry, and delete it if it is there for this reason; only Postmark's support lifts a complaint."""
        found = self._find(errand, email, word)
        if isinstance(found, LiftAnswer):
            return found
        status, answer = _change(errand, f"{self._path}/delete", str(found["EmailAddress"]))
        if status == "Failed":
            return _COMPLAINT_STAYS if word == "SpamComplaint" else _NOT_ALLOWED
        return LIFTED if status == "Deleted" else answer

    def _put_one(self, errand: Errand, email: str) -> LiftAnswer:
        """Put one address on the list, unless it is there, for whatever reason.

        Whether Postmark would replace the reason of what is there is not documented.
        """
        found = self._any(errand, email)
        if not isinstance(found, LiftAnswer):
            return calls.LISTED_ALREADY
        if found != calls.NOT_LISTED:
            return found
        status, answer = _change(errand, self._path, email)
        if status == "Failed":
            return _NOT_ALLOWED
        return calls.LISTED if status == "Suppressed" else answer

    def _find(self, errand: Errand, email: str, word: str) -> Mapping[str, Any] | LiftAnswer:
        """Find the entry of an address, if it is there for this reason."""
        found = self._any(errand, email)
        wrong = not isinstance(found, LiftAnswer) and found.get("SuppressionReason") != word
        return OTHER_REASON if wrong else found

    def _any(self, errand: Errand, email: str) -> Mapping[str, Any] | LiftAnswer:
        """The entry of an address, or the answer for it: NOT_LISTED where it has none."""
        if segment(email) is None:
            return calls.NOT_AN_ADDRESS
        kind, answer, body = errand.ask("GET", f"{self._path}/dump", query={"EmailAddress": email})
        if kind is not StatusKind.DONE:
            return _about_the_account(errand, kind, body) or answer
        found = decoded(body)
        rows = found.get("Suppressions") if isinstance(found, dict) else None
        if not isinstance(rows, list):
            return _UNREADABLE
        key = comparison_key(email)
        mine = (row for row in rows if isinstance(row, dict) and isinstance(row.get("EmailAddress"), str))
        return next((row for row in mine if comparison_key(row["EmailAddress"]) == key), calls.NOT_LISTED)

    def _rows(self, word: str, start: Millis, end: Millis) -> Iterator[object]:
        """All of a range of days at once; a range whose answer is too large is halved.

        In which time zone Postmark's days are is not documented: a day more is asked for on each side.
        """
        windows = [(_day(start) - timedelta(days=1), _day(end) + timedelta(days=1))]
        while windows:
            first, last = windows.pop()
            query = {"SuppressionReason": word, "fromdate": first.isoformat(), "todate": last.isoformat()}
            try:
                page = calls.page(
                    self._api,
                    f"{self._path}/dump",
                    query,
                    provider=NAME,
                    rows="Suppressions",
                    narrows=first < last,
                )
            except TooLarge:
                middle = first + (last - first) // 2
                windows += [(middle + timedelta(days=1), last), (first, middle)]
            else:
                yield from page["Suppressions"]

    def _entry(self, suppression_list: SuppressionList, row: object, *, otherwise: Millis) -> Suppression | None:
        if not has_address(row, "EmailAddress"):
            return None
        entry = Suppression(
            list=suppression_list,
            key=comparison_key(row["EmailAddress"]),
            email=row["EmailAddress"],
            created=created(row.get("CreatedAt"), from_timestamp, otherwise=otherwise),
            provider=PROVIDER,
        )
        # the list has no text: Postmark puts an address on it for a hard bounce only
        return judged(entry, opinion=Permanence.HARD)


def _change(errand: Errand, path: str, email: str) -> tuple[str, LiftAnswer]:
    """Ask for a change of one address: Postmark's status for it, "" without one, and the answer without a status."""
    body = json.dumps({"Suppressions": [{"EmailAddress": email}]}).encode()
    kind, answer, body = errand.ask("POST", path, body=body)
    if kind is not StatusKind.DONE:
        return "", _about_the_account(errand, kind, body) or answer
    found = decoded(body)
    rows = found.get("Suppressions") if isinstance(found, dict) else None
    row = rows[0] if isinstance(rows, list) and len(rows) == 1 else None
    return (str(row.get("Status")) if isinstance(row, dict) else ""), _UNREADABLE


def _about_the_account(errand: Errand, kind: StatusKind, body: bytes) -> LiftAnswer | None:
    """The answer to a call that failed because of the stream or the base URL; None for any other."""
    found = decoded(body)
    code = found.get("ErrorCode") if isinstance(found, dict) else None
    if kind in {StatusKind.REFUSED, StatusKind.MISSING} and code in _NO_STREAM:
        return errand.stop(_NO_SUCH_STREAM)
    return errand.stop(calls.UNKNOWN_API) if kind is StatusKind.MISSING else None


def _day(moment: Millis) -> date:
    return datetime.fromtimestamp(moment / SECOND, UTC).date()
