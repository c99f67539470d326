"""The connections of the light transport: how long each is used, and whose they are."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trustme

from reprieve.store import connection
from reprieve.store.connection import Endpoint
from reprieve.store.signed import endpoint_of
from tests.smtp.servers import GRACE_S, LONG_S, SHORT_S, Server, Talk, stopwatch
from tests.support.light_transport import Script, answering, call, fault, over, refused, said


def test_a_connection_is_kept_from_call_to_call() -> None:
    with answering(said({}), said({}), refused("ResourceNotFoundException"), said({})) as server:
        transport = over(server)
        call(transport)
        call(transport)
        assert fault(transport) == ("ResourceNotFoundException", False)
        call(transport)
    assert server.connections == 1


def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    def last(talk: Talk) -> None:
        talk.send(said({}))
        talk.hang_up()

    with answering(said({}, 200, "Connection: close"), last, said({})) as server:
        transport = over(server)
        call(transport)
        call(transport)
        for thread in server._threads[1:]:
            thread.join(LONG_S)  # it has hung up
        call(transport)
    assert server.connections == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"",
        lambda talk: talk.reset(),
    ],
)
def test_a_torn_connection_is_a_fault_that_passes(answer: Script) -> None:
    def torn(talk: Talk) -> None:
        answer(talk) if callable(answer) else talk.send(answer)
        talk.hang_up()

    with answering(torn) as server:
        assert fault(over(server)) == ("ConnectionResetError", True)


@pytest.mark.parametrize("slow", [lambda talk: talk.stay_silent(), lambda talk: talk.drip(said({}) * 50, 0.05)])
def test_an_answer_has_one_deadline_however_slowly_it_comes(slow: Script) -> None:
    with answering(slow) as server, stopwatch() as watch:
        assert fault(over(server, read_timeout=SHORT_S)) == ("TimeoutError", True)
    assert watch.seconds < SHORT_S + GRACE_S


def test_a_server_that_is_not_there_is_a_fault_that_passes() -> None:
    server = Server(lambda talk: talk.hang_up())
    server._listener.close()
    assert fault(over(server)) == ("ConnectionRefusedError", True)


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def encrypted(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def listed(authority: trustme.CA, name: str) -> str:
    """An authority as certifi lists it."""
    return f'# Label: "{name}"\n# Serial: 1\n{authority.cert_pem.bytes().decode()}'


def test_the_authorities_are_amazons_five() -> None:
    with open(connection._public_list(), encoding="utf-8") as file:  # noqa: PTH123
        assert len(connection.of_amazon(file.read())) == 5
    assert len(connection.authorities().get_ca_certs()) == 5
    assert connection.authorities().minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("name", ["Amazon Root CA 1", "Starfield Services Root Certificate Authority - G2", "Another"])
def test_a_certificate_of_any_public_authority_is_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, authority: trustme.CA, encrypted: ssl.SSLContext, name: str
) -> None:
    path = tmp_path / "list.pem"
    path.write_text(listed(trustme.CA(), "Amazon Root CA 2") + listed(authority, name))
    monkeypatch.setattr(connection, "_public_list", lambda: str(path))
    with answering(said({}), tls=encrypted) as server:
        assert call(over(server, host="localhost", encrypted=True)) == {}
    assert server.connections == (2 if name == "Another" else 1)


def test_a_certificate_of_no_authority_or_for_another_host_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, authority: trustme.CA, encrypted: ssl.SSLContext
) -> None:
    with answering(said({}), tls=encrypted) as server:
        assert fault(over(server, host="localhost", encrypted=True)) == ("SSLCertVerificationError", True)
    path = tmp_path / "bundle.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    connection.authorities.cache_clear()
    connection.all_authorities.cache_clear()
    with answering(said({}), tls=encrypted) as server:
        assert fault(over(server, encrypted=True)) == ("SSLCertVerificationError", True)
        assert call(over(server, host="localhost", encrypted=True)) == {}


# Endpoints


@pytest.mark.parametrize(
    ("region", "variables", "host", "authority"),
    [
        ("eu-west-1", {}, "dynamodb.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com"),
        ("cn-north-1", {}, "dynamodb.cn-north-1.amazonaws.com.cn", "dynamodb.cn-north-1.amazonaws.com.cn"),
        ("eu-west-1", {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, "127.0.0.1", "127.0.0.1:4566"),
        (
            "eu-west-1",
            {"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://[::1]:80/"},
            "::1",
            "[::1]",
        ),
    ],
)
def test_the_endpoint_is_the_regions_unless_a_variable_names_another(
    monkeypatch: pytest.MonkeyPatch, region: str, variables: dict[str, str], host: str, authority: str
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    endpoint = endpoint_of("dynamodb", region)
    assert (endpoint.host, endpoint.authority) == (host, authority)


@pytest.mark.parametrize("url", ["", "dynamodb", "ftp://a", "http://a/path", "http://a b", "http://a\r\n"])
def test_an_endpoint_that_is_not_a_url_of_a_host_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="an endpoint is"):
        Endpoint.of_url(url)
