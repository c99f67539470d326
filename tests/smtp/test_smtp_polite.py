"""Well-behaved servers: aiosmtpd, with real TLS and AUTH."""

from __future__ import annotations

import email
import email.policy
import socket
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from reprieve.net.deadline import Deadline
from reprieve.net.errors import Trouble
from reprieve.smtp.auth import Bearer, Login, Password
from reprieve.smtp.client import Endpoint, probe, send_test
from reprieve.smtp.errors import AuthenticationFailed, ConnectionFailed, MessageRefused, Reason
from tests.smtp.servers import HOST, LONG_S, SECRET

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from reprieve.net.guard import HostPolicy

    Policy = Callable[..., HostPolicy]

# for aiosmtpd only STARTTLS is TLS
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

PASSWORD = Password("relay@example.com", SECRET)
BEARER = Bearer("relay@example.com", SECRET)


class Sink:
    """A sink that keeps mails and login data."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.mechanisms: list[str] = []

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.mechanisms.append(mechanism)
        good = isinstance(data, LoginPassword) and data == LoginPassword(b"relay@example.com", SECRET.encode())
        return AuthResult(success=good, handled=False)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's own name
        self.mechanisms.append("XOAUTH2")
        if b64decode(args[1]) == f"user=relay@example.com\x01auth=Bearer {SECRET}\x01\x01".encode():
            return AuthResult(success=True)
        assert await server.challenge_auth('{"status":"401"}') == b""
        return AuthResult(success=False, handled=False)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("unknown"):
            return f"550 5.1.1 <{address}> {SECRET} is unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if envelope.mail_from.startswith("spam"):
            return "554 5.7.1 this is spam"
        self.mails.append(envelope)
        return "250 2.0.0 queued"


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture(params=["STARTTLS", "TLS at once"])
def relay(
    request: pytest.FixtureRequest, sink: Sink, tls: ssl.SSLContext, policy: Policy
) -> Iterator[tuple[int, HostPolicy]]:
    with_tls = request.param == "TLS at once"
    options: dict[str, Any] = (
        {"ssl_context": tls, "auth_require_tls": False} if with_tls else {"tls_context": tls, "require_starttls": True}
    )
    controller = Controller(
        sink, "127.0.0.1", port=_free_port(), authenticator=sink.authenticate, auth_required=True, **options
    )
    controller.start()
    try:
        yield controller.port, policy(controller.port, implicit=with_tls)
    finally:
        controller.stop()


def _free_port() -> int:

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize(("login", "mechanism"), [(PASSWORD, "PLAIN"), (BEARER, "XOAUTH2")])
def test_a_good_login_is_accepted(
    relay: tuple[int, HostPolicy], ca_pem: str, sink: Sink, login: Login, mechanism: str
) -> None:
    port, allowed = relay
    probe(Endpoint(HOST, port, ca_pem), login, policy=allowed, deadline=Deadline(LONG_S))
    assert sink.mechanisms == [mechanism]
    assert sink.mails == []


@pytest.mark.parametrize("login", [Password("relay@example.com", "wrong"), Bearer("relay@example.com", "wrong")])
def test_a_bad_login_is_refused(
    relay: tuple[int, HostPolicy], ca_pem: str, login: Login, unseen: Callable[[BaseException], None]
) -> None:
    port, allowed = relay
    with pytest.raises(AuthenticationFailed) as caught:
        probe(Endpoint(HOST, port, ca_pem), login, policy=allowed, deadline=Deadline(LONG_S))
    assert (caught.value.code, caught.value.enhanced) == (535, "5.7.8")
    assert str(caught.value) == Reason.LOGIN_REFUSED
    unseen(caught.value)


def test_the_test_mail_arrives(relay: tuple[int, HostPolicy], ca_pem: str, sink: Sink) -> None:
    port, allowed = relay
    send_test(
        Endpoint(HOST, port, ca_pem),
        PASSWORD,
        sender="no-reply@a.example",
        recipient="x@b.example",
        policy=allowed,
        deadline=Deadline(LONG_S),
    )
    (envelope,) = sink.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@a.example", ["x@b.example"])
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert (mail["From"], mail["To"]) == ("no-reply@a.example", "x@b.example")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@a.example>")
    assert mail["Cc"] is mail["Bcc"] is None
    assert "to test an email server" in mail.get_content()
    assert SECRET not in envelope.content.decode("ascii")


def test_login_is_used_where_it_is_all_there_is(sink: Sink, ca_pem: str, tls: ssl.SSLContext, policy: Policy) -> None:
    controller = Controller(
        sink,
        "127.0.0.1",
        port=_free_port(),
        authenticator=sink.authenticate,
        tls_context=tls,
        require_starttls=True,
        auth_exclude_mechanism=["PLAIN"],
    )
    controller.start()
    try:
        server, allowed = Endpoint(HOST, controller.port, ca_pem), policy(controller.port)
        probe(server, PASSWORD, policy=allowed, deadline=Deadline(LONG_S))
        with pytest.raises(AuthenticationFailed):
            probe(server, Password("relay@example.com", "wrong"), policy=allowed, deadline=Deadline(LONG_S))
    finally:
        controller.stop()
    assert sink.mechanisms == ["LOGIN", "LOGIN"]


@pytest.mark.parametrize(
    ("sender", "recipient", "code", "enhanced"),
    [("a@a.example", "unknown@b.example", 550, "5.1.1"), ("spam@a.example", "x@b.example", 554, "5.7.1")],
)
def test_a_refused_mail_is_reported_by_its_codes_alone(
    relay: tuple[int, HostPolicy],
    ca_pem: str,
    *,
    sender: str,
    recipient: str,
    code: int,
    enhanced: str,
    unseen: Callable[[BaseException], None],
) -> None:
    port, allowed = relay
    with pytest.raises(MessageRefused) as caught:
        send_test(
            Endpoint(HOST, port, ca_pem),
            PASSWORD,
            sender=sender,
            recipient=recipient,
            policy=allowed,
            deadline=Deadline(LONG_S),
        )
    assert (caught.value.code, caught.value.enhanced) == (code, enhanced)
    unseen(caught.value)


def test_the_system_s_authorities_do_not_vouch_for_a_private_one(relay: tuple[int, HostPolicy], sink: Sink) -> None:
    port, allowed = relay
    with pytest.raises(ConnectionFailed) as caught:
        probe(Endpoint(HOST, port), PASSWORD, policy=allowed, deadline=Deadline(LONG_S))
    assert caught.value.reason is Trouble.CERTIFICATE
    assert sink.mechanisms == []


@pytest.mark.parametrize("pem", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_not_a_certificate_never_means_the_system_s_authorities(
    relay: tuple[int, HostPolicy], pem: str, sink: Sink
) -> None:
    port, allowed = relay
    with pytest.raises(ConnectionFailed) as caught:
        probe(Endpoint(HOST, port, pem), PASSWORD, policy=allowed, deadline=Deadline(LONG_S))
    assert caught.value.reason is Trouble.ENCRYPTION
    assert sink.mechanisms == []
