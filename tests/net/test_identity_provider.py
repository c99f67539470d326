"""HTTP with identity providers: how a client proves itself, what is an answer, and where nothing is sent to."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from reprieve.errors import Unauthenticated, Unavailable
from reprieve.net.guard import HostPolicy
from reprieve.net.identity_provider import IdentityProviders
from tests.support import upstream
from tests.support.upstream import Seen, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

FORM = {"grant_type": "authorization_code", "code": "a+b/c="}
SECRET = "s3cret: +/\u00fc"


@dataclass
class TokenEndpoint(Upstream):
    """An issuer's token endpoint."""

    answer: tuple[int, Any] = field(default=(200, {"id_token": "x"}))

    def work(self, request: Seen) -> tuple[int, Any]:
        return self.answer

    def refusal(self, status: int, message: str) -> Any:
        return {"error": message}


@pytest.fixture
def issuer() -> Iterator[TokenEndpoint]:
    with TokenEndpoint() as running:
        yield running


def providers(issuer: TokenEndpoint, *, networks: tuple[str, ...] = ("127.0.0.0/8",)) -> IdentityProviders:
    return IdentityProviders(HostPolicy(ports=(urlsplit(issuer.url).port or 0,), private_networks=networks))


def redeem(issuer: TokenEndpoint, secret: str = SECRET) -> object:
    return providers(issuer).redeem(f"{issuer.url}/token", FORM, ("client:1", secret), "")


def test_a_client_with_a_secret_proves_itself_by_basic_in_the_encoding_of_forms(issuer: TokenEndpoint) -> None:
    assert redeem(issuer) == {"id_token": "x"}
    (seen,) = issuer.seen
    assert (seen.method, seen.target) == ("POST", "/token")
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(seen.body.decode())) == FORM
    kind, _, pair = seen.headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(pair)) == ("Basic", b"client%3A1:s3cret%3A+%2B%2F%C3%BC")


def test_a_public_client_says_who_it_is_and_proves_nothing(issuer: TokenEndpoint) -> None:
    redeem(issuer, "")
    (seen,) = issuer.seen
    assert dict(parse_qsl(seen.body.decode())) == {**FORM, "client_id": "client:1"}
    assert "authorization" not in seen.headers


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((400, {"error": "invalid_grant", "error_description": "secret"}), "invalid_grant"),
        ((401, {"error": "invalid_client"}), "invalid_client"),
        ((400, {"error": "words of a server"}), "status 400"),
        ((400, {"error": 1}), "status 400"),
        ((401, []), "status 401"),
    ],
)
def test_a_refusal_is_told_by_its_code_alone(issuer: TokenEndpoint, answer: tuple[int, Any], says: str) -> None:
    issuer.answer = answer
    with pytest.raises(Unauthenticated) as caught:
        redeem(issuer)
    assert str(caught.value) == f"the token endpoint refused: {says}"


@pytest.mark.parametrize(
    "trouble",
    [
        upstream.status(500),
        upstream.status(429),
        upstream.status(302, Location="http://169.254.169.254/"),
        upstream.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]"),
        upstream.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", *[b"x" * 100_000] * 100),
        upstream.raw(b"nonsense\r\n\r\n"),
        upstream.reset,
    ],
)
def test_what_is_no_answer_is_unavailable_and_asked_once(issuer: TokenEndpoint, trouble: upstream.Trouble) -> None:
    issuer.always = trouble
    with pytest.raises(Unavailable):
        redeem(issuer)
    assert len(issuer.seen) <= 1


@pytest.mark.parametrize(
    ("networks", "host"),
    [
        *(((), host) for host in ("169.254.169.254", "localhost", "127.0.0.1")),
        *((("10.0.0.0/8",), host) for host in ("169.254.169.254", "localhost", "127.0.0.1")),
        *((("0.0.0.0/0",), host) for host in ("169.254.169.254", "localhost")),
    ],
)
def test_nothing_is_sent_to_where_the_deployment_does_not_allow_it(
    issuer: TokenEndpoint, networks: tuple[str, ...], host: str
) -> None:
    url, made = f"http://{host}:{urlsplit(issuer.url).port}/", providers(issuer, networks=networks)
    with pytest.raises(Unavailable):
        made.redeem(url, FORM, ("c", ""), "")
    with pytest.raises(Unavailable):
        made.document(url, "")
    assert issuer.seen == []
