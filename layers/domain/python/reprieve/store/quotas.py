"""Counting requests: one item per organization, bucket and minute, one write per lease.

partition         sort
{org}             requests#{bucket}#{minute}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import MINUTE, Millis, minutes, to_seconds
from reprieve.store.language import Update

if TYPE_CHECKING:
    from reprieve.access.quota import Bucket
    from reprieve.store.language import Item
    from reprieve.store.table import Table

REQUESTS: Final = "requests#"


class Leases:
    """`access.ports.QuotaStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def lease(self, organization_id: str, bucket: Bucket, size: int, *, start: Millis) -> int:
        """See the port."""
        update = Update(set=["#expires_at = :expires_at"], add=["#requests :size"])
        values = {":expires_at": to_seconds(Millis(start + minutes(5))), ":size": size}
        key = _key(organization_id, bucket, start)
        item = self._table.update(key, update, values, returning="UPDATED_NEW")
        return cast("int", cast("Item", item)["requests"])

    def leased(self, organization_id: str, bucket: Bucket, *, start: Millis) -> int:
        """See the port."""
        item = self._table.get(_key(organization_id, bucket, start), only=["requests"])
        return cast("int", item["requests"]) if item else 0


def _key(organization_id: str, bucket: Bucket, start: Millis) -> Item:
    return {"partition": organization_id, "sort": f"{REQUESTS}{bucket}#{start // MINUTE}"}
