"""What proves that an address receives mail.

A bounce says that a message failed; a proof says that the recipient is there all the same, and is newer. It unblocks
the address, a permanent block included, and reaches bounces and blocks only: complaints and unsubscribes are the
recipient's own will, of which a proof does not speak. What proves it is the word of the organization's own application,
or a click on a confirmation link.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Proof(StrEnum):
    """What proves that an address receives mail."""

    MAIL_RECEIVED = "mail_received"
    """A mail came from it."""
    TOKEN_CONFIRMED = "token_confirmed"  # noqa: S105  (a word, not a token)
    """The person typed in a code that was mailed to it, or followed a link in that mail."""
    ADDRESS_CHANGED = "address_changed"
    """The person has just entered it as the address to use."""
    LINK_FOLLOWED = "link_followed"
    """The person followed a confirmation link of ours."""


#: those on which the word of an application is taken
BY_APPLICATION: Final = tuple(one for one in Proof if one is not Proof.LINK_FOLLOWED)
