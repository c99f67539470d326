"""Confirmation links: each unblocks the one address that it names, because its owner says that it receives mail.

A link is made for one recipient, for the application to show where the person is signed in, or to send by another
channel. Its token is signed with the organization's key and ends after some days, because it says something about
today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.address import Address
from reprieve.clock import DAY, Millis, Seconds, to_millis, to_seconds
from reprieve.context import NOWHERE, RECIPIENT, Context, Origin
from reprieve.removals.proof import Proof
from reprieve.suppressions import link_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.access.ports import AccessStore
    from reprieve.organization import Organization
    from reprieve.removals.unblock import Unblock, Unblocks
    from reprieve.suppressions.ports import LinkKeys

#: for how long a link can be followed
LINK_LASTS: Final = Millis(3 * DAY)
SIGNED_FOR: Final = b"reprieve confirmation link 1\0"


@dataclass(frozen=True, slots=True)
class Link:
    """What a confirmation link says.

    Attributes:
        organization: the id of the organization that asks.
        made_at: when, in Unix seconds.
        email: the recipient.
    """

    organization: str
    made_at: Seconds
    email: str


def signed(link: Link, key: bytes) -> str:
    """The token of a link."""
    return link_token.sign((link.organization, link.made_at, link.email), key, SIGNED_FOR)


@dataclass(frozen=True, slots=True)
class ConfirmationLinks:
    """Making links, and following them."""

    access: AccessStore
    keys: LinkKeys
    unblocks: Unblocks

    def make(self, context: Context, addresses: Sequence[Address]) -> list[str]:
        """The tokens of links, one per address, in order.

        Raises:
            Unavailable: the organization's key could not be read or unsealed.
        """
        organization, now = context.organization, to_seconds(context.now)
        key = self.keys.key_to_sign(organization)
        return [signed(Link(organization.id, now, one.spelling), key) for one in addresses]

    def proved(self, token: str, *, now: Millis) -> tuple[Organization, Link]:
        """The organization that a token names, and what it says; it is believed because that organization signed it.

        Raises:
            NotFound: it is not a token, its time is over, there is no such organization, or its key has not signed it.
        """
        link = _claimed(token)
        organization = link_token.signer(token, link.organization, SIGNED_FOR, access=self.access, keys=self.keys)
        if to_millis(link.made_at) + LINK_LASTS < now:
            raise link_token.unknown()
        return organization, link

    def follow(
        self, organization: Organization, link: Link, *, request_id: str, now: Millis, origin: Origin = NOWHERE
    ) -> Unblock:
        """Unblock the address that a proved link names; following it again finds it free.

        Raises:
            Unavailable: it is not done; try again.
        """
        asked = Context(organization, RECIPIENT, request_id, now, origin=origin)
        return self.unblocks.by_proof(asked, Address.parse(link.email), Proof.LINK_FOLLOWED)


def _claimed(token: str) -> Link:
    organization, made_at, email = link_token.claimed(token)
    return Link(organization, Seconds(made_at), email)
