"""OAuth clients: programs that ask for access tokens, and how each proves who it is."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from reprieve.access.credential import digest_of
from reprieve.clock import HOUR, SECOND, SKEW_ALLOWANCE, Millis
from reprieve.organization import ORGANIZATION_ID
from reprieve.role import Role

#: the longest that an access token counts, as at Okta
MAX_LIFETIME: Final = HOUR
MIN_LIFETIME: Final = SECOND
#: the longest that an access token is in use after it was issued, by clocks that differ
MAX_USE: Final = Millis(MAX_LIFETIME + SKEW_ALLOWANCE)
CLIENT_ID: Final = re.compile(rf"rpc_({ORGANIZATION_ID.pattern})_[0-9a-f]{{20}}")
REFRESH_TOKEN: Final = re.compile(rf"rpr_({ORGANIZATION_ID.pattern})_[A-Za-z0-9_-]{{43}}")


class ClientKind(StrEnum):
    """How a client proves who it is, and what it may ask for."""

    PRIVATE_KEY = "private_key"
    """By an assertion that it signs with its private key (RFC 7523), for tokens in its own name."""
    SECRET = "secret"  # noqa: S105  (a name, not a secret)
    """By a secret, for tokens in its own name."""
    REFRESH = "refresh"
    """By a secret, for tokens that a refresh token stands for (Zoho's flow)."""


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client.

    Attributes:
        id: the public name that it sends; it carries the organization, as every token does.
        organization_id: the only organization that it can have tokens for.
        kind: see `ClientKind`.
        name: the display name.
        scopes: the most that its tokens may allow, in the dialects' own spellings.
        created: in milliseconds.
        lifetime: how long its access tokens count, in milliseconds; at most MAX_LIFETIME.
        jwks: its public keys, a JWK set as JSON; "" for one with a secret.
        secret_digest: the SHA-256 of its secret, in hexadecimal; "" for one with keys.
        role: how far its access tokens may go with what their scopes allow.
    """

    id: str
    organization_id: str
    kind: ClientKind
    name: str
    scopes: frozenset[str]
    created: Millis
    lifetime: Millis = MAX_LIFETIME
    jwks: str = ""
    secret_digest: str = ""
    role: Role = Role.ADMIN


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token's record; the token itself is shown once and never stored.

    Attributes:
        id: names it in access tokens and in logs.
        digest: the SHA-256 of the token, in hexadecimal.
        client_id: the client that it was issued to, and the only one that can use it.
        scopes: what its access tokens allow.
        created: in milliseconds.
    """

    id: str
    organization_id: str
    digest: str
    client_id: str
    scopes: frozenset[str]
    created: Millis


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a new client is given once, and what is stored nowhere.

    Attributes:
        secret: its secret; "" for one with keys.
        refresh_token: "" for one that has tokens in its own name.
        private_jwk: the key pair that was made for it, as JSON; "" for one that brought its public keys.
    """

    secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    private_jwk: str = field(default="", repr=False)


def organization_of_client(client_id: str) -> str | None:
    """The organization that a client's id names; None when it is not one of ours."""
    return _organization(CLIENT_ID, client_id)


def organization_of_refresh_token(token: str) -> str | None:
    """The organization that a refresh token names; None when it is not one of ours. Its digest proves it."""
    return _organization(REFRESH_TOKEN, token)


def new_client_id(organization_id: str) -> str:
    """A client's id; random, though no secret."""
    return f"rpc_{organization_id}_{secrets.token_hex(10)}"


def new_secret() -> str:
    """A client's secret: 256 random bits."""
    return f"rps_{secrets.token_urlsafe(32)}"


def new_refresh_token(client: Client, *, created: Millis) -> tuple[str, RefreshToken]:
    """A refresh token for all that a client may have, and the record that is stored instead of it."""
    token = f"rpr_{client.organization_id}_{secrets.token_urlsafe(32)}"
    record = RefreshToken(
        id=secrets.token_hex(8),
        organization_id=client.organization_id,
        digest=digest_of(token),
        client_id=client.id,
        scopes=client.scopes,
        created=created,
    )
    return token, record


def _organization(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.fullmatch(text)
    return found[1] if found else None
