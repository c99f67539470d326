"""The membership rule: which addresses are an organization's, so that its callers may lift them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.organization import Membership

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.address import Address
    from reprieve.organization import Organization
    from reprieve.recipients.ports import RecipientStore


def belonging(recipients: RecipientStore, organization: Organization, addresses: Iterable[Address]) -> set[str]:
    """The comparison keys of those addresses that the organization's membership rule lets be lifted."""
    match organization.membership:
        case Membership.ANYONE:
            return {address.key for address in addresses}
        case Membership.DOMAINS:
            return {address.key for address in addresses if address.domain in organization.domains}
        case Membership.RECIPIENTS:
            return recipients.members(organization, {address.key for address in addresses})
