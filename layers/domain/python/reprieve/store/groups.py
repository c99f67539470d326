"""Unsubscribe groups: one item per organization, in the table of the lists.

    partition, address      {org}#groups, all
    groups                  a JSON list of [id, name, description, is_default], in the order of the ids; of a group that
                            is not at the default provider account, also the name of its account
    deleted                 a JSON list of [id, when in milliseconds, whether its list still has records]
    last_id, version        see `suppressions.group.Groups`

SendGrid's limits keep it below 40 kB, and most organizations' below 4 kB: reading all groups is one read unit. Who is
unsubscribed from a group is in the partitions of that group's list, as with every other list.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

from reprieve.access.provider_account import DEFAULT
from reprieve.store import keys
from reprieve.store.suppression_item import key_attributes
from reprieve.store.table import side_by_side
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.suppression import GroupList

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table

#: the sort key of the only item
ALL: Final = "all"
#: the groups have not changed since they were read
SAME: Final = "(attribute_not_exists(#version) OR #version = :before)"
#: records that are deleted at a time
CHUNK: Final = 100


class GroupStore:
    """`suppressions.ports.GroupStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self, organization: Organization) -> Groups:
        """See the port. One GetItem."""
        item = self._table.get(_key(organization), consistent=True)
        return _groups(item) if item else Groups()

    def replace(self, organization: Organization, groups: Groups) -> bool:
        """See the port. One PutItem."""
        item = _key(organization) | {
            "groups": _json([_row(one) for one in groups.groups]),
            "deleted": _json([[one, at, one in groups.unswept] for one, at in groups.deleted.items()]),
            "last_id": groups.last_id,
            "version": groups.version,
        }
        return self._table.put(item, condition=SAME, values={":before": groups.version - 1})

    def forget(self, organization: Organization, group_id: int, *, goes_on: Callable[[], bool]) -> bool:
        """See the port. A Query per hundred records, and a DeleteItem each."""
        for shard in range(organization.shards):
            partition = keys.suppressions(organization, GroupList.of(group_id), shard)
            while items := self._table.query(
                "#partition = :partition", {":partition": partition}, limit=CHUNK, consistent=True
            ).items:
                if not goes_on():
                    return False
                side_by_side(lambda item: self._table.delete(key_attributes(item)), items)
        return True


def _row(group: Group) -> list[object]:
    """A group as plain values; the default account goes without saying, as when it was the only one."""
    row: list[object] = [group.id, group.name, group.description, group.is_default]
    return row if group.account == DEFAULT else [*row, group.account]


def _key(organization: Organization) -> Item:
    return {"partition": keys.groups(organization), "address": ALL}


def _json(rows: list[list[object]]) -> str:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _groups(item: Item) -> Groups:
    deleted = json.loads(cast("str", item["deleted"]))
    return Groups(
        groups=tuple(Group(*row) for row in json.loads(cast("str", item["groups"]))),
        deleted={one: cast("Millis", at) for one, at, _ in deleted},
        unswept=frozenset(one for one, _, unswept in deleted if unswept),
        last_id=cast("int", item["last_id"]),
        version=cast("int", item["version"]),
    )
