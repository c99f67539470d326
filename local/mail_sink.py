"""The demo's mail server: it accepts mail on loopback with STARTTLS and AUTH, and keeps each mail as a file."""

import contextlib
import logging
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from itertools import product
from pathlib import Path
from typing import Any, Final

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from local.activity import show
from local.place import Place

#: where it can listen: the mail ports that need no privileges, on loopback addresses (some systems have only the first)
PLACES: Final = tuple(product(("127.0.0.1", "127.0.0.2", "127.0.0.3"), (2525, 2587)))
USERNAME: Final = "demo"
PASSWORD: Final = "the demo's own"  # noqa: S105 - for a server that only this machine reaches
INBOX: Final = "mail"


@contextlib.contextmanager
def running(place: Place) -> Iterator[dict[str, Any] | None]:
    """Listen while the block lasts.

    Yields:
        The `mail` of stack.json; None if other programs listen at all of PLACES.
    """
    free = next(filter(is_free, PLACES), None)
    if free is None:
        yield None
        return
    host, port = free
    inbox = place.home / INBOX
    inbox.mkdir(exist_ok=True)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # at each login aiosmtpd warns of an attribute of its own
    authority = kept_authority(place.state / "mail-ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    controller = Controller(
        Sink(inbox),
        host,
        port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    controller.start()
    try:
        yield {
            "host": host,
            "port": port,
            "username": USERNAME,
            "password": PASSWORD,
            "ca_pem": authority.cert_pem.bytes().decode(),
            "inbox": str(inbox),
        }
    finally:
        controller.stop()


class Sink:
    """The handler that keeps the mails it receives."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Store a mail, and print one line about it."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        (self._inbox / f"{time.time_ns()}.eml").write_bytes(content)
        subject = message_from_bytes(content, policy=policy.default)["Subject"]
        show(f"mail    from {envelope.mail_from} to {', '.join(envelope.rcpt_tos)}: {subject}")
        return "250 2.0.0 kept"

    async def handle_exception(self, error: Exception) -> str:
        """Print one line about a session that failed, for example because the client refused the certificate."""
        cause = error.__cause__ or error
        show(f"mail    a session was aborted: {getattr(cause, 'reason', None) or type(cause).__name__}")
        return "451 4.3.0 the session was aborted"


def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, shown: object) -> AuthResult:
    """Accept the one user and password."""
    known = isinstance(shown, LoginPassword) and secrets.compare_digest(
        shown.login + b"\n" + shown.password, f"{USERNAME}\n{PASSWORD}".encode()
    )
    return AuthResult(success=known, handled=False)


def kept_authority(file: Path) -> trustme.CA:
    """The authority of the server's certificate: the same at every start, so that an enrolled server stays valid."""
    if not file.exists():
        authority = trustme.CA()
        file.touch(mode=0o600)
        file.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    key, marker, certificate = file.read_bytes().partition(b"-----BEGIN CERTIFICATE-----")
    return trustme.CA.from_pem(marker + certificate, key)


def is_free(place: tuple[str, int]) -> bool:
    """Whether a server can listen there."""
    try:
        socket.create_server(place).close()
    except OSError:
        return False
    return True
