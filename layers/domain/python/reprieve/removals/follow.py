"""Following removals: the state of each, and retrying a failed one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reprieve.errors import Conflict, NotFound
from reprieve.removals.log_entries import removal_retried
from reprieve.removals.removal import Followed, Removal, RemovalState

if TYPE_CHECKING:
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.removals.ports import RemovalQueue, RemovalRecords
    from reprieve.system_log.ports import EventLog


class ReportedState(StrEnum):
    """The reported state of a removal: its own, or the reason why its own is not known any more."""

    PENDING = "pending"
    """Acknowledged; the job has not finished it yet."""
    DONE = "done"
    """Lifted upstream after the acknowledgement, then here."""
    FAILED = "failed"
    """Given up after its attempts; it can be retried."""
    SUPERSEDED = "superseded"
    """A bounce newer than the request arrived; the address stays suppressed."""
    REPLACED = "replaced"
    """A newer request for the same address took its place; the system log has this one's history until then."""
    FORGOTTEN = "forgotten"
    """The record is gone: records of lifted addresses are kept for a week after the lift."""


@dataclass(frozen=True, slots=True)
class RemovalReport:
    """One removal, as it is reported.

    Attributes:
        record: its own record; None when it was replaced or forgotten.
        replaced_by: the id of the removal that took its place, or None.
    """

    followed: Followed
    state: ReportedState
    record: Removal | None
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class Following:
    """Removals of one organization, for callers who are allowed to see them."""

    records: RemovalRecords
    queue: RemovalQueue
    log: EventLog

    def of_request(self, organization: Organization, request_id: str) -> list[RemovalReport]:
        """Every removal that a request asked for, in order.

        Raises:
            NotFound: there is no such request, or it is older than 90 days.
        """
        found = self.records.of_request(organization, request_id)
        if not found:
            raise NotFound("request", "of this id")
        return [_report(one) for one in found]

    def of_address(self, organization: Organization, key: str) -> list[RemovalReport]:
        """The latest removal of an address on each list."""
        return [_report(_as_followed(one)) for one in self.records.of_address(organization, key)]

    def waiting(
        self, organization: Organization, state: RemovalState, *, limit: int, after: str | None
    ) -> tuple[list[RemovalReport], str | None]:
        """A page of pending or failed removals, and the cursor of the next; see the port."""
        page, cursor = self.records.waiting(organization, state, limit=limit, after=after)
        return [_report(_as_followed(one)) for one in page], cursor

    def one(self, organization: Organization, removal_id: str) -> RemovalReport:
        """One removal.

        Raises:
            NotFound: no removal has this id.
        """
        found = self.records.one(organization, removal_id)
        if found is None:
            raise NotFound("removal", "of this id")
        return _report(found)

    def retry(self, context: Context, removal_id: str) -> RemovalReport:
        """Retry a failed removal, with all its attempts, under its old watermark.

        Args:
            context: who asks; the removal is the organization's.
            removal_id: which removal.

        Returns:
            The removal as it is now.

        Raises:
            NotFound: no removal has this id.
            Conflict: it has not failed, or another retry was faster.
        """
        organization = context.organization
        report = self.one(organization, removal_id)
        if report.record is None or report.state is not ReportedState.FAILED:
            raise Conflict(f"only a failed removal can be retried; this one is {report.state}")
        if not self.queue.retry(organization, report.record, now=context.now):
            raise Conflict("the removal has changed meanwhile")
        self.log.append(organization, [removal_retried(report.record, context=context)])
        return self.one(organization, removal_id)


def _report(followed: Followed) -> RemovalReport:
    if followed.record is None:
        return RemovalReport(followed, ReportedState.FORGOTTEN, None)
    if followed.replaced:
        return RemovalReport(followed, ReportedState.REPLACED, None, followed.record.id)
    return RemovalReport(followed, ReportedState(followed.record.state), followed.record)


def _as_followed(record: Removal) -> Followed:
    return Followed(record.id, record.list, record.key, record.email, record.requested_at, record)
