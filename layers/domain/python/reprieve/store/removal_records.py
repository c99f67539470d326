"""Removals as they stand, found by request, id, address or state."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final, cast

from reprieve.errors import InvalidInput
from reprieve.removal import Followed, Removal, RemovalState
from reprieve.store import keys, request_items
from reprieve.store.suppressions import removal_of
from reprieve.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.store.request_items import Asked
    from reprieve.store.table import Item, Table, Value


#: how many rows of a queue are looked through for a removal that no note leads to
QUEUE_READ: Final = 1_000


class RemovalRecords:
    """`ports.RemovalRecords` on DynamoDB: a Query a request, then a BatchGetItem a hundred records."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of_request(self, organization: Organization, request_id: str) -> list[Followed]:
        """See the port."""
        return self._follow(organization, self._asked(organization, request_id))

    def one(self, organization: Organization, removal_id: str) -> Followed | None:
        """See the port."""
        asked = self._asked(organization, request_items.request_of(removal_id))
        found = self._follow(organization, [one for one in asked if one.id == removal_id])
        return found[0] if found else self._in_queue(organization, removal_id)

    def of_address(self, organization: Organization, key: str) -> list[Removal]:
        """See the port."""
        return list(self._records(organization, [(name, key) for name in SuppressionList]).values())

    def waiting(
        self, organization: Organization, state: RemovalState, *, limit: int, after: str | None
    ) -> tuple[list[Removal], str | None]:
        """See the port. Shard after shard; within one, in order of time."""
        shard, start = _place(organization, state, after)
        found: list[Removal] = []
        while shard < organization.shards and len(found) < limit:
            values: dict[str, Value] = {":queue": keys.queue(organization, state, shard)}
            page = self._table.query("#queue = :queue", values, index="Pending", limit=limit - len(found), after=start)
            places = [(_list_of(item), cast("str", item["address"])) for item in page.items]
            # the index can be behind: what has left the queue meanwhile is left out
            records = self._records(organization, places)
            found += [records[place] for place in places if place in records and records[place].state is state]
            start = page.after
            if start is None:
                shard += 1
        return found, _cursor(shard, start) if shard < organization.shards else None

    def _in_queue(self, organization: Organization, removal_id: str) -> Followed | None:
        """A removal that was asked for alone, without a note: it is found while it waits, or has failed."""
        for state in (RemovalState.FAILED, RemovalState.PENDING):
            waiting, _ = self.waiting(organization, state, limit=QUEUE_READ, after=None)
            for row in waiting:
                if row.id == removal_id:
                    return Followed(row.id, row.list, row.key, row.email, row.requested_at, row)
        return None

    def _asked(self, organization: Organization, request_id: str) -> list[Asked]:
        if not request_id:
            return []
        items = self._table.query_all(
            "#partition = :partition AND begins_with(#address, :prefix)",
            {
                ":partition": keys.requests(organization, request_id),
                ":prefix": keys.request_part(request_id, ""),
            },
        )
        asked = [one for item in items for one in request_items.read(item)]
        return sorted(asked, key=lambda one: (len(one.id), one.id))

    def _follow(self, organization: Organization, asked: Sequence[Asked]) -> list[Followed]:
        records = self._records(organization, [(one.list, one.key) for one in asked])
        return [
            Followed(one.id, one.list, one.key, one.email, one.requested_at, records.get((one.list, one.key)))
            for one in asked
        ]

    def _records(
        self, organization: Organization, places: Sequence[tuple[SuppressionList, str]]
    ) -> dict[tuple[SuppressionList, str], Removal]:
        wanted: list[Item] = [
            {
                "partition": keys.suppressions(organization, name, keys.shard_of(organization, key)),
                "address": key,
            }
            for name, key in dict.fromkeys(places)
        ]
        items = self._table.get_many(wanted, consistent=True)
        return {(_list_of(item), cast("str", item["address"])): removal_of(item) for item in items if _asked_for(item)}


def _asked_for(item: Item) -> bool:
    return "removal_id" in item


def _list_of(item: Item) -> SuppressionList:
    return SuppressionList(cast("str", item["partition"]).split("#")[1])


def _cursor(shard: int, after: Item | None) -> str:
    return urlsafe_b64encode(json.dumps([shard, after]).encode()).decode().rstrip("=")


def _place(organization: Organization, state: RemovalState, cursor: str | None) -> tuple[int, Item | None]:
    """Where a page begins: a shard, and the key in it to go on from."""
    if cursor is None:
        return 0, None
    try:
        shard, after = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        queue = keys.queue(organization, state, shard)
        usable = 0 <= shard < organization.shards and (after is None or _is_key(after, queue))
    except (ValueError, TypeError, RecursionError):
        usable = False
    if not usable:
        raise InvalidInput("not a cursor of an earlier page", field="after")
    return shard, after


def _is_key(after: dict[str, object], queue: str) -> bool:
    """Whether it is a key of this partition of Pending: nothing else is handed to the store."""
    texts = all(isinstance(after.get(name), str) for name in ("partition", "address"))
    return (
        set(after) == {"partition", "address", "queue", "due_at"}
        and texts
        and (after["queue"] == queue and type(after["due_at"]) is int)
    )
