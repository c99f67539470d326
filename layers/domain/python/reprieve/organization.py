"""The tenant: an organization and its settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH
from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis, Seconds


#: an organization's id is part of every key and every token, so it keeps to characters that need no escaping anywhere
ORGANIZATION_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,38}")
MAX_SHARDS: Final = 16
#: the most requests per minute that a limit can allow
MAX_LIMIT: Final = 1_000_000
#: the most soft bounces of one address that are counted; no threshold can be higher
MAX_SOFT_BOUNCES: Final = 32
#: how many addresses one caller of the help desk may lift per day, unless the organization says otherwise
HELP_DESK_LIFTS: Final = 50
MAX_HELP_DESK_LIFTS: Final = 10_000
#: the most bytes of a policy's text: with it, an organization's item is read for one read unit
MAX_POLICY: Final = 2_048
#: a CRM module's name as its API spells it
MODULE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
#: words that can take the place of a module's name in a path or a key
RESERVED: Final = frozenset({"users", "org", "settings", "address"})


class Membership(StrEnum):
    """The membership rule: whose addresses an organization may lift."""

    RECIPIENTS = "recipients"
    """Addresses of its registered recipients (Okta's rule)."""
    DOMAINS = "domains"
    """Any address in one of its verified domains."""
    ANYONE = "anyone"
    """Any address at all, for an organization that mails the public."""


@dataclass(frozen=True, slots=True)
class BouncePurge:
    """The ages at which bounces expire (SendGrid's bounce purge).

    Attributes:
        enabled: whether they expire at all.
        soft_days: the age at which soft bounces expire, in days; None for never.
        hard_days: the age at which hard bounces expire, in days; None for never.
    """

    enabled: bool = False
    soft_days: int | None = None
    hard_days: int | None = None


@dataclass(frozen=True, slots=True)
class PolicySetting:
    """An organization's policy as it is kept; `policies.written` reads it.

    It is kept with the organization, which every request reads, and is small enough that this read costs no more.

    Attributes:
        rules: as text, at most `MAX_POLICY` bytes; "" for the default policy.
        version: how often the policy or `enabled` was changed; 0 where none was ever set.
        enabled: whether addresses are lifted by it.
    """

    rules: str = ""
    version: int = 0
    enabled: bool = False

    def __post_init__(self) -> None:
        if len(self.rules.encode()) > MAX_POLICY:
            raise InvalidInput(f"at most {MAX_POLICY} bytes as compact JSON", field="rules")


@dataclass(frozen=True, slots=True)
class Organization:
    """One tenant and its settings.

    Attributes:
        id: lower-case letters, digits and hyphens; see ORGANIZATION_ID.
        name: the display name.
        membership: whose addresses may be lifted.
        domains: the verified domains, as lower-case A-labels.
        shards: how many partitions its lists are spread over, 1 to 16; it never shrinks.
        parent: the organization whose credentials may act for this one, or None.
        created: in milliseconds.
        soft_bounce_threshold: how many soft bounces, since the last unblock, block an address temporarily: 1 to 32.
        modules: the names of its custom CRM modules, as their API spells them.
        purge: when its bounces and blocks expire.
        cleared: list -> the second (not millisecond) up to which everything on it is cleared.
        help_desk_lifts: how many addresses one caller of the help desk may lift per day (UTC), 0 to 10,000.
        limits: bucket (`access.quota.Bucket`) -> requests per minute, where the default does not apply.
        policy: until when failed deliveries suppress an address.
        provider_name: its upstream provider's name as logs show it; "" when it has none, or when its account was last
            set before the name was kept.
    """

    id: str
    name: str
    membership: Membership = Membership.RECIPIENTS
    domains: frozenset[str] = frozenset()
    shards: int = 1
    parent: str | None = None
    created: Millis = EPOCH
    soft_bounce_threshold: int = 5
    modules: frozenset[str] = frozenset()
    purge: BouncePurge = BouncePurge()
    cleared: Mapping[str, Seconds] = field(default_factory=dict, hash=False)
    limits: Mapping[str, int] = field(default_factory=dict, hash=False)
    provider_name: str = ""
    help_desk_lifts: int = HELP_DESK_LIFTS
    policy: PolicySetting = PolicySetting()

    def __post_init__(self) -> None:
        if not ORGANIZATION_ID.fullmatch(self.id):
            raise InvalidInput("2 to 39 lower-case letters, digits and hyphens, not starting with a hyphen", field="id")
        if not 1 <= self.shards <= MAX_SHARDS:
            raise InvalidInput(f"1 to {MAX_SHARDS}", field="shards")
        if not 1 <= self.soft_bounce_threshold <= MAX_SOFT_BOUNCES:
            raise InvalidInput(f"1 to {MAX_SOFT_BOUNCES}", field="soft_bounce_threshold")
        if not 0 <= self.help_desk_lifts <= MAX_HELP_DESK_LIFTS:
            raise InvalidInput(f"0 to {MAX_HELP_DESK_LIFTS}", field="help_desk_lifts")
        if not all(1 <= limit <= MAX_LIMIT for limit in self.limits.values()):
            raise InvalidInput(f"1 to {MAX_LIMIT} requests per minute", field="limits")
        for module in self.modules:
            if not MODULE.fullmatch(module) or module.casefold() in RESERVED:
                raise InvalidInput(
                    "letters, digits and underscores, a letter first; not a reserved word", field="modules"
                )
