"""The comparison of a provider's list with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.store.suppression_item import latest_known, primary_key, record_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table
    from reprieve.suppressions.suppression import Suppression


class Comparison:
    """`suppressions.ports.Comparison` on DynamoDB: one BatchGetItem per hundred entries."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def missing(self, organization: Organization, entries: Sequence[Suppression]) -> list[Suppression]:
        """See the port."""
        wanted = {(entry.list, entry.key): entry for entry in sorted(entries, key=lambda entry: entry.created)}
        keys = [record_key(organization, name, key) for name, key in wanted]
        held = {primary_key(item): item for item in self._table.get_many(keys, consistent=True)}
        found = zip(wanted.values(), keys, strict=True)
        return [entry for entry, key in found if _is_news(entry, held.get(primary_key(key), {}))]


def _is_news(entry: Suppression, item: Item) -> bool:
    """Whether an entry is neither listed here, nor older than what we know, nor forgiven."""
    return "by_time" not in item and entry.created > latest_known(item)
