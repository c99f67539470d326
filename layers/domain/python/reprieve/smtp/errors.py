"""The errors of a conversation with a server that a user chose.

    ReprieveError
    └── SmtpError
        ├── ConnectionFailed      not connected, not encrypted, not understood, or not in time
        ├── AuthenticationFailed  the server did not accept the login, or offers no way to log in
        ├── MessageRefused        the server did not accept the test mail
        └── TokenRefused          no access token was given for the login

As in `net.errors`, an error holds a sentence from a closed list, and besides it two codes made of digits, but never a
word of what the server said.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Self

from reprieve.errors import ReprieveError

if TYPE_CHECKING:
    from reprieve.net.errors import Trouble


class Reason(StrEnum):
    """Every sentence that an error of this package can say, apart from those of `net.errors.Trouble`."""

    NO_STARTTLS = "the server does not offer STARTTLS"
    INJECTED = "there was plain text between STARTTLS and encryption"
    TURNED_AWAY = "the server does not serve this client"
    NO_MECHANISM = "the server offers none of the ways to log in that are supported"
    LOGIN_REFUSED = "the server did not accept the login"
    MAIL_REFUSED = "the server did not accept the mail"
    ENDPOINT = "the token endpoint is not a usable https address"
    GRANT = "the key or the credentials cannot be used to ask for a token"
    REDIRECTED = "the token endpoint answered with a redirect"
    TOKEN_REFUSED = "the token endpoint did not give a token"  # noqa: S105 - a sentence
    INVALID_REQUEST = "the token endpoint answered invalid_request"
    INVALID_CLIENT = "the token endpoint answered invalid_client"
    INVALID_GRANT = "the token endpoint answered invalid_grant"
    UNAUTHORIZED_CLIENT = "the token endpoint answered unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "the token endpoint answered unsupported_grant_type"
    INVALID_SCOPE = "the token endpoint answered invalid_scope"


class SmtpError(ReprieveError):
    """The root of this package's errors; `str(error)` is the reason's sentence.

    Args:
        reason: what went wrong, from the closed lists.
        code: the server's reply code (RFC 5321 section 4.2; the HTTP status for a token), or None if it gave none.
        enhanced: its enhanced status code (RFC 3463), for example `5.7.8`, or None if it gave none.
    """

    def __init__(self, reason: Reason | Trouble, *, code: int | None = None, enhanced: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.code = code
        self.enhanced = enhanced

    def alone(self) -> Self:
        """The same error without a traceback or a context, which could lead back to what the server said."""
        return type(self)(self.reason, code=self.code, enhanced=self.enhanced)


class ConnectionFailed(SmtpError):
    """There is no encrypted, orderly conversation with the server."""


class AuthenticationFailed(SmtpError):
    """The server was reached, but the login was not accepted; with a `code` below 500 it may be accepted later."""


class MessageRefused(SmtpError):
    """The login was accepted, but the mail was not; with a `code` below 500 it may be accepted later."""


class TokenRefused(SmtpError):
    """The token endpoint could not be asked, or gave no usable token."""
