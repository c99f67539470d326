"""One conversation with a submission server (RFC 6409), from its greeting to QUIT."""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from reprieve.net.errors import NetError, Trouble
from reprieve.smtp import auth
from reprieve.smtp.errors import ConnectionFailed, MessageRefused, Reason, SmtpError
from reprieve.smtp.reply import Reply, ReplyReader

if TYPE_CHECKING:
    import ssl
    from collections.abc import Container

    from reprieve.net.connection import Connection
    from reprieve.smtp.mail import Mail

_READY = {220}
_START_MAIL = {354}
_CLOSING = 421
#: RFC 5321 section 4.2.1: the first digit reports success. RCPT may be answered 251 (section 4.3.2), and servers
#: answer codes that no list has.
_DONE = range(200, 300)

_COMMAND = re.compile(rb"[ -~]*")


class Conversation:
    """The client's part; its methods are called in the order in which they are defined here.

    Args:
        connection: a connection on which nothing has been sent yet.
        client_name: how the client introduces itself in EHLO: a domain name or an address literal.
    """

    def __init__(self, connection: Connection, client_name: str) -> None:
        self._connection = connection
        self._client_name = client_name
        self._replies = ReplyReader(connection)
        self._extensions: dict[str, set[str]] = {}

    def open(self) -> None:
        """Read the greeting, and ask for the server's extensions.

        Raises:
            ConnectionFailed: it refuses this client, or does not speak ESMTP.
        """
        _require(self._replies.next(), _READY, ConnectionFailed, Reason.TURNED_AWAY)
        self._hello()

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Begin TLS by STARTTLS (RFC 3207), and forget what was received before it.

        Args:
            context: see `Connection.start_tls`.
            host: see `Connection.start_tls`.

        Raises:
            ConnectionFailed: the server does not offer it, refuses it, or has already said more in plain text: that
                would be taken for its answer under encryption (CVE-2011-0411 and others like it).
        """
        if "STARTTLS" not in self._extensions:
            raise ConnectionFailed(Reason.NO_STARTTLS)
        _require(self._command("STARTTLS"), _READY, ConnectionFailed, Trouble.ENCRYPTION)
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
            raise ConnectionFailed(Trouble.ENCRYPTION)
        auth.authenticate(self._command, frozenset(self._extensions.get("AUTH", ())), login)

    def submit(self, mail: Mail) -> None:
        """Send one mail.

        Raises:
            MessageRefused: the sender, the recipient or the mail was not accepted.
        """
        self._ask(f"MAIL FROM:<{mail.sender}>", _DONE)
        self._ask(f"RCPT TO:<{mail.recipient}>", _DONE)
        self._ask("DATA", _START_MAIL)
        self._connection.send(mail.data + b".\r\n")
        _require(self._replies.next(), _DONE, MessageRefused, Reason.MAIL_REFUSED)

    def quit(self) -> None:
        """Send QUIT without waiting for the reply: everything is settled, and no failure now could change it."""
        with suppress(NetError):
            self._connection.send(b"QUIT\r\n")

    def _hello(self) -> None:
        reply = self._command(f"EHLO {self._client_name}")
        _require(reply, _DONE, ConnectionFailed, Reason.TURNED_AWAY)
        extensions: dict[str, set[str]] = defaultdict(set)
        for line in reply.lines[1:]:  # the first line is a greeting
            # "AUTH=LOGIN PLAIN" is what servers said before RFC 2554; some say it beside the new form, or alone
            keyword, *parameters = line.decode("ascii", "replace").upper().replace("=", " ").split() or [""]
            extensions[keyword].update(parameters)
        self._extensions = extensions

    def _ask(self, command: str, expected: Container[int]) -> None:
        _require(self._command(command), expected, MessageRefused, Reason.MAIL_REFUSED)

    def _command(self, line: str) -> Reply:
        """Send one line and wait for the reply to it."""
        data = line.encode("ascii")
        if not _COMMAND.fullmatch(data):
            raise ValueError("a command is one line of printable characters")
        self._connection.send(data + b"\r\n")
        reply = self._replies.next()
        if reply.code == _CLOSING:  # whatever was asked, the server closes the connection
            _fail(reply, ConnectionFailed, Reason.TURNED_AWAY)
        return reply


def _require(reply: Reply, expected: Container[int], kind: type[SmtpError], reason: Reason | Trouble) -> None:
    if reply.code not in expected:
        _fail(reply, kind, reason)


def _fail(reply: Reply, kind: type[SmtpError], reason: Reason | Trouble) -> NoReturn:
    raise kind(reason, code=reply.code, enhanced=reply.enhanced)
