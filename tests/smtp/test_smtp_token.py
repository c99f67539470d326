"""Access tokens: the grants on the wire, and the endpoints that may be called."""

from __future__ import annotations

import json
import socket
from base64 import b64decode, urlsafe_b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from reprieve.email_servers.email_server import TokenAuth
from reprieve.net.deadline import Deadline
from reprieve.net.errors import Trouble
from reprieve.net.guard import HostPolicy
from reprieve.smtp.errors import Reason, TokenRefused
from reprieve.smtp.jwt_bearer import JwtBearer
from reprieve.smtp.token import fetch
from tests.smtp.servers import HOST, LONG_S, SECRET, Server
from tests.smtp.tokens import GOOD, answer, credentials, saying

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Policy = Callable[..., HostPolicy]
    Search = Callable[[BaseException], None]


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


@pytest.mark.parametrize("authentication", TokenAuth)
def test_client_credentials_are_sent_in_the_header_or_in_the_form_and_never_in_both(
    ca_pem: str, policy: Policy, tls: ssl.SSLContext, authentication: TokenAuth
) -> None:
    with Server(saying(answer(GOOD)), tls) as server:
        grant = credentials(server.port, authentication=authentication)
        assert (
            fetch(grant, policy=policy(server.port), private_ca_pem=ca_pem, deadline=Deadline(LONG_S)) == "the.token-1"
        )
    *head, body = server.heard
    assert head[0] == b"POST /oauth2/token?tenant=1 HTTP/1.1"
    headers = {line.partition(b": ")[0].lower(): line.partition(b": ")[2].decode() for line in head[1:] if line}
    assert headers[b"host"] == f"{HOST}:{server.port}"
    assert headers[b"content-type"] == "application/x-www-form-urlencoded"
    form = dict(parse_qsl(body.decode(), strict_parsing=True))
    expected = {"grant_type": "client_credentials", "scope": "mail.send openid"}
    if authentication is TokenAuth.BASIC:
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
        assert (
            fetch(grant, policy=policy(server.port), private_ca_pem=ca_pem, deadline=Deadline(LONG_S)) == "the.token-1"
        )
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
            fetch(bearer(each), policy=HostPolicy(ports=(443,)), deadline=Deadline(LONG_S))
        assert caught.value.reason is Reason.GRANT
        unseen(caught.value)
    assert lookups == []


def test_a_grant_does_not_show_its_secret(key: rsa.RSAPrivateKey) -> None:
    assert SECRET not in repr(credentials(443))
    assert "PRIVATE KEY" not in repr(bearer(pem(key)))


def test_half_a_character_in_a_secret_is_refused(unseen: Search) -> None:
    for authentication in TokenAuth:
        grant = credentials(443, client_secret=SECRET + "\ud800", authentication=authentication)
        with pytest.raises(TokenRefused) as caught:
            fetch(grant, policy=HostPolicy(ports=(443,)), deadline=Deadline(LONG_S))
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
        fetch(credentials(0, endpoint=endpoint), policy=HostPolicy(ports=(443, 80, 99999)), deadline=Deadline(LONG_S))
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
        "https://*.example.com/token",
        "https://.example.com/token",
        "https://mail.example.com:22/token",
        "https://mail.example.com:0/token",
    ],
)
def test_the_guard_stands_at_this_door_too(endpoint: str, unseen: Search) -> None:
    with pytest.raises(TokenRefused) as caught:
        fetch(credentials(0, endpoint=endpoint), policy=HostPolicy(ports=(443,)), deadline=Deadline(LONG_S))
    assert caught.value.reason in {Trouble.HOST_REFUSED, Reason.ENDPOINT}
    unseen(caught.value)


def test_the_path_and_the_query_arrive_as_they_were_chosen(ca_pem: str, policy: Policy, tls: ssl.SSLContext) -> None:
    with Server(saying(answer(GOOD)), tls) as server:
        endpoint = f"https://{HOST}:{server.port}/tenants/a@b.example/to%2Fken?resource=https%3A%2F%2Fx.example%2F"
        fetch(
            credentials(0, endpoint=endpoint),
            policy=policy(server.port),
            private_ca_pem=ca_pem,
            deadline=Deadline(LONG_S),
        )
    assert server.heard[0] == (b"POST /tenants/a@b.example/to%2Fken?resource=https%3A%2F%2Fx.example%2F HTTP/1.1")


def test_the_connection_goes_to_the_address_that_was_checked(
    ca_pem: str, policy: Policy, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["127.0.0.1", "127.0.0.2"])

    def getaddrinfo(_host: str, port: int, **_: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with Server(saying(answer(GOOD)), tls) as server:
        fetch(credentials(server.port), policy=policy(server.port), private_ca_pem=ca_pem, deadline=Deadline(LONG_S))
    assert next(answers) == "127.0.0.2"  # it was asked once
