"""The entry of an address on a list, read from its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.store.suppression_item import entry_of, record_key

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.store.table import Table
    from reprieve.suppressions.suppression import AnyList, Suppression


def entry_on(table: Table, organization: Organization, name: AnyList, key: str) -> Suppression | None:
    """The entry of an address, shown or not; None when it is not listed."""
    return entry_of(table.get(record_key(organization, name, key), consistent=True))
