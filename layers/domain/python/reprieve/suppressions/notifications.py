"""Taking in the notifications of a provider that does not know our organizations, from a queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.errors import InvalidInput, Unavailable
from reprieve.suppressions.ingest import Post, Report
from reprieve.system_log.dead_letter import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.access.ports import AccessStore, SenderStore
    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.suppressions.ingest import Batch, Ingest
    from reprieve.system_log.ports import DeadLetters


@dataclass(frozen=True, slots=True)
class Notifications:
    """A provider's notifications in a queue of ours, which only the provider can write to.

    Attributes:
        unwrapped: the notification inside a message's body; None for a message that is none. Raises InvalidInput.
        senders: what a notification's mail was sent with, the most specific first. Raises InvalidInput.
        read: the events in a post whose body is a notification; what cannot be read is in the batch as it came.
        checked_sender: a sender in the form of `senders`. Raises InvalidInput for what no mail is sent with.
    """

    unwrapped: Callable[[bytes], bytes | None]
    senders: Callable[[bytes], Sequence[str]]
    read: Callable[[Post], Batch]
    checked_sender: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class NotificationIngest:
    """The way in for a provider's notifications: whatever is acknowledged is stored, or in the dead-letter queue.

    Attributes:
        kind: the kind of provider.
        provider_name: its name as the system log shows it.
    """

    kind: str
    provider_name: str
    notifications: Notifications
    access: AccessStore
    senders: SenderStore
    ingest: Ingest
    dead_letters: DeadLetters

    def take(self, message: bytes, *, now: Millis) -> Report:
        """Take in one message of the queue; one that came before changes nothing.

        A notification whose sender no organization has claimed is set aside, and can be taken in once it is claimed.

        Args:
            message: its body.
            now: the time in milliseconds.

        Raises:
            Unavailable: something could not be stored; the message must come again.
        """
        try:
            notification = self.notifications.unwrapped(message)
        except InvalidInput as problem:
            return self._set_aside(message, str(problem))
        if notification is None:
            return Report(0, 0, 0, ignored=1)
        batch = self.notifications.read(Post({}, notification, now))
        if not batch.events and not batch.unreadable:
            return Report(0, 0, 0, batch.ignored)
        owner = self.owner(notification)
        if owner is None:
            return self._set_aside(notification, "no organization has claimed its sender")
        organization, account = owner
        return self.ingest.accept(organization, batch, provider_name=self.provider_name, account=account, now=now)

    def owner(self, notification: bytes) -> tuple[Organization, str] | None:
        """The organization that has claimed a notification's sender, and its account's name; None without one.

        Raises:
            Unavailable: there is a claim, but not its organization, which is being replaced by an import.
        """
        try:
            senders = self.notifications.senders(notification)
        except InvalidInput:
            return None
        owner = self.senders.owner(self.kind, senders) if senders else None
        if owner is None:
            return None
        organization = self.access.organization(owner[0])
        if organization is None:
            raise Unavailable("the organization of the sender is not there")
        return organization, owner[1]

    def _set_aside(self, content: bytes, reason: str) -> Report:
        self.dead_letters.put([DeadLetter("", self.kind, reason, content)])
        return Report(0, 0, malformed=1, ignored=0)
