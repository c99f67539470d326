"""Unblocks on the suppression records: the block states of addresses, and removals that are counted.

The count lives in the address's record on the blocks list, whether or not the address is listed there:

    unblocks      how often the address was unblocked
    kept_until    the end of time: a record that holds a count does not expire when it is lifted

An address that is blocked by the bounces list has its removal in that list's record, so the two records change in one
transaction, and many addresses share one. That is fewer calls than separate writes, at the
cost of two write units each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from reprieve.removals.block import UNBLOCKS, BlockState
from reprieve.removals.removal import RemovalRequest, watermark
from reprieve.store import request_items
from reprieve.store.language import Item, Update, Value, arguments_of, marshal
from reprieve.store.removal_requests import FENCE_OUT, as_seen, provided, recording
from reprieve.store.suppression_item import entry_of, list_of, record_key
from reprieve.store.table import WRITES_A_TRANSACTION, Table, side_by_side
from reprieve.suppressions.listing import shown_since
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.suppressions.listing import Since

    Write = tuple[str, dict[str, Any]]

#: the lists that block an address
BLOCKING_LISTS: Final = (SuppressionList.BOUNCES, SuppressionList.BLOCKS)
#: the address has been unblocked less often than it may be
NOT_EXHAUSTED: Final = "(attribute_not_exists(#unblocks) OR #unblocks < :unblocks)"
#: it is still on the list, so that only one of two concurrent unblocks counts
LISTED: Final = "attribute_exists(#by_time)"
#: its newest bounce is still one that can be unblocked
STILL_PASSING: Final = "#permanence <> :hard"
#: the year 9999, in seconds, which TTL understands
END_OF_TIME: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The writes of an unblock of one address: one or two, which succeed or fail together."""

    key: str
    writes: list[Write]


class Unblocks:
    """`removals.ports.UnblockStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def block_states(self, organization: Organization, keys: Sequence[str], *, now: Millis) -> dict[str, BlockState]:
        """See the port. Two keys per address, a hundred keys per batch read."""
        wanted = [record_key(organization, name, key) for name in BLOCKING_LISTS for key in keys]
        items = self._table.get_many(wanted, consistent=True)
        records = {(list_of(item), cast("str", item["address"])): item for item in items}
        since = {name: shown_since(organization, name, now=now) for name in BLOCKING_LISTS}
        return {
            key: _block_state(*((records.get((name, key), {}), since[name]) for name in BLOCKING_LISTS)) for key in keys
        }

    def request_unblocks(
        self,
        context: Context,
        block_states: Mapping[str, tuple[BlockState, RemovalRequest]],
    ) -> set[str]:
        """See the port."""
        organization = context.organization
        wanted = [
            _Wanted(key, list(self._writes(context, state, request))) for key, (state, request) in block_states.items()
        ]
        written = set().union(*side_by_side(self._write, list(_groups(wanted))))
        asked = [
            one
            for key, (state, request) in block_states.items()
            if key in written
            for one, *_ in _asked(organization, state, request)
        ]
        if asked:
            self._table.update(*request_items.note(organization, asked, now=context.now))
        return written

    def reset(self, organization: Organization, key: str) -> int:
        """See the port."""
        update = Update(remove=["#unblocks"], condition="attribute_exists(#unblocks)")
        on_blocks = record_key(organization, SuppressionList.BLOCKS, key)
        before = self._table.get(on_blocks, consistent=True)
        return cast("int", (before or {}).get("unblocks", 0)) if self._table.update(on_blocks, update, {}) else 0

    def _write(self, group: Sequence[_Wanted]) -> set[str]:
        """Write a group, without those whose condition does not hold; the keys of what was written."""
        left = list(group)
        while left:
            refused = self._table.try_transact([write for one in left for write in one.writes])
            if not refused:
                break
            owners = [one.key for one in left for _ in one.writes]
            lost = {owners[at] for at in refused}
            left = [one for one in left if one.key not in lost]
        return {one.key for one in left}

    def _writes(self, context: Context, state: BlockState, request: RemovalRequest) -> Iterator[Write]:
        """The count, with the removal from the blocks list if it is there that the address is blocked."""
        organization = context.organization
        until = max(watermark(context.now), state.forgiven_until)
        counted = Update(
            set=["#kept_until = :end"], remove=["#expires_at"], add=["#unblocks :one"], condition=NOT_EXHAUSTED
        )
        values: dict[str, Value] = {
            ":end": END_OF_TIME,
            ":one": 1,
            ":unblocks": UNBLOCKS,
            ":hard": Permanence.HARD.value,
        }
        asked = _asked(organization, state, request)
        for one, entry, condition in asked:
            change = recording(context, one, queued=True)
            seen = as_seen(change, fence=state.fences[one.list], bounced_at=entry.created, until=until)
            key, update, others = provided(seen, condition)
            if one.list is SuppressionList.BLOCKS:
                update = _both(update, counted)
            yield _part(key, update, values | others)
        if all(one.list is not SuppressionList.BLOCKS for one, *_ in asked):
            # a worker about to lift the record did not see that it has to be kept
            alone = replace(counted, set=[*counted.set, FENCE_OUT])
            key = record_key(organization, SuppressionList.BLOCKS, request.key)
            yield _part(key, alone, {**values, ":zero": 0})


def _asked(
    organization: Organization, state: BlockState, request: RemovalRequest
) -> list[tuple[RemovalRequest, Suppression, str]]:
    """The removals that unblock an address, with the entries they lift and what must still hold of their records.

    That its soft bounces still reach the threshold needs no condition: what is listed, untouched and has had no newer
    bounce has lost none of those that were counted.
    """
    asked = []
    if state.bounce is not None:
        # what was judged permanent and is unblocked by proof all the same may be permanent
        hard = state.bounce.permanence is Permanence.HARD
        still = LISTED if hard else f"{LISTED} AND {STILL_PASSING}"
        asked.append((replace(request, list=SuppressionList.BOUNCES, hide=True), state.bounce, still))
    if state.soft is not None and state.soft.count >= organization.soft_bounce_threshold:
        # one address may have two removals of one request; they need ids of their own
        blocks = replace(request, list=SuppressionList.BLOCKS, id=f"{request.id}b", hide=True)
        asked.append((blocks, state.soft, LISTED))
    return asked


def _both(one: Update, other: Update) -> Update:
    """Two updates of one item as one."""
    return Update(
        set=[*one.set, *other.set],
        remove=list(dict.fromkeys([*one.remove, *other.remove])),
        add=[*one.add, *other.add],
        condition=f"{one.condition} AND {other.condition}",
    )


def _part(key: Item, update: Update, values: Mapping[str, Value]) -> Write:
    """One write of a transaction."""
    arguments = arguments_of(condition=update.condition, expression=update.expression(), values=values)
    return "Update", {"Key": marshal(key), **arguments}


def _groups(wanted: Iterable[_Wanted]) -> Iterator[list[_Wanted]]:
    """Groups of as many addresses as fit into a transaction."""
    group: list[_Wanted] = []
    room = WRITES_A_TRANSACTION
    for one in wanted:
        if len(one.writes) > room:
            yield group
            group, room = [], WRITES_A_TRANSACTION
        group.append(one)
        room -= len(one.writes)
    if group:
        yield group


def _block_state(on_bounces: tuple[Item, Since], on_blocks: tuple[Item, Since]) -> BlockState:
    items = [item for item, _ in (on_bounces, on_blocks)]
    return BlockState(
        bounce=_entry(*on_bounces),
        soft=_entry(*on_blocks),
        unblocked=cast("int", items[1].get("unblocks", 0)),
        requests=frozenset(cast("str", item["request_id"]) for item in items if "request_id" in item),
        forgiven_until=max(cast("Millis", item.get("forgiven_until", 0)) for item in items),
        fences={name: cast("int", item.get("fence", 0)) for name, item in zip(BLOCKING_LISTS, items, strict=True)},
    )


def _entry(item: Item, since: Since) -> Suppression | None:
    """The entry of a list, if the list shows it: not if it was lifted or cleared or has expired."""
    entry = entry_of(item)
    return entry if entry and since.shows(entry) else None
