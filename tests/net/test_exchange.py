"""One bounded HTTP exchange against any server: the request, the part of the answer that is kept, and the limits."""

from __future__ import annotations

import gzip
import socket
import ssl
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from reprieve.net import connection
from reprieve.net.connection import guarded, verified
from reprieve.net.deadline import Deadline
from reprieve.net.errors import NetError, Trouble
from reprieve.net.exchange import Answer, Client, public_authorities
from reprieve.net.guard import HostPolicy
from tests.smtp.servers import Server, Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG_S = 5.0
FULL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
LOOPBACK = HostPolicy(ports=tuple(range(65536)), private_networks=("127.0.0.0/8",))


def saying(*answers: bytes, context: ssl.SSLContext | None = None) -> Server:
    """A server that gives the next answer to each request without a body, and hangs up when it has none left."""

    def script(talk: Talk) -> None:
        if context:
            talk.start_tls()
        for answer in answers:
            while talk.line():
                pass
            talk.send(answer)

    return Server(script, context)


@pytest.fixture
def client() -> Iterator[Client]:
    with closing(Client({"Accept": "application/json"})) as made:
        yield made


def get(client: Client, server: Server, *, host: str = "127.0.0.1", cap: int = 1000, **options: Any) -> Answer:
    url = f"{options.pop('scheme', 'http')}://{host}:{server.port}/path"
    return client.exchange("GET", url, deadline=options.pop("deadline", Deadline(LONG_S)), cap=cap, **options)


def trouble(client: Client, server: Server, **options: Any) -> Trouble:
    with pytest.raises(NetError) as caught:
        get(client, server, **options)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value.trouble


def test_nothing_is_sent_but_what_was_chosen(client: Client) -> None:
    with saying(FULL) as server:
        answer = get(client, server, query={"a": "1 2"}, headers={"X-One": "1"})
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "2", b"[]")
    first, *headers, end = server.heard
    assert (first, end) == (b"GET /path?a=1+2 HTTP/1.1", b"")
    assert sorted(headers) == [
        b"Accept-Encoding: identity",
        b"Accept: application/json",
        b"Host: 127.0.0.1:%d" % server.port,
        b"User-Agent: reprieve",
        b"X-One: 1",
    ]


def test_a_connection_is_kept_and_nothing_else(client: Client) -> None:
    cookie = FULL.replace(b"\r\n\r\n", b"\r\nSet-Cookie: seen=1; Path=/\r\n\r\n")
    with saying(cookie, FULL) as server:
        get(client, server)
        get(client, server)
    assert server.connections == 1
    assert not [line for line in server.heard if line.lower().startswith(b"cookie")]


def test_a_connection_that_is_kept_has_the_deadline_of_its_exchange(client: Client) -> None:
    over, later = Deadline(LONG_S), Deadline(LONG_S)
    with saying(FULL, FULL) as server:
        get(client, server, deadline=over)
        over._end = 0.0
        assert get(client, server, deadline=later).body == b"[]"
        later._end = 0.0
        assert trouble(client, server, deadline=later) is Trouble.TIMED_OUT
    assert server.connections == 1


def test_a_connection_that_the_server_has_closed_is_opened_again(client: Client) -> None:
    with saying(FULL) as server:
        get(client, server)
        for thread in server._threads[1:]:
            thread.join()  # it has hung up
        assert get(client, server).body == b"[]"
    assert server.connections == 2


@pytest.mark.parametrize("location", [b"/elsewhere", b"http://[", b"http://*.example.com/"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_like_any_other(client: Client, status: int, location: bytes) -> None:
    with saying(FULL.replace(b"200 OK", b"%d Moved\r\nLocation: %s" % (status, location))) as server:
        answer = get(client, server)
    assert (answer.status, answer.headers["location"], answer.body) == (status, location.decode(), b"[]")
    assert server.heard.count(b"") == 1


def test_a_body_is_not_unpacked(client: Client) -> None:
    packed = gzip.compress(b"x" * 10_000)
    with saying(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    ) as server:
        assert get(client, server).body == packed


@pytest.mark.parametrize(
    "answer",
    [
        FULL,
        b"HTTP/1.1 200 OK\r\n\r\n[]",
        b"HTTP/1.1 100 Continue\r\n\r\n" + FULL,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
    ],
)
def test_the_cap_is_over_the_whole_answer(client: Client, answer: bytes) -> None:
    with saying(answer) as server:
        assert get(client, server, cap=len(answer) + 1).body == b"[]"
    with saying(answer) as server:
        assert trouble(client, server, cap=len(answer) - 1) is Trouble.OVERSIZED


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"", Trouble.UNREACHABLE),
        (b"HTTP/1.1 20", Trouble.GARBLED),
        (b"220 mail.example.com ESMTP\r\n", Trouble.GARBLED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[]", Trouble.GARBLED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", Trouble.GARBLED),
    ],
)
def test_an_answer_that_is_not_whole_is_none(client: Client, answer: bytes, expected: Trouble) -> None:
    with saying(answer) as server:
        assert trouble(client, server) is expected


@pytest.mark.parametrize("host", ["*.example.com", ".example.com"])
def test_what_cannot_be_a_host_is_refused(client: Client, host: str) -> None:
    with saying() as server:
        assert trouble(client, server, host=host) is Trouble.HOST_REFUSED
    assert server.connections == 0


def test_the_hook_is_asked_for_the_host_and_decides() -> None:
    with saying(FULL) as server, closing(Client({}, connect=guarded(HostPolicy(ports=(server.port,))))) as client:
        assert trouble(client, server) is Trouble.HOST_REFUSED
        assert server.connections == 0
    with saying(FULL) as server, closing(Client({}, connect=guarded(LOOPBACK))) as client:
        assert get(client, server).body == b"[]"


# ---- TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.example.com").configure_cert(made)
    return made


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("host", ["api.example.com", "api.example.com."])
def test_a_host_is_looked_up_as_it_was_named_and_verified_without_its_final_dot(
    authority: trustme.CA, context: ssl.SSLContext, lookups: list[str], host: str
) -> None:
    pem = authority.cert_pem.bytes().decode()
    with saying(FULL, context=context) as server, closing(Client({}, authorities=lambda: verified(pem))) as client:
        assert get(client, server, scheme="https", host=host).body == b"[]"
    assert lookups == [host]


def test_a_connection_without_usable_authorities_is_closed(lookups: list[str]) -> None:
    with saying(FULL) as server, closing(Client({}, authorities=lambda: verified("nonsense"))) as client:
        assert trouble(client, server, scheme="https", host="api.example.com") is Trouble.ENCRYPTION
    assert (server.heard, lookups) == ([], ["api.example.com"])


def no_authorities() -> ssl.SSLContext:
    """A context that verifies and trusts no authority."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.mark.parametrize("authorities", [public_authorities, lambda: verified(None), no_authorities])
def test_only_the_client_s_authorities_are_trusted(
    context: ssl.SSLContext, lookups: list[str], authorities: Callable[[], ssl.SSLContext]
) -> None:
    with saying(FULL, context=context) as server, closing(Client({}, authorities=authorities)) as client:
        assert trouble(client, server, scheme="https", host="api.example.com") is Trouble.CERTIFICATE
    assert (server.heard, lookups) == ([], ["api.example.com"])


@pytest.mark.parametrize(
    "context", [public_authorities(), verified(None), verified(trustme.CA().cert_pem.bytes().decode())]
)
def test_tls_is_1_2_or_above_and_verified(context: ssl.SSLContext) -> None:
    assert (context.minimum_version, context.verify_mode, context.check_hostname) == (
        ssl.TLSVersion.TLSv1_2,
        ssl.CERT_REQUIRED,
        True,
    )


# ---- addresses


def addresses(*ips: str) -> Callable[..., Any]:
    return lambda _host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]


def test_the_first_four_addresses_are_tried(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = [f"127.0.0.{n}" for n in range(2, 6)]  # the server listens on 127.0.0.1 alone
    with saying(FULL) as server:
        monkeypatch.setattr(socket, "getaddrinfo", addresses(*dead, "127.0.0.1"))
        assert trouble(client, server, host="api.example.com") is Trouble.UNREACHABLE
        monkeypatch.setattr(socket, "getaddrinfo", addresses(*dead[:3], "127.0.0.1"))
        assert get(client, server, host="api.example.com").body == b"[]"


@pytest.mark.parametrize("policy", [None, LOOPBACK])
def test_an_address_that_is_dead_is_given_up_long_before_the_deadline(
    monkeypatch: pytest.MonkeyPatch, policy: HostPolicy | None
) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 0.2)
    deadline = Deadline(LONG_S)
    connect = guarded(policy) if policy else connection.unguarded
    with socket.socket() as full, closing(socket.socket()) as first, closing(socket.socket()) as second:
        # a listener whose queue is full drops what knocks, as a dead address would
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for knock in (first, second):
            knock.setblocking(False)
            knock.connect_ex(full.getsockname())
        with pytest.raises(NetError) as caught:
            connect("127.0.0.1", full.getsockname()[1], deadline)
    assert caught.value.trouble is Trouble.TIMED_OUT
    assert deadline.remaining() > 0


def test_a_resolver_that_is_slow_is_left_behind(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with saying() as server:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: server.stopped.wait(30))
        assert trouble(client, server, host="api.example.com", deadline=Deadline(0.2)) is Trouble.TIMED_OUT


def test_a_request_in_two_pieces_does_not_wait_for_an_acknowledgement() -> None:
    with saying() as server, connection.unguarded("127.0.0.1", server.port, Deadline(LONG_S)) as opened:
        assert opened._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
