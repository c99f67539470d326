"""Inquiries, beside the suppression records.

The partition is `{org}#inquiries`, the sort key `{list}#{account}#{comparison key}`; with them are `email`, `at`,
`drops` and `attempts`, and `slot` and `rank`, its key of the index Queue (store/queue_index.py). It is
deleted when the account has been asked, unless another drop was reported meanwhile.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, cast

from reprieve.removals.removal import RemovalState
from reprieve.store import keys, queue_index
from reprieve.store.language import Update
from reprieve.store.suppression_item import attributes_of, primary_key, record_key
from reprieve.suppressions.inquiry import Inquiry
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.store.language import Item, Value
    from reprieve.store.table import Table

#: what waits, in Queue
INQUIRIES: Final = "inquiries"
#: no drop has been reported since it was read
SAME: Final = "#drops = :drops"


class Inquiries:
    """`suppressions.ports.InquiryStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def unexplained(self, organization: Organization, inquiries: Sequence[Inquiry]) -> list[Inquiry]:
        """See the port. One batch read per hundred records."""
        places = [
            [primary_key(record_key(organization, name, one.key)) for name in one.explained_by] for one in inquiries
        ]
        records = [attributes_of(place) for place in dict.fromkeys(chain.from_iterable(places))]
        explaining = {
            primary_key(item)
            for item in self._table.get_many(records, consistent=True)
            if "by_time" in item or item.get("removal_state") == RemovalState.PENDING
        }
        return [one for one, lists in zip(inquiries, places, strict=True) if explaining.isdisjoint(lists)]

    def note(self, organization: Organization, inquiries: Sequence[Inquiry], *, now: Millis) -> None:
        """See the port. One UpdateItem each, side by side."""
        latest = {(one.list, one.account, one.key): one for one in sorted(inquiries, key=lambda one: one.at)}
        update = Update(
            set=["#email = :email", "#at = :at", "#slot = :slot", "#rank = if_not_exists(#rank, :rank)"],
            add=["#drops :one"],
        )
        self._table.update_many(
            [
                (
                    _key(organization, one),
                    update,
                    {
                        ":email": one.email,
                        ":at": one.at,
                        ":one": 1,
                        **queue_index.values_of(_entry(organization, one, now)),
                    },
                )
                for one in latest.values()
            ]
        )

    def due_organizations(self, *, now: Millis) -> list[str]:
        """See the port. One Query for each slot of Queue, while little waits in it."""
        found = [
            queue_index.due_organizations(self._table, INQUIRIES, slot, now=now) for slot in range(queue_index.SLOTS)
        ]
        return list(dict.fromkeys(chain.from_iterable(found)))

    def due(self, organization: Organization, *, now: Millis, limit: int) -> list[Inquiry]:
        """See the port. One Query per shard, and one batch read per hundred."""
        found = queue_index.due(self._table, organization, INQUIRIES, now=now, limit=limit)
        order = [primary_key(item) for item in found]
        items = {
            primary_key(item): item for item in self._table.get_many(list(map(attributes_of, order)), consistent=True)
        }
        return [_inquiry(items[one]) for one in order if one in items]

    def postpone(self, organization: Organization, inquiry: Inquiry, *, until: Millis) -> None:
        """See the port."""
        update = Update(set=["#rank = :rank", "#attempts = :attempts"], condition=SAME)
        rank = queue_index.rank(organization.id, until)
        values: dict[str, Value] = {":rank": rank, ":attempts": inquiry.attempts + 1, ":drops": inquiry.drops}
        self._table.update(_key(organization, inquiry), update, values)

    def end(self, organization: Organization, inquiry: Inquiry) -> None:
        """See the port."""
        self._table.delete(_key(organization, inquiry), condition=SAME, values={":drops": inquiry.drops})


def _key(organization: Organization, inquiry: Inquiry) -> Item:
    place = f"{inquiry.list}#{inquiry.account}#{inquiry.key}"
    return {"partition": keys.inquiries(organization), "address": place}


def _entry(organization: Organization, inquiry: Inquiry, due: Millis) -> Item:
    return queue_index.entry(organization, INQUIRIES, keys.shard_of(organization, inquiry.key), due)


def _inquiry(item: Item) -> Inquiry:
    name, account, key = cast("str", item["address"]).split("#", 2)
    return Inquiry(
        list=SuppressionList(name),
        key=key,
        email=cast("str", item["email"]),
        account=account,
        at=cast("Millis", item["at"]),
        drops=cast("int", item["drops"]),
        attempts=cast("int", item.get("attempts", 0)),
    )
