"""Quotas: how many requests per minute an organization may make in each bucket, and how many are left.

A process leases a part of a window and spends it in memory, so the sizes of leases are here, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.clock import MINUTE, minutes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis
    from reprieve.organization import Organization


class Bucket(StrEnum):
    """Requests that are counted together. A bucket's name is part of keys, and the operator sets limits by it."""

    OKTA_BOUNCES = "okta_bounces"
    OKTA_LOGS = "okta_logs"
    OKTA_USERS = "okta_users"
    OKTA_OTHER = "okta_other"
    SENDGRID = "sendgrid"
    ZOHO = "zoho"
    REPRIEVE = "reprieve"


#: requests per minute where an organization has no limit of its own. Okta's are those that it publishes for Workforce
#: Identity (management rate limits), SendGrid's is its published default per user, the others are ours
PER_MINUTE: Final[Mapping[Bucket, int]] = {
    Bucket.OKTA_BOUNCES: 60,
    Bucket.OKTA_LOGS: 120,
    Bucket.OKTA_USERS: 600,
    Bucket.OKTA_OTHER: 1_200,
    Bucket.SENDGRID: 600,
    Bucket.ZOHO: 600,
    Bucket.REPRIEVE: 600,
}
#: the most that is leased at once: this much of a window is lost where a process stops in the middle of a lease
MAX_LEASE: Final = 10
#: the share of a window that a process leases although it has spent nothing lately: 1 / 120. So many processes that
#: begin at the same moment with one request each are all served
FIRST_SHARE: Final = 120


@dataclass(frozen=True, slots=True)
class Quota:
    """One organization's window of one minute in a bucket, as a process knows it after a request.

    Attributes:
        limit: how many requests the window allows.
        remaining: how many more requests can be granted. What other processes have leased is not among them.
        resets_at: when the next window begins, in milliseconds.
        exceeded: whether this request exceeds the limit.
    """

    limit: int
    remaining: int
    resets_at: Millis
    exceeded: bool = False


def limit_of(organization: Organization, bucket: Bucket) -> int:
    """How many requests per minute an organization may make in a bucket."""
    return organization.limits.get(bucket, PER_MINUTE[bucket])


def lease_size(limit: int, spent: int) -> int:
    """How many requests a process leases: as many as it has spent, in this window or in the one before.

    So a process that turns out to be idle keeps little from the others, and a busy one writes seldom.
    """
    first = max(1, limit // FIRST_SHARE)
    return min(MAX_LEASE, max(first, spent))


def granted(limit: int, size: int, leased: int) -> int:
    """How much of a lease lies within the limit.

    Args:
        limit: of the window.
        size: of the lease.
        leased: by all processes, this lease included.
    """
    return min(size, max(0, limit - (leased - size)))


def window(now: Millis) -> Millis:
    """The beginning of the window that contains a moment, in milliseconds."""
    return minutes(now // MINUTE)
