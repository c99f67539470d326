"""Counting requests: one item per organization, dialect and minute, one write per request.

partition         sort
{org}             requests#{dialect}#{minute}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.access.quota import Quota, window
from reprieve.clock import MINUTE, Millis, minutes, to_seconds
from reprieve.store.language import Update

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table

REQUESTS: Final = "requests#"


class Quotas:
    """`access.ports.QuotaStore` on DynamoDB."""

    def __init__(self, table: Table, limit: int) -> None:
        self._table = table
        self._limit = limit

    def count(self, organization: Organization, dialect: str, *, now: Millis) -> Quota:
        """See the port."""
        start = window(now)
        update = Update(set=["#expires_at = :expires_at"], add=["#requests :one"])
        values = {":expires_at": to_seconds(Millis(start + minutes(5))), ":one": 1}
        item = self._table.update(self._key(organization, dialect, start), update, values, returning="UPDATED_NEW")
        return self._quota(item, start)

    def peek(self, organization: Organization, dialect: str, *, now: Millis) -> Quota:
        """See the port."""
        start = window(now)
        return self._quota(self._table.get(self._key(organization, dialect, start), only=["requests"]), start)

    def _quota(self, item: Item | None, start: Millis) -> Quota:
        return Quota(self._limit, cast("int", item["requests"]) if item else 0, Millis(start + MINUTE))

    def _key(self, organization: Organization, dialect: str, start: Millis) -> Item:
        return {"partition": organization.id, "sort": f"{REQUESTS}{dialect}#{start // MINUTE}"}
