"""Ports for the records of one address, and for the DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.addresses.mail_domain import Mail
    from reprieve.addresses.outlook import AddressRecord
    from reprieve.organization import Organization
    from reprieve.suppressions.suppression import AnyList


class AddressRecords(Protocol):
    """The records of each address, on every list."""

    def records(self, organization: Organization, key: str, lists: Sequence[AnyList]) -> list[AddressRecord]:
        """The records of one address, read consistently: one per list that it is or was on, in the lists' order."""
        ...


class MailHosts(Protocol):
    """Where domains take mail."""

    def mail_of(self, domain: str) -> Mail:
        """Where a domain, in lower-case A-labels, takes mail: UNKNOWN, and never an error, where the DNS says nothing.

        It takes at most 1.5 s.
        """
        ...
