"""Helpers for the tests of the SMTP client: certificates, names, failed attempts, and a search for secrets."""

from __future__ import annotations

import logging
import socket
import ssl
import traceback
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from reprieve.net.deadline import Deadline
from reprieve.net.guard import HostPolicy
from reprieve.smtp.client import Endpoint, send_test
from reprieve.smtp.errors import SmtpError, TokenRefused
from reprieve.smtp.token import fetch
from tests.smtp.servers import GRACE_S, HOST, LOGIN, LONG_S, SECRET, SERVER_WORDS, Server, Talk, stopwatch
from tests.smtp.tokens import credentials, saying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprieve.smtp.auth import Login

    Policy = Callable[..., HostPolicy]
    Search = Callable[[BaseException], None]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    return _context(authority.issue_cert(HOST))


@pytest.fixture(scope="session")
def bad_tls(authority: trustme.CA) -> dict[str, ssl.SSLContext]:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    return {
        "another host's": _context(authority.issue_cert("mail.example.net", "*.mail.example.com")),
        "the address's": _context(authority.issue_cert("127.0.0.1")),
        "expired": _context(authority.issue_cert(HOST, not_before=past, not_after=past.replace(year=2021))),
        "not yet valid": _context(
            authority.issue_cert(HOST, not_before=past.replace(year=2098), not_after=datetime(2099, 1, 1, tzinfo=UTC))
        ),
        "a stranger's": _context(trustme.CA().issue_cert(HOST)),
    }


@pytest.fixture(autouse=True)
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Resolve names under example.com to loopback, and record the look-ups."""
    real = socket.getaddrinfo
    asked: list[str] = []

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if not str(host).endswith("example.com"):
            return real(host, port, *args, **kwargs)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.fixture
def policy() -> Callable[..., HostPolicy]:
    """A factory of policies that allow one port on loopback."""

    def make(port: int, *, implicit: bool = False) -> HostPolicy:
        return HostPolicy(
            ports=(port,), implicit_tls_ports=(port,) if implicit else (), private_networks=("127.0.0.0/8",)
        )

    return make


class _Log(logging.Handler):
    """A handler that keeps log lines, except those of the tests' own servers."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(("mail.", "asyncio")):
            self.text += self.format(record) + "\n"


@pytest.fixture(autouse=True)
def unseen(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[BaseException], None]]:
    """Search an error, and after the test all output, for secrets and for the server's words."""
    log = _Log()
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [*root.handlers, log])
    monkeypatch.setattr(root, "level", 0)
    encoded = b64encode(SECRET.encode()).decode().rstrip("=")
    canaries = [SECRET, encoded, SERVER_WORDS.decode()]

    def search(error: BaseException) -> None:
        assert error.__cause__ is None
        assert error.__context__ is None
        shown = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
        # what an error reporter that collects variables would see of ours
        shown += [
            repr(value)
            for frame, _ in traceback.walk_tb(error.__traceback__)
            if "reprieve" in frame.f_code.co_filename and "tests" not in frame.f_code.co_filename
            for value in frame.f_locals.values()
        ]
        for canary in canaries:
            assert canary not in "\n".join(shown)

    yield search
    out, err = capfd.readouterr()
    for canary in canaries:
        assert canary not in out + err + log.text


@pytest.fixture
def attempt(ca_pem: str, policy: Policy, unseen: Search) -> Callable[..., SmtpError]:
    """Send a test mail to a server and return the error, checked for time and secrets."""

    def run(server: Server, login: Login = LOGIN, *, implicit: bool = False, deadline_s: float = LONG_S) -> SmtpError:
        with stopwatch() as watch, pytest.raises(SmtpError) as caught:
            send_test(
                Endpoint(HOST, server.port, ca_pem),
                login,
                sender="a@a.example",
                recipient="b@b.example",
                policy=policy(server.port, implicit=implicit),
                deadline=Deadline(deadline_s),
            )
        assert watch.seconds < deadline_s + GRACE_S
        unseen(caught.value)
        return caught.value

    return run


@pytest.fixture
def refused(ca_pem: str, policy: Policy, tls: ssl.SSLContext, unseen: Search) -> Callable[..., TokenRefused]:
    """Request a token from an endpoint that says `how`, and return the error, checked for time and secrets."""

    def run(
        how: bytes | Callable[[Talk], None], *, deadline_s: float = LONG_S, context: ssl.SSLContext = tls
    ) -> TokenRefused:
        with Server(saying(how), context) as server, stopwatch() as watch, pytest.raises(TokenRefused) as caught:
            fetch(
                credentials(server.port),
                policy=policy(server.port),
                deadline=Deadline(deadline_s),
                private_ca_pem=ca_pem,
            )
        assert watch.seconds < deadline_s + GRACE_S
        unseen(caught.value)
        return caught.value

    return run
