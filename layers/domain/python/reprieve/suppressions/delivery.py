"""Delivery events: what a provider reports about a message, and the list on which that puts the address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import Classification, Suppression, SuppressionList

if TYPE_CHECKING:
    from reprieve.clock import Millis


class DeliveryKind(StrEnum):
    """The outcomes that are kept; engagement (open, click) is not."""

    DELIVERED = "delivered"
    """The receiving server accepted the message."""
    BOUNCE = "bounce"
    """It refused the message, and the provider suppresses the address."""
    BLOCKED = "blocked"
    """It refused the message, and the provider does not suppress the address."""
    DEFERRED = "deferred"
    """It asked for a later attempt, which the provider makes."""
    DROPPED = "dropped"
    """The provider did not even try, mostly because the address is on one of its lists."""
    SPAM_REPORT = "spamreport"
    """The recipient reported the message as spam."""
    UNSUBSCRIBE = "unsubscribe"
    """The recipient wants no more mail at all."""


#: what an event may hold of text, in octets of UTF-8: DynamoDB takes 400 kB of a log entry. A list's entry has less
#: room (`suppression.MAX_TEXT`)
MAX_TEXT_OCTETS: Final = 200_000

#: the drop reason that means a bad address, in SendGrid's spelling; other drops only repeat what a list already says
INVALID: Final = "invalid"

#: the list on which each kind of event puts the address; a kind that is missing suppresses nothing
LIST_OF: Final = {
    DeliveryKind.BOUNCE: SuppressionList.BOUNCES,
    DeliveryKind.BLOCKED: SuppressionList.BLOCKS,
    DeliveryKind.SPAM_REPORT: SuppressionList.SPAM_REPORTS,
    DeliveryKind.UNSUBSCRIBE: SuppressionList.UNSUBSCRIBES,
}


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """One event of a provider.

    Attributes:
        id: derived from the address, the kind, the time and the message, so that the same event always has the same id.
        kind: what happened.
        email: the recipient in the provider's spelling.
        key: its comparison key.
        at: when it happened, in milliseconds, by the provider's clock.
        message: the remote server's text or the provider's reason, verbatim.
        status: the enhanced status code, or "".
        classification: the reason, for bounces and blocks.
        provider: the provider that reported it.
        message_id: the provider's id of the message, or "".
        ip: the sending IP address, or "".
    """

    id: str
    kind: DeliveryKind
    email: str
    key: str
    at: Millis
    message: str = ""
    status: str = ""
    classification: Classification = Classification.UNCLASSIFIED
    provider: str = ""
    message_id: str = ""
    ip: str = ""

    @property
    def octets(self) -> int:
        """The length of its texts in UTF-8."""
        texts = (self.email, self.message, self.status, self.message_id, self.ip)
        return sum(len(text.encode()) for text in texts)


def suppression_of(event: DeliveryEvent) -> Suppression | None:
    """The list entry that an event makes, or None when it makes none."""
    invalid = event.kind is DeliveryKind.DROPPED and event.message.strip().casefold() == INVALID
    target = SuppressionList.INVALID_EMAILS if invalid else LIST_OF.get(event.kind)
    if target is None:
        return None
    entry = Suppression(
        list=target,
        key=event.key,
        email=event.email,
        created=event.at,
        reason=event.message,
        status=event.status,
        classification=event.classification,
        provider=event.provider,
        ip=event.ip if target is SuppressionList.SPAM_REPORTS else "",
        event_id=event.id,
    )
    return judged(entry)
