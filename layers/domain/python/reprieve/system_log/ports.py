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

    def append(self, organization: Organization, entries: Sequence[LogEntry]) -> frozenset[str]:
        """Add entries durably; one that exists already stays as it is.

        Returns:
            The ids of those that are known to be new; after a fault in the middle, some of them may be missing.
        """
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
