"""The scheduled runs over all organizations: the daily comparison with the providers' lists, and the inquiries."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from reprieve.clock import MINUTE, Millis, seconds
from reprieve.context import RECONCILIATION, Context
from reprieve.errors import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reprieve.access.ports import AccessStore
    from reprieve.lanes import Lanes
    from reprieve.organization import Organization
    from reprieve.suppressions.groups import UnsubscribeGroups
    from reprieve.suppressions.inquiries import Asked, Inquiries
    from reprieve.suppressions.reconcile import Differences, Reconciliation

T = TypeVar("T")
#: no organization is begun with less than this left
RESERVE: Final = MINUTE
#: how long one organization's inquiries may take in a run
TURN: Final = seconds(20)


@dataclass(slots=True)
class Summary(Generic[T]):
    """The result of a run over all organizations.

    Attributes:
        results: by organization id, of those that were reached.
        faults: organizations for which it failed, each with a sentence that is safe to log.
        left: how many organizations the run did not reach in time.
    """

    results: dict[str, T] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    left: int = 0


@dataclass(frozen=True, slots=True)
class ScheduledReconciliation:
    """One run, for one organization after the other; a failure in one does not stop the others.

    Attributes:
        remaining: milliseconds that this run may still take.
        spread: random numbers in [0, 1), for an order that changes from run to run, so that what one run leaves out
            is not what the next one leaves out.
        lanes: how many organizations are worked for at a time; a provider that hangs holds up one lane.
    """

    access: AccessStore
    reconciliation: Reconciliation
    groups: UnsubscribeGroups
    inquiries: Inquiries
    remaining: Callable[[], Millis]
    spread: Callable[[], float]
    lanes: Lanes

    def compare(self, *, start: Millis, end: Millis) -> Summary[Differences]:
        """Compare every organization's lists with its providers', and delete what is left of deleted groups.

        Args:
            start: the earliest creation at the provider that counts, in milliseconds, included.
            end: the latest, included.
        """

        def work(organization: Organization) -> Differences:
            found = self.reconciliation.run(_asking(organization, end), start=start, end=end)
            self.groups.sweep(organization, goes_on=lambda: self.remaining() >= RESERVE)
            return found

        return self._each(self.access.organizations(), work)

    def ask(self, *, now: Millis) -> Summary[Asked]:
        """Carry out the inquiries of every organization that has some due, for TURN each.

        Args:
            now: in milliseconds.
        """

        def work(organization: Organization) -> Asked:
            ends = max(RESERVE, self.remaining() - TURN)
            return self.inquiries.run(_asking(organization, now), goes_on=lambda: self.remaining() >= ends)

        due = map(self.access.organization, self.inquiries.store.due_organizations(now=now))
        return self._each(filter(None, due), work)

    def _each(self, organizations: Iterable[Organization], work: Callable[[Organization], T]) -> Summary[T]:
        summary = Summary[T]()
        todo = deque(sorted(organizations, key=lambda _: self.spread()))

        def lane() -> None:
            while self.remaining() >= RESERVE:
                try:
                    organization = todo.popleft()
                except IndexError:
                    return
                try:
                    summary.results[organization.id] = work(organization)
                except Exception as error:  # noqa: BLE001  (a failure in one organization does not stop the others)
                    summary.faults[organization.id] = describe(error)

        self.lanes(lane)
        summary.left = len(todo)
        return summary


def _asking(organization: Organization, now: Millis) -> Context:
    return Context(organization, RECONCILIATION, f"{RECONCILIATION.id}-{now}", now)
