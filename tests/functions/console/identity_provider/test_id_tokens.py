"""The ID token that an identity provider answers: what it must say, and how it must be signed."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc import jwt

from reprieve.access import jose
from reprieve.clock import MINUTE, SECOND
from tests.support.console import Browser
from tests.support.identity_provider import CLIENT, URL, WANTED, Provider, encoded, own_key
from tests.support.oauth import Vault, pair_for
from tests.support.sign_ins import BROKEN, begin, come_back, given, refused, signed_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import StringIO

    from reprieve.access.jose import Key
    from tests.support.gateway import Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
BROKEN_CLAIMS: dict[str, dict[str, Any]] = {
    "issuer": {"iss": "https://evil.example"},
    "issuer with a slash": {"iss": f"{URL}/"},
    "no issuer": {"iss": None},
    "audience": {"aud": "another"},
    "no audience": {"aud": None},
    "other audiences": {"aud": ["another", "third"]},
    "several audiences, for another": {"aud": [CLIENT, "another"], "azp": "another"},
    "several audiences, for no one": {"aud": [CLIENT, "another"]},
    "for another": {"azp": "another"},
    "nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "an access token": {"token_use": "access"},
    "expired": {"exp": -1},
    "just expired": {"exp": 0},
    "no end": {"exp": None},
    "an end that is no date": {"exp": "soon"},
    "issued in the future": {"iat": 31},
    "issued before the attempt": {"iat": -631},
    "no issue": {"iat": None},
    "not yet": {"nbf": 31},
    "no subject": {"sub": None},
    "a long subject": {"sub": "x" * 256},
    "a subject of spaces alone": {"sub": "  ", "name": None, "preferred_username": None, "email": None},
    "a subject in other letters": {"sub": "\u00e4nn"},
}


@pytest.mark.parametrize("broken", BROKEN_CLAIMS.values(), ids=BROKEN_CLAIMS.keys())
def test_a_token_of_which_one_claim_does_not_hold_lets_no_one_in(
    call: Gateway, clock: Clock, provider: Provider, broken: dict[str, Any]
) -> None:
    now = clock.now // SECOND
    provider.changes = {
        name: now + value if name in {"exp", "iat", "nbf"} and isinstance(value, int) else value
        for name, value in broken.items()
    }
    browser = Browser(call)
    refused(browser, come_back(browser, provider.authorize(begin(browser), "ann")), BROKEN)
    assert len(provider.redeemed) == 1


@pytest.mark.parametrize(
    "good",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"], "azp": CLIENT},
        {"iat": 30},
        {"iat": -630},
        {"nbf": 30},
        {"exp": 1},
    ],
    ids=str,
)
def test_a_token_within_the_bounds_lets_in(
    call: Gateway, clock: Clock, provider: Provider, good: dict[str, Any]
) -> None:
    now = clock.now // SECOND
    provider.changes = {name: now + value if isinstance(value, int) else value for name, value in good.items()}
    signed_in(call, provider)


def test_a_token_of_another_attempt_lets_no_one_in(call: Gateway, provider: Provider) -> None:
    first, second = Browser(call), Browser(call)
    one, two = (provider.authorize(begin(browser), "ann") for browser in (first, second))
    # a code of another attempt: its challenge is not of this verifier
    refused(first, come_back(first, {**one, "code": two["code"]}), BROKEN)


def test_a_code_that_another_verifier_was_asked_for_with_redeems_nothing(
    call: Gateway, provider: Provider, log: StringIO
) -> None:
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    provider.codes[back["code"]][0]["code_challenge"] = "A" * 43
    refused(browser, come_back(browser, back), BROKEN)
    assert "the token endpoint refused: invalid_grant" in log.getvalue()


@pytest.mark.parametrize("answer", [None, [], {}, {"id_token": 1}, {"id_token": "a.b.c"}, {"id_token": "x" * 9_000}])
def test_an_answer_of_the_token_endpoint_without_an_id_token_lets_no_one_in(
    call: Gateway, provider: Provider, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(provider, "redeem", lambda *_: answer)
    browser = Browser(call)
    refused(browser, come_back(browser, provider.authorize(begin(browser), "ann")), BROKEN)


def test_an_issuer_that_does_not_answer_can_be_tried_again(call: Gateway, provider: Provider) -> None:
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    provider.down = True
    refused(browser, come_back(browser, back), "A part of the service did not answer", 503)
    provider.down = False
    assert come_back(browser, provider.authorize(begin(browser), "ann")).status == 303


def hmac_with(key: bytes) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    """Signs by HMAC, as who takes a public key for a secret would verify."""

    def sign(header: dict[str, Any], claims: dict[str, Any]) -> str:
        text = ".".join(encoded(json.dumps(part).encode()) for part in ({**header, "alg": "HS256"}, claims))
        return f"{text}.{encoded(hmac.digest(key, text.encode(), 'sha256'))}"

    return sign


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join([*(encoded(json.dumps(part).encode()) for part in ({**header, "alg": "none"}, claims)), ""])


def another_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Signs with a key of its own, under the published one's name."""
    return jwt.encode(header, claims, pair_for("RS256"), algorithms=["RS256"], default_type=None)


@pytest.mark.parametrize(
    "sign",
    [
        unsigned,
        another_key,
        hmac_with(own_key().as_pem(private=False)),
        hmac_with(json.dumps(jose.public_jwk(own_key())).encode()),
        lambda header, claims: another_key({**header, "jwk": jose.public_jwk(own_key())}, claims),
    ],
    ids=["none", "another key", "HS256 with the PEM", "HS256 with the JWK", "brings a key"],
)
def test_a_token_that_the_issuers_own_key_did_not_sign_lets_no_one_in(
    call: Gateway, provider: Provider, sign: Callable[[dict[str, Any], dict[str, Any]], str]
) -> None:
    provider.sign = sign
    browser = Browser(call)
    refused(browser, come_back(browser, provider.authorize(begin(browser), "ann")), BROKEN)


@pytest.mark.parametrize(
    "header", [{"alg": "RS512"}, {"alg": "PS256"}, {"typ": "at+jwt"}, {"crit": ["x"], "x": 1}], ids=str
)
def test_a_token_of_another_kind_lets_no_one_in(
    call: Gateway, provider: Provider, header: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "crit" in header:
        monkeypatch.setattr(jwt, "encode", crit_encode(jwt.encode))
    provider.header = header
    browser = Browser(call)
    refused(browser, come_back(browser, provider.authorize(begin(browser), "ann")), BROKEN)


def crit_encode(encode: Callable[..., str]) -> Callable[..., str]:
    """A signer that also signs what must be understood."""

    def signed(header: dict[str, Any], claims: dict[str, Any], key: Key, **_: object) -> str:
        plain = encode({"alg": "RS256"}, claims, key, algorithms=["RS256"], default_type=None)
        text = f"{encoded(json.dumps(header).encode())}.{plain.split('.')[1]}"
        pem = serialization.load_pem_private_key(key.as_pem(private=True), None)
        assert isinstance(pem, RSAPrivateKey)
        return f"{text}.{encoded(pem.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    return signed


def test_a_public_client_and_an_elliptic_curve_are_taken_as_well(
    call: Gateway, clock: Clock, provider: Provider, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(clock, replace(WANTED, secret=""))
    provider.published = [pair_for("ES256")]
    monkeypatch.setattr("tests.support.identity_provider.SECRET", "")
    signed_in(call, provider)
    assert vault.unsealed == 0


def test_the_keys_are_read_once_for_many_sign_ins(call: Gateway, provider: Provider) -> None:
    for person in ("ann", "bob"):
        signed_in(call, provider, person)
    assert provider.read.count(f"{URL}/v1/keys") == 1


def test_an_unknown_key_has_the_keys_read_again_at_most_once_a_minute(
    call: Gateway, clock: Clock, provider: Provider
) -> None:
    signed_in(call, provider)
    old, new = provider.published[0], pair_for("RS256")
    provider.published = [new, old]
    for _ in range(3):
        browser = Browser(call)
        refused(browser, come_back(browser, provider.authorize(begin(browser), "ann")), BROKEN)
    assert provider.read.count(f"{URL}/v1/keys") == 1
    clock.now += MINUTE
    for _ in range(3):
        signed_in(call, provider)
    provider.header = {"kid": "made up"}
    for _ in range(3):
        browser = Browser(call)
        refused(browser, come_back(browser, provider.authorize(begin(browser), "ann")), BROKEN)
    assert provider.read.count(f"{URL}/v1/keys") == 2
