"""An organization's own SMTP server, and the rules that keep its secret from strangers.

A stored password can be stolen without being read: change the host, press Test, and listen. So a secret belongs to
its *binding*, the facts that decide where it goes and as whom: it is sealed under them, and a request that changes one
of them must bring a new secret.
"""

from __future__ import annotations

import hashlib
import json
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.address import Address
from reprieve.errors import Conflict, InvalidInput, MalformedAddress

if TYPE_CHECKING:
    from reprieve.organization import Organization

#: KMS seals this many bytes at once; the PEM of an RSA key of 4,096 bits has 3,272
MAX_SECRET: Final = 4096
#: how many connections to its servers an organization may cause
CONNECTIONS_A_MINUTE: Final = 5
CONNECTIONS_A_DAY: Final = 50


class AuthType(StrEnum):
    """The way to log in; the values are Okta's."""

    BASIC = "BASIC_SMTP_AUTH"
    """By name and password."""
    CLIENT_CREDENTIALS = "OAUTH2_CLIENT_CREDENTIALS"
    """By an access token for a client's id and secret (RFC 6749 section 4.4)."""
    JWT_BEARER = "OAUTH2_JWT_BEARER_GRANT"
    """By an access token for an assertion that the client's own key has signed (RFC 7523)."""


class TokenAuth(StrEnum):
    """The way a client sends its secret to a token endpoint (RFC 6749 section 2.3.1); the values are Okta's."""

    BASIC = "CLIENT_SECRET_BASIC"
    """In the Authorization header."""
    POST = "CLIENT_SECRET_POST"
    """In the form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """The settings for obtaining an access token; a member that the grant does not use is empty.

    Attributes:
        client_id: the client's name.
        token_endpoint: an https URL.
        scopes: what the token is to allow.
        client_auth: for client credentials.
        key_id: which key signs; this and the rest are for the JWT bearer grant.
        issuer: who signs.
        subject: whom the token is for.
        audience: who is to accept the assertion.
    """

    client_id: str
    token_endpoint: str
    scopes: tuple[str, ...]
    client_auth: TokenAuth | None = None
    key_id: str = ""
    issuer: str = ""
    subject: str = ""
    audience: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings that an administrator chooses.

    Attributes:
        alias: the display name.
        host: a DNS name or an address. Any text can be stored; every connection is checked anew.
        port: 1 to 65535, likewise.
        username: the account's name.
        auth_type: how we log in.
        enabled: whether the organization's mail goes through it.
        oauth: for the two types that log in by token, else None.
        private_ca: the PEM of the only authority that may vouch for the host; empty for the system's authorities.
    """

    alias: str
    host: str
    port: int
    username: str
    auth_type: AuthType
    enabled: bool
    oauth: OAuth | None = None
    private_ca: str = ""

    @property
    def token_endpoint(self) -> str:
        """The token endpoint; empty when there is none."""
        return self.oauth.token_endpoint if self.oauth else ""

    @property
    def binding(self) -> str:
        """The binding of the secret, as text that is equal only if every part is equal."""
        parts = (self.host, self.port, self.username, self.auth_type, self.token_endpoint, self.private_ca)
        return json.dumps(parts)

    @property
    def connection(self) -> tuple[object, ...]:
        """Everything that a connection depends on."""
        return self.binding, self.oauth


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailServer:
    """An enrolled server.

    Attributes:
        id: `ces` and 17 characters.
        settings: the chosen settings.
        sealed: the secret, sealed under `encryption_context`; empty after an import, which has no secrets.
        version: counts the changes, so that no change overwrites another.
    """

    id: str
    settings: Settings
    sealed: bytes = field(repr=False)
    version: int = 1


def encryption_context(organization: Organization, identifier: str, settings: Settings) -> dict[str, str]:
    """The encryption context of a server's secret: it opens for this organization, server and binding, and no other.

    AWS writes an encryption context into its audit log, so the binding goes in as a digest.
    """
    return {
        "purpose": "email-server",
        "organization": organization.id,
        "server": identifier,
        "binding": hashlib.sha256(settings.binding.encode()).hexdigest(),
    }


def fingerprint(pem: str) -> str:
    """The SHA-256 of a certificate, in lower-case hexadecimal.

    Args:
        pem: one certificate.

    Raises:
        InvalidInput: it is not one certificate in PEM.
    """
    try:
        der = ssl.PEM_cert_to_DER_cert(pem)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except (ValueError, ssl.SSLError) as problem:
        raise InvalidInput("must be one certificate in PEM") from problem
    return hashlib.sha256(der).hexdigest()


def mailbox(text: str, name: str) -> str:
    """The address in the form that SMTP without extensions carries: in ASCII, the domain as A-labels.

    Args:
        text: what the caller submitted.
        name: what the caller calls it, for the error.

    Raises:
        MalformedAddress: it is not an address, or its local part needs more than ASCII or an atom's characters.
    """
    address = Address.parse(text, field=name)
    if not address.local.isascii() or address.local.startswith('"'):
        raise MalformedAddress("a test mail goes from and to plain addresses in ASCII", field=name)
    return f"{address.local}@{address.domain}"


class SecretNeeded(InvalidInput):
    """There is no secret for this: the binding changes and the request has no new one, or none is stored.

    Args:
        auth_type: how the server will log in, which decides the name of its secret.
        problem: why, as a sentence without a full stop.
    """

    def __init__(
        self,
        auth_type: AuthType,
        problem: str = "a change of where or how to log in needs the secret again, in the same request",
    ) -> None:
        super().__init__(problem)
        self.auth_type = auth_type


class AnotherEnabled(Conflict):
    """Another server of the organization is enabled already."""

    def __init__(self) -> None:
        super().__init__("another server is enabled")


class TooManyServers(Conflict):
    """The organization has reached its maximum number of servers.

    Args:
        maximum: how many that is.
    """

    def __init__(self, maximum: int) -> None:
        super().__init__("the organization has reached its maximum number of servers")
        self.maximum = maximum


class Failing(StrEnum):
    """The part of a conversation with a server that failed."""

    CONNECTION = "connection"
    """It could not be reached, encrypted or understood."""
    LOGIN = "login"
    """It did not accept the login."""
    TOKEN = "token"  # noqa: S105 - a word
    """There was no access token to log in with."""
    MAIL = "mail"
    """It did not accept the test mail."""


class ServerFailed(Conflict):
    """A server that was tried did not work.

    Args:
        part: what failed.
        reason: a sentence of ours; never a word of the server's, which could repeat the password.
        code: the server's reply code or HTTP status, if there was one.
        enhanced: its enhanced status code (RFC 3463), if there was one.
    """

    def __init__(self, part: Failing, reason: str, *, code: int | None = None, enhanced: str | None = None) -> None:
        codes = " ".join(str(each) for each in (code, enhanced) if each is not None)
        super().__init__(f"{reason} ({codes})" if codes else reason)
        self.part = part
