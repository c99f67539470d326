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
import time
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import MAX_KEY_OCTETS, comparison_key
from reprieve.errors import InvalidInput, Unavailable
from reprieve.providers import calls, http, reading
from reprieve.providers.addresses import segment, spellings
from reprieve.providers.answers import StatusKind, decoded
from reprieve.providers.calls import Errand
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import HOLDS, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reprieve.clock import Millis
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
#: the lists of ours whose entries have one origin there
_MANUAL: Final[tuple[AnyList, ...]] = (SuppressionList.UNSUBSCRIBES, HOLDS)
_UNREADABLE: Final = LiftAnswer(LiftOutcome.RETRY, "the answer is not an entry of the list")


def upstream_of(base_url: str, api_key: str, **options: Any) -> http.Upstream:  # noqa: ANN401
    """The HTTP side of one account; see `http.Upstream` for the options.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """
    key = http.check_header(api_key, "api_key")
    return http.Upstream(base_url, {"Authorization": f"Bearer {key}", "Accept": "application/json"}, **options)


class Resend:
    """One team's suppression list (`removals.ports.Provider`), for one thread at a time.

    Args:
        base_url: http or https, where the API is.
        api_key: one with full access; never shown.
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
        sleep: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = upstream_of(base_url, api_key, pace=PACE, sleep=sleep, stopwatch=stopwatch)
        self._clock = clock

    def close(self) -> None:
        """Close the connection that is kept for the next call; the adapter can still be used."""
        self._upstream.client.close()

    def lift(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Take addresses off one list, one by one (`removals.ports.Provider.lift`).

        Args:
            suppression_list: bounces, spam reports, unsubscribes or holds; Resend keeps no other.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order. ABSENT also for an address that is suppressed for another reason,
            and on a list that Resend does not keep.
        """
        origin = _ORIGIN.get(suppression_list)
        if origin is None:
            return [calls.NO_SUCH_LIST] * len(emails)
        errand = Errand(self._upstream, clock=self._clock, budget=budget)
        return errand.each(emails, lambda email: _lift_one(errand, email, origin))

    def kept_with(self, suppression_list: AnyList) -> tuple[AnyList, ...]:
        """Unsubscribes and holds are entries of the origin `manual` (`suppressions.ports.ProviderLists.kept_with`)."""
        return tuple(one for one in _MANUAL if one != suppression_list) if suppression_list in _MANUAL else ()

    def put(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Put addresses on the list, one by one (`removals.ports.Provider.put`).

        What is there already, for whatever reason, stays as it is: whether Resend would replace its origin is not
        documented.

        Args:
            suppression_list: unsubscribes or holds; Resend fills its list for bounces and complaints itself.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order: as of `lift`, with LISTED for LIFTED and ABSENT.
        """
        if suppression_list not in _MANUAL:
            return [calls.KEPT_HERE] * len(emails)
        errand = Errand(self._upstream, clock=self._clock, budget=budget)
        return errand.each(emails, lambda email: _put_one(errand, email))

    def entries(self, suppression_list: SuppressionList, *, start: Millis, end: Millis) -> Iterator[Suppression]:
        """Read the entries of the list (`removals.ports.Provider.entries`).

        Resend cannot be asked for a range of time, and the order of its list is not documented: all of it is read.

        Args:
            suppression_list: which list; one that Resend does not keep is empty, without a call.
            start: the earliest time of creation, in milliseconds, included.
            end: the latest, included.

        Yields:
            The entries. Resend keeps no text or status.

        Raises:
            Unavailable: no answer, a refusal, or an answer that is not a page.
        """
        origin = _ORIGIN.get(suppression_list)
        if origin is None or start > end:
            return
        query, seen = {"origin": origin, "limit": str(PAGE_ROWS)}, set[str]()
        while True:
            found = calls.page(self._upstream, PATH, query, provider=NAME)
            rows = found.get("data")
            if not isinstance(rows, list):
                raise Unavailable(f"{NAME}: the answer is not a page of the list")
            for row in rows:
                entry = parse_row(suppression_list, row, otherwise=end)
                if entry is not None and start <= entry.created <= end:
                    yield entry
            if found.get("has_more") is not True:
                return
            last = _id_of(rows[-1] if rows else None)
            if not last or last in seen:
                raise Unavailable(f"{NAME}: the list's pages form a circle")
            seen.add(last)
            query["after"] = last


def parse_row(suppression_list: SuppressionList, row: object, *, otherwise: Millis) -> Suppression | None:
    """Read one entry of the list.

    Args:
        suppression_list: the list it belongs to.
        row: the decoded JSON.
        otherwise: the time to assume when there is none that can be read, in milliseconds.

    Returns:
        The entry; None when there is no address in it, or a longer one than an event may have.
    """
    if not isinstance(row, dict) or not isinstance(row.get("email"), str) or not row["email"]:
        return None
    email = row["email"]
    if len(email.encode("utf-8", "surrogatepass")) > MAX_KEY_OCTETS:
        return None
    try:
        created = reading.iso_moment(row.get("created_at"), "created_at", otherwise)
    except InvalidInput:
        created = otherwise
    entry = Suppression(
        list=suppression_list, key=comparison_key(email), email=email, created=created, provider=PROVIDER
    )
    # the list has no text: Resend puts an address on it for a hard bounce only
    return judged(entry, opinion=Permanence.HARD)


def _lift_one(errand: Errand, email: str, origin: str) -> LiftAnswer:
    """Find the entry under one of its spellings, and delete it if it has this origin."""
    found = _find(errand, email)
    if isinstance(found, LiftAnswer):
        return found
    if found.get("origin") != origin:
        return calls.OTHER_REASON
    kind, answer, _ = errand.ask("DELETE", f"{PATH}/{segment(_id_of(found))}")
    # gone between the two calls: another caller lifted it
    return calls.LIFTED if kind is StatusKind.DONE else answer


def _put_one(errand: Errand, email: str) -> LiftAnswer:
    """Put one address on the list, unless it is there under one of its spellings."""
    found = _find(errand, email)
    if not isinstance(found, LiftAnswer):
        return calls.LISTED_ALREADY
    if found != calls.NOT_LISTED:
        return found
    kind, answer, _ = errand.ask("POST", PATH, body=json.dumps({"email": email}).encode())
    if kind is StatusKind.MISSING:
        return errand.stop(calls.UNKNOWN_API)
    return calls.LISTED if kind is StatusKind.DONE else answer


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
