"""Who gets a token: assertions, secrets and refresh tokens, and that nothing shows whether a client exists."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jwt

from reprieve.access import claims, client_proof, jose
from reprieve.access.client import MAX_LIFETIME, ClientKind
from reprieve.access.oauth import ClientAssertion, ClientSecret, GrantError, GrantRefused
from reprieve.clock import Millis, minutes, seconds, to_seconds
from reprieve.errors import InvalidInput, NotFound, Unauthenticated, Unavailable
from reprieve.organization import Organization
from tests.support.oauth import ACME, NOW, SCOPES, URL, World, pair_for, private, public

if TYPE_CHECKING:
    from collections.abc import Callable

STRANGER = "rpc_acme_00000000000000000000"


@pytest.fixture
def world() -> World:
    return World()


def refusal(attempt: Callable[[], object]) -> tuple[GrantError, str]:
    with pytest.raises(GrantRefused) as refused:
        attempt()
    return refused.value.error, str(refused.value)


def asserted(world: World, assertion: str, *wanted: str, client_id: str | None = None) -> Any:
    return world.granted(ClientAssertion(assertion, client_id), *wanted)


INVALID_SIGNATURE = (GrantError.INVALID_CLIENT, "The client_assertion signature is invalid.")
FAILED = (GrantError.INVALID_CLIENT, "Client authentication failed.")

# ---------------------------------------------------------------- assertions


@pytest.mark.parametrize("alg", jose.PUBLIC_KEY_ALGORITHMS)
@pytest.mark.parametrize("named", [True, False])
def test_a_client_signs_with_any_of_its_keys_named_or_not(world: World, alg: str, named: bool) -> None:
    key, other = pair_for(alg), jose.new_key()
    client, _ = world.client(keys=public(other) + public(key))
    assertion = world.assertion(client.id, key, alg=alg, kid="" if named else None)
    granted = asserted(world, assertion, "okta.logs.read")
    assert (granted.scopes, granted.lifetime) == (("okta.logs.read",), MAX_LIFETIME)
    assert world.caller(granted.token).scopes == {"okta.logs.read"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"aud": "https://reprieve.example.com/oauth2/v1/token/"}, "its audience must be exactly the URL"),
        ({"aud": "https://reprieve.example.com"}, "its audience must be exactly the URL"),
        ({"aud": [URL, "https://other.example"]}, "its audience must be exactly the URL"),
        ({"aud": None}, "its audience must be exactly the URL"),
        ({"iss": "another"}, "its issuer, its subject and the client_id must be the same"),
        ({"sub": None}, "the claim sub must be text"),
        ({"exp": to_seconds(NOW)}, "the token is expired"),
        ({"exp": None}, "the token is expired, or does not say"),
        ({"exp": to_seconds(NOW) + 3631}, "it must expire within an hour"),
        ({"exp": 10**400}, "the claim exp is not a date"),
        ({"nbf": to_seconds(NOW) + 31}, "the token is not valid yet"),
        ({"iat": to_seconds(NOW) + 31}, "the token is not valid yet"),
        ({"jti": 5}, "the claim jti must be text"),
        ({"jti": ""}, "the claim jti must be text"),
    ],
)
def test_what_is_wrong_with_an_assertion_itself_is_said_and_nothing_is_read(
    world: World, changes: dict[str, Any], problem: str
) -> None:
    client, secrets = world.client()
    world.calls.clear()
    error, said = refusal(lambda: asserted(world, world.assertion(client.id, private(secrets), **changes)))
    assert (error, problem in said) == (GrantError.INVALID_CLIENT, True)
    assert world.calls == []


def test_an_audience_in_a_list_by_itself_is_the_same(world: World) -> None:
    client, secrets = world.client()
    assert asserted(world, world.assertion(client.id, private(secrets), aud=[URL]))


def test_a_client_id_beside_the_assertion_must_be_the_same(world: World) -> None:
    client, secrets = world.client()
    assertion = world.assertion(client.id, private(secrets))
    assert refusal(lambda: asserted(world, assertion, client_id=STRANGER))[0] is GrantError.INVALID_CLIENT
    assert asserted(world, assertion, client_id=client.id)


def test_an_assertion_is_good_once(world: World) -> None:
    client, secrets = world.client()
    assertion = world.assertion(client.id, private(secrets))
    asserted(world, assertion)
    world.restart()
    assert refusal(lambda: asserted(world, assertion)) == (
        GrantError.INVALID_CLIENT,
        "The client_assertion token has already been used.",
    )
    assert asserted(world, world.assertion(client.id, private(secrets), jti="j2"))


def test_an_assertion_is_used_up_also_by_a_request_that_is_refused_for_its_scope(world: World) -> None:
    client, secrets = world.client()
    assertion = world.assertion(client.id, private(secrets))
    assert refusal(lambda: asserted(world, assertion, "no.such"))[0] is GrantError.INVALID_SCOPE
    assert "already been used" in refusal(lambda: asserted(world, assertion))[1]


def test_the_id_of_one_clients_assertion_says_nothing_about_another_clients(world: World) -> None:
    for _ in range(2):
        client, secrets = world.client()
        asserted(world, world.assertion(client.id, private(secrets), jti="same"))


def test_a_forged_assertion_uses_nothing_up(world: World) -> None:
    client, secrets = world.client()
    forged = world.assertion(client.id, jose.new_key(), kid=private(secrets).kid)
    assert refusal(lambda: asserted(world, forged)) == INVALID_SIGNATURE
    assert asserted(world, world.assertion(client.id, private(secrets)))


def test_an_assertion_without_an_id_is_taken_as_okta_takes_it(world: World) -> None:
    client, secrets = world.client()
    assertion = world.assertion(client.id, private(secrets), jti=None)
    assert asserted(world, assertion)
    assert asserted(world, assertion)


@pytest.mark.parametrize("kind", ["at+jwt", "dpop+jwt", "JWE"])
def test_an_assertion_of_another_type_is_refused(world: World, kind: str) -> None:
    client, secrets = world.client()
    key = private(secrets)
    said = {"iss": client.id, "sub": client.id, "aud": URL, "exp": to_seconds(NOW) + 60, "jti": "j"}
    token = jwt.encode({"alg": "RS256", "kid": key.kid, "typ": kind}, said, key, algorithms=["RS256"])
    assert refusal(lambda: asserted(world, token)) == INVALID_SIGNATURE


def test_an_assertion_of_a_client_that_may_only_refresh_is_refused(world: World) -> None:
    client, secrets = world.client()
    world.tokens.remove_client("acme", client.id)
    world.tokens.add_client(replace(client, kind=ClientKind.REFRESH), None)
    assert refusal(lambda: asserted(world, world.assertion(client.id, private(secrets)))) == INVALID_SIGNATURE


def test_an_access_token_is_not_an_assertion(world: World) -> None:
    token = world.token().token
    assert refusal(lambda: asserted(world, token))[0] is GrantError.INVALID_CLIENT


# ---------------------------------------------------------------- no oracle


def known(world: World) -> list[str]:
    """The ids of new clients, one of each kind."""
    return [world.client(kind)[0].id for kind in ClientKind]


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES512"])
@pytest.mark.parametrize("kid", [None, "some-name"])
def test_a_wrong_signature_is_answered_alike_and_costs_the_same_whether_the_client_exists(
    world: World, alg: str, kid: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[int] = []
    decode = jwt.decode
    monkeypatch.setattr(jose.jwt, "decode", lambda *a, **k: (verified.append(1), decode(*a, **k))[1])
    key, seen = pair_for(alg), set()
    for client_id in [*known(world), STRANGER, "rpc_other_00000000000000000000", "nothing", "x" * 500]:
        world.calls.clear()
        verified.clear()
        answer = refusal(lambda client_id=client_id: asserted(world, world.assertion(client_id, key, alg=alg, kid=kid)))  # type: ignore[misc]
        seen.add((answer, tuple(world.calls), len(verified)))
    assert seen == {(INVALID_SIGNATURE, ("GetItem",), 1)}


def test_an_algorithm_that_does_not_exist_is_answered_alike_and_is_not_remembered(world: World) -> None:
    _, _, signature = world.assertion(STRANGER, jose.new_key()).split(".")
    said = {"iss": STRANGER, "sub": STRANGER, "aud": URL, "exp": to_seconds(NOW) + 60}
    kept = set()
    for alg in ("none", "x1", "x2", ["ES256"], None):
        parts = (urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": alg}, said))
        token = ".".join((*parts, signature))
        assert refusal(lambda token=token: asserted(world, token)) == INVALID_SIGNATURE  # type: ignore[misc]
        kept.add(client_proof._decoy_jwk.cache_info().currsize)
    assert len(kept) == 1


def test_a_wrong_secret_is_answered_alike_and_costs_the_same_whether_the_client_exists(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []
    compare = client_proof.hmac.compare_digest
    monkeypatch.setattr(
        client_proof.hmac, "compare_digest", lambda a, b: (compared.append((len(a), len(b))), compare(a, b))[1]
    )
    seen = set()
    for client_id in [*known(world), STRANGER, "", "nothing", "é", "x" * 5000]:
        world.calls.clear()
        compared.clear()
        answer = refusal(lambda client_id=client_id: world.granted(ClientSecret(client_id, "rps_wrong")))  # type: ignore[misc]
        seen.add((answer, tuple(world.calls), tuple(compared)))
    assert seen == {(FAILED, ("GetItem",), ((64, 64),))}


# ---------------------------------------------------------------- secrets and scopes


def test_a_secret_is_good_for_its_own_client_alone(world: World) -> None:
    client, secrets = world.client(ClientKind.SECRET)
    other, _ = world.client(ClientKind.SECRET)
    assert world.granted(ClientSecret(client.id, secrets.secret)).scopes == SCOPES
    for wrong in (ClientSecret(other.id, secrets.secret), ClientSecret(client.id, secrets.secret + "x")):
        assert refusal(lambda wrong=wrong: world.granted(wrong)) == FAILED  # type: ignore[misc]


def test_a_client_with_keys_has_no_secret_not_even_an_empty_one(world: World) -> None:
    client, _ = world.client()
    for secret in ("", "0" * 64):
        assert refusal(lambda secret=secret: world.granted(ClientSecret(client.id, secret))) == FAILED  # type: ignore[misc]


@pytest.mark.parametrize(
    ("wanted", "granted"),
    [((), SCOPES), (("okta.orgs.manage",), ("okta.orgs.manage",)), (SCOPES[::-1] * 2, SCOPES[::-1])],
)
def test_the_scopes_are_those_asked_for_or_all(world: World, wanted: tuple[str, ...], granted: tuple[str, ...]) -> None:
    assert world.token(*wanted).scopes == granted


@pytest.mark.parametrize("wanted", ["okta.orgs.managex", "okta.orgs", "OKTA.ORGS.MANAGE", "", "okta.logs.read\n"])
def test_a_scope_that_was_not_granted_is_refused_by_exact_match(world: World, wanted: str) -> None:
    assert refusal(lambda: world.token("okta.logs.read", wanted))[0] is GrantError.INVALID_SCOPE


def test_a_token_counts_as_long_as_its_client_says(world: World) -> None:
    client, secrets = world.client(ClientKind.SECRET, lifetime=seconds(90))
    granted = world.granted(ClientSecret(client.id, secrets.secret))
    assert granted.lifetime == seconds(90)
    world.now = Millis(NOW + seconds(89))
    world.caller(granted.token)
    world.now = Millis(NOW + seconds(90))
    with pytest.raises(Unauthenticated):
        world.caller(granted.token)


def test_a_token_counts_for_an_hour_at_most_whatever_is_stored_of_its_client(world: World) -> None:
    """A revocation is in force for so long."""
    client, secrets = world.client(ClientKind.SECRET)
    world.tokens.remove_client("acme", client.id)
    world.tokens.add_client(replace(client, lifetime=Millis(2 * MAX_LIFETIME)), None)
    assert world.granted(ClientSecret(client.id, secrets.secret)).lifetime == MAX_LIFETIME


def test_without_a_signing_key_there_is_no_token_and_the_answer_is_that_it_may_be_asked_for_again(world: World) -> None:
    client, secrets = world.client(ClientKind.SECRET)
    world.tables["Tokens"].delete({"partition": "#deployment", "sort": "keys"})
    with pytest.raises(Unavailable):
        world.granted(ClientSecret(client.id, secrets.secret))


def test_a_token_is_in_the_log_and_what_was_refused_is_not(world: World) -> None:
    client, secrets = world.client(ClientKind.SECRET)
    world.log.entries.clear()
    refusal(lambda: world.granted(ClientSecret(client.id, "wrong")))
    granted = world.granted(ClientSecret(client.id, secrets.secret))
    ((organization, entry),) = world.log.entries
    assert (organization, entry.event["eventType"], entry.target) == (
        "acme",
        "app.oauth2.token.grant.access_token",
        client.id,
    )
    assert granted.token not in str(entry.event)
    assert secrets.secret not in str(entry.event)


# ---------------------------------------------------------------- refresh tokens


def refreshed(world: World, proof: ClientSecret, token: str) -> Any:
    return world.requests().refresh(proof, token, request_id="r", now=world.now)


def test_a_refresh_token_is_exchanged_again_and_again_by_its_client_alone(world: World) -> None:
    client, secrets = world.client(ClientKind.REFRESH)
    other, other_secrets = world.client(ClientKind.REFRESH)
    proof = ClientSecret(client.id, secrets.secret)
    for _ in range(2):
        assert world.caller(refreshed(world, proof, secrets.refresh_token).token).scopes == set(SCOPES)
    for wrong in (other_secrets.refresh_token, "", "rpr_other_" + "a" * 43, secrets.refresh_token[:-1], "é"):
        assert refusal(lambda wrong=wrong: refreshed(world, proof, wrong)) == (  # type: ignore[misc]
            GrantError.INVALID_GRANT,
            "The refresh token is unknown or revoked.",
        )
    assert refusal(lambda: refreshed(world, ClientSecret(other.id, secrets.secret), secrets.refresh_token)) == FAILED


def test_a_client_that_refreshes_has_no_token_in_its_own_name_nor_the_other_way_round(world: World) -> None:
    refreshing, secrets = world.client(ClientKind.REFRESH)
    assert refusal(lambda: world.granted(ClientSecret(refreshing.id, secrets.secret))) == FAILED
    other, other_secrets = world.client(ClientKind.SECRET)
    proof = ClientSecret(other.id, other_secrets.secret)
    assert refusal(lambda: refreshed(world, proof, secrets.refresh_token)) == FAILED


def test_a_revoked_refresh_token_is_refused_at_once_and_its_access_tokens_within_a_minute(world: World) -> None:
    client, secrets = world.client(ClientKind.REFRESH)
    proof = ClientSecret(client.id, secrets.secret)
    token = refreshed(world, proof, secrets.refresh_token).token
    world.caller(token)
    requests = world.requests()
    assert requests.revoke_refresh_token(secrets.refresh_token, request_id="r", now=world.now)
    assert "app.oauth2.token.revoke" in world.log.types()
    assert not requests.revoke_refresh_token(secrets.refresh_token, request_id="r", now=world.now)
    assert refusal(lambda: refreshed(world, proof, secrets.refresh_token))[0] is GrantError.INVALID_GRANT
    world.now = Millis(NOW + minutes(1))
    with pytest.raises(Unauthenticated):
        world.caller(token)


@pytest.mark.parametrize("token", ["", "nothing", "rpr_other_" + "a" * 43, "rpr_acme_" + "a" * 43])
def test_revoking_an_unknown_refresh_token_changes_nothing(world: World, token: str) -> None:
    world.client(ClientKind.REFRESH)
    world.log.entries.clear()
    assert not world.requests().revoke_refresh_token(token, request_id="r", now=world.now)
    assert world.log.entries == []


def test_a_revoked_client_takes_its_refresh_tokens_along(world: World) -> None:
    client, secrets = world.client(ClientKind.REFRESH)
    world.clients().revoke(world.asking(ACME), client.id)
    assert not world.requests().revoke_refresh_token(secrets.refresh_token, request_id="r", now=world.now)


def test_a_revoked_client_leaves_the_refresh_tokens_of_others(world: World) -> None:
    client, _ = world.client(ClientKind.REFRESH)
    other, secrets = world.client(ClientKind.REFRESH)
    world.clients().revoke(world.asking(ACME), client.id)
    assert refreshed(world, ClientSecret(other.id, secrets.secret), secrets.refresh_token)


def test_a_client_of_another_organization_cannot_be_revoked(world: World) -> None:
    world.access.create_organization(Organization("other", "Other"))
    client, _ = world.client()
    with pytest.raises(NotFound):
        world.clients().revoke(world.asking(Organization("other", "Other")), client.id)
    assert world.tokens.client("acme", client.id) == client


# ---------------------------------------------------------------- clients


def test_a_client_that_refreshes_is_not_there_before_its_refresh_token_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = world.tables["Tokens"]
    put, seen = table.put, []

    def observed(item: Any, **named: Any) -> bool:
        seen.append(item["sort"].partition("#")[0])
        return put(item, **named)

    world.keys().ensure(world.asking, now=world.now)
    monkeypatch.setattr(table, "put", observed)
    world.client(ClientKind.REFRESH)
    assert seen == ["refresh", "client"]


def test_no_secret_is_stored(world: World) -> None:
    made = [world.client(kind)[1] for kind in ClientKind]
    stored = str([dict(table.items) for table in world.database.tables.values()])
    for secrets in made:
        for secret in (secrets.secret, secrets.refresh_token, secrets.private_jwk):
            assert not secret or secret not in stored


def test_every_client_and_its_end_is_in_the_log(world: World) -> None:
    client, _ = world.client()
    world.clients().revoke(world.asking(ACME), client.id)
    assert world.log.types() == [
        "app.oauth2.as.key.rollover",
        "application.lifecycle.create",
        "application.lifecycle.delete",
    ]


@pytest.mark.parametrize("lifetime", [0, 999, 3_600_001])
def test_a_lifetime_of_more_than_an_hour_or_of_nothing_is_refused(world: World, lifetime: int) -> None:
    with pytest.raises(InvalidInput, match="lifetime"):
        world.client(lifetime=Millis(lifetime))


WEAK = [
    {"kty": "oct", "k": "c2VjcmV0"},
    {"kty": "RSA", "n": "gA" + "A" * 168 + "Q", "e": "AQAB"},
    {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "what"},
    {},
]


@pytest.mark.parametrize("jwk", WEAK, ids=str)
def test_a_key_that_cannot_be_used_is_refused_and_passed_over_among_others(jwk: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="jwks"):
        jose.public_keys(jwk)
    good = jose.public_jwk(jose.new_key())
    if "k" not in jwk:
        assert [key.kid for key in jose.public_keys({"keys": [jwk, good]})] == [good["kid"]]


@pytest.mark.parametrize("document", [None, [], "x", {"keys": "x"}, {"keys": ["x"]}, {"keys": []}, {"keys": [{}] * 51}])
def test_what_is_not_a_key_set_is_refused(document: object) -> None:
    with pytest.raises(InvalidInput, match="jwks"):
        jose.public_keys(document)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES384"])
def test_public_keys_come_as_jwk_as_set_and_in_pem(alg: str) -> None:
    key = pair_for(alg)
    pem = key.as_pem(private=False).decode()
    jwk = jose.public_jwk(key)
    for text in (json.dumps(jwk), json.dumps({"keys": [jwk]}), pem):
        (found,) = jose.public_keys_in(text)
        assert found.thumbprint() == key.thumbprint()
        assert found.kid == key.kid


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_a_private_key_is_refused_in_the_place_of_a_public_one(alg: str) -> None:
    key = pair_for(alg)
    for text in (json.dumps(jose.private_jwk(key)), key.as_pem(private=True).decode()):
        with pytest.raises(InvalidInput, match="private key"):
            jose.public_keys_in(text)


@pytest.mark.parametrize("value", [True, "1", [], float("inf"), float("nan"), -1, 1e11, 10**400, -(10**400)])
def test_a_moment_is_a_number_of_seconds(value: object) -> None:
    with pytest.raises(Unauthenticated, match="claim exp"):
        claims.moment({"exp": value}, "exp")
