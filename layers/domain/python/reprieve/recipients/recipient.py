"""A recipient: a person or record that the organization mails. Okta's users and Zoho's records are one model."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.address import Address
    from reprieve.clock import Millis

#: the module under which users of Okta's API are kept; Zoho's modules have their own names
USERS = "users"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One user or record.

    Attributes:
        id: unique in its module: `00u` and 17 characters for a user, a digit string for a Zoho record.
        module: USERS, or a CRM module such as `Leads`.
        email: the first address, None for a record without one.
        secondary_email: the second address, or None.
        created: in milliseconds.
        updated: in milliseconds.
        profile: further members that the dialect keeps with it (names, login), as text.
    """

    id: str
    module: str
    email: Address | None
    secondary_email: Address | None
    created: Millis
    updated: Millis
    profile: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        """The comparison keys of its addresses."""
        return frozenset(address.key for address in (self.email, self.secondary_email) if address is not None)


class Field(StrEnum):
    """One of a record's two addresses."""

    EMAIL = "email"
    """The first."""
    SECONDARY_EMAIL = "secondary_email"
    """The second."""

    def of(self, recipient: Recipient) -> Address | None:
        """A recipient's address in this field."""
        return recipient.email if self is Field.EMAIL else recipient.secondary_email
