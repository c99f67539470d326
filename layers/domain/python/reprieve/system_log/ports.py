"""What is asked of the system log, and of where goes what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprieve.organization import Organization
    from reprieve.system_log.entry import LogEntry
    from reprieve.system_log.span import Span, Stored


class EventLog(Protocol):
    """The system log."""

    def append(self, organization: Organization, entries: Sequence[LogEntry]) -> int:
        """Add entries; one that is there already stays as it is. Returns how many were new; durable by then."""
        ...


class LogReader(Protocol):
    """The system log, read."""

    def entries(self, organization: Organization, span: Span, *, first: int) -> Iterator[Stored]:
        """The entries of a stretch, in its order; what is not consumed is not read.

        Args:
            organization: whose log.
            span: the stretch.
            first: how many are probably wanted.
        """
        ...


class DeadLetters(Protocol):
    """Where what cannot be processed is kept for a person to look at."""

    def put(self, organization_id: str, kind: str, bodies: Sequence[Mapping[str, object]]) -> None:
        """Keep each body; durable when it returns."""
        ...
