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
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from reprieve.address import MAX_KEY_OCTETS, comparison_key
from reprieve.clock import SECOND, Millis
from reprieve.errors import InvalidInput, Unavailable
from reprieve.providers import calls, http, reading
from reprieve.providers.addresses import segment
from reprieve.providers.answers import StatusKind, decoded
from reprieve.providers.calls import Errand
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import HOLDS, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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
_MANUAL: Final[tuple[AnyList, ...]] = (SuppressionList.UNSUBSCRIBES, HOLDS)
_COMPLAINT_STAYS: Final = LiftAnswer(LiftOutcome.REFUSED, "only Postmark's support lifts a spam complaint: write to it")
_NOT_ALLOWED: Final = LiftAnswer(LiftOutcome.REFUSED, "Postmark does not let this suppression be changed")
_NO_SUCH_STREAM: Final = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "Postmark's server has no such message stream")
_UNREADABLE: Final = LiftAnswer(LiftOutcome.RETRY, "the answer is not about the address")


def upstream_of(base_url: str, api_key: str, **options: Any) -> http.Upstream:  # noqa: ANN401
    """The HTTP side of one server; see `http.Upstream` for the options.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """
    token = http.check_header(api_key, "api_key")
    return http.Upstream(base_url, {"X-Postmark-Server-Token": token, "Accept": "application/json"}, **options)


class Postmark:
    """One message stream's suppressions (`removals.ports.Provider`), for one thread at a time.

    Args:
        base_url: http or https, where the API is.
        api_key: the server's API token; never shown.
        stream: the id of the message stream; "" for the default one.
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
        clock: Callable[[], Millis],
        stream: str = "",
        sleep: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = upstream_of(base_url, api_key, pace=PACE, sleep=sleep, stopwatch=stopwatch)
        self._path = f"/message-streams/{quote(stream or DEFAULT_STREAM, safe='')}/suppressions"
        self._clock = clock

    def close(self) -> None:
        """Close the connection that is kept for the next call; the adapter can still be used."""
        self._upstream.client.close()

    def lift(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Take addresses off one list, one by one (`removals.ports.Provider.lift`).

        Args:
            suppression_list: bounces, spam reports, unsubscribes or holds; Postmark keeps no other.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order. REFUSED for a complaint, which only Postmark's support lifts.
            ABSENT also for an address that is suppressed for another reason, and on a list that Postmark does not keep.
        """
        reason = _REASON.get(suppression_list)
        if reason is None:
            return [calls.NO_SUCH_LIST] * len(emails)
        errand = Errand(self._upstream, clock=self._clock, budget=budget)
        return errand.each(emails, lambda email: self._lift_one(errand, email, reason))

    def kept_with(self, suppression_list: AnyList) -> tuple[AnyList, ...]:
        """Unsubscribes and holds are manual suppressions (`suppressions.ports.ProviderLists.kept_with`)."""
        return tuple(one for one in _MANUAL if one != suppression_list) if suppression_list in _MANUAL else ()

    def put(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Put addresses on the list, one by one (`removals.ports.Provider.put`).

        What is there already, for whatever reason, stays as it is: whether Postmark would replace its reason is not
        documented.

        Args:
            suppression_list: unsubscribes or holds; Postmark fills its list for bounces and complaints itself.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order: as of `lift`, with LISTED for LIFTED and ABSENT.
        """
        if suppression_list not in _MANUAL:
            return [calls.KEPT_HERE] * len(emails)
        errand = Errand(self._upstream, clock=self._clock, budget=budget)
        return errand.each(emails, lambda email: self._put_one(errand, email))

    def entries(self, suppression_list: SuppressionList, *, start: Millis, end: Millis) -> Iterator[Suppression]:
        """Read the entries of the list (`removals.ports.Provider.entries`).

        Postmark gives all entries of a range of days at once. In which time zone its days are is not documented: a day
        more is asked for on each side, and the entries are filtered here. A range whose answer is too large is halved.

        Args:
            suppression_list: which list; one that Postmark does not keep is empty, without a call.
            start: the earliest time of creation, in milliseconds, included.
            end: the latest, included.

        Raises:
            Unavailable: no answer, a refusal, an answer that is not a list, or one day that is too large.
        """
        reason = _REASON.get(suppression_list)
        if reason is None or start > end:
            return
        windows = [(_day(start) - timedelta(days=1), _day(end) + timedelta(days=1))]
        seen: set[Suppression] = set()
        while windows:
            first, last = windows.pop()
            try:
                rows = self._dump(reason, first, last, narrows=first < last)
            except http.TooLarge:
                middle = first + (last - first) // 2
                windows += [(middle + timedelta(days=1), last), (first, middle)]
                continue
            for row in rows:
                entry = parse_row(suppression_list, row, otherwise=end)
                if entry is not None and start <= entry.created <= end and entry not in seen:
                    seen.add(entry)
                    yield entry

    def _dump(self, reason: str, first: date, last: date, *, narrows: bool) -> list[Any]:
        query = {"SuppressionReason": reason, "fromdate": first.isoformat(), "todate": last.isoformat()}
        found = calls.page(self._upstream, f"{self._path}/dump", query, provider=NAME, narrows=narrows)
        rows = found.get("Suppressions")
        if not isinstance(rows, list):
            raise Unavailable(f"{NAME}: the answer is not a list")
        return rows

    def _lift_one(self, errand: Errand, email: str, reason: str) -> LiftAnswer:
        """Find the entry, and delete it if it is there for this reason."""
        found = self._find(errand, email)
        if isinstance(found, LiftAnswer):
            return found
        if found.get("SuppressionReason") != reason:
            return calls.OTHER_REASON
        status, answer = _change(errand, f"{self._path}/delete", str(found["EmailAddress"]))
        if status == "Failed":
            return _COMPLAINT_STAYS if reason == "SpamComplaint" else _NOT_ALLOWED
        return calls.LIFTED if status == "Deleted" else answer

    def _put_one(self, errand: Errand, email: str) -> LiftAnswer:
        """Put one address on the list, unless it is there."""
        found = self._find(errand, email)
        if not isinstance(found, LiftAnswer):
            return calls.LISTED_ALREADY
        if found != calls.NOT_LISTED:
            return found
        status, answer = _change(errand, self._path, email)
        if status == "Failed":
            return _NOT_ALLOWED
        return calls.LISTED if status == "Suppressed" else answer

    def _find(self, errand: Errand, email: str) -> Mapping[str, Any] | LiftAnswer:
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


def parse_row(suppression_list: SuppressionList, row: object, *, otherwise: Millis) -> Suppression | None:
    """Read one entry of the list.

    Args:
        suppression_list: the list it belongs to.
        row: the decoded JSON.
        otherwise: the time to assume when there is none that can be read, in milliseconds.

    Returns:
        The entry; None when there is no address in it, or a longer one than an event may have.
    """
    email = row.get("EmailAddress") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(email, str) or not email:
        return None
    if len(email.encode("utf-8", "surrogatepass")) > MAX_KEY_OCTETS:
        return None
    try:
        created = reading.iso_moment(row.get("CreatedAt"), "CreatedAt", otherwise)
    except InvalidInput:
        created = otherwise
    entry = Suppression(
        list=suppression_list, key=comparison_key(email), email=email, created=created, provider=PROVIDER
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
