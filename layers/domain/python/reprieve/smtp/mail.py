"""The one mail that a test sends, and the addresses that it can have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from uuid import uuid4

from reprieve.errors import MalformedAddress

_SUBJECT = "Test of your email server"
_BODY = """\
Someone in your organization asked for this mail to be sent, to test an email server.
It arrived, so the server works. There is nothing else to do.
"""

#: Addresses come here verified. This is the second lock: printable ASCII in which nothing can end an envelope path or
#: begin another address. Quoted local parts may hold what atoms may not, except spaces, angle brackets and control
#: characters.
_ADDRESS = re.compile(
    r"""(?P<local>[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*
              | "(?:[!\#-;=?-\[\]-~] | \\["\\])+")
        @(?P<domain>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_MAX_LOCAL = 64
_MAX_ADDRESS = 254
#: longer than any address, so a header is never folded inside one
_POLICY = SMTP.clone(max_line_length=998)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail with its envelope.

    Args:
        sender: the address in MAIL FROM and From.
        recipient: the only address in RCPT TO and To.
        data: the mail as it goes after DATA: lines that end in CR LF, dots stuffed, without the final dot.
    """

    sender: str
    recipient: str
    data: bytes


def compose(sender: str, recipient: str) -> Mail:
    """Write the test mail; two of them differ only in the addresses, the date and the id.

    Args:
        sender: the address it comes from.
        recipient: the one address it goes to.

    Returns:
        The mail, marked as generated (RFC 3834) so that no automatic reply answers it.

    Raises:
        MalformedAddress: one of them is not a single plain address in ASCII.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(sender, field="sender")
    message["To"] = _address(recipient, field="recipient")
    message["Subject"] = _SUBJECT
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{uuid4().hex}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_BODY)
    return Mail(sender, recipient, re.sub(rb"(?m)^\.", b"..", message.as_bytes()))


def _address(text: str, *, field: str) -> Address:
    match = _ADDRESS.fullmatch(text[: _MAX_ADDRESS + 1])
    if len(text) > _MAX_ADDRESS or match is None or len(match["local"]) > _MAX_LOCAL:
        raise MalformedAddress("it is not a single plain address in ASCII", field=field)
    try:
        return Address(addr_spec=text)
    except (ValueError, IndexError, MessageError):  # the header's parser is stricter in places
        problem = "it cannot be written into a header"
    raise MalformedAddress(problem, field=field)
