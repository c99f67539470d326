"""One JSON document from a URL that a user chose."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from reprieve.errors import Unavailable
from reprieve.net import document
from reprieve.net.guard import HostPolicy
from tests.net.test_exchange import LOOPBACK, saying

if TYPE_CHECKING:
    from tests.smtp.servers import Server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(made)
    return made


def answering(body: bytes, context: ssl.SSLContext, status: bytes = b"200 OK", headers: bytes = b"") -> Server:
    head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n" % (status, len(body), headers)
    return saying(head + body, context=context)


def fetch(server: Server, pem: str, policy: HostPolicy = LOOPBACK, scheme: str = "https") -> object:
    return document.fetch(f"{scheme}://127.0.0.1:{server.port}/keys", policy=policy, private_ca=pem)


def test_a_document_is_read_from_a_host_that_is_allowed(context: ssl.SSLContext, pem: str) -> None:
    with answering(b'{"keys": []}', context) as server:
        assert fetch(server, pem) == {"keys": []}
    assert server.heard[0] == b"GET /keys HTTP/1.1"


def test_a_host_that_is_not_allowed_is_not_connected_to(context: ssl.SSLContext, pem: str) -> None:
    with answering(b"{}", context) as server:
        for policy in (HostPolicy(ports=(server.port,)), HostPolicy(ports=(443,), private_networks=("127.0.0.0/8",))):
            with pytest.raises(Unavailable, match="not among those that may be connected to"):
                fetch(server, pem, policy)
        with pytest.raises(Unavailable, match="https"):
            fetch(server, pem, HostPolicy(ports=(server.port,)), scheme="http")
        assert server.connections == 0


def test_a_certificate_of_another_authority_is_refused(context: ssl.SSLContext) -> None:
    with answering(b"{}", context) as server, pytest.raises(Unavailable, match="certificate"):
        fetch(server, trustme.CA().cert_pem.bytes().decode())


@pytest.mark.parametrize(
    ("body", "status", "headers", "problem"),
    [
        (b"{}", b"302 Found", b"Location: https://169.254.169.254/\r\n", "the server answered 302"),
        (b"{}", b"404 Not Found", b"", "the server answered 404"),
        (b"not json", b"200 OK", b"", "not JSON"),
        (b"\xff", b"200 OK", b"", "not JSON"),
        (b"[" * 100_000, b"200 OK", b"", "not JSON"),
        (b" " * 300_000, b"200 OK", b"", "more than is accepted"),
    ],
)
def test_what_is_no_document_is_unavailable_and_nothing_that_the_server_said_is_repeated(
    context: ssl.SSLContext, pem: str, body: bytes, status: bytes, headers: bytes, problem: str
) -> None:
    with answering(body, context, status, headers) as server, pytest.raises(Unavailable, match=problem) as caught:
        fetch(server, pem)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
