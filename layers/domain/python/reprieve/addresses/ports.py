"""Port for the records of one address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.addresses.outlook import AddressRecord
    from reprieve.organization import Organization
    from reprieve.suppressions.suppression import AnyList


class AddressRecords(Protocol):
    """The records of each address, on every list."""

    def records(self, organization: Organization, key: str, lists: Sequence[AnyList]) -> list[AddressRecord]:
        """The records of one address, read consistently: one per list that it is or was on, in the lists' order."""
        ...
