"""The domain of an address: whether it takes mail, and which well-known domain may be meant instead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Mail(StrEnum):
    """Where a domain takes mail, by its entries in the DNS."""

    MX = "mx"
    """It names mail servers."""
    NULL_MX = "null_mx"
    """It says that it takes no mail (RFC 7505)."""
    ADDRESS_ONLY = "address_only"
    """It names no mail server, but a host, which mail is then tried at (RFC 5321, section 5.1)."""
    NO_HOST = "no_host"
    """It exists, and names neither a mail server nor a host."""
    MISSING = "missing"
    """It does not exist."""
    UNKNOWN = "unknown"
    """The DNS gave no answer."""


#: what no mail can be delivered to
TAKES_NONE: Final = frozenset({Mail.NULL_MX, Mail.NO_HOST, Mail.MISSING})


@dataclass(frozen=True, slots=True)
class MailDomain:
    """The domain of an address.

    Attributes:
        name: as lower-case A-labels.
        mail: where it takes mail.
        meant: the well-known domain of which it is probably a misspelling; "" for none.
    """

    name: str
    mail: Mail
    meant: str = ""
