"""What a lift of many addresses would find: which lists they are on, what else holds mail back, what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.recipients.membership import belonging
from reprieve.removals.hold import domain_key
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.address import Address
    from reprieve.context import Context
    from reprieve.recipients.ports import RecipientStore
    from reprieve.removals.allowance import Allowance
    from reprieve.suppressions.ports import HeldAddresses, ListingStore
    from reprieve.suppressions.suppression import AnyList


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a lift of one address from a list would find.

    Attributes:
        address: which.
        listed: whether it is on the list; one that is not may be on the provider's, and is lifted all the same.
        others: the other lists that it is on.
        held: whether a hold is in force for it or for its domain.
        allowed: whether the caller may lift it.
    """

    address: Address
    listed: bool
    others: Sequence[AnyList]
    held: bool
    allowed: bool


@dataclass(frozen=True, slots=True)
class Rehearsals:
    """Rehearses lifts; nothing is changed or counted."""

    listing: ListingStore
    holds: HeldAddresses
    recipients: RecipientStore
    allowance: Allowance

    def of(
        self, context: Context, suppression_list: AnyList, addresses: Sequence[Address], *, by_owner: bool
    ) -> list[Rehearsed]:
        """What lifting addresses would find, in order.

        Args:
            context: who asks.
            suppression_list: the list that they would be lifted from.
            addresses: no two of the same comparison key.
            by_owner: whether the caller lifts as the list's owner, so that the membership rule does not matter.

        Raises:
            Forbidden: the caller's role does not lift from this list, or not so many addresses a day.
            Unavailable: a store did not answer.
        """
        self.allowance.check_rehearsal(context, suppression_list, len(addresses))
        organization, now = context.organization, context.now
        lists = list(dict.fromkeys((suppression_list, *SuppressionList)))
        wanted = [(name, one.key) for one in addresses for name in lists]
        found = self.listing.on_lists(organization, wanted, now=now)
        keys = dict.fromkeys(key for one in addresses for key in (one.key, domain_key(one.domain)))
        held = self.holds.held(organization, list(keys), now=now)
        allowed = {one.key for one in addresses} if by_owner else belonging(self.recipients, organization, addresses)
        return [
            Rehearsed(
                one,
                (suppression_list, one.key) in found,
                [name for name in lists[1:] if (name, one.key) in found],
                held=one.key in held or domain_key(one.domain) in held,
                allowed=one.key in allowed,
            )
            for one in addresses
        ]
