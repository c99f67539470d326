"""What the console says about an address: each list in words, and each reason for a bounce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.suppression import Classification, GroupList, HoldList, Permanence, SuppressionList
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.suppressions.suppression import AnyList, Suppression


@dataclass(frozen=True, slots=True)
class ListWords:
    """One list.

    Attributes:
        name: after "the".
        meaning: the term in one sentence, for a reader who has not met it.
    """

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an address is on a list, for a person who has to answer its owner.

    Attributes:
        why: in one sentence.
        before: what to make sure of before it is lifted.
        fixes_not: what a lift does not change.
    """

    why: str
    before: Sequence[str]
    fixes_not: str


LISTS: Final[Mapping[SuppressionList, ListWords]] = {
    SuppressionList.BOUNCES: ListWords(
        "bounce list", "A bounce is a message that the receiving mail server refused. The provider then stops sending."
    ),
    SuppressionList.BLOCKS: ListWords(
        "block list", "A block is one refused message. Mail is still tried, until too many have been refused."
    ),
    SuppressionList.INVALID_EMAILS: ListWords(
        "list of invalid addresses", "The provider found before sending that no mail can reach such an address."
    ),
    SuppressionList.SPAM_REPORTS: ListWords(
        "list of spam reports", "The recipient, or their mail program, marked one of our messages as spam."
    ),
    SuppressionList.UNSUBSCRIBES: ListWords(
        "list of unsubscribes", "The recipient asked to get no mail from us at all."
    ),
}
GROUP: Final = "The recipient asked to get no more mail of this kind. Other mail still reaches them."

#: of a lift, whatever the list
NOT_SENT: Final = "Messages that were held back are not sent later: have the user ask for them again."
_AGAIN: Final = "If the cause is still there, the next message bounces and the address is suppressed again."

BY_CLASSIFICATION: Final[Mapping[Classification, Cause]] = {
    Classification.INVALID_ADDRESS: Cause(
        "The receiving server says that there is no such mailbox.",
        (
            "The spelling is right, letter by letter.",
            "Other senders' mail reaches the user at this address today.",
        ),
        _AGAIN,
    ),
    Classification.MAILBOX_UNAVAILABLE: Cause(
        "The mailbox exists, but takes no mail: it is full, disabled or suspended.",
        ("The mailbox has room, and is not disabled.",),
        _AGAIN,
    ),
    Classification.REPUTATION: Cause(
        "The receiving server does not trust the server that our mail comes from.",
        ("The recipient's mail administrator allows our domain, or our sending address is no longer listed.",),
        _AGAIN,
    ),
    Classification.CONTENT: Cause(
        "The receiving server refused what the message said or contained.",
        ("The message that was refused has been changed, or will not be sent again.",),
        _AGAIN,
    ),
    Classification.FREQUENCY: Cause(
        "The receiving server got too much mail from us in too short a time.",
        ("Some hours have passed since.",),
        _AGAIN,
    ),
    Classification.TECHNICAL: Cause(
        "The receiving server could not be reached, or had a fault.",
        ("The recipient's mail server works again.",),
        _AGAIN,
    ),
    Classification.UNCLASSIFIED: Cause(
        "The receiving server refused the message, and its answer does not say clearly why.",
        ("Other senders' mail reaches the user at this address.",),
        _AGAIN,
    ),
}
BY_LIST: Final[Mapping[SuppressionList, Cause]] = {
    SuppressionList.INVALID_EMAILS: Cause(
        "The provider says that this cannot be the address of a mailbox.",
        ("The address has been corrected where your users' addresses are kept. A lift does not correct it.",),
        "A misspelt address stays misspelt.",
    ),
    SuppressionList.SPAM_REPORTS: Cause(
        "The recipient, or their mail program, marked one of our messages as spam.",
        ("The recipient has asked in writing to be mailed again.",),
        "A second report hurts the delivery of mail to all other recipients.",
    ),
    SuppressionList.UNSUBSCRIBES: Cause(
        "The recipient asked to get no mail from us.",
        ("The recipient has asked to be mailed again. In many countries the law demands it.",),
        "Preferences about single kinds of mail stay as they are.",
    ),
}
IN_GROUP: Final = Cause(
    "The recipient asked to get no more mail of this kind.",
    ("The recipient has asked for this kind of mail again. In many countries the law demands it.",),
    "Other lists that the address is on stay as they are.",
)


def cause(entry: Suppression) -> Cause:
    """Why an entry is there, and what follows."""
    if isinstance(entry.list, GroupList):
        return IN_GROUP
    return BY_LIST.get(SuppressionList(entry.list)) or BY_CLASSIFICATION[entry.classification]


#: what the owner of an address can be told that no list here has: by the tone of the headline
TELL: Final[Mapping[str, str]] = {
    "good": "Nothing on our side stops mail to this address. Please look in the spam folder, and check the spelling of "
    "the address in your account.",
    "waiting": "We are about to send mail to this address again. Please ask for the message once more in a few "
    "minutes.",
    "bad": "Our mail provider is holding mail to this address back. We have to look into it.",
}
#: where an entry came from that no provider reported, in words
SOURCES: Final[Mapping[str, str]] = {
    "api": "an API call",
    "link": "an unsubscribe link",
    "import": "an import",
}
PERMANENCE: Final[Mapping[Permanence, str]] = {
    Permanence.HARD: "hard: the address itself is bad, so waiting does not help",
    Permanence.SOFT: "soft: the cause can pass by itself",
    Permanence.UNDETERMINED: "undetermined: nothing says whether waiting helps",
}

#: what an event was, in the history
DELIVERY: Final[Mapping[DeliveryKind, str]] = {
    DeliveryKind.DELIVERED: "Delivered",
    DeliveryKind.BOUNCE: "Bounced",
    DeliveryKind.BLOCKED: "Refused once",
    DeliveryKind.DEFERRED: "Delayed by the receiving server",
    DeliveryKind.DROPPED: "Not sent: the provider held it back",
    DeliveryKind.SPAM_REPORT: "Marked as spam",
    DeliveryKind.UNSUBSCRIBE: "Unsubscribed",
    DeliveryKind.GROUP_UNSUBSCRIBE: "Unsubscribed from one kind of mail",
    DeliveryKind.GROUP_RESUBSCRIBE: "Subscribed again",
}
EVENTS: Final[Mapping[str, str]] = {
    EventType.BOUNCE_REMOVAL: "Lift asked for",
    EventType.SUPPRESSION_REMOVAL: "Lift asked for",
    EventType.REMOVAL_DONE: "Lifted",
    EventType.REMOVAL_FAILED: "Could not be lifted",
    EventType.REMOVAL_SUPERSEDED: "Not lifted: it bounced again meanwhile",
    EventType.REMOVAL_RETRY: "Lift tried again",
    EventType.HOLD_CREATE: "Put on hold",
    EventType.HOLD_LIFT: "Hold lifted",
    EventType.ADDITION_DONE: "Put on the provider's list",
    EventType.ADDITION_FAILED: "Could not be put on the provider's list",
    EventType.SUPPRESSION_ADD: "Put on a list",
}


def list_name(name: AnyList, group: str = "") -> str:
    """A list as the page calls it, after "the"; that of a group needs the group's name."""
    if isinstance(name, GroupList):
        return f"list of those who left “{group}”" if group else "list of an unsubscribe group"
    return "list of holds" if isinstance(name, HoldList) else LISTS[name].name
