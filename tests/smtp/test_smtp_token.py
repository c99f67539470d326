"""Access tokens: the grants as they go over the wire, and endpoints that mean harm."""

from __future__ import annotations

import json
import socket
import tracemalloc
from base64 import b64decode, urlsafe_b64decode
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, unquote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprieve.smtp import token
from reprieve.smtp.errors import Reason, TokenRefused
from reprieve.smtp.guard import HostPolicy
from reprieve.smtp.jwt_bearer import JwtBearer
from reprieve.smtp.token import ClientAuthentication, ClientCredentials, fetch
from tests.smtp.conftest import HOST, SECRET
from tests.smtp.servers import GRACE_S, LONG_S, MOST_MEMORY, SERVER_WORDS, SHORT_S, Server, Talk, stopwatch

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Policy = Callable[..., HostPolicy]
    Search = Callable[[BaseException], None]

GOOD = json.dumps({"access_token": "the.token-1", "token_type": "Bearer", "expires_in": 3600}).encode()


def answer(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), headers, body)


def saying(how: bytes | Callable[[Talk], None]) -> Callable[[Talk], None]:
    """The script of an endpoint that reads a request and then says something."""

    def script(talk: Talk) -> None:
        talk.start_tls()
        length = 0
        while line := talk.line():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(talk.buffer) < length:
            talk.buffer += talk.sock.recv(4096)
        talk.server.heard.append(talk.buffer)
        if isinstance(how, bytes):
            talk.send(how)
        else:
            how(talk)

    return script


def credentials(port: int, host: str = HOST, **changes: Any) -> ClientCredentials:
    return ClientCredentials(
        **{
            "endpoint": f"https://{host}:{port}/oauth2/token?tenant=1",
            "client_id": "client:1",
            "client_secret": SECRET,
            "authentication": ClientAuthentication.BASIC,
            "scopes": ("mail.send", "openid"),
            **changes,
        }
    )


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> str:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


def bearer(private_key: str, port: int = 443, **changes: Any) -> JwtBearer:
    return JwtBearer(
        **{
            "endpoint": f"https://{HOST}:{port}/token",
            "client_id": "client",
            "key_id": "key-1",
            "issuer": "issuer",
            "subject": "relay@example.com",
            "audience": "https://mail.example.com/token",
            "scopes": ("mail.send", "openid"),
            "private_key": private_key,
            **changes,
        }
    )


@pytest.fixture
def refused(ca_pem: str, policy: Policy, tls: ssl.SSLContext, unseen: Search) -> Callable[..., TokenRefused]:
    """Asks an endpoint that says `how`, and returns how that failed, in time and without secrets."""

    def run(
        how: bytes | Callable[[Talk], None], *, deadline_s: float = LONG_S, context: ssl.SSLContext = tls
    ) -> TokenRefused:
        with Server(saying(how), context) as server, stopwatch() as watch, pytest.raises(TokenRefused) as caught:
            fetch(credentials(server.port), policy=policy(server.port), deadline_s=deadline_s, private_ca_pem=ca_pem)
        assert watch.seconds < deadline_s + GRACE_S
        unseen(caught.value)
        return caught.value

    return run


@pytest.mark.parametrize("authentication", ClientAuthentication)
def test_client_credentials_are_sent_in_the_header_or_in_the_form_and_never_in_both(
    ca_pem: str, policy: Policy, tls: ssl.SSLContext, authentication: ClientAuthentication
) -> None:
    with Server(saying(answer(GOOD)), tls) as server:
        grant = credentials(server.port, authentication=authentication)
        assert fetch(grant, policy=policy(server.port), private_ca_pem=ca_pem) == "the.token-1"
    *head, body = server.heard
    assert head[0] == b"POST /oauth2/token?tenant=1 HTTP/1.1"
    headers = {line.partition(b": ")[0].lower(): line.partition(b": ")[2].decode() for line in head[1:] if line}
    assert headers[b"host"] == f"{HOST}:{server.port}"
    assert headers[b"content-type"] == "application/x-www-form-urlencoded"
    form = dict(parse_qsl(body.decode(), strict_parsing=True))
    expected = {"grant_type": "client_credentials", "scope": "mail.send openid"}
    if authentication is ClientAuthentication.BASIC:
        name, _, secret = b64decode(headers[b"authorization"].removeprefix("Basic ")).decode().partition(":")
        assert (unquote_plus(name), unquote_plus(secret)) == ("client:1", SECRET)
        assert form == expected
    else:
        assert b"authorization" not in headers
        assert form == {**expected, "client_id": "client:1", "client_secret": SECRET}


def test_a_jwt_bearer_grant_is_proved_by_its_assertion_alone(
    ca_pem: str, policy: Policy, tls: ssl.SSLContext, key: rsa.RSAPrivateKey
) -> None:
    with Server(saying(answer(GOOD)), tls) as server:
        grant = bearer(pem(key), server.port)
        assert fetch(grant, policy=policy(server.port), private_ca_pem=ca_pem) == "the.token-1"
    form = dict(parse_qsl(server.heard[-1].decode(), strict_parsing=True))
    assertion = form.pop("assertion")
    assert form == {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "client_id": "client",
        "scope": "mail.send openid",
    }
    assert assertion.count(".") == 2
    assert not any(line.lower().startswith(b"authorization") for line in server.heard)


def test_an_assertion_is_what_rfc_7523_asks_for(key: rsa.RSAPrivateKey) -> None:
    assertion = bearer(pem(key)).assertion(1_800_000_000)
    header, claims, signature = (urlsafe_b64decode(part + "==") for part in assertion.split("."))
    assert "=" not in assertion
    assert json.loads(header) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
    members = json.loads(claims)
    assert len(members.pop("jti")) == 32
    assert members == {
        "iss": "issuer",
        "sub": "relay@example.com",
        "aud": "https://mail.example.com/token",
        "iat": 1_800_000_000,
        "exp": 1_800_000_300,
        "scope": "mail.send openid",
    }
    signed = assertion.rpartition(".")[0].encode()
    key.public_key().verify(signature, signed, padding.PKCS1v15(), SHA256())


def test_two_assertions_differ(key: rsa.RSAPrivateKey) -> None:
    grant = bearer(pem(key))
    assert grant.assertion(0) != grant.assertion(0)


def test_a_pkcs1_key_signs_too(key: rsa.RSAPrivateKey) -> None:
    old = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    assert bearer(old).assertion(0)


def test_a_key_that_cannot_sign_is_refused_before_anything_is_asked(
    key: rsa.RSAPrivateKey, lookups: list[str], unseen: Search
) -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    keys = [pem(small), pem(curve), pem(key, b"password"), pem(key)[:900], "", SECRET, "\ud800", "ü"]
    for each in keys:
        with pytest.raises(TokenRefused) as caught:
            fetch(bearer(each), policy=HostPolicy(ports=token.PORTS))
        assert caught.value.reason is Reason.GRANT
        unseen(caught.value)
    assert lookups == []


def test_a_grant_does_not_show_its_secret(key: rsa.RSAPrivateKey) -> None:
    assert SECRET not in repr(credentials(443))
    assert "PRIVATE KEY" not in repr(bearer(pem(key)))


def test_half_a_character_in_a_secret_is_refused(unseen: Search) -> None:
    for authentication in ClientAuthentication:
        grant = credentials(443, client_secret=SECRET + "\ud800", authentication=authentication)
        with pytest.raises(TokenRefused) as caught:
            fetch(grant, policy=HostPolicy(ports=token.PORTS))
        assert caught.value.reason is Reason.GRANT
        unseen(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://mail.example.com/token",
        "HTTP://mail.example.com/token",
        "ftp://mail.example.com/token",
        "file:///etc/passwd",
        "//mail.example.com/token",
        "mail.example.com/token",
        "https:///token",
        "https://user@mail.example.com/token",
        "https://a:b@mail.example.com/token",
        "https://mail.example.com/token#fragment",
        "https://mail.example.com:x/token",
        "https://mail.example.com:99999/token",
        "https://[mail.example.com/token",
        "https://mail.example.com/to ken",
        "https://mail.example.com/\r\nX: y",
        "ht\ntps://mail.example.com/",
        "https://mail.example.com/ü",
        "https://mail.example.com/" + "x" * 2048,
        "",
    ],
)
def test_only_an_https_url_is_asked(endpoint: str, lookups: list[str], unseen: Search) -> None:
    with pytest.raises(TokenRefused) as caught:
        fetch(credentials(0, endpoint=endpoint), policy=HostPolicy(ports=(443, 80, 99999)))
    assert caught.value.reason is Reason.ENDPOINT
    assert lookups == []
    unseen(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://mail.example.com/token",  # the loopback, which this policy does not allow
        "https://127.0.0.1/token",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/token",
        "https://[::ffff:169.254.169.254]/",
        "https://0x7f000001/token",
        "https://2130706433/token",
        "https://localhost/token",
        "https://8.8.8.8/token",
        "https://mail.example.com\\@169.254.169.254/",
        "https://mail.example.com:22/token",
        "https://mail.example.com:0/token",
    ],
)
def test_the_guard_stands_at_this_door_too(endpoint: str, unseen: Search) -> None:
    with pytest.raises(TokenRefused) as caught:
        fetch(credentials(0, endpoint=endpoint), policy=HostPolicy(ports=token.PORTS))
    assert caught.value.reason in {Reason.HOST_REFUSED, Reason.ENDPOINT}
    unseen(caught.value)


def test_the_connection_goes_to_the_address_that_was_checked(
    ca_pem: str, policy: Policy, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["127.0.0.1", "127.0.0.2"])

    def getaddrinfo(_host: str, port: int, **_: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with Server(saying(answer(GOOD)), tls) as server:
        fetch(credentials(server.port), policy=policy(server.port), private_ca_pem=ca_pem)
    assert next(answers) == "127.0.0.2"  # it was asked once


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
def test_a_refusal_that_the_rfc_knows_is_told(refused: Callable[..., TokenRefused], reason: Reason) -> None:
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
def test_a_refusal_that_it_does_not_know_is_not(refused: Callable[..., TokenRefused], body: bytes) -> None:
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
    assert (error.reason, error.code) == (Reason.GARBLED, 200)


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
def test_what_is_no_http_is_survived(refused: Callable[..., TokenRefused], said: bytes) -> None:
    tracemalloc.start()
    try:
        error = refused(said)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.reason in {Reason.GARBLED, Reason.UNREACHABLE}
    assert peak < MOST_MEMORY


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
    assert error.reason in {Reason.OVERSIZED, Reason.GARBLED}
    assert peak < MOST_MEMORY


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
    assert refused(SLOW[name], deadline_s=SHORT_S).reason is Reason.TIMED_OUT


@pytest.mark.parametrize("name", ["another host's", "the address's", "expired", "not yet valid", "a stranger's"])
def test_a_bad_certificate_gets_no_secret(
    refused: Callable[..., TokenRefused], bad_tls: dict[str, ssl.SSLContext], name: str
) -> None:
    assert refused(answer(GOOD), context=bad_tls[name]).reason is Reason.CERTIFICATE


def test_plain_http_on_the_port_of_https_gets_no_secret(ca_pem: str, policy: Policy, unseen: Search) -> None:
    def script(talk: Talk) -> None:
        talk.send(answer(GOOD))
        talk.line()

    with Server(script) as server, pytest.raises(TokenRefused) as caught:
        fetch(credentials(server.port), policy=policy(server.port), private_ca_pem=ca_pem)
    assert caught.value.reason in {Reason.ENCRYPTION, Reason.UNREACHABLE}
    unseen(caught.value)
    assert SECRET.encode() not in b"".join(server.heard)


def test_chunks_are_put_together(ca_pem: str, policy: Policy, tls: ssl.SSLContext) -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD)
    with Server(saying(said), tls) as server:
        assert fetch(credentials(server.port), policy=policy(server.port), private_ca_pem=ca_pem) == "the.token-1"


class _Canned:
    """Stands for a connection that was answered."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def start_tls(self, *_: object) -> None:
        pass

    def send(self, data: bytes) -> None:
        pass

    def receive(self, most: int) -> bytes:
        data, self.data = self.data[:most], self.data[most:]
        return data


PARTS = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 x\r\n", b"HTTP/1.1 204 x\r\n\r\n", b"\r\n", b"\n", b"\0", b"\xff"),
        *(b": ", b"Content-Length: ", b"5", b"-1", b"Content-Length: 9\r\nContent-Length: x\r\n"),
        *(b"Transfer-Encoding: chunked\r\n", b"zz\r\n", b"0\r\n", b"Content-Type: multipart/mixed\r\n", b"{", GOOD),
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PARTS | st.binary(max_size=10), max_size=12).map(b"".join))
def test_any_bytes_are_a_token_or_a_refusal(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(token, "dial", lambda *_: _Canned(data))
    monkeypatch.setattr(token, "verified", lambda _: None)
    try:
        found = fetch(
            credentials(443), policy=HostPolicy(ports=(443,), private_networks=("127.0.0.0/8",)), deadline_s=60
        )
    except TokenRefused:
        return
    assert found == "the.token-1"
