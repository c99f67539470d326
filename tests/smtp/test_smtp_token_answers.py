"""Access tokens: the answers of an endpoint, good and bad."""

from __future__ import annotations

import json
import socket
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reprieve.net import connection
from reprieve.net.connection import Connection
from reprieve.net.deadline import Deadline
from reprieve.net.errors import Trouble
from reprieve.net.guard import HostPolicy
from reprieve.smtp import token
from reprieve.smtp.errors import Reason, TokenRefused
from reprieve.smtp.token import fetch
from tests.smtp.servers import HOST, LONG_S, MAX_MEMORY, SECRET, SERVER_WORDS, SHORT_S, Server, Talk
from tests.smtp.tokens import GOOD, answer, credentials, saying

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Policy = Callable[..., HostPolicy]
    Search = Callable[[BaseException], None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(refused: Callable[..., TokenRefused], status: int, lookups: list[str]) -> None:
    to = b"Location: https://other.example.com/%s\r\n" % SERVER_WORDS
    error = refused(answer(GOOD, b"%d Moved" % status, to))
    assert (error.reason, error.code) == (Reason.REDIRECTED, status)
    assert lookups == [HOST]


@pytest.mark.parametrize(
    "reason",
    [
        Reason.INVALID_REQUEST,
        Reason.INVALID_CLIENT,
        Reason.INVALID_GRANT,
        Reason.UNAUTHORIZED_CLIENT,
        Reason.UNSUPPORTED_GRANT_TYPE,
        Reason.INVALID_SCOPE,
    ],
)
def test_a_refusal_that_the_rfc_knows_is_reported(refused: Callable[..., TokenRefused], reason: Reason) -> None:
    body = json.dumps({"error": reason.name.lower(), "error_description": f"{SECRET} {SERVER_WORDS!r}"}).encode()
    error = refused(answer(body, b"400 Bad Request"))
    assert (error.reason, error.code) == (reason, 400)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"error": SECRET}).encode(),
        json.dumps({"error": ["invalid_client"]}).encode(),
        json.dumps(["invalid_client"]).encode(),
        b"<html>%s</html>" % SERVER_WORDS,
        b"",
        b"\xff\xfe",
    ],
)
def test_a_refusal_that_the_rfc_does_not_know_is_not_quoted(refused: Callable[..., TokenRefused], body: bytes) -> None:
    error = refused(answer(body, b"401 %s" % SERVER_WORDS))
    assert (error.reason, error.code) == (Reason.TOKEN_REFUSED, 401)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>%s</html>" % SERVER_WORDS,
        b"null",
        b"[]",
        b'"token"',
        b"{",
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"1" * 60_000,
        b"\xff\xfe\xfd",
        b"{}",
        b'{"access_token": null}',
        b'{"access_token": 1}',
        b'{"access_token": ""}',
        b'{"access_token": "a b"}',
        b'{"access_token": "a\\u0001b"}',
        b'{"access_token": "a\\r\\nb"}',
        b'{"access_token": "\\ud800"}',
        b'{"access_token": "%s"}' % (b"x" * 8193),
        b'{"access_token": "x", "token_type": "mac"}',
        b'{"access_token": "x", "token_type": null}',
    ],
)
def test_an_answer_without_a_usable_token_is_survived(refused: Callable[..., TokenRefused], body: bytes) -> None:
    error = refused(answer(body))
    assert (error.reason, error.code) == (Trouble.GARBLED, 200)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\r\n",
        b"220 mail.example.com %s\r\n" % SERVER_WORDS,
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n{",
    ],
)
def test_what_is_not_http_is_survived(refused: Callable[..., TokenRefused], said: bytes) -> None:
    tracemalloc.start()
    try:
        error = refused(said)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.reason in {Trouble.GARBLED, Trouble.UNREACHABLE}
    assert peak < MAX_MEMORY


FLOODS = {
    "a body": b"HTTP/1.1 200 OK\r\n\r\n",
    "a long body": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a status line": b"",
    "headers": b"HTTP/1.1 200 OK\r\n",
    "continuations": b"HTTP/1.1 100 Continue\r\n\r\n",
}
FLOOD = {
    "chunks": b"400\r\n" + b" " * 1024 + b"\r\n",
    "headers": b"X-%s: %s\r\n" % (SERVER_WORDS, b"y" * 1000),
    "continuations": b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_cut_off(refused: Callable[..., TokenRefused], name: str) -> None:
    def flood(talk: Talk) -> None:
        talk.send(FLOODS[name])
        talk.flood(FLOOD.get(name, b" " * 4096))

    tracemalloc.start()
    try:
        error = refused(flood)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.reason in {Trouble.OVERSIZED, Trouble.GARBLED}
    assert peak < MAX_MEMORY


def stop_in_the_middle(talk: Talk) -> None:
    talk.send(answer(GOOD)[:-5])
    talk.stay_silent()


SLOW: dict[str, Callable[[Talk], None]] = {
    "silent": Talk.stay_silent,
    "dripping": lambda talk: talk.drip(answer(b" " * 1000 + GOOD), 0.02),
    "dripping headers": lambda talk: talk.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000, 0.02),
    "stopping in the middle": stop_in_the_middle,
}


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_endpoint_is_left_at_the_deadline(refused: Callable[..., TokenRefused], name: str) -> None:
    assert refused(SLOW[name], deadline_s=SHORT_S).reason is Trouble.TIMED_OUT


@pytest.mark.parametrize("name", ["another host's", "the address's", "expired", "not yet valid", "a stranger's"])
def test_a_bad_certificate_gets_no_secret(
    refused: Callable[..., TokenRefused], bad_tls: dict[str, ssl.SSLContext], name: str
) -> None:
    assert refused(answer(GOOD), context=bad_tls[name]).reason is Trouble.CERTIFICATE


def test_plain_http_on_the_port_of_https_gets_no_secret(ca_pem: str, policy: Policy, unseen: Search) -> None:
    def script(talk: Talk) -> None:
        talk.send(answer(GOOD))
        talk.line()

    with Server(script) as server, pytest.raises(TokenRefused) as caught:
        fetch(credentials(server.port), policy=policy(server.port), private_ca_pem=ca_pem, deadline=Deadline(LONG_S))
    assert caught.value.reason in {Trouble.ENCRYPTION, Trouble.UNREACHABLE}
    unseen(caught.value)
    assert SECRET.encode() not in b"".join(server.heard)


def test_chunks_are_put_together(ca_pem: str, policy: Policy, tls: ssl.SSLContext) -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD)
    with Server(saying(said), tls) as server:
        assert (
            fetch(
                credentials(server.port), policy=policy(server.port), private_ca_pem=ca_pem, deadline=Deadline(LONG_S)
            )
            == "the.token-1"
        )


class _NoTls:
    """A stand-in for a TLS context that does not encrypt."""

    def wrap_socket(self, sock: socket.socket, **_: object) -> socket.socket:
        return sock


WHOLE = b"HTTP/1.1 200 OK\r\n\r\n" + GOOD
PARTS = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 x\r\n", b"HTTP/1.1 204 x\r\n\r\n", b"\r\n", b"\n", b"\0", b"\xff"),
        *(b": ", b"Content-Length: ", b"5", b"-1", b"Content-Length: 9\r\nContent-Length: x\r\n"),
        *(b"Transfer-Encoding: chunked\r\n", b"zz\r\n", b"0\r\n", b"Content-Type: multipart/mixed\r\n", b"{", GOOD),
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PARTS | st.binary(max_size=10), max_size=12).map(b"".join))
@example(WHOLE)
def test_any_bytes_are_a_token_or_a_refusal(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(token, "verified", lambda _: _NoTls())
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(connection, "dial", lambda _, deadline: Connection(ours, deadline))
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        try:
            found = fetch(
                credentials(443),
                policy=HostPolicy(ports=(443,), private_networks=("127.0.0.0/8",)),
                deadline=Deadline(60),
            )
        except TokenRefused:
            assert data != WHOLE
            return
    assert found == "the.token-1"
