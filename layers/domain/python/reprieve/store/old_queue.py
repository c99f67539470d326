"""Removals that the release before has queued: they are in the index Pending, under `queue` and `due_at`.

Moving one is one write, which gives it its key of Queue and takes `queue` away. A worker of the release before may
still be under way with it: while that has a lease the removal stays, and then the raised fence shuts the worker out.

The next release drops this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.removals.removal import RemovalState
from reprieve.store import queue_index
from reprieve.store.language import Update
from reprieve.store.pending import UNLEASED
from reprieve.store.removal_requests import FENCE_OUT
from reprieve.store.suppression_item import key_attributes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.removal_requests import Change
    from reprieve.store.table import Table

INDEX: Final = "Pending"
#: it still waits there for the same moment, whatever the index shows
SAME_PLACE: Final = "#queue = :queue AND #due_at = :due_at"


class OldQueue:
    """`removals.ports.OldQueue` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def move(self, organization: Organization, *, now: Millis) -> int:
        """See the port. Two Queries per shard, and an UpdateItem for each that is there."""
        moved = self._table.update_many(list(self._moves(organization, now)))
        return sum(item is not None for item in moved)

    def _moves(self, organization: Organization, now: Millis) -> Iterator[Change]:
        for state in (RemovalState.PENDING, RemovalState.FAILED):
            for shard in range(organization.shards):
                queue = f"{organization.id}#{state}#{shard}"
                for item in self._table.query_all("#queue = :queue", {":queue": queue}, index=INDEX):
                    yield _move(
                        item, queue_index.entry(organization, state, shard, cast("Millis", item["due_at"])), now
                    )


def _move(item: Item, entry: Item, now: Millis) -> Change:
    update = Update(
        set=[*queue_index.IN, FENCE_OUT],
        remove=["#queue", "#lease_until"],
        condition=f"{SAME_PLACE} AND {UNLEASED}",
    )
    seen = {f":{name}": item[name] for name in ("queue", "due_at")}
    return key_attributes(item), update, {**queue_index.values_of(entry), **seen, ":now": now, ":zero": 0, ":one": 1}
