"""Logins with a token that must be fetched first."""

from __future__ import annotations

import json
import ssl
from base64 import b64encode, urlsafe_b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reprieve.smtp import courier
from tests.support.email_servers import CLIENT_CREDENTIALS, JWT_BEARER, Client
from tests.support.gateway import Answer
from tests.support.mail_sink import TOKEN, USERNAME, MailSink
from tests.support.okta import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import trustme


# for aiosmtpd only STARTTLS is TLS
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


class TokenEndpoint:
    """An HTTPS server that issues the sink's token for the expected request."""

    def __init__(self, authority: trustme.CA, answer: tuple[int, bytes]) -> None:
        self.asked: list[tuple[str | None, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.asked.append((self.headers["Authorization"], dict(parse_qsl(form))))
                status, said = answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def endpoint(
    request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TokenEndpoint]:
    trusted = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    good = 200, json.dumps({"access_token": TOKEN, "token_type": "Bearer"}).encode()
    with TokenEndpoint(authority, getattr(request, "param", good)) as endpoint:
        monkeypatch.setenv("TOKEN_PORTS", str(endpoint.port))
        yield endpoint


def through(endpoint: TokenEndpoint, sink: MailSink, sent: dict[str, Any]) -> dict[str, Any]:
    return sent | {
        "host": sink.host,
        "port": sink.port,
        "username": USERNAME,
        "privateCa": sink.ca_pem,
        "tokenEndpoint": f"https://127.0.0.1:{endpoint.port}/token",
        "enabled": True,
    }


def test_a_server_is_logged_in_to_with_a_token_for_client_credentials(
    client: Client, endpoint: TokenEndpoint, sink: MailSink
) -> None:
    created = client.create(through(endpoint, sink, CLIENT_CREDENTIALS))
    assert (created.status, created.body["enabled"]) == (201, True)
    assert client.test(created.body["id"]) == Answer(204)
    assert sink.mails[0]["To"] == "receiver@example.org"
    basic = "Basic " + b64encode(b"oauth-client-id:canary-client-secret").decode()
    assert endpoint.asked == [(basic, {"grant_type": "client_credentials", "scope": "send_email"})] * 2


def test_a_server_is_logged_in_to_with_a_token_for_a_signed_assertion(
    client: Client, endpoint: TokenEndpoint, sink: MailSink
) -> None:
    """With an RSA key of 4,096 bits: sealing has to have room for it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=4096)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    created = client.create(through(endpoint, sink, JWT_BEARER) | {"privateKey": pem})
    assert (created.status, created.body["enabled"]) == (201, True)
    assert client.test(created.body["id"]) == Answer(204)
    header, claims, _ = endpoint.asked[1][1]["assertion"].split(".")
    decoded = [json.loads(urlsafe_b64decode(part + "==")) for part in (header, claims)]
    assert decoded[0] == {"alg": "RS256", "typ": "JWT", "kid": "oauth-key-id"}
    assert (decoded[1]["iss"], decoded[1]["aud"]) == ("https://oauth.example.com", "https://smtp.oauth.com")
    assert len(sink.mails) == 1


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        ((401, b'{"error":"invalid_client"}'), "the token endpoint answered invalid_client (401)"),
        ((302, b""), "the token endpoint answered with a redirect (302)"),
        ((400, b"canary-words"), "the token endpoint did not give a token (400)"),
    ],
    indirect=["endpoint"],
)
def test_without_a_token_nothing_is_enabled(
    client: Client, endpoint: TokenEndpoint, sink: MailSink, problem: str
) -> None:
    summary = f"Failed to get access token for SMTP server configuration. Failure details: {problem}."
    assert client.create(through(endpoint, sink, CLIENT_CREDENTIALS)) == refusal(400, "E0000266", summary, problem)
    assert sink.logins == []


def test_an_invalid_key_is_reported_when_it_is_used(client: Client, endpoint: TokenEndpoint, sink: MailSink) -> None:
    problem = "the key or the credentials cannot be used to ask for a token"
    summary = f"Failed to get access token for SMTP server configuration. Failure details: {problem}."
    assert client.create(through(endpoint, sink, JWT_BEARER)) == refusal(400, "E0000266", summary, problem)
    assert endpoint.asked == []


def test_one_deadline_is_over_the_token_and_the_mail(
    client: Client, sink: MailSink, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time that the token took is not given to the server again."""
    given = []
    monkeypatch.setattr(courier.token, "fetch", lambda *_, **__: passing.__setitem__(0, passing[0] + 7) or TOKEN)
    monkeypatch.setattr(courier.client, "probe", lambda *_, deadline, **__: given.append(deadline.remaining()))
    passing = [0.0]
    monkeypatch.setattr("reprieve.net.deadline.time.monotonic", lambda: passing[0])
    sent = CLIENT_CREDENTIALS | {"host": sink.host, "port": sink.port, "enabled": True}
    assert client.create(sent).status == 201
    assert given == [3.0]
