"""What a provider's list holds against what we hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reprieve.store import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.store.table import Item, Table
    from reprieve.suppression import Suppression


class Comparison:
    """`ports.suppressions.Comparison` on DynamoDB: a BatchGetItem a hundred entries."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def missing(self, organization: Organization, entries: Sequence[Suppression]) -> list[Suppression]:
        """See the port."""
        wanted = {_place(organization, entry): entry for entry in sorted(entries, key=lambda entry: entry.created)}
        keyed: list[Item] = [{"partition": partition, "address": address} for partition, address in wanted]
        held = {(item["partition"], item["address"]): item for item in self._table.get_many(keyed, consistent=True)}
        return [entry for place, entry in wanted.items() if _is_news(entry, held.get(place, {}))]


def _is_news(entry: Suppression, item: Item) -> bool:
    """Whether an entry is neither listed here, nor older than what we know, nor forgiven."""
    known = max(cast("int", item.get(name, -1)) for name in ("bounced_at", "forgiven_until", "forgiven_bounce"))
    return "by_time" not in item and entry.created > known


def _place(organization: Organization, entry: Suppression) -> tuple[str, str]:
    shard = keys.shard_of(organization, entry.key)
    return keys.suppressions(organization, entry.list, shard), entry.key
