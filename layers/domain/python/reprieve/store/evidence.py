"""The evidence about addresses, which the index of the lists does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.store.suppression_item import entry_of, evidence_of, primary_key, record_key
from reprieve.suppressions.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.store.table import Table
    from reprieve.suppressions.suppression import Suppression


class EvidenceStore:
    """`suppressions.ports.EvidenceStore` on DynamoDB: one BatchGetItem per hundred entries."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def known(
        self, organization: Organization, entries: Sequence[Suppression]
    ) -> list[tuple[Suppression | None, Evidence]]:
        """See the port."""
        keys = [record_key(organization, entry.list, entry.key) for entry in entries]
        found = {primary_key(item): item for item in self._table.get_many(keys)}
        items = [found.get(primary_key(key)) for key in keys]
        return [(entry_of(item), evidence_of(item) if item else Evidence()) for item in items]
