"""What a token endpoint is asked and answers, in OAuth's words (RFC 6749)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from reprieve.clock import Millis


class GrantError(StrEnum):
    """Why there is no token (RFC 6749 section 5.2)."""

    INVALID_REQUEST = "invalid_request"
    """A parameter is missing, repeated or malformed."""
    INVALID_CLIENT = "invalid_client"
    """The client did not prove who it is."""
    INVALID_GRANT = "invalid_grant"
    """The refresh token is unknown, revoked or another client's."""
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    """The client may not use this grant."""
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    """There is no such grant here."""
    INVALID_SCOPE = "invalid_scope"
    """A scope was not granted to the client."""


class GrantRefused(InvalidInput):
    """There is no token.

    Args:
        error: OAuth's word.
        description: a sentence that quotes nothing of the request.
    """

    def __init__(self, error: GrantError, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A client's id and its secret."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """A client's signed assertion (RFC 7523), and the id that came beside it, if one did."""

    assertion: str = field(repr=False)
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """An access token.

    Attributes:
        token: what the client sends from now on.
        scopes: what it allows, in the order in which they were asked for.
        lifetime: for how long, in milliseconds.
    """

    token: str = field(repr=False)
    scopes: tuple[str, ...]
    lifetime: Millis
