"""Ports for the system log and the dead-letter queue."""

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
        """Add entries durably; one that exists already stays as it is. Returns how many were new."""
        ...


class LogReader(Protocol):
    """Reads the system log."""

    def entries(self, organization: Organization, span: Span, *, first: int) -> Iterator[Stored]:
        """The entries of a stretch, in its order; entries that are not consumed are not read.

        Args:
            organization: whose system log.
            span: the stretch.
            first: how many entries the caller probably wants.
        """
        ...


class DeadLetters(Protocol):
    """Keeps input that cannot be processed until a person looks at it."""

    def put(self, organization_id: str, kind: str, bodies: Sequence[Mapping[str, object]]) -> None:
        """Store each body durably."""
        ...
