"""Helpers for an organization's queue: list all removals, or claim all due ones as the job does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.removals.removal import LEASE, RemovalState
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.removal_records import RemovalRecords

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.removals.removal import Removal
    from reprieve.store.table import Table

MANY = 10_000


def waiting(table: Table, organization: Organization) -> list[Removal]:
    """All pending removals, due or not."""
    removals, _ = RemovalRecords(table).waiting(organization, RemovalState.PENDING, limit=MANY, after=None)
    return removals


def take(table: Table, organization: Organization, *, now: Millis, lease: Millis = LEASE) -> list[Removal]:
    """All due removals, claimed."""
    queue = RemovalQueue(table)
    claims = queue.claim(organization, queue.due(organization, now=now, limit=MANY), now=now, lease=lease)
    return [removal for claim in claims if claim for removal in claim.removals]
