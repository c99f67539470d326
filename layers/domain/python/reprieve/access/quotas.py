"""Counting requests without a write for each.

A process leases a part of the window and spends it in memory. The counter in the store is what all processes have
leased, so an organization is never granted more than its limit. It is granted less only by what processes have leased
and not spent when the window ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reprieve.access.quota import Quota, granted, lease_size, limit_of, window
from reprieve.clock import EPOCH, MINUTE, Millis

if TYPE_CHECKING:
    from reprieve.access.ports import QuotaStore
    from reprieve.access.quota import Bucket
    from reprieve.organization import Organization


@dataclass(slots=True)
class _Lease:
    """What one process has of a window: leased by all processes, granted to this one, and spent of that."""

    leased: int = 0
    granted: int = 0
    spent: int = 0


@dataclass(slots=True)
class Quotas:
    """The quotas as one process keeps them; it must be used by one thread at a time."""

    store: QuotaStore
    _start: Millis = EPOCH
    _leases: dict[tuple[str, Bucket], _Lease] = field(default_factory=dict)
    _before: dict[tuple[str, Bucket], int] = field(default_factory=dict)

    def count(self, organization: Organization, bucket: Bucket, *, now: Millis) -> Quota:
        """Count one request: spend it of what is leased, or lease more.

        Raises:
            Unavailable: more had to be leased, and the store did not answer.
        """
        self._turn(window(now))
        limit, key = limit_of(organization, bucket), (organization.id, bucket)
        lease = self._leases.setdefault(key, _Lease())
        if lease.spent >= lease.granted and lease.leased < limit:
            size = lease_size(limit, max(lease.spent, self._before.get(key, 0)))
            lease.leased = self.store.lease(organization.id, bucket, size, start=self._start)
            lease.granted += granted(limit, size, lease.leased)
        exceeded = lease.spent >= lease.granted
        lease.spent += not exceeded
        remaining = max(0, limit - lease.leased) + lease.granted - lease.spent
        return Quota(limit, remaining, Millis(self._start + MINUTE), exceeded)

    def peek(self, organization: Organization, bucket: Bucket, *, now: Millis) -> Quota:
        """What no process has leased of the quota, without counting."""
        start, limit = window(now), limit_of(organization, bucket)
        leased = self.store.leased(organization.id, bucket, start=start)
        return Quota(limit, max(0, limit - leased), Millis(start + MINUTE))

    def _turn(self, start: Millis) -> None:
        """Begin a window: leases end with theirs, and what was spent in the one before says how much is needed."""
        if start == self._start:
            return
        follows = start == self._start + MINUTE
        self._before = {key: lease.spent for key, lease in self._leases.items()} if follows else {}
        self._leases, self._start = {}, start
