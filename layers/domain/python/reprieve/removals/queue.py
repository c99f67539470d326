"""Entries of the removal queue: a removal of its own, or a part of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import HOUR, MINUTE, Millis, seconds
from reprieve.removals.removal import RemovalState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reprieve.removals.removal import Removal

#: how long a claimed row belongs to its worker: longer than a tick can last, shorter than anyone's patience
LEASE: Final = seconds(150)


#: how many removals of a request wait as one part: their spellings fit one write unit, and a turn of a call a second
PART: Final = 16


#: when a part is looked at again that could not be finished, at the earliest
SECOND_LOOK: Final = MINUTE


#: so long after a request nothing of it can still come, however slow its function, a clock or a read
SETTLED: Final = HOUR


@dataclass(frozen=True, slots=True)
class Due:
    """An entry of the removal queue: where to find it, and nothing that could be stale.

    Attributes:
        handle: what the store finds it by.
        size: how many removals it stands for at the most.
        requested_at: when, in milliseconds.
    """

    handle: tuple[str, str]
    size: int
    requested_at: Millis


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a request that a worker has claimed.

    Attributes:
        handle: what the store finds it by.
        fence: the worker's right to say what becomes of the part.
        requested_at: when, in milliseconds.
        accounted: whether each removal of it was taken, or has ended, or stands in a queue itself. What has not may
            still be about to be recorded, or a newer request may have taken its place: a reader cannot know which.
    """

    handle: tuple[str, str]
    fence: int
    requested_at: Millis
    accounted: bool

    def due_again(self, *, settled: bool, now: Millis) -> Millis | None:
        """When it must be looked at again; None when nothing is left to do.

        Args:
            settled: whether all that was taken of it was settled.
            now: in milliseconds.
        """
        age = now - self.requested_at
        if settled and (self.accounted or age > SETTLED):
            return None
        return Millis(now + (max(SECOND_LOOK, age) if settled else SECOND_LOOK))


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker got of one entry of the queue: the removals to carry out, and the part that they were found by."""

    removals: tuple[Removal, ...]
    part: Part | None = None

    def due_again(self, settled: Collection[str], *, now: Millis) -> Millis | None:
        """When its part must be looked at again; None when nothing is left to do. `settled`: ids of removals."""
        done = all(row.id in settled for row in self.removals)
        return self.part.due_again(settled=done, now=now) if self.part else None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a worker makes of a row that it has claimed.

    Attributes:
        removal: as it was when it was taken; its fence is the worker's right to write.
        state: DONE lifts the suppression, unless a newer bounce arrived; PENDING gives the row back to the queue.
        attempts: those that were in vain so far.
        due_at: when a row that is given back may be taken again; None for an end.
        answer: the provider's answer, cleaned.
    """

    removal: Removal
    state: RemovalState
    attempts: int
    due_at: Millis | None = None
    answer: str = ""


def given_back(removals: Iterable[Removal], *, now: Millis) -> list[Settlement]:
    """What is written of claimed removals that a turn did not reach: they may be claimed at once.

    A part's removals were not claimed themselves, so nothing is written of them.
    """
    return [Settlement(row, RemovalState.PENDING, row.attempts, now, row.last_answer) for row in removals if row.queued]
