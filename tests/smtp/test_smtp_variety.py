"""Unusual servers that are not hostile: their requirements for a client, and their answers."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from reprieve.net.deadline import Deadline
from reprieve.net.guard import HostPolicy
from reprieve.smtp import client
from reprieve.smtp.auth import Bearer, Password
from reprieve.smtp.client import Endpoint, is_client_name, probe, send_test
from reprieve.smtp.courier import Courier
from reprieve.smtp.errors import AuthenticationFailed, MessageRefused, Reason, SmtpError
from tests.smtp.servers import HOST, LOGIN, LONG_S, REPLIES, SECRET, Server, Talk, answering, spoiled

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Policy = Callable[..., HostPolicy]
    Send = Callable[..., None]

PLAIN = b"AUTH PLAIN " + b64encode(f"\0relay@example.com\0{SECRET}".encode())
NAME, WORD = b64encode(b"relay@example.com"), b64encode(SECRET.encode())
UNKNOWN = b"504 5.5.4 unrecognized authentication type\r\n"


@pytest.fixture
def send(ca_pem: str, policy: Policy) -> Send:
    def run(server: Server, login: client.Login = LOGIN, client_name: str = "") -> None:
        send_test(
            Endpoint(HOST, server.port, ca_pem),
            login,
            sender="a@a.example",
            recipient="b@b.example",
            policy=policy(server.port),
            client_name=client_name,
            deadline=Deadline(LONG_S),
        )

    return run


# ---- EHLO


@pytest.mark.parametrize(
    ("client_name", "username", "said"),
    [
        ("", "relay@example.com", b"EHLO example.com"),
        ("", "a@b@Mail.Example.co.uk", b"EHLO Mail.Example.co.uk"),
        ("reprieve.example.net", "relay@example.com", b"EHLO reprieve.example.net"),
        ("reprieve.example.net", "apikey", b"EHLO reprieve.example.net"),
        # without any name it is the address of the client's end of this very connection
        ("", "apikey", b"EHLO [127.0.0.1]"),
        ("", "example.com", b"EHLO [127.0.0.1]"),
        ("", "relay@localhost", b"EHLO [127.0.0.1]"),
        ("", "relay@192.0.2.1", b"EHLO [127.0.0.1]"),
        ("", "relay@bücher.example", b"EHLO [127.0.0.1]"),
        ("", "relay@example.com ENHANCED", b"EHLO [127.0.0.1]"),
    ],
)
def test_the_client_introduces_itself_by_a_real_name(
    ca_pem: str, tls: ssl.SSLContext, policy: Policy, *, client_name: str, username: str, said: bytes
) -> None:
    with Server(spoiled("mail", Talk.hang_up), tls) as server:
        probe(
            Endpoint(HOST, server.port, ca_pem),
            Password(username, SECRET),
            policy=policy(server.port),
            client_name=client_name,
            deadline=Deadline(LONG_S),
        )
    assert [line for line in server.heard if line.startswith(b"EHLO")] == [said, said]


def test_an_ipv6_literal_has_its_tag() -> None:
    assert client._literal("2001:db8::1") == "[IPv6:2001:db8::1]"


def test_a_relay_that_refuses_generic_names_accepts_the_organization_s(tls: ssl.SSLContext, send: Send) -> None:
    """As smtp-relay.gmail.com, which answers 421 4.7.0 to `[127.0.0.1]` and `localhost`."""

    def choosy(talk: Talk) -> None:
        generic = talk.server.heard[-1].split()[1] in {b"[127.0.0.1]", b"localhost", HOST.encode()}
        talk.send(b"421 4.7.0 Try again later, closing connection. (EHLO)\r\n" if generic else REPLIES["ehlo"])

    with Server(spoiled("ehlo", choosy), tls) as server:
        send(server)
    assert server.heard[-1] == b"QUIT"


@pytest.mark.parametrize(
    "name",
    [
        *("localhost", "[127.0.0.1]", "127.0.0.1", "example", "example.", ".example.com", "a..example", "-a.example"),
        *("a-.example", "a.example\r\nMAIL FROM:<>", "a.example x", "bücher.example", "a_b.example", "a.1"),
        "a" * 64 + ".example",
        "a." * 130 + "example",
    ],
)
def test_a_configured_name_that_is_not_a_domain_is_refused_when_the_courier_is_made(name: str) -> None:
    assert not is_client_name(name)
    with pytest.raises(ValueError, match="fully qualified"):
        Courier(servers=HostPolicy(), token_endpoints=HostPolicy(), client_name=name)


@pytest.mark.parametrize("name", ["reprieve.example.com", "X1.example", "xn--bcher-kva.example", "a.xn--p1ai"])
def test_a_configured_name_is_a_fully_qualified_domain_name(name: str) -> None:
    assert Courier(servers=HostPolicy(), token_endpoints=HostPolicy(), client_name=name).client_name == name


# ---- codes of success


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("rcpt", b"251 2.1.5 User not local; will forward to <b@elsewhere.example>\r\n"),
        ("rcpt", b"252 2.1.5 Cannot verify the user, but will accept the message\r\n"),
        ("mail", b"251 2.1.0 sender noted\r\n"),
        ("body", b"251 2.6.0 queued elsewhere\r\n"),
        ("body", b"299 done\r\n"),
    ],
)
def test_the_first_digit_says_that_it_was_done(tls: ssl.SSLContext, send: Send, step: str, said: bytes) -> None:
    with Server(spoiled(step, said), tls) as server:
        send(server)
    assert server.heard[-1] == b"QUIT"


@pytest.mark.parametrize(
    ("step", "code"),
    [
        *((step, code) for step in ("mail", "rcpt", "body") for code in (354, 399, 451, 551)),
        ("data", 250),
        ("data", 355),
    ],
)
def test_any_other_first_digit_says_that_it_was_not(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, step: str, code: int
) -> None:
    with Server(spoiled(step, b"%d x\r\n" % code), tls) as server:
        error = attempt(server)
    assert type(error) is MessageRefused
    assert (error.reason, error.code) == (Reason.MAIL_REFUSED, code)


# ---- AUTH

QUESTIONS = (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n")
WELCOME = b"235 2.7.0 welcome\r\n"
REFUSED = b"535 5.7.8 no\r\n"
BY_PLAIN = [PLAIN]
BY_LOGIN = [b"AUTH LOGIN", NAME, WORD]


@pytest.mark.parametrize(
    ("offers", "login"),
    [
        (b"250-AUTH=LOGIN PLAIN\r\n", BY_PLAIN),
        (b"250-AUTH=PLAIN\r\n", BY_PLAIN),
        (b"250-AUTH=LOGIN\r\n", BY_LOGIN),
        (b"250-auth=login\r\n", BY_LOGIN),
        (b"250-AUTH= LOGIN\r\n", BY_LOGIN),
        # both forms, and more than one line, add up in any order
        (b"250-AUTH GSSAPI\r\n250-AUTH=LOGIN\r\n", BY_LOGIN),
        (b"250-AUTH=LOGIN\r\n250-AUTH GSSAPI\r\n", BY_LOGIN),
        (b"250-AUTH PLAIN\r\n250-AUTH LOGIN\r\n", BY_PLAIN),
        (b"250-AUTH PLAIN\r\n250-AUTH\r\n", BY_PLAIN),
    ],
)
def test_every_form_of_auth_in_ehlo_is_understood(
    tls: ssl.SSLContext, ca_pem: str, policy: Policy, offers: bytes, login: list[bytes]
) -> None:
    questions = QUESTIONS if login is BY_LOGIN else ()
    with Server(answering(*questions, WELCOME, offers=offers), tls) as server:
        probe(Endpoint(HOST, server.port, ca_pem), LOGIN, policy=policy(server.port), deadline=Deadline(LONG_S))
    assert server.heard[3:] == [*login, b"QUIT"]


def test_a_mechanism_that_is_advertised_but_unknown_is_followed_by_the_next(
    tls: ssl.SSLContext, ca_pem: str, policy: Policy
) -> None:
    with Server(answering(UNKNOWN, *QUESTIONS, WELCOME), tls) as server:
        probe(Endpoint(HOST, server.port, ca_pem), LOGIN, policy=policy(server.port), deadline=Deadline(LONG_S))
    assert server.heard[3:] == [*BY_PLAIN, *BY_LOGIN, b"QUIT"]


@pytest.mark.parametrize(
    ("replies", "code", "enhanced", "heard"),
    [
        ((UNKNOWN, UNKNOWN), 504, "5.5.4", [PLAIN, b"AUTH LOGIN"]),
        ((UNKNOWN, *QUESTIONS, REFUSED), 535, "5.7.8", [PLAIN, *BY_LOGIN]),
        ((UNKNOWN, QUESTIONS[0], REFUSED), 535, "5.7.8", [PLAIN, b"AUTH LOGIN", NAME]),
    ],
)
def test_the_last_mechanism_decides(
    attempt: Callable[..., SmtpError],
    tls: ssl.SSLContext,
    *,
    replies: tuple[bytes, ...],
    code: int,
    enhanced: str,
    heard: list[bytes],
) -> None:
    with Server(answering(*replies), tls) as server:
        error = attempt(server)
    assert type(error) is AuthenticationFailed
    assert (error.reason, error.code, error.enhanced) == (Reason.LOGIN_REFUSED, code, enhanced)
    assert server.heard[3:] == heard


@pytest.mark.parametrize("code", [334, 432, 454, 500, 501, 503, 530, 534, 535, 538, 550])
def test_a_login_that_is_refused_is_not_tried_again_by_another_mechanism(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, code: int
) -> None:
    """Each attempt counts towards the lock of the account."""
    with Server(answering(b"%d no\r\n" % code), tls) as server:
        assert attempt(server).code == code
    assert server.heard[3:] == BY_PLAIN


def test_a_token_is_not_sent_by_another_mechanism(attempt: Callable[..., SmtpError], tls: ssl.SSLContext) -> None:
    offers = b"250-AUTH XOAUTH2 PLAIN LOGIN\r\n"
    with Server(answering(UNKNOWN, offers=offers), tls) as server:
        assert attempt(server, Bearer("relay@example.com", SECRET)).code == 504
    assert [line.split()[1] for line in server.heard[3:]] == [b"XOAUTH2"]
