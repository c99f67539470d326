"""Exporting an organization: all its rows, kind by kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.exports.kinds import Kind
from reprieve.exports.log_entries import organization_moved
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprieve.context import Context
    from reprieve.exports.kinds import Row
    from reprieve.exports.ports import OrganizationRows
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class Exports:
    """Exporting organizations, on behalf of the operator."""

    stored: OrganizationRows
    log: EventLog

    def run(
        self, context: Context, write: Callable[[Kind, Iterator[Row]], None], *, with_system_log: bool = True
    ) -> None:
        """Hand over everything of an organization but secrets.

        The entry of the system log is written before the first row is read, so that an export that is broken off is
        logged too. Each row is as it was at one moment of the export; different rows may be of different moments. What
        was acknowledged before the export began is in it, unless it was changed or deleted since.

        Args:
            context: who asks, for which organization.
            write: takes the rows of one kind, in order of their keys; it is called once per kind, in the order of
                `Kind`, and consumes them.
            with_system_log: whether the entries of the system log are among them.

        Raises:
            Unavailable: the store or the log did not answer.
        """
        organization = context.organization
        self.log.append(organization, [organization_moved(EventType.ORGANIZATION_EXPORT, context=context)])
        for kind in Kind:
            if kind is not Kind.SYSTEM_LOG or with_system_log:
                write(kind, self.stored.rows(organization, kind, now=context.now))
