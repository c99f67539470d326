"""The upkeep: takes entries that were cleared or have expired off their lists, and moves the release before's queue.

A run keeps no position. What it has done has left the index that it reads, oldest first, so the next run continues
from there, however often one is cut off. A late webhook's entry from before the clearing is found, too.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from reprieve.address import digest
from reprieve.clock import MINUTE, Millis, seconds, to_millis
from reprieve.context import UPKEEP, Context
from reprieve.errors import describe
from reprieve.removals.removal import RemovalRequest
from reprieve.suppressions.listing import shown_since
from reprieve.suppressions.suppression import Permanence, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.access.ports import AccessStore
    from reprieve.organization import Organization
    from reprieve.removals.ports import LookAtRates, OldQueue, RemovalRequests
    from reprieve.suppressions.ports import ListingStore
    from reprieve.suppressions.suppression import Suppression

#: how many entries one organization's turn takes
BATCH: Final = 500
#: how often the function runs, and in how many of its runs the rates of all organizations are looked at, and what the
#: release before has queued is moved: each is looked at once an hour
TICK: Final = 2 * MINUTE
SHARES: Final = 30
#: no turn begins with less than this, unless a run says otherwise
RESERVE: Final = seconds(10)


@dataclass(slots=True)
class UpkeepReport:
    """The result of one run.

    Attributes:
        counts: entries taken off, by list.
        moved: removals that the release before had queued, and that are now where the job looks.
        near_limits: rates that are near the limits of providers, of the organizations that this run looked at.
        faults: what stopped an organization's turn, as sentences that are safe to log.
        finished: whether nothing is left.
    """

    counts: Counter[str] = field(default_factory=Counter)
    moved: int = 0
    near_limits: int = 0
    faults: list[str] = field(default_factory=list)
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Upkeep:
    """One run.

    Attributes:
        look: looks at an organization's rates, and returns how many are near the limits of providers.
        clock: the time in milliseconds.
        remaining: milliseconds that this run may still take; nothing is begun when less than `reserve` is left.
    """

    access: AccessStore
    suppressions: RemovalRequests
    listing: ListingStore
    old_queue: OldQueue
    look: LookAtRates
    clock: Callable[[], Millis]
    remaining: Callable[[], Millis]
    reserve: Millis = RESERVE

    def run(self) -> UpkeepReport:
        """Work until nothing is left or time is short; organizations and lists take turns."""
        report = UpkeepReport()
        organizations = list(self.access.organizations())
        for organization in organizations:
            if self._is_due(organization) and self.remaining() > self.reserve:
                self._move(organization, report)
                self._look(organization, report)
        turns = deque(
            (organization, name)
            for organization in organizations
            for name in SuppressionList
            if shown_since(organization, name, now=self.clock()).latest
        )
        while turns:
            if self.remaining() <= self.reserve:
                report.finished = False
                break
            organization, name = turns.popleft()
            try:
                if self._turn(organization, name, report):
                    turns.append((organization, name))
            except Exception as error:  # noqa: BLE001  (a failure in one organization does not stop the others)
                report.faults.append(f"{organization.id}: {describe(error)}")
        return report

    def _is_due(self, organization: Organization) -> bool:
        """Whether it is this run that looks at its rates, and for what the release before has queued."""
        return (digest(organization.id) - self.clock() // TICK) % SHARES == 0

    def _move(self, organization: Organization, report: UpkeepReport) -> None:
        try:
            report.moved += self.old_queue.move(organization, now=self.clock())
        except Exception as error:  # noqa: BLE001  (as in `run`)
            report.faults.append(f"{organization.id}: {describe(error)}")

    def _look(self, organization: Organization, report: UpkeepReport) -> None:
        try:
            report.near_limits += self.look(organization, now=self.clock())
        except Exception as error:  # noqa: BLE001  (as in `run`)
            report.faults.append(f"{organization.id}: {describe(error)}")

    def _turn(self, organization: Organization, name: SuppressionList, report: UpkeepReport) -> bool:
        """Take one batch; return whether there may be more."""
        now = self.clock()
        found = list(islice(self.listing.hidden(organization, name, now=now), BATCH))
        done = 0
        for permanence in Permanence:
            entries = [entry for entry in found if entry.permanence is permanence]
            done += self._take_off(organization, name, permanence, entries, now)
        report.counts[name] += done
        # an index that lags still shows what was just done: the next run checks again
        return len(found) == BATCH and done > 0

    def _take_off(
        self,
        organization: Organization,
        name: SuppressionList,
        permanence: Permanence,
        entries: list[Suppression],
        now: Millis,
    ) -> int:
        since = shown_since(organization, name, now=now)
        first = since.hard if permanence is Permanence.HARD else since.soft
        batch = f"{UPKEEP.id}-{name}-{now}-{permanence}"
        asked = self.suppressions.request_listed(
            Context(organization, UPKEEP, batch, now),
            [
                RemovalRequest(f"{batch}-{number}", name, entry.key, entry.email, hide=True)
                for number, entry in enumerate(entries)
            ],
            since=since,
            hidden=True,
            # news of what is shown may still be under way, and must not be forgiven
            forgiven_until=Millis(to_millis(first) - 1),
        )
        return sum(asked)
