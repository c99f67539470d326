"""Removals as they stand, found by request, id, address or state."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from reprieve.errors import InvalidInput
from reprieve.removals.removal import Followed, Removal, RemovalState
from reprieve.store import keys, request_items
from reprieve.store.suppression_item import key_attributes, list_of, primary_key, record_key, removal_of
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.organization import Organization
    from reprieve.store.items import Item, Value
    from reprieve.store.request_items import Asked
    from reprieve.store.table import Table

    #: a shard, a line of it in Pending, and the number in that line's part to go on from; 0 behind the line
    _Place = tuple[int, Item | None, int]

#: how many rows of a queue are looked through for a removal that no note leads to
QUEUE_READ: Final = 1_000
#: what tells a line of Pending from any other
LINE: Final = ("partition", "address", "queue", "due_at")
#: where what waits may be: the records of a list, or the parts of requests
ROOMS: Final = {request_items.REQUESTS, *SuppressionList}


class RemovalRecords:
    """`removals.ports.RemovalRecords` on DynamoDB: a Query a request, then a BatchGetItem a hundred records."""

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
        walk = self._walk(organization, state, _place(organization, state, after), limit + 1)
        found = list(islice(walk, limit + 1))
        more = len(found) > limit
        return [one for one, _ in found[:limit]], _cursor(found[limit - 1][1]) if more else None

    def _walk(
        self, organization: Organization, state: RemovalState, place: _Place, size: int
    ) -> Iterator[tuple[Removal, _Place]]:
        """What waits from a place on, each with the place behind it; about `size` of them at a time."""
        shard, line, inside = place
        while shard < organization.shards:
            after: Item | None = line
            if line and inside:
                lines = [line]
            else:
                values: dict[str, Value] = {":queue": keys.queue(organization, state, shard)}
                page = self._table.query("#queue = :queue", values, index="Pending", limit=size, after=line)
                lines, after = [{name: item[name] for name in LINE} for item in page.items], page.after
            for group in _groups(lines, size):
                for one, found, behind in self._unpacked(organization, state, group, inside):
                    yield found, (shard, one, behind)
            inside = 0
            shard, line = (shard, after) if after else (shard + 1, None)

    def _unpacked(
        self, organization: Organization, state: RemovalState, lines: Sequence[Item], inside: int
    ) -> Iterator[tuple[Item, Removal, int]]:
        """The removals that lines of Pending stand for, but those of the first line's part numbered below `inside`.

        With each comes its line, and the number behind it in its part; 0 for one that stands there itself. The index
        can be behind: what has left the queue meanwhile is left out.
        """
        wanted = [key_attributes(line) for line in lines if _is_part(line)]
        parts = {primary_key(item): request_items.read(item) for item in self._table.get_many(wanted, consistent=True)}
        places = [(list_of(line), cast("str", line["address"])) for line in lines if not _is_part(line)]
        places += [(one.list, one.key) for asked in parts.values() for one in asked]
        records = self._records(organization, places)
        for number, line in enumerate(lines):
            if not _is_part(line):
                record = records.get((list_of(line), cast("str", line["address"])))
                if record and record.state is state and record.queued:
                    yield line, record, 0
                continue
            for one in parts.get(primary_key(line), []):
                at = int(request_items.number_of(one.id))
                if at < inside and not number:
                    continue
                record = records.get((one.list, one.key))
                if record and record.id == one.id and record.state is state and not record.queued:
                    yield line, record, at + 1

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
        wanted = [record_key(organization, name, key) for name, key in dict.fromkeys(places)]
        items = self._table.get_many(wanted, consistent=True)
        return {(list_of(item), cast("str", item["address"])): removal_of(item) for item in items if _asked_for(item)}


def _asked_for(item: Item) -> bool:
    return "removal_id" in item


def _is_part(line: Item) -> bool:
    return request_items.is_part(cast("str", line["partition"]))


def _groups(lines: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """Lines that stand for about `size` removals at a time, so that no more is read than is wanted."""
    group: list[Item] = []
    room = size
    for line in lines:
        group.append(line)
        room -= request_items.weight(cast("str", line["partition"]))
        if room <= 0:
            yield group
            group, room = [], size
    if group:
        yield group


def _cursor(place: _Place) -> str:
    return urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _place(organization: Organization, state: RemovalState, cursor: str | None) -> _Place:
    """Where a page begins: a shard, the line in it to go on from, and the number in its part; 0 behind the line."""
    if cursor is None:
        return 0, None, 0
    try:
        shard, line, inside = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        queue = keys.queue(organization, state, shard)
        usable = 0 <= shard < organization.shards and type(inside) is int and inside >= 0
        usable = usable and _is_line(line, queue, organization) and (_is_part(line) or not inside)
    except (ValueError, TypeError, RecursionError):
        usable = False
    if not usable:
        raise InvalidInput("not a cursor of an earlier page", field="after")
    return shard, line, inside


def _is_line(line: object, queue: str, organization: Organization) -> bool:
    """Whether it is a key of this partition of Pending: nothing else is handed to the store."""
    if not isinstance(line, dict) or set(line) != set(LINE):
        return False
    partition, address = line["partition"], line["address"]
    if not isinstance(partition, str) or not isinstance(address, str):
        return False
    owner, _, place = partition.partition("#")
    room, _, shard = place.partition("#")
    known = owner == organization.id and room in ROOMS and shard.isascii() and shard.isdecimal()
    return known and line["queue"] == queue and type(line["due_at"]) is int
