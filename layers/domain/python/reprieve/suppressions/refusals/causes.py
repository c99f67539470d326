"""The causes for which mail is refused: a closed list, each with its consequences."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from reprieve.suppressions.suppression import Classification, Permanence


class Cause(StrEnum):
    """The cause of a refusal; the first five say that the address itself is bad."""

    UNKNOWN_MAILBOX = "unknown_mailbox"
    """The domain has no such mailbox, or no longer has it."""
    UNKNOWN_DOMAIN = "unknown_domain"
    """The recipient's domain does not exist, or leads to no mail server."""
    NO_MAIL = "no_mail"
    """The domain declares that it takes no mail (null MX, RFC 7505; replies 521 and 556, RFC 7504)."""
    MOVED = "moved"
    """The mailbox has moved or changed hands."""
    BAD_SYNTAX = "bad_syntax"
    """The recipient's address is malformed."""
    FULL = "full"
    """The mailbox is out of space."""
    DISABLED = "disabled"
    """The mailbox exists and is disabled, suspended, locked or inactive."""
    SENDER = "sender"
    """The sender's address, domain or account is refused."""
    AUTHENTICATION = "authentication"
    """SPF, DKIM, DMARC, or a login that is missing."""
    REVERSE_DNS = "reverse_dns"
    """The sending host's name: PTR record, HELO, or both."""
    RELAY = "relay"
    """The server does not relay for this sender or to this domain."""
    LISTED = "listed"
    """The sending host or domain is on a blocklist or has a bad reputation."""
    CONTENT = "content"
    """The message itself: spam, a virus, an attachment, a header."""
    TOO_LARGE = "too_large"
    """The message is larger than the recipient takes."""
    POLICY = "policy"
    """The recipient or the server takes no such mail, or none from this sender."""
    RATE = "rate"
    """Too much mail, too many connections, too fast."""
    LOOP = "loop"
    """The message went in circles."""
    EXPIRED = "expired"
    """The sender's queue gave up."""
    NETWORK = "network"
    """No connection, no TLS, no answer from DNS."""
    PROTOCOL = "protocol"
    """The two servers do not understand each other."""
    BUSY = "busy"
    """The server cannot take mail now: greylisting, an outage, a system error."""
    UNKNOWN = "unknown"
    """Nothing in the report says why."""


_HARD = (Permanence.HARD, Classification.INVALID_ADDRESS)
_MAILBOX = (Permanence.SOFT, Classification.MAILBOX_UNAVAILABLE)
_TECHNICAL = (Permanence.SOFT, Classification.TECHNICAL)
_REPUTATION = (Permanence.SOFT, Classification.REPUTATION)
_CONTENT = (Permanence.SOFT, Classification.CONTENT)

#: the consequences of each cause: whether waiting could help, and SendGrid's class
CONSEQUENCES: Final = {
    Cause.UNKNOWN_MAILBOX: _HARD,
    Cause.UNKNOWN_DOMAIN: _HARD,
    Cause.NO_MAIL: _HARD,
    Cause.MOVED: _HARD,
    Cause.BAD_SYNTAX: _HARD,
    Cause.FULL: _MAILBOX,
    Cause.DISABLED: _MAILBOX,
    Cause.SENDER: _REPUTATION,
    Cause.AUTHENTICATION: _TECHNICAL,
    Cause.REVERSE_DNS: _TECHNICAL,
    Cause.RELAY: _TECHNICAL,
    Cause.LISTED: _REPUTATION,
    Cause.CONTENT: _CONTENT,
    Cause.TOO_LARGE: _CONTENT,
    Cause.POLICY: _REPUTATION,
    Cause.RATE: (Permanence.SOFT, Classification.FREQUENCY),
    Cause.LOOP: _TECHNICAL,
    Cause.EXPIRED: _TECHNICAL,
    Cause.NETWORK: _TECHNICAL,
    Cause.PROTOCOL: _TECHNICAL,
    Cause.BUSY: _TECHNICAL,
    Cause.UNKNOWN: (Permanence.UNDETERMINED, Classification.UNCLASSIFIED),
}
