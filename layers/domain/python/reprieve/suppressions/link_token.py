"""Tokens of links: an organization, a number and an address, signed with the organization's own key for one purpose.

A token begins with the id of the organization that signed it, so that its key can be found; nothing else of it is
believed before the key has proved it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final

from reprieve.address import Address
from reprieve.errors import MalformedAddress, NotFound
from reprieve.organization import ORGANIZATION_ID

if TYPE_CHECKING:
    from reprieve.access.ports import AccessStore
    from reprieve.organization import Organization
    from reprieve.suppressions.ports import LinkKeys

#: a token's form: what it says, and 32 bytes of signature; an address of 320 octets, half of them quotes, has 1,000
MAX_TOKEN: Final = 1_200
_TOKEN: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")


def sign(said: tuple[str, int, str], key: bytes, purpose: bytes) -> str:
    """A token that says this, in characters that need no escaping in a URL.

    Args:
        said: the id of the organization, a number, and an address.
        key: the organization's.
        purpose: what the token is good for; it proves nothing for another purpose.
    """
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    payload = _armoured(text.encode())
    return f"{payload}.{_signature(payload, key, purpose)}"


def claimed(token: str) -> tuple[str, int, str]:
    """What a token says, before anything proves it; the address in the spelling of an entry.

    Raises:
        NotFound: it is not a token.
    """
    found = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if found is None:
        raise unknown()
    try:
        match json.loads(urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))):
            case [str(organization), int(number), str(email)] if ORGANIZATION_ID.fullmatch(organization):
                return organization, number, Address.parse(email).spelling
    except (ValueError, RecursionError, MalformedAddress):
        pass
    raise unknown()


def is_proved(token: str, key: bytes, purpose: bytes) -> bool:
    """Whether a token was signed with a key for a purpose; in constant time."""
    payload, _, signature = token.partition(".")
    return hmac.compare_digest(signature, _signature(payload, key, purpose))


def signer(token: str, claimed_id: str, purpose: bytes, *, access: AccessStore, keys: LinkKeys) -> Organization:
    """The organization that has signed a token for a purpose.

    Args:
        token: as it came.
        claimed_id: the id of the organization that the token names.
        purpose: see `sign`.
        access: where organizations are found.
        keys: their keys.

    Raises:
        NotFound: there is no such organization, or its key has not signed the token.
    """
    organization = access.organization(claimed_id)
    # read in any case, so that the time of the answer does not say whether the organization exists
    key = keys.key_to_verify(claimed_id)
    if key is None or not is_proved(token, key, purpose) or organization is None:
        raise unknown()
    return organization


def unknown() -> NotFound:
    """The answer to a token that proves nothing, whatever the cause."""
    return NotFound("link", "like this")


def _signature(payload: str, key: bytes, purpose: bytes) -> str:
    return _armoured(hmac.new(key, purpose + payload.encode(), hashlib.sha256).digest())


def _armoured(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
