"""The tenant: an organization, what it is allowed to lift, its credentials and its account at a provider."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.suppression import SuppressionList

#: an organization's id is part of every key and every token, so it keeps to characters that need no escaping anywhere
ORGANIZATION_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,38}")
TOKEN: Final = re.compile(r"rp_([a-z0-9][a-z0-9-]{1,38})_[A-Za-z0-9_-]{43}")
MAX_SHARDS: Final = 16
#: no more soft bounces of one address than this are told apart, so no threshold can be higher
MAX_SOFT_BOUNCES: Final = 32
#: a CRM module's name as its API spells it
MODULE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
#: what stands where a module's name could, in a path or in a key
RESERVED: Final = frozenset({"users", "org", "settings", "address"})


class Membership(StrEnum):
    """Whose addresses an organization may lift."""

    RECIPIENTS = "recipients"
    """Addresses of its registered recipients (Okta's rule)."""
    DOMAINS = "domains"
    """Any address in one of its verified domains."""
    ANYONE = "anyone"
    """Any address at all, for an organization that mails the public."""


@dataclass(frozen=True, slots=True)
class BouncePurge:
    """After how long bounces expire (SendGrid's bounce purge).

    Attributes:
        enabled: whether they expire at all.
        soft_days: the age at which soft ones do, in days; None for never.
        hard_days: the age at which hard ones do, in days; None for never.
    """

    enabled: bool = False
    soft_days: int | None = None
    hard_days: int | None = None


@dataclass(frozen=True, slots=True)
class Organization:
    """One tenant and its settings.

    Attributes:
        id: lower-case letters, digits and hyphens; see ORGANIZATION_ID.
        name: for people.
        membership: whose addresses may be lifted.
        domains: the verified domains, as lower-case A-labels.
        shards: how many partitions its lists are spread over, 1 to 16; it never shrinks.
        parent: the organization whose credentials may act for this one, or None.
        created: in milliseconds.
        soft_bounce_threshold: how many soft bounces, since the last unblock, block an address temporarily: 1 to 32.
        modules: the names of its custom CRM modules, as their API spells them.
        purge: when its bounces and blocks expire.
        cleared: list -> the second (not millisecond) up to which everything on it reads as gone.
    """

    id: str
    name: str
    membership: Membership = Membership.RECIPIENTS
    domains: frozenset[str] = frozenset()
    shards: int = 1
    parent: str | None = None
    created: int = 0
    soft_bounce_threshold: int = 5
    modules: frozenset[str] = frozenset()
    purge: BouncePurge = BouncePurge()
    cleared: Mapping[SuppressionList, int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not ORGANIZATION_ID.fullmatch(self.id):
            raise InvalidInput("2 to 39 lower-case letters, digits and hyphens, not starting with a hyphen", field="id")
        if not 1 <= self.shards <= MAX_SHARDS:
            raise InvalidInput(f"1 to {MAX_SHARDS}", field="shards")
        if not 1 <= self.soft_bounce_threshold <= MAX_SOFT_BOUNCES:
            raise InvalidInput(f"1 to {MAX_SOFT_BOUNCES}", field="soft_bounce_threshold")
        for module in self.modules:
            if not MODULE.fullmatch(module) or module.casefold() in RESERVED:
                raise InvalidInput("letters, digits and underscores, a letter first, no reserved word", field="modules")


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
    created: int
    expires_at: int | None = None

    def valid(self, now: int) -> bool:
        """Whether it may be used at this moment; expiry is decided here, not by a clean-up."""
        return self.expires_at is None or now < self.expires_at


class ProviderKind(StrEnum):
    """Which upstream provider carries out a lift."""

    SENDGRID = "sendgrid"
    """SendGrid's REST API, or anything that speaks it."""
    SES = "ses"
    """Amazon SES v2, in the same AWS account."""
    NONE = "none"
    """Nobody: our list is the only one."""


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """An organization's account at its upstream provider.

    Attributes:
        base_url: where the provider's API is, without the version segment.
        sealed_key: the API key, encrypted under KMS with the organization as context.
        on_behalf_of: the subuser or customer account to act for, or "".
        webhook_key: the public key (base64 of its DER form) that signs the provider's event webhook, or "".
        paused_until: no call is made before this moment; 0 when not paused.
        paused_reason: why, for the operator.
    """

    kind: ProviderKind
    base_url: str = ""
    sealed_key: bytes = b""
    on_behalf_of: str = ""
    webhook_key: str = ""
    paused_until: int = 0
    paused_reason: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a verified credential speaks for. Everything a request may touch follows from this."""

    organization: Organization
    credential_id: str
    scopes: frozenset[str]

    def may(self, *alternatives: str) -> bool:
        """Whether any one of the scopes was granted, by exact match."""
        return not self.scopes.isdisjoint(alternatives)


def issue_token(organization_id: str) -> str:
    """A new random token: 256 bits, carrying the organization's id so that its record's key begins with it."""
    return f"rp_{organization_id}_{secrets.token_urlsafe(32)}"


def organization_of(token: str) -> str | None:
    """The organization that a token claims to be of; None when it is no token of ours. Its digest proves it."""
    found = TOKEN.fullmatch(token)
    return found[1] if found else None


def digest_of(token: str) -> str:
    """What is stored of a token. It is random and long, so a plain hash cannot be reversed or guessed."""
    return hashlib.sha256(token.encode()).hexdigest()
