"""One conversation with a submission server (RFC 6409), from its greeting to QUIT."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from reprieve.smtp import auth
from reprieve.smtp.errors import ConnectionFailed, MessageRefused, Reason, SmtpError
from reprieve.smtp.reply import Reply, ReplyReader

if TYPE_CHECKING:
    import ssl

    from reprieve.smtp.connection import Connection
    from reprieve.smtp.mail import Mail

#: Who we say we are (RFC 5321 section 4.1.4). A function has no name of its own, and the address it has inside of its
#: network is nobody's business.
_CLIENT = "[127.0.0.1]"

_READY = 220
_DONE = 250
_START_MAIL = 354
_CLOSING = 421

_COMMAND = re.compile(rb"[ -~]*")


class Conversation:
    """The client's part; its methods are called in the order in which they stand here.

    Args:
        connection: a connection on which nothing was said yet.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._replies = ReplyReader(connection)
        self._extensions: dict[str, frozenset[str]] = {}

    def open(self) -> None:
        """Hear the greeting, and what the server can do.

        Raises:
            ConnectionFailed: it does not want to talk to us, or speaks no ESMTP.
        """
        _require(self._replies.next(), _READY, ConnectionFailed, Reason.TURNED_AWAY)
        self._hello()

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Begin TLS by STARTTLS (RFC 3207), and forget what was said before it.

        Args:
            context: see `Connection.start_tls`.
            host: see `Connection.start_tls`.

        Raises:
            ConnectionFailed: the server does not offer it, refuses it, or has already said more in plain text: that
                would be taken for its answer under encryption (CVE-2011-0411 and its kin).
        """
        if "STARTTLS" not in self._extensions:
            raise ConnectionFailed(Reason.NO_STARTTLS)
        _require(self._command("STARTTLS"), _READY, ConnectionFailed, Reason.ENCRYPTION)
        if self._replies.ahead:
            raise ConnectionFailed(Reason.INJECTED)
        self._connection.start_tls(context, host)
        self._hello()

    def log_in(self, login: auth.Login) -> None:
        """Authenticate, under TLS only.

        Raises:
            AuthenticationFailed: see `auth.authenticate`.
            ConnectionFailed: the connection is not encrypted: nothing was sent.
        """
        if not self._connection.encrypted:
            raise ConnectionFailed(Reason.ENCRYPTION)
        auth.authenticate(self._command, self._extensions.get("AUTH", frozenset()), login)

    def submit(self, mail: Mail) -> None:
        """Hand one mail over.

        Raises:
            MessageRefused: the sender, the recipient or the mail was not accepted.
        """
        self._ask(f"MAIL FROM:<{mail.sender}>", _DONE)
        self._ask(f"RCPT TO:<{mail.recipient}>", _DONE)
        self._ask("DATA", _START_MAIL)
        self._connection.send(mail.data + b".\r\n")
        _require(self._replies.next(), _DONE, MessageRefused, Reason.MAIL_REFUSED)

    def quit(self) -> None:
        """Take leave, without waiting to be waved off: all is settled, and no trouble now could change it."""
        with suppress(OSError):
            self._connection.send(b"QUIT\r\n")

    def _hello(self) -> None:
        reply = self._command(f"EHLO {_CLIENT}")
        _require(reply, _DONE, ConnectionFailed, Reason.TURNED_AWAY)
        self._extensions = {}
        for line in reply.lines[1:]:  # the first line is a greeting
            keyword, *parameters = line.decode("ascii", "replace").upper().split() or [""]
            self._extensions[keyword] = frozenset(parameters)

    def _ask(self, command: str, expected: int) -> None:
        _require(self._command(command), expected, MessageRefused, Reason.MAIL_REFUSED)

    def _command(self, line: str) -> Reply:
        """Send one line and wait for the reply to it."""
        data = line.encode("ascii")
        if not _COMMAND.fullmatch(data):
            raise ValueError("a command is one line of printable characters")
        self._connection.send(data + b"\r\n")
        reply = self._replies.next()
        if reply.code == _CLOSING:  # whatever was asked, the answer is that the server goes away
            _fail(reply, ConnectionFailed, Reason.TURNED_AWAY)
        return reply


def _require(reply: Reply, expected: int, kind: type[SmtpError], reason: Reason) -> None:
    if reply.code != expected:
        _fail(reply, kind, reason)


def _fail(reply: Reply, kind: type[SmtpError], reason: Reason) -> NoReturn:
    raise kind(reason, code=reply.code, enhanced=reply.enhanced)
