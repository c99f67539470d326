"""The demo's mail server: it takes mail on the loopback by STARTTLS and AUTH, and keeps each one as a file."""

import contextlib
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

#: where it may listen: at those of the ports for mail that need no privileges, on addresses that mean this machine (not
#: every system knows the second and the third)
PLACES: Final = tuple(product(("127.0.0.1", "127.0.0.2", "127.0.0.3"), (2525, 2587)))
USERNAME: Final = "demo"
PASSWORD: Final = "the demo's own"  # noqa: S105 - for a server that nobody else reaches
INBOX: Final = "mail"


@contextlib.contextmanager
def running(place: Place) -> Iterator[dict[str, Any] | None]:
    """Listen while the block lasts.

    Yields:
        What a client of it needs, for stack.json; None when other programs listen everywhere that it may.
    """
    free = next(filter(is_free, PLACES), None)
    if free is None:
        yield None
        return
    host, port = free
    inbox = place.home / INBOX
    inbox.mkdir(exist_ok=True)
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
    """Keeps what it is sent."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Store a mail, and tell of it."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        (self._inbox / f"{time.time_ns()}.eml").write_bytes(content)
        subject = message_from_bytes(content, policy=policy.default)["Subject"]
        show(f"mail    from {envelope.mail_from} to {', '.join(envelope.rcpt_tos)}: {subject}")
        return "250 2.0.0 kept"

    async def handle_exception(self, error: Exception) -> str:
        """Tell in one line why a session came to nothing: clients that refuse the certificate are part of the game."""
        cause = error.__cause__ or error
        show(f"mail    a session broke off: {getattr(cause, 'reason', None) or type(cause).__name__}")
        return "451 4.3.0 the session broke off"


def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, shown: object) -> AuthResult:
    """Let one user in."""
    known = isinstance(shown, LoginPassword) and secrets.compare_digest(
        shown.login + b"\n" + shown.password, f"{USERNAME}\n{PASSWORD}".encode()
    )
    return AuthResult(success=known, handled=False)


def kept_authority(file: Path) -> trustme.CA:
    """The authority that vouches for the server: one for all starts, so that what was enrolled stays good."""
    if not file.exists():
        authority = trustme.CA()
        file.touch(mode=0o600)
        file.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    key, marker, certificate = file.read_bytes().partition(b"-----BEGIN CERTIFICATE-----")
    return trustme.CA.from_pem(marker + certificate, key)


def is_free(place: tuple[str, int]) -> bool:
    """Whether nobody listens there."""
    try:
        socket.create_server(place).close()
    except OSError:
        return False
    return True
