"""The replies of an SMTP server (RFC 5321 section 4.2), read with a limit on everything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reprieve.net.errors import NetError, Trouble

if TYPE_CHECKING:
    from reprieve.net.connection import Connection

#: the longest line that is read, in bytes with its CR LF; RFC 5321 section 4.5.3.1.5 asks servers to keep to 512
MAX_LINE = 2048
#: the largest reply that is read, over all its lines, in bytes
MAX_REPLY = 65536

_LINE = re.compile(rb"(?P<code>[2-5][0-9]{2})(?:(?P<mark>[ -])(?P<text>.*))?", re.DOTALL)
#: RFC 2034 section 4: the text begins with the class, subject and detail of RFC 3463
_ENHANCED = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?= |$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a server.

    Args:
        code: the reply code, 200 to 599.
        lines: the text of each line: the server's words, which must not leave this package, so they have no repr.
    """

    code: int
    lines: tuple[bytes, ...] = field(repr=False)

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code of the last line, or None if it has none that agrees with the reply code."""
        match = _ENHANCED.match(self.lines[-1])
        if match is None or match[0][:1] != b"%d" % (self.code // 100):
            return None
        return match[0].decode("ascii")


class ReplyReader:
    """Reads one reply after the other from a connection.

    Args:
        connection: the source; nothing else may read from it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._buffer = bytearray()

    @property
    def ahead(self) -> bool:
        """Whether the server has sent more than the reply that was read."""
        return bool(self._buffer)

    def next(self) -> Reply:
        """Wait for the next reply and return it.

        Raises:
            NetError: too long, not a reply, the connection is broken, or the deadline has passed.
        """
        lines: list[bytes] = []
        size = 0
        code: bytes | None = None
        while True:
            line = self._line()
            size += len(line)
            if size > MAX_REPLY:
                raise NetError(Trouble.OVERSIZED)
            match = _LINE.fullmatch(line.rstrip(b"\r\n"))
            if match is None or code not in (None, match["code"]):
                raise NetError(Trouble.GARBLED)
            code = match["code"]
            lines.append(match["text"] or b"")
            if match["mark"] != b"-":
                return Reply(int(code), tuple(lines))

    def _line(self) -> bytes:
        """Read the next line, with its end."""
        while (end := self._buffer.find(b"\n", 0, MAX_LINE)) < 0:
            if len(self._buffer) >= MAX_LINE:
                raise NetError(Trouble.OVERSIZED)
            received = self._connection.receive(MAX_LINE)
            if not received:
                raise NetError(Trouble.UNREACHABLE)
            self._buffer += received
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line
