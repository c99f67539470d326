"""A mail server that keeps its mails: aiosmtpd with STARTTLS and AUTH, for tests that send real mail.

with MailSink(authority) as sink:
    ...                                 # host, port, ca_pem, username, password: what a client needs
    assert sink.mails == [...]
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import socket
import ssl
from base64 import b64decode
from dataclasses import dataclass, field
from itertools import product
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Self

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

if TYPE_CHECKING:
    from email.message import EmailMessage

    import trustme

USERNAME = "relay@example.com"
PASSWORD = "canary-password-jWq7Zc"
#: what a token endpoint gives, and the sink accepts
TOKEN = "canary-token-Xy81Kd"


def free_place() -> tuple[str, int]:
    """An address of the loopback network and a port that mail may go to; other suites may run beside this one.

    Some systems have only 127.0.0.1.
    """
    random = SystemRandom()
    hosts = [f"127.{random.randrange(1, 255)}.{random.randrange(255)}.{random.randrange(1, 255)}", "127.0.0.1"]
    for place in product(hosts, (2525, 2587)):
        with contextlib.suppress(OSError), socket.create_server(place):
            return place
    pytest.fail("other programs listen at 2525 and 2587, and mail may go to no other port")


@dataclass
class MailSink:
    """One server on loopback; it listens while the `with` lasts.

    Attributes:
        authority: issues its certificate, which is for its address.
        host: any address of the loopback network.
        port: 0 takes a free one.
        logins: every attempt to log in: mechanism and what was shown.
        mails: what arrived.
    """

    authority: trustme.CA
    host: str = "127.0.0.1"
    port: int = 0
    logins: list[tuple[str, str]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)

    @property
    def ca_pem(self) -> str:
        """The certificate of its authority."""
        return self.authority.cert_pem.bytes().decode()

    def __enter__(self) -> Self:
        if not self.port:
            with socket.create_server((self.host, 0)) as listener:
                self.port = listener.getsockname()[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(self.host).configure_cert(context)
        self._controller = Controller(
            self,
            self.host,
            port=self.port,
            authenticator=self._authenticate,
            auth_required=True,
            tls_context=context,
            require_starttls=True,
        )
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((mechanism, data.password.decode()))
        good = data == LoginPassword(USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's own name
        shown = b64decode(args[1]).decode()
        self.logins.append(("XOAUTH2", shown))
        if shown == f"user={USERNAME}\x01auth=Bearer {TOKEN}\x01\x01":
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"401"}')
        return AuthResult(success=False, handled=False)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("unknown"):
            return f"550 5.1.1 <{address}> {PASSWORD} is unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 2.0.0 queued"
