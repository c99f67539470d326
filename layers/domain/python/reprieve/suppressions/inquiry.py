"""Inquiries: asking a provider about one address whose mail it dropped for a list that does not have it here.

The bounce behind such an entry never arrived (sendgrid/docs#6325). So the drop is evidence, and the account that
reported it is asked what its list has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import SKEW_ALLOWANCE, Millis, days, to_millis, to_seconds
from reprieve.suppressions.suppression import HOLDS, GroupList, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.suppression import AnyList

#: how long a drop says something: after that, what forgave the entry behind it may be forgotten
MAX_DROP_AGE: Final = days(7)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """An address to ask an account about.

    Attributes:
        list: the list that the account must have it on.
        key: the address's comparison key.
        email: in the provider's spelling.
        account: the name of the account that dropped a message to it.
        at: when that was, in milliseconds; of several drops, the last that was reported.
        group: the unsubscribe group that the message was of, 0 for none.
        drops: how many have been reported since the account was asked; so it says which state of it was read.
        attempts: how often the account could not be asked.
    """

    list: SuppressionList
    key: str
    email: str
    account: str
    at: Millis
    group: int = 0
    drops: int = 1
    attempts: int = 0

    @property
    def listed_since(self) -> Millis:
        """The moment of an entry whose own the provider does not give: before the drop, so that a later lift wins."""
        return to_millis(to_seconds(Millis(self.at - SKEW_ALLOWANCE)))

    @property
    def explained_by(self) -> Sequence[AnyList]:
        """The lists that explain the drop if the address is on one of them: groups and holds are unsubscribes, too."""
        if self.list is not SuppressionList.UNSUBSCRIBES:
            return (self.list,)
        return (self.list, HOLDS, *([GroupList.of(self.group)] if self.group else []))


def inquiry_of(event: DeliveryEvent, *, account: str, now: Millis) -> Inquiry | None:
    """The inquiry that an event calls for if no list here explains it; None for any other event.

    Args:
        event: what the provider reported.
        account: the name of the account that it comes from.
        now: in milliseconds; a drop that is older than MAX_DROP_AGE says nothing.
    """
    name = event.dropped_for
    # an invalid address is listed by the drop itself
    if name is None or name is SuppressionList.INVALID_EMAILS or event.at <= now - MAX_DROP_AGE:
        return None
    return Inquiry(name, event.key, event.email, account, event.at, event.group)
