"""Unsubscribe links: each unsubscribes the one address that it names, from a group or from all mail.

A link is made for one recipient and sent to no other, in the header List-Unsubscribe of a mail (RFC 8058). It needs no
login: its token is signed with a key of the organization's own, and what it says is believed because of that. It has no
end, because mails are kept. To end all links of an organization, delete its key; the next link gets a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.address import Address
from reprieve.context import NOWHERE, RECIPIENT, Context, Origin
from reprieve.errors import MalformedAddress, NotFound
from reprieve.organization import ORGANIZATION_ID
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
#: a token's form: what it says, and 32 bytes of signature; an address of 320 octets, half of them quotes, has 1,000
MAX_TOKEN: Final = 1_200
_TOKEN: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")
_SIGNED_FOR: Final = b"reprieve unsubscribe link 1\0"


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
    """The token of a link: characters that need no escaping in a URL."""
    said = json.dumps([link.organization, link.group, link.email], ensure_ascii=False, separators=(",", ":"))
    payload = _armoured(said.encode())
    return f"{payload}.{_signature(payload, key)}"


def claimed(token: str) -> Link:
    """What a token says, before anything proves it.

    Raises:
        NotFound: it is not a token.
    """
    found = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if found:
        try:
            match json.loads(urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))):
                case [str(organization), int(group), str(email)] if ORGANIZATION_ID.fullmatch(organization):
                    return Link(organization, group, Address.parse(email).spelling)
        except (ValueError, RecursionError, MalformedAddress):
            pass
    raise NotFound("link", "like this")


def is_proved(token: str, key: bytes) -> bool:
    """Whether a token was signed with a key; in constant time."""
    payload, _, signature = token.partition(".")
    return hmac.compare_digest(signature, _signature(payload, key))


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
        organization = self.access.organization(link.organization)
        # read in any case, so that the time of the answer does not say whether the organization exists
        key = self.keys.key_to_verify(link.organization)
        if key is None or not is_proved(token, key) or organization is None:
            raise NotFound("link", "like this")
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


def _signature(payload: str, key: bytes) -> str:
    return _armoured(hmac.new(key, _SIGNED_FOR + payload.encode(), hashlib.sha256).digest())


def _armoured(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
