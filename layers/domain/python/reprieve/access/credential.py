"""API credentials: random tokens, of which only a digest is stored."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.organization import ORGANIZATION_ID
from reprieve.role import Role

if TYPE_CHECKING:
    from reprieve.clock import Millis

_ORGANIZATION: Final = f"({ORGANIZATION_ID.pattern})"
TOKEN: Final = re.compile(rf"(?:rp_{_ORGANIZATION}_|SG\.{_ORGANIZATION}\.)[A-Za-z0-9_-]{{43}}")


class TokenForm(StrEnum):
    """How a token begins, with its organization's id."""

    OWN = "rp_{}_"
    """The form that the operator's command gives."""
    SENDGRID = "SG.{}."
    """The form of SendGrid's API keys, whose clients warn about any other."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A random token's record; the token itself is shown once and never stored.

    Attributes:
        id: names the credential in logs and in `reprieve credentials revoke`.
        digest: the SHA-256 of the token, in hexadecimal.
        scopes: what it allows, in the dialects' own spellings.
        expires_at: in milliseconds; None if it lasts until it is revoked.
        role: how far it may go with what its scopes allow.
    """

    id: str
    organization_id: str
    digest: str
    name: str
    scopes: frozenset[str]
    created: Millis
    expires_at: Millis | None = None
    role: Role = Role.ADMIN

    def valid(self, now: Millis) -> bool:
        """Whether it may be used at this moment; expiry is decided here, not by a clean-up."""
        return self.expires_at is None or now < self.expires_at


def issue_token(organization_id: str, form: TokenForm = TokenForm.OWN) -> str:
    """A new random token: 256 bits, carrying the organization's id so that its record's key begins with it."""
    return form.value.format(organization_id) + secrets.token_urlsafe(32)


def organization_of(token: str) -> str | None:
    """The organization that a token claims to be of; None when it is not one of our tokens. Its digest proves it."""
    found = TOKEN.fullmatch(token)
    return found[1] or found[2] if found else None


def new_credential(
    organization_id: str,
    *,
    name: str,
    scopes: frozenset[str],
    created: Millis,
    expires_at: Millis | None,
    role: Role = Role.ADMIN,
    form: TokenForm = TokenForm.OWN,
) -> tuple[str, Credential]:
    """A new random token, and the record that is stored instead of it; times in milliseconds."""
    token = issue_token(organization_id, form)
    credential = Credential(
        id=secrets.token_hex(8),
        organization_id=organization_id,
        digest=digest_of(token),
        name=name,
        scopes=scopes,
        created=created,
        expires_at=expires_at,
        role=role,
    )
    return token, credential


def digest_of(token: str) -> str:
    """The digest that is stored for a token, which is random and long: a plain hash cannot be reversed or guessed."""
    return hashlib.sha256(token.encode()).hexdigest()
