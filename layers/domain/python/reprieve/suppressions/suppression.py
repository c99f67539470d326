"""A suppression: why an address is not mailed, on which list, since when and for how long.

Times everywhere in the domain are whole milliseconds since the epoch, UTC, and are named after what they mark
(`created`, `due_at`). Providers that stamp whole seconds are converted at the edge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from reprieve import answer_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.clock import Millis

#: a group's id as text: a whole number that JavaScript can hold
GROUP_ID: Final = re.compile("[1-9][0-9]{0,14}")
_GROUP_LIST: Final = re.compile(f"group-{GROUP_ID.pattern}")


class SuppressionList(StrEnum):
    """The five lists, under SendGrid's names; one address can be on several, and each keeps blocking on its own."""

    BOUNCES = "bounces"
    """The receiving server refused the address for good: nothing is mailed to it."""
    BLOCKS = "blocks"
    """The receiving server refused a message, not the address: kept for reference, and counted."""
    INVALID_EMAILS = "invalid_emails"
    """The provider refused the address before any attempt: bad syntax or an unknown domain."""
    SPAM_REPORTS = "spam_reports"
    """The recipient reported a message as spam."""
    UNSUBSCRIBES = "unsubscribes"
    """The recipient wants no mail at all (SendGrid's global unsubscribe)."""


class GroupList(str):
    """The list of one unsubscribe group, `group-{id}`: recipients who want no mail of that group, but other mail."""

    __slots__ = ()

    @classmethod
    def of(cls, group: int) -> Self:
        """The list of a group, by its id."""
        return cls(f"group-{group}")

    @property
    def group(self) -> int:
        """The group's id."""
        return int(self.rpartition("-")[2])

    @property
    def value(self) -> str:
        """Its name as plain text, as `SuppressionList.value`."""
        return str(self)


class HoldList(str):
    """The list of addresses and domains that are held by hand: no mail is to go to them, whatever else is known."""

    __slots__ = ()

    @property
    def value(self) -> str:
        """Its name as plain text, as `SuppressionList.value`."""
        return str(self)


HOLDS: Final = HoldList("holds")

#: a list by its name: one of the five, that of a group, or the holds
AnyList: TypeAlias = SuppressionList | GroupList | HoldList


def asked_list(name: str) -> SuppressionList | GroupList:
    """The list that a caller names. The holds are not one to callers: they have requests and scopes of their own.

    Raises:
        ValueError: no list can have that name. Whether a group exists is not checked.
    """
    return GroupList(name) if _GROUP_LIST.fullmatch(name) else SuppressionList(name)


def list_named(name: str) -> AnyList:
    """The list under which something is stored, the holds included.

    Raises:
        ValueError: no list can have that name. Whether a group exists is not checked.
    """
    return HOLDS if name == HOLDS else asked_list(name)


class Permanence(StrEnum):
    """The permanence of a suppression: whether waiting could help."""

    HARD = "hard"
    """The address itself is bad; only a correction helps."""
    SOFT = "soft"
    """A condition that can pass: a full mailbox, a busy or blocked server."""
    UNDETERMINED = "undetermined"
    """Nothing says which of the two; it can be unblocked like a soft one, and is never called permanent."""


class Classification(StrEnum):
    """SendGrid's seven reasons for a bounce or block, spelled as in its statistics."""

    CONTENT = "Content"
    """Links, size, attachments or wording were refused."""
    FREQUENCY = "Frequency or Volume Too High"
    """Too much mail, too fast."""
    INVALID_ADDRESS = "Invalid Address"
    """Bad syntax, or no such mailbox."""
    MAILBOX_UNAVAILABLE = "Mailbox Unavailable"
    """A real mailbox that is full, disabled or suspended."""
    REPUTATION = "Reputation"
    """The sending IP or domain is listed or distrusted."""
    TECHNICAL = "Technical Failure"
    """DNS, TLS, network or an outage."""
    UNCLASSIFIED = "Unclassified"
    """The server's text says nothing useful."""

    @classmethod
    def read(cls, text: str | None) -> Classification:
        """The member that a provider's word means, in any spelling seen; UNCLASSIFIED when it is not one of them.

        SendGrid writes "Technical" in events and "Technical Failure" in statistics, "Frequency/Volume" in prose and
        lower case before 2023.
        """
        words = (text or "").casefold().replace("/", " ").split()
        members = {member.value.casefold().split()[0]: member for member in cls}
        return members.get(words[0], cls.UNCLASSIFIED) if words else cls.UNCLASSIFIED


#: the most bytes that a text of an entry takes in an answer, by `answer_size.of_text`: a page of 500 entries, each with
#: an address of up to 320 octets, goes into one answer. What a mail server says is rarely longer than 1,000
MAX_TEXT: Final = {"reason": 6_000, "status": 100, "ip": 100, "provider": 300}


#: the words in the place of the provider of entries that no provider reported: by API, by an unsubscribe link, from a
#: file, held by hand
NOT_REPORTED: Final = frozenset({"api", "link", "import", "hold"})


@dataclass(frozen=True, slots=True)
class Resubscription:
    """A recipient's wish to be mailed again, which the provider has carried out.

    Attributes:
        list: the list that the address left.
        key: its comparison key.
        email: the address as the provider spells it.
        at: when, in milliseconds; what put it on the list up to the millisecond before is undone.
    """

    list: AnyList
    key: str
    email: str
    at: Millis


@dataclass(frozen=True, slots=True)
class Suppression:
    """One entry of one list of one organization; a text that takes more than `MAX_TEXT` is cut.

    Attributes:
        list: the list it is on; on a group's list it withholds the mail of that group only.
        key: the comparison key of the address (`address.Address.key`).
        email: the address as the provider spells it; a lift upstream must use exactly this.
        created: when the provider recorded it, in milliseconds.
        reason: the remote server's text, verbatim, spaces included; the system log has all of it.
        status: the enhanced status code (RFC 3463), "" when the provider gave none.
        permanence: whether waiting could help.
        classification: the reason, as one of seven words.
        provider: the source that reported it ("sendgrid", "ses", "import").
        ip: the sending IP address of a spam report, "" otherwise.
        event_id: the id of the event behind it (`DeliveryEvent.id`), "" when there was none.
        author: who held it by hand; "" on every other list.
        until: when its hold ends, in milliseconds; None for no end, and on every other list.
        count: how many distinct events put it there since the last lift; counted up to `organization.MAX_SOFT_BOUNCES`.
        accounts: the provider accounts that reported it since the last lift, by name, each with a spelling that it
            used; none for what was put there by hand.
    """

    list: AnyList
    key: str
    email: str
    created: Millis
    reason: str = ""
    status: str = ""
    permanence: Permanence = Permanence.HARD
    classification: Classification = Classification.UNCLASSIFIED
    provider: str = ""
    ip: str = ""
    event_id: str = ""
    author: str = ""
    until: Millis | None = None
    count: int = 1
    accounts: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        for name, most in MAX_TEXT.items():
            text = getattr(self, name)
            if len(text) * answer_size.LARGEST > most:
                object.__setattr__(self, name, answer_size.cut(text, most))

    @property
    def reporters(self) -> Sequence[str]:
        """The names of the provider accounts that reported it, sorted."""
        return sorted({name for name, _ in self.accounts})

    def reported_by(self, account: str) -> Suppression:
        """The same entry, as reported by the provider account of that name."""
        return replace(self, accounts=frozenset({(account, self.email)}))

    def no_later_than(self, moment: Millis) -> Suppression:
        """The same entry, created at `moment` (in milliseconds) at the latest."""
        return self if self.created <= moment else replace(self, created=moment)
