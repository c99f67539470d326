"""The removal queue: what waits in the index Pending, and what a worker may make of it.

An entry is a removal's record (store/records.py), or a part of a request (store/request_items.py) that waits for
several of them. Claiming a part is one write, and half a read unit for each of its records, which are not
claimed themselves. Whatever is settled then is a conditional write of one record, under the fence that was read in it:
what another worker, a newer request or a newer bounce did meanwhile refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import SECOND
from reprieve.removals.queue import Claim, Due, Part, Settlement
from reprieve.removals.removal import TOMBSTONE, Removal, RemovalState
from reprieve.store import keys, request_items
from reprieve.store.expressions import Update
from reprieve.store.removal_requests import FENCE_OUT
from reprieve.store.suppression_item import primary_key, queue_of, record_key, removal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.store.items import Item, Value
    from reprieve.store.removal_requests import Change
    from reprieve.store.table import Table

#: the removal has not ended and its time has come
DUE: Final = "#removal_state = :pending AND #due_at <= :now"
#: no other worker holds it
UNLEASED: Final = "(attribute_not_exists(#lease_until) OR #lease_until <= :now)"
#: the part is still in the queue and its time has come
PART_DUE: Final = "#due_at <= :now"
#: no other worker holds the part
PART_UNLEASED: Final = UNLEASED
#: the claim of the part is still the last one
PART_SAME_FENCE: Final = "#fence = :fence"
#: the removal has not ended, and nobody has written of it since it was read
SAME_FENCE: Final = "#removal_state = :pending AND #fence = :fence"
#: what we hold is forgiven, so lifting loses no newer bounce
FORGIVEN: Final = "#bounced_at <= :forgiven"
#: we held no bounce and still hold none
NO_BOUNCE: Final = "attribute_not_exists(#bounced_at)"
#: a removal that is given back is another to whoever else has read it
NEXT_FENCE: Final = "#fence = :next"
#: it is still this removal, and it was given up
RETRIABLE: Final = "#removal_id = :id AND #removal_state = :failed"


class RemovalQueue:
    """`removals.ports.RemovalQueue` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def due(self, organization: Organization, *, now: int, limit: int) -> list[Due]:
        """See the port."""
        items: list[Item] = []
        for shard in range(organization.shards):
            values: dict[str, Value] = {":queue": keys.queue(organization, RemovalState.PENDING, shard), ":now": now}
            page = self._table.query("#queue = :queue AND #due_at <= :now", values, index="Pending", limit=limit)
            items += page.items
        items.sort(key=lambda item: cast("int", item["due_at"]))
        return [_due(item) for item in items[:limit]]

    def claim(self, organization: Organization, entries: Sequence[Due], *, now: int, lease: int) -> list[Claim | None]:
        """See the port. A write an entry, and a read a hundred removals of parts, eventually consistent."""
        values: dict[str, Value] = {":lease_until": now + lease, ":one": 1, ":now": now}
        pending: dict[str, Value] = {":pending": RemovalState.PENDING.value}
        of_record, of_part = _claiming(f"{DUE} AND {UNLEASED}"), _claiming(f"{PART_DUE} AND {PART_UNLEASED}")
        items = self._table.update_many(
            [
                (_key(one.handle), of_part, values)
                if request_items.is_part(one.handle[0])
                else (_key(one.handle), of_record, values | pending)
                for one in entries
            ]
        )
        parts = [item for item in items if item and "removals" in item]
        records = self._records(organization, parts)
        return [None if item is None else _claim(organization, item, records) for item in items]

    def settle(self, organization: Organization, settlements: Sequence[Settlement], *, now: int) -> list[bool]:
        """See the port."""
        return self._table.update_batches([_settlement(organization, one, now) for one in settlements])

    def release(self, parts: Sequence[tuple[Part, int | None]], *, now: int) -> None:
        """See the port."""
        self._table.update_many([_release(part, due_at, now) for part, due_at in parts])

    def retry(self, organization: Organization, failed: Removal, *, now: int) -> bool:
        """See the port."""
        update = Update(
            set=["#removal_state = :pending", "#queue = :queue", "#due_at = :now", "#attempts = :zero", FENCE_OUT],
            remove=["#finished_at", "#lease_until"],
            condition=RETRIABLE,
        )
        values: dict[str, Value] = {
            ":pending": RemovalState.PENDING.value,
            ":failed": RemovalState.FAILED.value,
            ":id": failed.id,
            ":queue": queue_of(organization, RemovalState.PENDING, failed.key),
            ":now": now,
            ":zero": 0,
            ":one": 1,
        }
        return self._table.update(record_key(organization, failed.list, failed.key), update, values) is not None

    def _records(self, organization: Organization, parts: Sequence[Item]) -> dict[tuple[str, str], Item]:
        """The records that parts name. A read that lags is found out when the removal is settled."""
        asked = [one for part in parts for one in request_items.read(part)]
        wanted = {primary_key(key): key for key in (record_key(organization, one.list, one.key) for one in asked)}
        return {primary_key(item): item for item in self._table.get_many(list(wanted.values()))}


def _due(item: Item) -> Due:
    handle = primary_key(item)
    return Due(handle, request_items.weight(handle[0]), cast("int", item["requested_at"]))


def _key(handle: tuple[str, str]) -> Item:
    return {"partition": handle[0], "address": handle[1]}


def _claiming(condition: str) -> Update:
    return Update(set=["#lease_until = :lease_until"], add=["#fence :one"], condition=condition)


def _claim(organization: Organization, item: Item, records: dict[tuple[str, str], Item]) -> Claim:
    """A claimed record; or a claimed part, with those of its removals that wait by it."""
    if "removals" not in item:
        return Claim((removal_of(item),))
    taken, accounted = [], True
    for one in request_items.read(item):
        record = records.get(primary_key(record_key(organization, one.list, one.key)), {})
        if record.get("removal_id") != one.id:
            accounted = False
        elif (found := removal_of(record)).state is RemovalState.PENDING and not found.queued:
            taken.append(found)
    part = Part(primary_key(item), cast("int", item["fence"]), cast("int", item["requested_at"]), accounted)
    return Claim(tuple(taken), part)


def _release(part: Part, due_at: int | None, now: int) -> Change:
    """The update by which a claimed part leaves the queue, or waits once more."""
    values: dict[str, Value] = {":fence": part.fence}
    if due_at is None:
        update = Update(
            set=["#expires_at = :expires_at"],
            remove=["#queue", "#due_at", "#lease_until"],
            condition=PART_SAME_FENCE,
        )
        return _key(part.handle), update, values | {":expires_at": request_items.forgotten_at(now)}
    update = Update(set=["#due_at = :due_at"], remove=["#lease_until"], condition=PART_SAME_FENCE)
    return _key(part.handle), update, values | {":due_at": due_at}


def _settlement(organization: Organization, settlement: Settlement, now: int) -> Change:
    """The update that ends a removal that was taken, or has it wait on its own."""
    row, state = settlement.removal, settlement.state
    changes = ["#removal_state = :state", "#attempts = :attempts", "#last_answer = :answer"]
    gone, condition = ["#lease_until"], SAME_FENCE
    values: dict[str, Value] = {
        ":pending": RemovalState.PENDING.value,
        ":fence": row.fence,
        ":state": state.value,
        ":attempts": settlement.attempts,
        ":answer": settlement.answer,
    }
    if state is RemovalState.PENDING:
        changes += ["#due_at = :due_at", NEXT_FENCE]
        values |= {":due_at": settlement.due_at, ":next": row.fence + 1}
    else:
        changes.append("#finished_at = :now")
        values[":now"] = now
    if state in {RemovalState.PENDING, RemovalState.FAILED}:
        changes.append("#queue = :queue")
        values[":queue"] = queue_of(organization, state, row.key)
    else:
        gone += ["#queue", "#due_at"]
    if state is RemovalState.DONE:
        changes += ["#expires_at = :expires_at", "#lifts = :lifts"]
        values |= {":expires_at": row.kept_until or (now + TOMBSTONE) // SECOND, ":lifts": row.lifts + 1}
        gone += ["#by_time", "#events"]
        condition = f"{SAME_FENCE} AND {NO_BOUNCE if row.bounced_at is None else FORGIVEN}"
        values[":forgiven"] = max(row.forgiven_until, row.forgiven_bounce)
    return record_key(organization, row.list, row.key), Update(set=changes, remove=gone, condition=condition), values
