"""The index Queue: whatever waits for a scheduled function, of all organizations.

    slot        {kind}#{n}, n from 0 to SLOTS - 1: an organization's shard waits in one slot with others'
    rank        {organization}#{due}: in a slot, an organization's items are next to each other, first due first

So one request finds the next organization of a slot that has something waiting, whatever the others have: it continues
behind the last one's end. The key is a part of what waits, written and removed by the same write, so the two cannot
disagree. The index may lag, as all do.

An item that the release before has queued has `queue` instead, and is in the index Pending until store/old_queue.py
has moved it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.address import digest
from reprieve.clock import Millis

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.store.language import Item, Value
    from reprieve.store.table import Table

INDEX: Final = "Queue"
#: how many partitions of the index hold what all organizations have waiting of a kind
SLOTS: Final = 16
#: the latest moment that has 13 digits; what is due later is due then
LAST_MOMENT: Final = 9_999_999_999_999
#: the clauses that put an item into the queue
IN: Final = ("#slot = :slot", "#rank = :rank")
#: the attributes that it loses when it leaves the queue, the one of the release before included
OUT: Final = ("#slot", "#rank", "#queue")
#: how many items one look at a slot reads: one that waits for next year costs an organization a share of a request
PAGE: Final = 100


def slot(organization: Organization, kind: str, shard: int) -> str:
    """The partition in which a shard of an organization waits with others.

    Args:
        organization: whose.
        kind: what waits there: `pending` removals, `failed` ones, `inquiries`.
        shard: of the organization.
    """
    return f"{kind}#{(digest(organization.id) + shard) % SLOTS}"


def slots(organization: Organization, kind: str) -> list[str]:
    """All partitions that an organization waits in, in order of its shards."""
    return list(dict.fromkeys(slot(organization, kind, shard) for shard in range(organization.shards)))


def rank(organization_id: str, due: Millis) -> str:
    """The sort key: the organization, then when something is due."""
    return f"{ranks(organization_id)}{min(max(due, 0), LAST_MOMENT):013d}"


def ranks(organization_id: str) -> str:
    """The beginning of all of an organization's sort keys."""
    return f"{organization_id}#"


def entry(organization: Organization, kind: str, shard: int, due: Millis) -> Item:
    """The attributes by which an item waits."""
    return {"slot": slot(organization, kind, shard), "rank": rank(organization.id, due)}


def values_of(attributes: Item) -> dict[str, Value]:
    """The values of IN, for the attributes of an entry."""
    return {f":{name}": value for name, value in attributes.items()}


def rescheduled(old: Value, due: Millis) -> str:
    """The sort key of the same organization for another moment."""
    return rank(cast("str", old).partition("#")[0], due)


def is_queued(item: Item) -> bool:
    """Whether an item waits, in this index or in that of the release before."""
    return "slot" in item or "queue" in item


def due_at(item: Item) -> Millis:
    """When an item of the index is due."""
    return _place(item)[1]


def due(table: Table, organization: Organization, kind: str, *, now: Millis, limit: int) -> list[Item]:
    """An organization's items of a kind that are due, first due first. A Query for each of its slots."""
    items: list[Item] = []
    for one in slots(organization, kind):
        values: dict[str, Value] = {
            ":slot": one,
            ":first": ranks(organization.id),
            ":last": rank(organization.id, now),
        }
        found = table.query("#slot = :slot AND #rank BETWEEN :first AND :last", values, index=INDEX, limit=limit)
        items += found.items
    return sorted(items, key=due_at)[:limit]


def due_organizations(table: Table, kind: str, number: int, *, now: Millis) -> dict[str, Item]:
    """The organizations that have something due in a slot, by id, each with what is due first.

    A Query for each organization that has more than PAGE items in the slot, and for each PAGE items of others.
    """
    found: dict[str, Item] = {}
    condition, values = "#slot = :slot", dict[str, "Value"]({":slot": f"{kind}#{number}"})
    while True:
        page = table.query(condition, values, index=INDEX, limit=PAGE)
        for item in page.items:
            found.setdefault(_place(item)[0], item)
        if page.after is None:
            return {one: item for one, item in found.items() if due_at(item) <= now}
        condition = "#slot = :slot AND #rank > :behind"
        values[":behind"] = behind(_place(page.after)[0])


def behind(organization_id: str) -> str:
    """A sort key behind all of an organization's, and before those of any other that follows it."""
    return f"{organization_id}$"


def _place(item: Item) -> tuple[str, Millis]:
    """The organization of an item of the index, and when it is due."""
    organization_id, _, moment = cast("str", item["rank"]).partition("#")
    return organization_id, Millis(int(moment))
