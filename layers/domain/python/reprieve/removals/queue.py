"""Entries of the removal queue: a removal of its own, or a part of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import HOUR, MINUTE, Millis
from reprieve.removals.removal import RemovalState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reprieve.removals.removal import Removal

#: how many removals of a request wait as one part: they fit one write unit, and one turn at a call per second
PART: Final = 16


#: how soon a part that could not be finished is checked again, at the earliest
SECOND_LOOK: Final = MINUTE


#: how long after a request none of its writes can still arrive, however slow its function, a clock or a read
SETTLED: Final = HOUR


@dataclass(frozen=True, slots=True)
class Due:
    """An entry of the removal queue: where to find it, and how it was when it was found.

    Attributes:
        handle: the store's reference to it.
        size: how many removals it stands for at the most.
        requested_at: when, in milliseconds. A newer request may have replaced it meanwhile.
    """

    handle: tuple[str, str]
    size: int
    requested_at: Millis


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a request that a worker has claimed.

    Attributes:
        handle: the store's reference to it.
        fence: the worker's right to write the outcome of the part.
        requested_at: when, in milliseconds.
        accounted: whether each removal of it was taken, or has ended, or is queued individually. Any other may
            still be about to be recorded, or a newer request may have taken its place: a reader cannot know which.
    """

    handle: tuple[str, str]
    fence: int
    requested_at: Millis
    accounted: bool

    def due_again(self, *, settled: bool, now: Millis) -> Millis | None:
        """The moment at which it must be checked again; None when nothing is left to do.

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
    """A worker's claim of one entry of the queue: the removals to carry out, and the part that they are in, if any."""

    removals: tuple[Removal, ...]
    part: Part | None = None

    def requested_after(self, moment: Millis) -> bool:
        """Whether something in it was requested later than a moment; in a part all was requested at once."""
        return any(row.requested_at > moment for row in self.removals)

    def due_again(self, settled: Collection[str], *, now: Millis) -> Millis | None:
        """When its part must be checked again; None when nothing is left to do. `settled`: ids of removals."""
        done = all(row.id in settled for row in self.removals)
        return self.part.due_again(settled=done, now=now) if self.part else None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of a claimed row.

    Attributes:
        removal: as it was when it was taken; its fence is the worker's right to write.
        state: DONE lifts the suppression, unless a newer bounce arrived; PENDING gives the row back to the queue.
        attempts: the failed ones so far.
        due_at: when a row that is given back may be taken again; None for an end.
        answer: the provider's answer, cleaned.
        carried: the marks of the provider accounts that have carried it out, where others have not.
    """

    removal: Removal
    state: RemovalState
    attempts: int
    due_at: Millis | None = None
    answer: str = ""
    carried: frozenset[str] = frozenset()


def ended(row: Removal, state: RemovalState, answer: str = "") -> Settlement:
    """The end of a removal for which no provider was called; `answer` says why, or else its last one stays."""
    # the accounts that have carried out what failed are not asked again when it is retried
    carried = row.carried if state is RemovalState.FAILED else frozenset()
    return Settlement(row, state, row.attempts, None, answer or row.last_answer, carried)


def given_back(removals: Iterable[Removal], *, now: Millis) -> list[Settlement]:
    """The settlements of claimed removals that a turn did not reach: they may be claimed again at once.

    A part's removals were not claimed themselves, so nothing is written for them.
    """
    return [
        Settlement(row, RemovalState.PENDING, row.attempts, now, row.last_answer, row.carried)
        for row in removals
        if row.queued
    ]
