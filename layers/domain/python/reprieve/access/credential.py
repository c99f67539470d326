"""API credentials: random tokens, of which only a digest is stored."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reprieve.clock import Millis

TOKEN: Final = re.compile(r"rp_([a-z0-9][a-z0-9-]{1,38})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Credential:
    """A random token's record; the token itself is shown once and never stored.

    Attributes:
        id: names the credential in logs and in `reprieve credentials revoke`.
        digest: the SHA-256 of the token, in hexadecimal.
        scopes: what it may do, in the dialects' own spellings.
        expires_at: in milliseconds; None lasts until it is revoked.
    """

    id: str
    organization_id: str
    digest: str
    name: str
    scopes: frozenset[str]
    created: Millis
    expires_at: Millis | None = None

    def valid(self, now: Millis) -> bool:
        """Whether it may be used at this moment; expiry is decided here, not by a clean-up."""
        return self.expires_at is None or now < self.expires_at


def issue_token(organization_id: str) -> str:
    """A new random token: 256 bits, carrying the organization's id so that its record's key begins with it."""
    return f"rp_{organization_id}_{secrets.token_urlsafe(32)}"


def organization_of(token: str) -> str | None:
    """The organization that a token claims to be of; None when it is no token of ours. Its digest proves it."""
    found = TOKEN.fullmatch(token)
    return found[1] if found else None


def new_credential(
    organization_id: str, *, name: str, scopes: frozenset[str], created: Millis, expires_at: Millis | None
) -> tuple[str, Credential]:
    """A new random token, and the record that is stored instead of it; times in milliseconds."""
    token = issue_token(organization_id)
    credential = Credential(
        id=secrets.token_hex(8),
        organization_id=organization_id,
        digest=digest_of(token),
        name=name,
        scopes=scopes,
        created=created,
        expires_at=expires_at,
    )
    return token, credential


def digest_of(token: str) -> str:
    """What is stored of a token. It is random and long, so a plain hash cannot be reversed or guessed."""
    return hashlib.sha256(token.encode()).hexdigest()
