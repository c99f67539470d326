"""Taking in events that were kept elsewhere, as an operator has them in files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import DEFAULT
from reprieve.refused_row import RefusedRow
from reprieve.suppressions.dead_letters import OLDEST
from reprieve.suppressions.ingest import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.ingest import Ingest

#: the events that are stored at a time
BATCH: Final = 500
#: the refused rows that are kept; all are counted
MAX_REFUSED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file, and what is in it.

    Attributes:
        line: the line on which it begins, counted from 1.
        batch: its events; what cannot be read in it.
    """

    line: int
    batch: Batch


@dataclass(slots=True)
class ReplayReport:
    """What became of the rows of a file.

    Attributes:
        line: the last line that was taken in.
        events: how many events were stored, or were stored already.
        listed: how many changed a list.
        ignored: how many were of kinds that are not ours.
        too_old: how many events were left out because of their age.
        refused: how many parts could not be read.
        rows: the first `MAX_REFUSED` of them.
        kinds: the events by what happened.
    """

    line: int = 0
    events: int = 0
    listed: int = 0
    ignored: int = 0
    too_old: int = 0
    refused: int = 0
    rows: list[RefusedRow] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replay:
    """The verb that takes in rows of files: an event that is stored already changes nothing and counts nothing."""

    ingest: Ingest

    def run(
        self,
        organization: Organization,
        rows: Iterable[Row],
        report: ReplayReport,
        *,
        provider_name: str,
        account: str = DEFAULT,
        now: Millis,
        any_age: bool = False,
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda _line: None,
    ) -> None:
        """Take in rows, `BATCH` events at a time.

        Args:
            organization: whose events.
            rows: in the order of the file; those before a fault are stored.
            report: what is filled in, so that a caller knows how far it came before a fault.
            provider_name: the sender's name as logs show it.
            account: the name of the organization's account that they come from.
            now: the time in milliseconds.
            any_age: whether to take in events that are older than what a removal is remembered for, which could bring
                back what one has forgiven since.
            dry_run: whether to count and to change nothing.
            progress: called with the last line after each batch.

        Raises:
            Unavailable: something could not be stored; the rows up to `report.line` are, and can be repeated.
        """
        sender = {"provider_name": provider_name, "account": account}
        for line, events in _batches(self._counted(rows, report, oldest=None if any_age else now - OLDEST)):
            if events and not dry_run:
                taken = self.ingest.accept(organization, Batch(events), **sender, now=now)
                report.listed += taken.listed
            for event in events:
                report.events += 1
                report.kinds[event.kind.value] = report.kinds.get(event.kind.value, 0) + 1
            report.line = line
            progress(line)

    def _counted(self, rows: Iterable[Row], report: ReplayReport, *, oldest: int | None) -> Iterator[Row]:
        """The rows with what is left of their events; the rest is counted."""
        for row in rows:
            report.ignored += row.batch.ignored
            for one in row.batch.unreadable:
                report.refused += 1
                if len(report.rows) < MAX_REFUSED:
                    report.rows.append(RefusedRow(row.line, one.reason))
            kept = [event for event in row.batch.events if oldest is None or event.at >= oldest]
            report.too_old += len(row.batch.events) - len(kept)
            yield replace(row, batch=Batch(kept))


def _batches(rows: Iterable[Row]) -> Iterator[tuple[int, list[DeliveryEvent]]]:
    """Events in groups, each with the last line of the rows that it ends; a row is never divided."""
    group: list[DeliveryEvent] = []
    line = 0
    for row in rows:
        line = row.line
        group.extend(row.batch.events)
        if len(group) >= BATCH:
            yield line, group
            group = []
    if line:
        yield line, group
