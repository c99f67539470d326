"""Delivery events: what a provider reports about a message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.address import MAX_KEY_OCTETS
from reprieve.clock import DAY
from reprieve.errors import InvalidInput
from reprieve.suppressions.suppression import Classification, SuppressionList

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.suppressions.suppression import Permanence


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
    GROUP_UNSUBSCRIBE = "group_unsubscribe"
    """The recipient wants no more mail of one unsubscribe group."""
    GROUP_RESUBSCRIBE = "group_resubscribe"
    """The recipient wants the mail of that group again, and the provider sends it."""


#: what an event may hold of text, in octets of UTF-8: DynamoDB takes 400 kB of a log entry. A list's entry has less
#: room (`suppression.MAX_TEXT`)
MAX_TEXT_OCTETS: Final = 200_000
#: an event from further ahead than this cannot be right, and would outlive every watermark
FUTURE: Final = DAY

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

#: the provider's list that each of SendGrid's reasons for a drop is about; the others are about the message
DROPPED_FOR: Final = {
    "bounced address": SuppressionList.BOUNCES,
    "spam reporting address": SuppressionList.SPAM_REPORTS,
    "unsubscribed address": SuppressionList.UNSUBSCRIBES,
    "invalid": SuppressionList.INVALID_EMAILS,
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
        group: the id of the unsubscribe group that it is about, 0 for none; only the two kinds for groups have one,
            and a drop of which the provider says that its message was of a group.
        suppresses: False for what only the log keeps: a refusal of the message and not of the address, or an echo of
            the provider's own list.
        opinion: what the provider calls a bounce, None when it does not say.
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
    group: int = 0
    suppresses: bool = True
    opinion: Permanence | None = None

    @property
    def dropped_for(self) -> SuppressionList | None:
        """The list that its provider dropped the message for; None for another event, or where the message was why."""
        return DROPPED_FOR.get(self.message.strip().casefold()) if self.kind is DeliveryKind.DROPPED else None

    @property
    def octets(self) -> int:
        """The length of its texts in UTF-8."""
        texts = (self.email, self.message, self.status, self.message_id, self.ip)
        return sum(len(text.encode()) for text in texts)


def writable(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair: what is left of an emoji that a server has cut."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def check_recipient(email: str, *, field: str) -> None:
    """Refuse a recipient that cannot be written, or is too long to have a key of its own: it is not an address.

    Args:
        email: as the provider spells it.
        field: the provider's name for it.

    Raises:
        InvalidInput: names the field.
    """
    if not email.strip():
        raise InvalidInput("missing or empty", field=field)
    if writable(email) != email:
        raise InvalidInput("has half of a surrogate pair", field=field)
    if len(email.encode()) > MAX_KEY_OCTETS:
        raise InvalidInput(f"has more than {MAX_KEY_OCTETS} octets", field=field)


def check_size(event: DeliveryEvent) -> None:
    """Refuse an event with more text than can be stored.

    Raises:
        InvalidInput: it has more than `MAX_TEXT_OCTETS`.
    """
    if event.octets > MAX_TEXT_OCTETS:
        raise InvalidInput(f"has more than {MAX_TEXT_OCTETS} octets of text", field="event")
