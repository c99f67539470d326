"""What waits in the index Queue for the removal job: what an entry stands for, how it gets in, is claimed, and leaves.

An entry is the record of an address, or a part of a request: an item of `store.request_items` that waits for up to
`PART` removals together. Only this module knows which is which. A part has, besides the attributes of a note,

    slot, rank              key of Queue (store/queue_index.py); present while it waits
    due_at                  when it may be claimed
    fence, lease_until      as in a record

and no `expires_at` while it waits. It is written before the records of its removals, so that every recorded removal is
in the queue. Claiming a part is one write, and half a read unit for each of its records, which are not claimed
themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from reprieve import address
from reprieve.paging import Cursors
from reprieve.removals.queue import PART, Claim, Due, Part
from reprieve.removals.removal import RemovalState
from reprieve.store import keys, queue_index, request_items
from reprieve.store.language import Update
from reprieve.store.queue_index import OUT
from reprieve.store.suppression_item import (
    attributes_of,
    key_attributes,
    list_of,
    primary_key,
    record_key,
    removal_of,
)
from reprieve.suppressions.suppression import list_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.removals.removal import Removal, RemovalRequest
    from reprieve.store.language import Item, Value
    from reprieve.store.removal_requests import Change
    from reprieve.store.table import Page, Table
    from reprieve.suppressions.suppression import AnyList

    #: the place of a slot among the organization's, an entry of it, and the number in that entry's part to continue
    #: from; 0 after the entry
    Position = tuple[int, Item | None, int]
    #: the removals in the records of addresses on lists, read consistently
    Read = Callable[[Sequence[tuple[AnyList, str]]], Mapping[tuple[AnyList, str], Removal]]

#: the place of parts, instead of a list
REQUESTS: Final = "requests"
#: the beginning of a queue
START: Final = (0, None, 0)
#: the attributes that identify an entry of Queue
ENTRY: Final = ("partition", "address", "slot", "rank")
#: how many entries of a queue are examined for a removal that no note leads to
QUEUE_READ: Final = 1_000
#: the removal has not ended and its time has come
DUE: Final = "#removal_state = :pending AND #due_at <= :now"
#: no other worker holds it, be it a removal or a part
UNLEASED: Final = "(attribute_not_exists(#lease_until) OR #lease_until <= :now)"
#: the part is still in the queue and its time has come
PART_DUE: Final = "#due_at <= :now"
#: the claim of the part is still the last one
PART_SAME_FENCE: Final = "#fence = :fence"


def enqueue(table: Table, context: Context, requests: Sequence[RemovalRequest]) -> set[str]:
    """Note what is asked for, and queue it in parts, before anything is recorded.

    Returns:
        The ids of those that have to wait in the queue individually: a single one; and those of a part whose name is
        taken, by an earlier try of the same request.
    """
    if len(requests) == 1:
        table.update(*request_items.note(context.organization, requests, now=context.now))
        return {requests[0].id}
    packs = [requests[start : start + PART] for start in range(0, len(requests), PART)]
    parts = [(_part(context, pack), pack) for pack in packs]
    taken = {primary_key(item) for item in table.insert_many([item for item, _ in parts])}
    return {one.id for item, pack in parts if primary_key(item) in taken for one in pack}


def due(table: Table, organization: Organization, *, now: Millis, limit: int) -> list[Due]:
    """The entries that may be claimed now, longest due first."""
    items = queue_index.due(table, organization, RemovalState.PENDING, now=now, limit=limit)
    return [Due(primary_key(item), _size(item), cast("Millis", item["requested_at"])) for item in items]


def due_organizations(table: Table, slot: int, *, now: Millis) -> dict[str, Millis]:
    """The organizations that have something due in a slot, each with when the first of it was requested."""
    found = queue_index.due_organizations(table, RemovalState.PENDING, slot, now=now)
    return {organization_id: cast("Millis", item["requested_at"]) for organization_id, item in found.items()}


def claim(
    table: Table, organization: Organization, entries: Sequence[Due], *, now: Millis, lease: Millis
) -> list[Claim | None]:
    """Claim entries; None for one that another worker has, or that has left the queue."""
    values: dict[str, Value] = {":lease_until": now + lease, ":one": 1, ":now": now}
    pending: dict[str, Value] = {":pending": RemovalState.PENDING.value}
    of_record, of_part = _claiming(f"{DUE} AND {UNLEASED}"), _claiming(f"{PART_DUE} AND {UNLEASED}")
    items = table.update_many(
        [
            (attributes_of(one.handle), of_part, values)
            if _is_part(attributes_of(one.handle))
            else (attributes_of(one.handle), of_record, values | pending)
            for one in entries
        ]
    )
    asked = [one for item in items if item and _is_part(item) for one in request_items.read(item)]
    wanted = {primary_key(key): key for key in (record_key(organization, one.list, one.key) for one in asked)}
    # a read that lags is detected when the removal is settled
    records = {primary_key(item): item for item in table.get_many(list(wanted.values()))}
    return [None if item is None else _claim(organization, item, records) for item in items]


def release(table: Table, claims: Sequence[Claim], settled: set[str], *, now: Millis) -> None:
    """Take claimed parts off the queue, or let them wait once more; those lost to another worker are left alone.

    Args:
        table: where they are.
        claims: of one organization.
        settled: the ids of the removals that the worker has settled.
        now: in milliseconds.
    """
    table.update_many([_release(claim.part, claim.due_again(settled, now=now), now) for claim in claims if claim.part])


def walk(
    table: Table, organization: Organization, state: RemovalState, start: Position, *, size: int, read: Read
) -> Iterator[tuple[Removal, Position]]:
    """The waiting removals from a position on, each with the position after it; about `size` of them at a time.

    The index can be behind: what has left the queue meanwhile is left out.
    """
    at, entry, inside = start
    slots = queue_index.slots(organization, state)
    while at < len(slots):
        after: Item | None = entry
        if entry and inside:
            entries = [entry]
        else:
            page = _entries(table, organization, slots[at], limit=size, after=entry)
            entries, after = [{name: item[name] for name in ENTRY} for item in page.items], page.after
        for group in _groups(entries, size):
            for one, found, behind in _unpacked(table, state, group, inside, read):
                yield found, (at, one, behind)
        inside = 0
        at, entry = (at, after) if after else (at + 1, None)


def individuals(
    table: Table, organization: Organization, state: RemovalState, digest: int
) -> list[tuple[AnyList, str]]:
    """The addresses with a digest whose removals are queued individually, with their lists. One Query."""
    slot = queue_index.slot(organization, state, digest % organization.shards)
    found = _entries(table, organization, slot, limit=QUEUE_READ).items
    return [
        (list_of(item), key)
        for item in found
        if not _is_part(item) and address.digest(key := cast("str", item["address"])) == digest
    ]


def cursors(organization: Organization, state: RemovalState) -> Cursors:
    """The cursors of one queue; they carry positions."""
    return Cursors(organization.id, f"{state} removals", "after")


def position(organization: Organization, state: RemovalState, content: Any) -> Position:  # noqa: ANN401  (JSON)
    """The position at which a page begins, by the content of its cursor.

    Raises:
        ValueError: it is not a position in this queue.
    """
    match content:
        case [int(at), entry, int(inside)] if (
            0 <= at < len(slots := queue_index.slots(organization, state)) and inside >= 0
        ):
            if _is_entry(entry, slots[at], organization) and (_is_part(entry) or not inside):
                return at, entry, inside
    raise ValueError("not a position in this queue")


def _part(context: Context, requests: Sequence[RemovalRequest]) -> Item:
    """The item in which some removals of one request wait, due at once."""
    organization, now = context.organization, context.now
    noted = request_items.noted(organization, requests, now=now)
    shard = keys.shard_of(organization, cast("str", noted["address"]))
    return noted | queue_index.entry(organization, RemovalState.PENDING, shard, now) | {"due_at": now}


def _entries(table: Table, organization: Organization, slot: str, *, limit: int, after: Item | None = None) -> Page:
    """A page of an organization's entries in a slot, first due first."""
    values: dict[str, Value] = {":slot": slot, ":organization": queue_index.ranks(organization.id)}
    condition = "#slot = :slot AND begins_with(#rank, :organization)"
    return table.query(condition, values, index=queue_index.INDEX, limit=limit, after=after)


def _is_part(item: Mapping[str, Value]) -> bool:
    """Whether an entry is a part of a request, and not the record of an address."""
    return cast("str", item["partition"]).split("#")[1] == REQUESTS


def _size(item: Item) -> int:
    """How many removals an entry stands for, at most."""
    return PART if _is_part(item) else 1


def _claiming(condition: str) -> Update:
    return Update(set=["#lease_until = :lease_until"], add=["#fence :one"], condition=condition)


def _claim(organization: Organization, item: Item, records: Mapping[tuple[str, str], Item]) -> Claim:
    """A claimed record; or a claimed part, with those of its removals that wait by it."""
    if not _is_part(item):
        return Claim((removal_of(item),))
    waiting, accounted = [], True
    for one in request_items.read(item):
        record = records.get(primary_key(record_key(organization, one.list, one.key)), {})
        if record.get("removal_id") != one.id:
            accounted = False
        elif (found := removal_of(record)).state is RemovalState.PENDING and not found.queued:
            waiting.append(found)
    part = Part(primary_key(item), cast("int", item["fence"]), cast("Millis", item["requested_at"]), accounted)
    return Claim(tuple(waiting), part)


def _release(part: Part, due_at: Millis | None, now: Millis) -> Change:
    """The update by which a claimed part leaves the queue, or waits once more."""
    key, values = attributes_of(part.handle), cast("dict[str, Value]", {":fence": part.fence})
    if due_at is None:
        update = Update(
            set=["#expires_at = :expires_at"],
            remove=[*OUT, "#due_at", "#lease_until"],
            condition=PART_SAME_FENCE,
        )
        return key, update, values | {":expires_at": request_items.forgotten_at(now)}
    update = Update(set=["#rank = :rank", "#due_at = :due_at"], remove=["#lease_until"], condition=PART_SAME_FENCE)
    organization_id = part.handle[0].partition("#")[0]
    return key, update, values | {":rank": queue_index.rank(organization_id, due_at), ":due_at": due_at}


def _unpacked(
    table: Table, state: RemovalState, entries: Sequence[Item], inside: int, read: Read
) -> Iterator[tuple[Item, Removal, int]]:
    """The removals that entries stand for, but those of the first entry's part numbered below `inside`.

    With each comes its entry, and the number after it in its part; 0 for one that is queued individually.
    """
    wanted = [key_attributes(entry) for entry in entries if _is_part(entry)]
    parts = {primary_key(item): request_items.read(item) for item in table.get_many(wanted, consistent=True)}
    individual = [(list_of(entry), cast("str", entry["address"])) for entry in entries if not _is_part(entry)]
    records = read([*individual, *((one.list, one.key) for asked in parts.values() for one in asked)])
    for number, entry in enumerate(entries):
        if not _is_part(entry):
            record = records.get((list_of(entry), cast("str", entry["address"])))
            if record and record.state is state and record.queued:
                yield entry, record, 0
            continue
        for one in parts.get(primary_key(entry), []):
            at = int(request_items.number_of(one.id))
            if at < inside and not number:
                continue
            record = records.get((one.list, one.key))
            if record and record.id == one.id and record.state is state and not record.queued:
                yield entry, record, at + 1


def _groups(entries: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """Entries that stand for about `size` removals at a time, so that no more is read than is wanted."""
    group: list[Item] = []
    room = size
    for entry in entries:
        group.append(entry)
        room -= _size(entry)
        if room <= 0:
            yield group
            group, room = [], size
    if group:
        yield group


def _is_family(name: str) -> bool:
    """Whether removals wait in places of that name: the parts of requests, or the records of a list."""
    if name == REQUESTS:
        return True
    try:
        list_named(name)
    except ValueError:
        return False
    return True


def _is_entry(entry: object, slot: str, organization: Organization) -> bool:
    """Whether it is a key of the organization in this slot of Queue: nothing else is handed to the store."""
    if not isinstance(entry, dict) or set(entry) != set(ENTRY):
        return False
    partition, key, rank = entry["partition"], entry["address"], entry["rank"]
    if not isinstance(partition, str) or not isinstance(key, str) or not isinstance(rank, str):
        return False
    owner, _, rest = partition.partition("#")
    family, _, shard = rest.partition("#")
    known = owner == organization.id and _is_family(family) and shard.isascii() and shard.isdecimal()
    return known and entry["slot"] == slot and rank.startswith(queue_index.ranks(organization.id))
