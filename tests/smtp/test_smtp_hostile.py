"""Hostile servers: the right error, in time, in little memory, and without a secret."""

from __future__ import annotations

import gc
import socket
import tracemalloc
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from reprieve.net.deadline import Deadline
from reprieve.net.errors import Trouble
from reprieve.smtp.auth import Bearer, Login
from reprieve.smtp.client import Endpoint, send_test
from reprieve.smtp.errors import AuthenticationFailed, ConnectionFailed, MessageRefused, SmtpError
from tests.smtp.servers import (
    HOST,
    LOGIN,
    LONG_S,
    MAX_MEMORY,
    REPLIES,
    SECRET,
    SERVER_WORDS,
    SHORT_S,
    STEPS,
    Server,
    Talk,
    answering,
    spoiled,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from reprieve.net.guard import HostPolicy

    Policy = Callable[..., HostPolicy]

PLAIN = b64encode(f"\0relay@example.com\0{SECRET}".encode())


def test_the_script_is_good_when_it_is_not_spoiled(ca_pem: str, tls: ssl.SSLContext, policy: Policy) -> None:
    with Server(spoiled(), tls) as server:
        send_test(
            Endpoint(HOST, server.port, ca_pem),
            LOGIN,
            sender="a@a.example",
            recipient="b@b.example",
            policy=policy(server.port),
            deadline=Deadline(LONG_S),
        )
    assert server.heard[:7] == [
        b"EHLO example.com",
        b"STARTTLS",
        b"EHLO example.com",
        b"AUTH PLAIN " + PLAIN,
        b"MAIL FROM:<a@a.example>",
        b"RCPT TO:<b@b.example>",
        b"DATA",
    ]
    assert server.heard[-2:] == [b".", b"QUIT"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", [Talk.hang_up, Talk.reset])
def test_a_server_that_hangs_up_at_any_step_is_unreachable(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, step: str, how: Callable[[Talk], None]
) -> None:
    with Server(spoiled(step, how), tls) as server:
        error = attempt(server)
    assert type(error) is ConnectionFailed
    assert error.reason is Trouble.UNREACHABLE


@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_falls_silent_at_any_step_is_left_at_the_deadline(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, step: str
) -> None:
    with Server(spoiled(step, Talk.stay_silent), tls) as server:
        error = attempt(server, deadline_s=SHORT_S)
    assert type(error) is ConnectionFailed
    assert error.reason is Trouble.TIMED_OUT


@pytest.mark.parametrize(
    ("step", "pause_s", "deadline_s"), [("greeting", 0.5, 1.2), *((s, 0.02, SHORT_S) for s in STEPS)]
)
def test_a_reply_that_drips_in_at_any_step_is_left_at_the_deadline(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, step: str, pause_s: float, deadline_s: float
) -> None:
    def drip(talk: Talk) -> None:
        talk.drip(REPLIES[step][:4] + b"x" * 1000 + b"\r\n", pause_s)

    with Server(spoiled(step, drip), tls) as server:
        error = attempt(server, deadline_s=deadline_s)
    assert type(error) is ConnectionFailed
    assert error.reason is Trouble.TIMED_OUT


@pytest.mark.parametrize("implicit", [False, True])
def test_a_handshake_that_drips_in_is_left_at_the_deadline(
    attempt: Callable[..., SmtpError], *, implicit: bool
) -> None:
    def drip(talk: Talk) -> None:
        if not implicit:
            talk.send(REPLIES["greeting"])
            talk.line()
            talk.send(REPLIES["ehlo"])
            talk.line()
            talk.send(REPLIES["starttls"])
        talk.drip(b"\x16\x03\x03\x40\x00\x02" + bytes(1000), 0.05)

    with Server(drip) as server:
        error = attempt(server, implicit=implicit, deadline_s=SHORT_S)
    assert type(error) is ConnectionFailed
    assert error.reason is Trouble.TIMED_OUT


def test_a_server_that_reads_nothing_is_left_at_the_deadline(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext
) -> None:
    """A socket's buffer fills up and sending blocks: also that is under the deadline."""

    def script(talk: Talk) -> None:
        talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        spoiled("ehlo again", stop)(talk)

    def stop(talk: Talk) -> None:
        talk.send(REPLIES["ehlo again"])
        talk.stay_silent()

    with Server(script, tls) as server:
        error = attempt(server, Bearer("relay@example.com", SECRET * 400_000), deadline_s=1.0)
    assert error.reason is Trouble.TIMED_OUT


FLOODS: dict[str, bytes] = {
    "an endless line": b"x" * 4096,
    "an endless line of a reply": b"250-" + b"x" * 4096,
    "endless lines": b"250-still more\r\n" * 300,
    "endless empty lines": b"250-\r\n" * 700,
    "endless greetings": b"220-welcome\r\n" * 300,
    "huge EHLO": b"250-" + b"A" * 2000 + b"\r\n",
    "no lines at all": b"\0" * 4096,
}


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.parametrize("step", ["greeting", "ehlo again", "auth"])
def test_floods_are_cut_off(attempt: Callable[..., SmtpError], tls: ssl.SSLContext, step: str, name: str) -> None:
    def flood(talk: Talk) -> None:
        talk.flood(FLOODS[name])

    with Server(spoiled(step, flood), tls) as server:
        gc.collect()
        tracemalloc.start()
        try:
            error = attempt(server)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert type(error) is ConnectionFailed
    assert error.reason is Trouble.OVERSIZED
    assert peak < MAX_MEMORY


ECHOES = [
    b"535 5.7.8 not the password of anyone: %s\r\n" % SECRET.encode(),
    b"535-5.7.8 you said\r\n535-5.7.8 %s\r\n535 5.7.8 %s\r\n" % (PLAIN, SECRET.encode()),
    b"535 5.7.8 \x1b[31m%s\x07\xff\xfe\xc3\r\n" % SECRET.encode(),
    b"535 5.7.8 \rEND RequestId\r %s\r\n" % SECRET.encode(),
]


@pytest.mark.parametrize("said", ECHOES)
def test_a_password_that_is_echoed_goes_nowhere(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, said: bytes
) -> None:
    with Server(spoiled("auth", said), tls) as server:
        error = attempt(server)
    assert type(error) is AuthenticationFailed
    assert (error.code, error.enhanced) == (535, "5.7.8")


@pytest.mark.parametrize(
    ("said", "enhanced"),
    [
        (b"535 5.7.8\r\n", "5.7.8"),
        (b"535 5.7.8x\r\n", None),
        (b"535 5.7.1234 x\r\n", None),
        (b"535 4.7.8 x\r\n", None),
        (b"535 5.7 x\r\n", None),
        (b"535 \xd9\xa5.\xd9\xa7.\xd9\xa8 x\r\n", None),
        (b"535\r\n", None),
        (b"535 \r\n", None),
        (b"535 x 5.7.8\r\n", None),
    ],
)
def test_an_enhanced_code_is_only_digits(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, said: bytes, enhanced: str | None
) -> None:
    with Server(spoiled("auth", said), tls) as server:
        error = attempt(server)
    assert (error.code, error.enhanced) == (535, enhanced)


@pytest.mark.parametrize(
    "said",
    [
        b"hello\r\n",
        b"\r\n",
        b"22 x\r\n",
        b"2200 x\r\n",
        b"220_x\r\n",
        b"199 x\r\n",
        b"999 x\r\n",
        b"\xb2\xb2\xb0 x\r\n",
        b"220-x\r\n250 y\r\n",
        b"220-x\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"SSH-2.0-OpenSSH_9.7\r\n",
    ],
)
@pytest.mark.parametrize("step", ["greeting", "auth"])
def test_what_is_not_a_reply_is_refused(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, step: str, said: bytes
) -> None:
    with Server(spoiled(step, said), tls) as server:
        error = attempt(server)
    assert type(error) is ConnectionFailed
    assert error.reason is Trouble.GARBLED
    assert (error.code, error.enhanced) == (None, None)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("greeting", ConnectionFailed),
        ("ehlo", ConnectionFailed),
        ("starttls", ConnectionFailed),
        ("ehlo again", ConnectionFailed),
        ("auth", AuthenticationFailed),
        ("mail", MessageRefused),
        ("rcpt", MessageRefused),
        ("data", MessageRefused),
        ("body", MessageRefused),
    ],
)
def test_a_refusal_at_every_step_has_its_error_and_its_codes(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, step: str, kind: type[SmtpError]
) -> None:
    with Server(spoiled(step, b"554 5.3.2 %s\r\n" % SERVER_WORDS), tls) as server:
        error = attempt(server)
    assert type(error) is kind
    assert (error.code, error.enhanced) == (554, "5.3.2")


@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_is_closing_was_not_a_connection(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, step: str
) -> None:
    with Server(spoiled(step, b"421 4.3.2 %s\r\n" % SERVER_WORDS), tls) as server:
        error = attempt(server)
    assert type(error) is (MessageRefused if step == "body" else ConnectionFailed)
    assert (error.code, error.enhanced) == (421, "4.3.2")


def test_a_mail_that_was_accepted_is_sent_whatever_comes_after(
    ca_pem: str, tls: ssl.SSLContext, policy: Policy
) -> None:
    def accept_and_reset(talk: Talk) -> None:
        talk.send(REPLIES["body"])
        talk.reset()

    with Server(spoiled("body", accept_and_reset), tls) as server:
        send_test(
            Endpoint(HOST, server.port, ca_pem),
            LOGIN,
            sender="a@a.example",
            recipient="b@b.example",
            policy=policy(server.port),
            deadline=Deadline(LONG_S),
        )


@pytest.mark.parametrize("questions", [1, 2])
def test_a_login_that_is_accepted_too_early_is_not_a_login(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, questions: int
) -> None:
    replies = [b"334 VXNlcm5hbWU6\r\n"] * (questions - 1)
    with Server(answering(*replies, b"235 2.7.0 welcome\r\n", offers=b"250-AUTH LOGIN\r\n"), tls) as server:
        error = attempt(server)
    assert type(error) is AuthenticationFailed
    assert b64encode(SECRET.encode()) not in server.heard


def test_a_bearer_s_refusal_is_heard_to_its_end(attempt: Callable[..., SmtpError], tls: ssl.SSLContext) -> None:
    def challenge(talk: Talk) -> None:
        talk.send(b"334 " + b64encode(b'{"status":"400","canary":"' + SECRET.encode() + b'"}') + b"\r\n")
        assert talk.line() == b""
        talk.send(b"535 5.7.3 %s\r\n" % SECRET.encode())

    with Server(spoiled("auth", challenge), tls) as server:
        error = attempt(server, Bearer("relay@example.com", SECRET))
    assert type(error) is AuthenticationFailed
    assert (error.code, error.enhanced) == (535, "5.7.3")


@pytest.mark.parametrize("login", [LOGIN, Bearer("relay@example.com", SECRET)])
def test_questions_without_end_are_not_answered(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, login: Login
) -> None:
    def ask(talk: Talk) -> None:
        while True:
            talk.send(b"334 \r\n")
            talk.line()

    with Server(spoiled("auth", ask), tls) as server:
        error = attempt(server, login)
    assert type(error) is AuthenticationFailed
    assert error.code == 334
