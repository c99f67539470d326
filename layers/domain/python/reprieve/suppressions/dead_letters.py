"""What an operator does with dead letters: look at them, and take in those that can be read by now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import DAY
from reprieve.suppressions.ingest import Post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reprieve.access.ports import AccessStore
    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.suppressions.ingest import Batch, Ingest
    from reprieve.system_log.dead_letter import HeldLetter
    from reprieve.system_log.ports import DeadLetterQueue

#: a lifted address is remembered for a week, so an event from before that could bring back what a removal forgave
OLDEST: Final = 6 * DAY


class Outcome(StrEnum):
    """What became of a letter that was to be redriven."""

    TAKEN = "taken"
    """Its events are stored, and the letter is gone; what still cannot be read of it is a letter of its own."""
    UNREADABLE = "unreadable"
    """It still cannot be read; it stays."""
    TOO_OLD = "too old"
    """It has an event from so long ago that a removal may have forgiven it and been forgotten; it stays."""
    NOT_OURS = "not a letter"
    """It is not from a provider, or a part of it is missing; it stays."""
    NO_OWNER = "no organization"
    """Its organization is gone, or none has claimed its sender; it stays."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How the posts of one kind of provider are read.

    Attributes:
        name: the provider's name as the system log shows it.
        read: the events in a post.
        owner: the organization that a letter without one belongs to by now, by its content, and the name of its
            account; None without one.
    """

    name: str
    read: Callable[[Post], Batch]
    owner: Callable[[bytes], tuple[Organization, str] | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Redriven:
    """One letter, and what became of it."""

    held: HeldLetter
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The verbs on the dead-letter queue.

    Attributes:
        readers: by kind of provider.
    """

    queue: DeadLetterQueue
    access: AccessStore
    ingest: Ingest
    readers: Mapping[str, Reader]

    def waiting(self, organization_id: str | None) -> list[HeldLetter]:
        """The letters of one organization, or everything in the queue for None; oldest first. Nothing is changed.

        Raises:
            Unavailable: the queue did not answer.
        """
        held = self.queue.hold()
        self.queue.release(held)
        return _of(organization_id, held)

    def redrive(self, organization_id: str | None, *, now: Millis) -> Iterator[Redriven]:
        """Take in again, by the way that all events come in, each letter that can be read by now, and delete it.

        An event that is stored already changes nothing, so a letter can be redriven twice, or while its provider
        repeats it. What cannot be taken in stays in the queue.

        Args:
            organization_id: whose letters; None for all.
            now: the time in milliseconds, which the age of events is judged by.

        Raises:
            Unavailable: a store or the queue did not answer. The letter at hand, and those not reached, stay.
        """
        held = self.queue.hold()
        try:
            for one in _of(organization_id, held):
                outcome = self._take(one, now)
                if outcome is Outcome.TAKEN:
                    self.queue.delete(one)
                yield Redriven(one, outcome)
        finally:
            self.queue.release(held)

    def _take(self, held: HeldLetter, now: Millis) -> Outcome:
        letter = held.letter
        reader = self.readers.get(letter.provider) if letter else None
        if letter is None or reader is None:
            return Outcome.NOT_OURS
        if letter.organization_id:
            organization = self.access.organization(letter.organization_id)
            owner = (organization, letter.account or DEFAULT) if organization else None
        else:
            owner = reader.owner(letter.content)
        if owner is None:
            return Outcome.NO_OWNER
        batch = reader.read(Post({}, letter.content, now))
        if not batch.events and not batch.ignored:
            return Outcome.UNREADABLE
        if any(event.at < now - OLDEST for event in batch.events):
            return Outcome.TOO_OLD
        organization, account = owner
        self.ingest.accept(organization, batch, provider_name=reader.name, account=account, now=now)
        return Outcome.TAKEN


def _of(organization_id: str | None, held: list[HeldLetter]) -> list[HeldLetter]:
    mine = [one for one in held if organization_id in {None, one.organization_id}]
    return sorted(mine, key=lambda one: one.since)
