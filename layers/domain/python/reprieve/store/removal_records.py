"""The current state of removals, found by request, id, address or state."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, cast

from reprieve.removals.removal import Followed, Removal, RemovalState, digest_in
from reprieve.store import keys, pending, request_items
from reprieve.store.groups import GroupStore
from reprieve.store.suppression_item import list_of, record_key, removal_of
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.request_items import Asked
    from reprieve.store.table import Table
    from reprieve.suppressions.suppression import AnyList


class RemovalRecords:
    """`removals.ports.RemovalRecords` on DynamoDB: a Query per request, then a BatchGetItem per hundred records."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of_request(self, organization: Organization, request_id: str) -> list[Followed]:
        """See the port."""
        return self._follow(organization, self._asked(organization, request_id))

    def one(self, organization: Organization, removal_id: str) -> Followed | None:
        """See the port."""
        digest = digest_in(removal_id)
        if digest is not None:
            return self._in_queue(organization, removal_id, digest)
        asked = self._asked(organization, request_items.request_of(removal_id))
        found = self._follow(organization, [one for one in asked if one.id == removal_id])
        return found[0] if found else None

    def of_address(self, organization: Organization, key: str) -> list[Removal]:
        """See the port."""
        lists = [*SuppressionList, *GroupStore(self._table).all(organization).lists]
        return list(self._records(organization, [(name, key) for name in lists]).values())

    def waiting(
        self, organization: Organization, state: RemovalState, *, limit: int, after: str | None
    ) -> tuple[list[Removal], str | None]:
        """See the port. Shard after shard; within one, in order of time."""
        cursors, where = pending.cursors(organization, state), partial(pending.position, organization, state)
        start = pending.START if after is None else cursors.read(after, where)
        read = partial(self._records, organization)
        walk = pending.walk(self._table, organization, state, start, size=limit + 1, read=read)
        found = list(islice(walk, limit + 1))
        more = len(found) > limit
        return [one for one, _ in found[:limit]], cursors.write(found[limit - 1][1]) if more else None

    def _in_queue(self, organization: Organization, removal_id: str, digest: int) -> Followed | None:
        """A removal without a note: it is found while it waits, or has failed. A Query each, and a BatchGetItem."""
        states = (RemovalState.FAILED, RemovalState.PENDING)
        found = [one for state in states for one in pending.individuals(self._table, organization, state, digest)]
        rows = self._records(organization, found).values()
        return next(
            (
                Followed(row.id, row.list, row.key, row.email, row.requested_at, row)
                for row in rows
                if row.id == removal_id and row.state in states
            ),
            None,
        )

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
        self, organization: Organization, addresses: Sequence[tuple[AnyList, str]]
    ) -> dict[tuple[AnyList, str], Removal]:
        wanted = [record_key(organization, name, key) for name, key in dict.fromkeys(addresses)]
        items = self._table.get_many(wanted, consistent=True)
        return {(list_of(item), cast("str", item["address"])): removal_of(item) for item in items if _asked_for(item)}


def _asked_for(item: Item) -> bool:
    return "removal_id" in item
