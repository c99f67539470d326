"""Ports for the system log and the dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reprieve.organization import Organization
    from reprieve.system_log.dead_letter import DeadLetter, HeldLetter
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
    """Where what could not be read is set aside."""

    def put(self, letters: Sequence[DeadLetter]) -> None:
        """Keep each letter whole; durable when it returns.

        Raises:
            Unavailable: not all of them were kept.
        """
        ...


class DeadLetterQueue(Protocol):
    """The dead-letter queue, as an operator works on it."""

    def hold(self) -> list[HeldLetter]:
        """Everything in the queue, held back from other readers for some minutes.

        Raises:
            Unavailable: the queue did not answer; what was held comes back by itself.
        """
        ...

    def release(self, held: Iterable[HeldLetter]) -> None:
        """Give letters back at once; one that cannot be given back comes back by itself."""
        ...

    def delete(self, held: HeldLetter) -> None:
        """Delete a letter with all its copies.

        Raises:
            Unavailable: the queue did not delete all of it.
        """
        ...
