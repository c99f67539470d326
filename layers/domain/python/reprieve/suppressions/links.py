"""Unsubscribe links: each unsubscribes the one address that it names, from a group or from all mail.

A link is made for one recipient and sent to no other, in the header List-Unsubscribe of a mail (RFC 8058). It needs no
login: its token is signed with a key of the organization's own, and what it says is believed because of that. It has no
end, because mails are kept. To end all links of an organization, delete its key; the next link gets a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.address import Address
from reprieve.context import NOWHERE, RECIPIENT, Context, Origin
from reprieve.suppressions import link_token
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.access.ports import AccessStore
    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.suppressions.group import Group
    from reprieve.suppressions.ports import GroupStore, LinkKeys, ListingStore
    from reprieve.suppressions.unsubscribe import Unsubscribes

#: the group in the link of all mail
ALL_MAIL: Final = 0
#: the source of an unsubscribe by link, in entries of lists and of the system log
BY_LINK: Final = "link"
SIGNED_FOR: Final = b"reprieve unsubscribe link 1\0"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says.

    Attributes:
        organization: the id of the organization whose mail it ends.
        group: the unsubscribe group, ALL_MAIL for all mail.
        email: the recipient.
    """

    organization: str
    group: int
    email: str


def signed(link: Link, key: bytes) -> str:
    """The token of a link."""
    return link_token.sign((link.organization, link.group, link.email), key, SIGNED_FOR)


def claimed(token: str) -> Link:
    """What a token says, before anything proves it.

    Raises:
        NotFound: it is not a token.
    """
    return Link(*link_token.claimed(token))


@dataclass(frozen=True, slots=True)
class UnsubscribeLinks:
    """Making links, and following them."""

    access: AccessStore
    keys: LinkKeys
    groups: GroupStore
    listing: ListingStore
    unsubscribes: Unsubscribes

    def make(self, context: Context, addresses: Sequence[Address], *, group: int) -> list[str]:
        """The tokens of links, one per address, in order.

        Args:
            context: who asks.
            addresses: the recipients.
            group: the unsubscribe group, ALL_MAIL for all mail.

        Raises:
            NotFound: there is no such group.
            Unavailable: the organization's key could not be read or unsealed.
        """
        organization = context.organization
        if group != ALL_MAIL:
            self.groups.all(organization).get(group)
        key = self.keys.key_to_sign(organization)
        return [signed(Link(organization.id, group, address.spelling), key) for address in addresses]

    def proved(self, token: str) -> tuple[Organization, Link]:
        """The organization that a token names, and what it says; it is believed because that organization signed it.

        Raises:
            NotFound: it is not a token, there is no such organization, or the organization's key has not signed it.
        """
        link = claimed(token)
        organization = link_token.signer(token, link.organization, SIGNED_FOR, access=self.access, keys=self.keys)
        return organization, link

    def group_of(self, organization: Organization, link: Link) -> Group | None:
        """The group whose mail a proved link ends; None for all mail, which a group that was deleted stands for."""
        return None if link.group == ALL_MAIL else self.groups.all(organization).find(link.group)

    def follow(
        self, organization: Organization, link: Link, *, request_id: str, now: Millis, origin: Origin = NOWHERE
    ) -> Group | None:
        """Do what a proved link says; following it again changes nothing.

        Returns:
            The group whose mail it has ended; None for all mail.

        Raises:
            Unavailable: it is not done; try again.
        """
        address = Address.parse(link.email)
        group = self.group_of(organization, link)
        target = group.list if group else SuppressionList.UNSUBSCRIBES
        if self.listing.get(organization, target, address.key, now=now) is None:
            asked = Context(organization, RECIPIENT, request_id, now, origin=origin)
            self.unsubscribes.add(asked, [address], to=target, source=BY_LINK)
        return group
