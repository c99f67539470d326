"""Access tokens: what is refused, how often is read, and when a key or a revocation takes effect."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from reprieve.access import access_token, jose, trust
from reprieve.access.caller import Caller
from reprieve.access.client import MAX_LIFETIME, ClientKind
from reprieve.access.oauth import ClientSecret, GrantRefused
from reprieve.access.outside_token import OutsideTokens
from reprieve.access.signing_key import OVERLAP, PUBLISHED_AHEAD, TRUST_AGE
from reprieve.clock import MINUTE, SECOND, Millis, minutes, seconds, to_seconds
from reprieve.errors import RateLimited, Unauthenticated, Unavailable
from reprieve.organization import Organization
from reprieve.store import tokens
from tests.support.oauth import ACME, ISSUER, NOW, World, private

if TYPE_CHECKING:
    from reprieve.access.jose import Key

#: changes that make an access token one that must be refused, by what is wrong with it
WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "urn:reprieve:test:other"},
    "no issuer": {"iss": None},
    "issuers in a list": {"iss": [ISSUER]},
    "another audience": {"aud": "https://example.com"},
    "the issuer as audience, as in an ID token": {"aud": ISSUER},
    "audiences in a list": {"aud": [f"{ISSUER}:api", "other"]},
    "expired now": {"exp": to_seconds(NOW)},
    "no end": {"exp": None},
    "an end that is text": {"exp": "9999999999"},
    "an end beyond all dates": {"exp": 1e300},
    "an end that is true": {"exp": True},
    "not valid yet": {"nbf": to_seconds(NOW) + 31},
    "issued in the future": {"iat": to_seconds(NOW) + 31},
    "a scope in a list": {"scope": ["okta.orgs.manage"]},
    "no scope": {"scope": None},
    "no client": {"client_id": None},
    "no id": {"jti": None},
    "no organization": {"org": None},
    "an organization that cannot be": {"org": "#deployment"},
    "another organization": {"org": "other"},
    "a role that does not exist": {"role": "owner"},
    "roles in a list": {"role": ["admin"]},
}


def claims_of(world: World, **changes: Any) -> dict[str, Any]:
    said = {
        "iss": ISSUER,
        "aud": f"{ISSUER}:api",
        "sub": "rpc_acme_1",
        "client_id": "rpc_acme_1",
        "org": "acme",
        "scope": "okta.logs.read okta.orgs.manage",
        "iat": to_seconds(world.now),
        "exp": to_seconds(world.now) + 300,
        "jti": "t1",
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def signed(world: World, key: Key | None = None, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    key = key or world.signing()
    whole = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid, **(header or {})}
    whole = {name: value for name, value in whole.items() if value is not None}
    alg = whole["alg"]
    return jwt.encode(whole, claims_of(world, **changes), key, algorithms=[alg], default_type=None)


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.fixture
def world() -> World:
    world = World()
    world.rotate()
    return world


def refused(world: World, token: str) -> bool:
    """Whether a token is refused, by a process that is new and by one that knows the keys."""
    outcomes = set()
    world.restart()
    for _ in ("new", "running"):
        try:
            world.caller(token)
            outcomes.add(False)
        except Unauthenticated:
            outcomes.add(True)
    (outcome,) = outcomes
    return outcome


def test_a_token_speaks_for_its_organization_with_its_scopes(world: World) -> None:
    granted = world.token("okta.logs.read")
    caller = world.caller(granted.token)
    end = Millis(NOW + granted.lifetime)
    assert caller == Caller(
        ACME, caller.credential_id, frozenset({"okta.logs.read"}), end, by_access_token=True, name="SDK"
    )
    assert caller.credential_id.startswith("rpc_acme_")
    assert not refused(world, signed(world))


@pytest.mark.parametrize("changes", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_a_token_with_one_wrong_claim_is_refused(world: World, changes: dict[str, Any]) -> None:
    assert refused(world, signed(world, **changes))


@pytest.mark.parametrize("kind", [None, "JWT", "jwt", "at+JWT+x", "client-authentication+jwt", "dpop+jwt", ["at+jwt"]])
def test_a_token_of_another_type_is_refused(world: World, kind: object) -> None:
    header = {"alg": "ES256", "kid": world.signing().kid} | ({} if kind is None else {"typ": kind})
    unsigned = f"{encoded(header)}.{encoded(claims_of(world))}"
    signature = signed(world).rpartition(".")[2]
    assert refused(world, f"{unsigned}.{signature}")
    if not isinstance(kind, list):
        assert refused(world, signed(world, header={"typ": kind}))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 5, ["ES256"], {"a": 1}])
@pytest.mark.parametrize("signature", ["", "AA"])
def test_a_token_without_a_signature_is_refused(world: World, algorithm: object, signature: str) -> None:
    header = {"alg": algorithm, "typ": "at+jwt", "kid": world.signing().kid}
    assert refused(world, f"{encoded(header)}.{encoded(claims_of(world))}.{signature}")


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_an_hmac_with_the_public_key_as_its_secret_is_refused(world: World, algorithm: str) -> None:
    key = world.signing()
    for secret in (key.as_pem(private=False), key.as_der(private=False), json.dumps(jose.public_jwk(key)).encode()):
        text = f"{encoded({'alg': algorithm, 'typ': 'at+jwt', 'kid': key.kid})}.{encoded(claims_of(world))}"
        mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        assert refused(world, f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


def test_a_token_of_another_key_is_refused_also_under_the_name_of_ours(world: World) -> None:
    stranger = jose.new_key()
    assert refused(world, signed(world, stranger))
    assert refused(world, signed(world, stranger, header={"kid": world.signing().kid}))
    assert refused(world, signed(world, ECKey.generate_key("P-384"), header={"alg": "ES384", "kid": None}))


@pytest.mark.parametrize("bring", ["jwk", "jku", "x5u", "x5c"])
def test_a_token_cannot_bring_its_own_key(world: World, bring: str) -> None:
    stranger = jose.new_key()
    brought: object = jose.public_jwk(stranger) if bring == "jwk" else "https://evil.example/keys"
    header = {
        "alg": "ES256",
        "typ": "at+jwt",
        "kid": world.signing().kid,
        bring: [brought] if bring == "x5c" else brought,
    }
    text = f"{encoded(header)}.{encoded(claims_of(world))}"
    own = signed(world, stranger)
    assert refused(world, f"{text}.{own.rpartition('.')[2]}")


def test_an_extension_that_must_be_understood_is_refused(world: World) -> None:
    assert refused(world, signed(world, header={"crit": ["b64"], "b64": True}))


def test_a_clients_assertion_is_not_an_access_token(world: World) -> None:
    client, secrets = world.client()
    assert refused(world, world.assertion(client.id, private(secrets), aud=f"{ISSUER}:api"))


def test_a_scope_that_is_nearly_the_right_one_allows_nothing(world: World) -> None:
    caller = world.caller(signed(world, scope="okta.orgs.managex xokta.orgs.manage OKTA.ORGS.MANAGE"))
    assert not caller.context("r", NOW).may("okta.orgs.manage")


def test_one_changed_character_anywhere_is_refused(world: World) -> None:
    token = signed(world)
    world.caller(token)
    for at in range(0, len(token) - 1, 7):  # the last character of a signature has bits that say nothing
        other = "A" if token[at] != "A" else "B"
        with pytest.raises(Unauthenticated):
            world.caller(token[:at] + other + token[at + 1 :])


PART = r"[A-Za-z0-9_-]{0,80}"


@given(st.text(max_size=300) | st.from_regex(rf"{PART}\.{PART}\.{PART}", fullmatch=True))
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(Unauthenticated):
        jose.claims_of(text, [], algorithms=("ES256",), types=("at+jwt",))
    with pytest.raises(Unauthenticated):
        trust.Trust(None, ISSUER, OutsideTokens(None, None)).verify(text, NOW)  # type: ignore[arg-type]


MEMBERS = st.sampled_from(["alg", "typ", "kid", "b64", "crit", "org"]) | st.text(max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=4),
    max_leaves=8,
)


@given(VALUES, st.binary(max_size=40))
def test_any_json_in_the_place_of_a_header_or_of_claims_is_refused(part: object, rest: bytes) -> None:
    tail = base64.urlsafe_b64encode(rest).rstrip(b"=").decode()
    for text in (f"{encoded(part)}.{tail}.{tail}", f"{encoded({'alg': 'ES256'})}.{encoded(part)}.{tail}"):
        with pytest.raises(Unauthenticated):
            jose.claims_of(text, [jose.new_key()], algorithms=("ES256",), types=("at+jwt", None))


def test_nesting_that_exhausts_a_parser_is_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 5_000).rstrip(b"=").decode()
    for text in (f"{deep}.{deep}.AA", f"{encoded({'alg': 'ES256'})}.{deep}.AA"):
        with pytest.raises(Unauthenticated):
            jose.unverified_claims(text)


# ---------------------------------------------------------------- reads


def reads(world: World, token: str) -> list[str]:
    world.calls.clear()
    world.caller(token)
    return list(world.calls)


def test_every_request_costs_one_read_and_the_keys_and_revocations_come_with_it(world: World) -> None:
    token = signed(world, exp=to_seconds(NOW) + 3600)
    world.restart()
    for wait in (0, 1, TRUST_AGE - 1, TRUST_AGE, 5 * MINUTE):
        world.now = Millis(NOW + wait)
        assert reads(world, token) == ["BatchGetItem"]


def test_a_token_that_we_did_not_sign_costs_no_read_once_the_keys_are_known(world: World) -> None:
    world.caller(signed(world))
    world.calls.clear()
    for token in (signed(world, jose.new_key()), signed(world, header={"typ": "JWT"}), "a.b.c"):
        with pytest.raises(Unauthenticated):
            world.caller(token)
    assert world.calls == []


def test_what_was_read_later_than_now_by_the_clock_is_read_again(world: World) -> None:
    """A clock that was put back would otherwise keep keys and revocations for as long as it was ahead."""
    token, new = signed(world), Millis(NOW - 1)
    world.caller(token)
    key = world.rotate(at_once=True)
    world.now = new
    with pytest.raises(Unauthenticated):
        world.caller(token)
    assert [one.kid for one in world.signer.published(new)] == [key]


def test_what_is_remembered_of_organizations_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "MAX_ORGANIZATIONS", 2)
    for name in ("one", "two", "three"):
        world.access.create_organization(Organization(name, name))
        world.caller(signed(world, org=name))
    assert len(world.trust._denied) == 1


# ---------------------------------------------------------------- revocation


def denied(world: World) -> dict[str, int]:
    """What is revoked in acme, and until when."""
    item = world.tables["Access"].get({"partition": "acme", "sort": "denied"})
    found: dict[str, int] = json.loads(str(item["names"])) if item else {}
    return found


def test_a_revoked_client_is_refused_everywhere_within_a_minute_and_has_no_more_tokens(world: World) -> None:
    client, secrets = world.client(ClientKind.SECRET)
    token = world.granted(ClientSecret(client.id, secrets.secret)).token
    world.caller(token)
    world.now = Millis(NOW + SECOND)
    world.clients().revoke(world.asking(ACME), client.id)
    with pytest.raises(GrantRefused):
        world.granted(ClientSecret(client.id, secrets.secret))
    world.now = Millis(NOW + TRUST_AGE)
    with pytest.raises(Unauthenticated):
        world.caller(token)
    world.restart()
    with pytest.raises(Unauthenticated):
        world.caller(token)


def test_a_revocation_holds_until_the_last_token_has_expired_and_is_forgotten_then(world: World) -> None:
    client, _ = world.client()
    world.clients().revoke(world.asking(ACME), client.id)
    last = Millis(NOW + MAX_LIFETIME)
    assert denied(world) == {client.id: last + 30 * SECOND}
    other, _ = world.client()
    world.now = Millis(last + minutes(1))
    world.clients().revoke(world.asking(ACME), other.id)
    assert denied(world).keys() == {other.id}


def test_a_revocation_in_one_organization_changes_nothing_in_another(world: World) -> None:
    world.access.create_organization(Organization("other", "Other"))
    world.tokens.deny("acme", "t1", until=Millis(NOW + MINUTE), now=NOW)
    assert refused(world, signed(world))
    assert not refused(world, signed(world, org="other"))


def crash(*_: object, **__: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("kind", [ClientKind.SECRET, ClientKind.REFRESH])
def test_a_revocation_that_a_crash_cut_short_is_in_force_and_can_be_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: ClientKind
) -> None:
    client, secrets = world.client(kind)
    proof, requests = ClientSecret(client.id, secrets.secret), world.requests()

    def get() -> str:
        if kind is ClientKind.SECRET:
            return world.granted(proof).token
        return requests.refresh(proof, secrets.refresh_token, request_id="r", now=world.now).token

    def revoke() -> None:
        if kind is ClientKind.SECRET:
            world.clients().revoke(world.asking(ACME), client.id)
        else:
            assert requests.revoke_refresh_token(secrets.refresh_token, request_id="r", now=world.now)

    token = get()
    with monkeypatch.context() as crashing:
        crashing.setattr(world.tables["Tokens"], "delete", crash)
        with pytest.raises(ZeroDivisionError):
            revoke()
    world.restart()
    with pytest.raises(Unauthenticated):
        world.caller(token)
    revoke()
    with pytest.raises(GrantRefused):
        get()


def test_a_revocation_of_the_same_id_never_ends_the_one_before_it_early(world: World) -> None:
    for length in (2, 1, 3, 2):
        world.tokens.deny("acme", "t1", until=Millis(NOW + minutes(length)), now=NOW)
    assert denied(world) == {"t1": NOW + minutes(3)}


def test_of_two_revocations_at_a_time_both_are_in_force(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    table, end = world.tables["Access"], Millis(NOW + MINUTE)
    update = table.update
    others = ["t2"]

    def meanwhile(*given: Any, **named: Any) -> object:
        if others:
            world.tokens.deny("acme", others.pop(), until=end, now=NOW)
        return update(*given, **named)

    monkeypatch.setattr(table, "update", meanwhile)
    world.tokens.deny("acme", "t1", until=end, now=NOW)
    assert denied(world) == {"t1": end, "t2": end}


def test_a_revocation_that_others_keep_overtaking_is_unavailable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.tables["Access"], "update", lambda *_, **__: None)
    with pytest.raises(Unavailable):
        world.tokens.deny("acme", "t1", until=Millis(NOW + MINUTE), now=NOW)


def test_what_an_organization_has_revoked_is_bounded_until_the_oldest_has_expired(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MAX_DENIED", 2)
    first, second = Millis(NOW + MINUTE), Millis(NOW + minutes(2))
    world.tokens.deny("acme", "t1", until=first, now=NOW)
    world.tokens.deny("acme", "t2", until=second, now=NOW)
    with pytest.raises(RateLimited) as refused:
        world.tokens.deny("acme", "t3", until=second, now=NOW)
    assert refused.value.retry_at == first
    world.tokens.deny("acme", "t1", until=first, now=NOW)
    world.tokens.deny("other", "t3", until=second, now=NOW)
    world.tokens.deny("acme", "t3", until=second, now=first)
    assert denied(world) == {"t2": second, "t3": second}


# ---------------------------------------------------------------- keys


def kids(world: World) -> list[str]:
    return [jwk["kid"] for jwk in trust.jwks(world.signer.published(world.now))["keys"]]  # type: ignore[index]


def test_a_new_key_is_published_before_it_signs_and_the_old_one_while_its_tokens_count(world: World) -> None:
    (old,) = kids(world)
    before = signed(world, exp=to_seconds(NOW + MAX_LIFETIME))
    new = world.rotate()
    world.restart()
    assert (kids(world), world.signing().kid) == ([old, new], old)
    world.now = Millis(NOW + PUBLISHED_AHEAD - 1)
    world.restart()
    assert world.signing().kid == old
    last = signed(world, exp=to_seconds(world.now + MAX_LIFETIME))
    world.now = Millis(NOW + PUBLISHED_AHEAD)
    world.restart()
    assert world.signing().kid == new
    assert not refused(world, before)
    world.now = Millis(NOW + PUBLISHED_AHEAD - 1 + MAX_LIFETIME - SECOND)
    assert not refused(world, last)
    world.now = Millis(NOW + PUBLISHED_AHEAD + OVERLAP)
    world.restart()
    assert kids(world) == [new]


def test_a_key_that_was_rotated_away_verifies_nothing_any_more(world: World) -> None:
    key = world.signing()
    world.rotate()
    world.now = Millis(NOW + PUBLISHED_AHEAD + OVERLAP)
    assert refused(world, signed(world, key))


def test_a_process_that_remembers_a_key_stops_by_itself_when_the_key_ends(world: World) -> None:
    key = world.signing()
    world.rotate()
    end = NOW + PUBLISHED_AHEAD + OVERLAP
    world.now = Millis(end - SECOND)
    world.restart()
    world.caller(signed(world, key))
    world.now = Millis(end)
    with pytest.raises(Unauthenticated):
        world.caller(signed(world, key))


def test_keys_can_be_replaced_at_once(world: World) -> None:
    key = world.signing()
    old = signed(world, key)
    world.caller(old)
    new = world.rotate(at_once=True)
    world.now = Millis(NOW + TRUST_AGE - 1)
    world.caller(old)  # by a process that has not read the keys since
    world.now = Millis(NOW + TRUST_AGE)
    assert refused(world, old)
    world.restart()
    assert (kids(world), world.signing().kid) == ([new], new)


def test_rotating_twice_within_the_overlap_keeps_every_key_that_signed(world: World) -> None:
    first = world.signing().kid
    second = world.rotate()
    world.now = Millis(NOW + minutes(3))
    third = world.rotate()
    world.restart()
    assert kids(world) == [first, second, third]
    ends = {key.kid: key.verifies_until for key in world.tokens.signing_keys()}
    assert ends == {
        first: NOW + PUBLISHED_AHEAD + OVERLAP,
        second: NOW + minutes(3) + PUBLISHED_AHEAD + OVERLAP,
        third: None,
    }


def test_the_signing_key_is_unsealed_once_per_process(world: World) -> None:
    for wait in (0, 30, 61, 300):
        world.now = Millis(NOW + seconds(wait))
        world.signing()
    assert world.vault.unsealed == 1


def test_only_the_table_of_tokens_has_the_sealed_keys(world: World) -> None:
    assert "sealed" in str(world.tables["Tokens"].get({"partition": "#deployment", "sort": "keys"}))
    published = str(world.tables["Access"].get({"partition": "#deployment", "sort": "keys"}))
    assert "sealed" not in published
    assert '\\"d\\"' not in published


def test_two_rotations_at_a_time_are_one_and_a_conflict(world: World) -> None:
    before = world.tokens.signing_keys()
    world.rotate()
    assert not world.tokens.set_signing_keys([], before=before)


def test_a_rotation_is_in_the_log_of_every_organization(world: World) -> None:
    world.access.create_organization(Organization("other", "Other"))
    world.log.entries.clear()
    kid = world.rotate()
    assert {organization for organization, _ in world.log.entries} == {"acme", "other"}
    assert {entry.target for _, entry in world.log.entries} == {kid}


def test_the_audience_is_not_the_issuer() -> None:
    assert access_token.audience(ISSUER) == "urn:reprieve:test:stack:api"
