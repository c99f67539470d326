"""Opening a mail of unknown origin.

Time and memory are bounded before a parser sees the mail: only the beginning of it is read. A report is found there,
since what a mail reports comes before the mail that it returns (RFC 6522).
"""

from __future__ import annotations

import email
import re
from email.message import Message
from email.utils import parseaddr
from typing import TYPE_CHECKING, Final

from reprieve.suppressions.delivery import writable

if TYPE_CHECKING:
    from collections.abc import Iterator

#: what is read of a mail: octets, lines, and octets of a line (RFC 5322 allows 998)
MAX_OCTETS: Final = 262_144
MAX_LINES: Final = 4_000
MAX_LINE: Final = 1_000
#: octets of indented lines in a row: they may continue a field, whose parameters Python reads in quadratic time
MAX_INDENTED: Final = 4_000
#: words that begin another level, or may: deeper, the standard library compares each line with as many boundaries
MAX_NESTINGS: Final = 24
#: an address with its name in characters, and the comments in it, which the standard library reads by recursion
MAX_FIELD: Final = 500
MAX_COMMENTS: Final = 20

_LINE: Final = re.compile(rb"[^\r\n]*+(?:\r\n?|\n|\Z)")
_NESTING: Final = re.compile(rb"boundary|message/", re.IGNORECASE)
#: RFC 6533's form has the same content in UTF-8, and the standard library takes apart the older one alone
_GLOBAL_STATUS: Final = re.compile(rb"message/global-delivery-status", re.IGNORECASE)
#: the encodings of text that a mail may name; Python knows others, some of them quadratic in time
_CHARSET: Final = re.compile(
    r"us-ascii|utf-?8|iso-?8859-\d{1,2}|(?:windows|cp)-?\d{3,4}|koi8-[ru]|gbk?|gb2312|gb18030|big5|shift_jis|euc-(?:jp|kr)"
    r"|iso-2022-(?:jp|kr)",
    re.IGNORECASE,
)


def opened(octets: bytes) -> Message:
    """The beginning of a mail, parsed; any octets make a mail.

    Args:
        octets: the mail as it was received.
    """
    return email.message_from_bytes(beginning(octets))


def beginning(octets: bytes) -> bytes:
    """What is read of a mail: its first lines, each up to a length, down to a depth of parts."""
    kept: list[bytes] = []
    indented = nestings = 0
    for number, found in enumerate(_LINE.finditer(octets[:MAX_OCTETS])):
        line = found[0]
        nestings += len(_NESTING.findall(line))
        if number == MAX_LINES or nestings > MAX_NESTINGS:
            break
        indented = indented + len(line) if line.startswith((b" ", b"\t")) else 0
        if indented <= MAX_INDENTED:
            kept.append(line if len(line) <= MAX_LINE else line[:MAX_LINE] + b"\n")
    return _GLOBAL_STATUS.sub(b"message/delivery-status", b"".join(kept))


def parts(mail: Message) -> Iterator[Message]:
    """A mail and its parts, without those of a mail that it returns."""
    yield mail
    if mail.get_content_maintype() == "multipart":
        for part in embedded(mail):
            yield from parts(part)


def embedded(part: Message) -> list[Message]:
    """The parts of a part, the mail in it, or the groups of fields in it."""
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def fields(part: Message, name: str) -> list[str]:
    """The values of a field, unfolded; what is not UTF-8 in them is replaced."""
    found = (value for field, value in part.raw_items() if field.lower() == name)
    return [_unfolded(str(value)) for value in found]


def field(part: Message, name: str) -> str:
    """The first value of a field, "" for none."""
    return next(iter(fields(part, name)), "")


def text(part: Message) -> str:
    """The text of a part, decoded; "" for one that has none."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_param("charset", "us-ascii")
    known = isinstance(charset, str) and _CHARSET.fullmatch(charset)
    try:
        found = payload.decode(str(charset) if known else "utf-8", "replace")
    except LookupError:
        found = payload.decode("utf-8", "replace")
    return writable(found.replace("\r\n", "\n"))


def address(value: str) -> str:
    """The address in a field that may have a name too; "" for none, or for a text that is too long to be one."""
    readable = len(value) <= MAX_FIELD and value.count("(") <= MAX_COMMENTS
    return parseaddr(value)[1].strip() if readable else ""


def _unfolded(value: str) -> str:
    octets = value.encode("utf-8", "surrogateescape")
    return octets.decode("utf-8", "replace").replace("\r", "").replace("\n", "").strip()
