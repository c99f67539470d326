"""Port for the records of one address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reprieve.addresses.outlook import AddressRecord
    from reprieve.organization import Organization


class AddressRecords(Protocol):
    """What is stored of each address, on every list."""

    def records(self, organization: Organization, key: str) -> list[AddressRecord]:
        """What is stored of one address, read consistently: the lists it is or has been on, in the order of lists."""
        ...
