"""Access tokens of outside issuers: whose they are, what they may do, and everything that is refused."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk, jwt

from reprieve.access import jose, key_sets, outside_token
from reprieve.access.caller import Caller
from reprieve.access.issuer import Grant, Issuer
from reprieve.access.issuers import Issuers
from reprieve.clock import HOUR, MINUTE, Millis, minutes, to_seconds
from reprieve.errors import Conflict, InvalidInput, NotFound, Unauthenticated, Unavailable
from reprieve.organization import Organization
from reprieve.role import Role
from reprieve.store.issuers import Issuers as Store
from tests.support.oauth import ACME, ISSUER, NOW, World, pair_for

if TYPE_CHECKING:
    from reprieve.access.jose import Key

URL = "https://acme.okta.com/oauth2/default"
JWKS = "https://acme.okta.com/oauth2/default/v1/keys"
AUDIENCE = "api://reprieve"
PEM = "-----BEGIN CERTIFICATE-----"
DESK = frozenset({"okta.orgs.manage", "reprieve.addresses.read"})
READ = frozenset({"okta.logs.read"})
GRANTS = (Grant("Help desk", Role.HELP_DESK, DESK), Grant("Everyone", Role.VIEWER, READ))


@pytest.fixture(scope="module")
def key() -> Key:
    return pair_for("RS256")


@pytest.fixture
def world(key: Key) -> World:
    world = World()
    world.rotate()
    world.outside[JWKS] = published(key)
    trust(world)
    world.calls.clear()
    return world


def published(*keys: Key) -> dict[str, Any]:
    return {"keys": [jose.public_jwk(key) for key in keys]}


def verbs(world: World) -> Issuers:
    return Issuers(Store(world.tables["Access"]), world.log, lambda _: None)


def trust(world: World, organization: Organization = ACME, **changes: Any) -> Issuer:
    said = {"url": URL, "audience": AUDIENCE, "jwks_url": JWKS, "claim": "groups", "grants": GRANTS, **changes}
    return verbs(world).trust(world.asking(organization), **said)


def signed(world: World, key: Key, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """An access token as Okta's custom authorization servers write it; a claim that is None is left out."""
    said = {
        "iss": URL,
        "aud": AUDIENCE,
        "sub": "ann@acme.example",
        "cid": "0oa1",
        "scp": ["openid"],
        "groups": ["Everyone"],
        "iat": to_seconds(world.now),
        "exp": to_seconds(world.now) + 300,
        **changes,
    }
    alg = "RS256" if isinstance(key, jwk.RSAKey) else "ES256"
    whole = {"alg": alg, "kid": key.kid, **(header or {})}
    whole = {name: value for name, value in whole.items() if value is not None}
    claims = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(whole, claims, key, algorithms=[whole["alg"]], default_type=None)


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def refused(world: World, token: str) -> bool:
    try:
        world.caller(token)
    except Unauthenticated:
        return True
    return False


# ---------------------------------------------------------------- what one may do


def test_a_token_is_the_organizations_that_trusts_its_issuer_with_what_its_group_was_granted(
    world: World, key: Key
) -> None:
    caller = world.caller(signed(world, key, groups=["Other", "Help desk"]))
    end = Millis(to_seconds(NOW) * 1000 + 300_000)
    assert caller == Caller(
        ACME, caller.credential_id, DESK, end, by_access_token=True, role=Role.HELP_DESK, name="ann@acme.example"
    )
    (issuer,) = verbs(world).of(ACME)
    assert caller.credential_id.startswith(f"{issuer.id}.")
    assert "ann" not in caller.credential_id


def test_the_first_grant_whose_value_the_token_has_counts_and_no_other(world: World, key: Key) -> None:
    caller = world.caller(signed(world, key, groups=["Everyone", "Help desk"]))
    assert (caller.role, caller.scopes) == (Role.HELP_DESK, DESK)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("scp", "desk other"),
        ("scope", "other desk"),
        ("scp", ["other", "desk"]),
        ("roles", ["desk"]),
        ("cognito:groups", ["desk"]),
        ("department", "desk"),
    ],
)
def test_groups_roles_and_scopes_are_read_in_each_vendors_form(world: World, key: Key, claim: str, value: Any) -> None:
    grants = (Grant("desk", Role.HELP_DESK, DESK),)
    trust(world, audience="api://other", claim=claim, grants=grants)
    caller = world.caller(signed(world, key, aud="api://other", **{"scp": None, claim: value}))
    assert caller.role is Role.HELP_DESK


def test_a_name_of_several_words_is_one_value(world: World, key: Key) -> None:
    assert world.caller(signed(world, key, groups="Help desk")).role is Role.HELP_DESK


def test_cognitos_access_tokens_are_for_their_client(world: World, key: Key) -> None:
    trust(world, audience="client-1", claim="cognito:groups", grants=(Grant("desk", Role.HELP_DESK, DESK),))
    said = {"aud": None, "client_id": "client-1", "token_use": "access", "cognito:groups": ["desk"]}
    assert world.caller(signed(world, key, **said)).role is Role.HELP_DESK
    assert refused(world, signed(world, key, **{**said, "token_use": "id"}))


def test_the_same_person_is_the_same_caller_in_each_token(world: World, key: Key) -> None:
    callers = [
        world.caller(signed(world, key, iat=to_seconds(NOW) - number, sub=sub)) for number, sub in enumerate("aab")
    ]
    first, second, other = (caller.credential_id for caller in callers)
    assert first == second != other


# ---------------------------------------------------------------- what is refused

WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "a slash more": {"iss": URL + "/"},
    "our own name as issuer": {"iss": ISSUER},
    "no issuer": {"iss": None},
    "issuers in a list": {"iss": [URL]},
    "another audience": {"aud": "api://other"},
    "no audience": {"aud": None},
    "the client as audience, as in an ID token": {"aud": "0oa1"},
    "expired now": {"exp": to_seconds(NOW)},
    "no end": {"exp": None},
    "not valid yet": {"nbf": to_seconds(NOW) + 31},
    "issued in the future": {"iat": to_seconds(NOW) + 31},
    "no group": {"groups": None},
    "no group with a grant": {"groups": ["everyone", "Help desk "]},
    "groups that are no text": {"groups": [1, {"Everyone": True}]},
    "a nonce, as in an ID token": {"nonce": "n"},
    "a hash of another token, as in an ID token": {"at_hash": "h"},
    "Cognito's word for an ID token": {"token_use": "id"},
    "no subject": {"sub": None},
    "a subject that is no text": {"sub": 5},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_token_with_one_wrong_claim_is_refused(world: World, key: Key, changes: dict[str, Any]) -> None:
    assert not refused(world, signed(world, key))
    assert refused(world, signed(world, key, **changes))


@pytest.mark.parametrize("kind", ["id_token", "dpop+jwt", "client-authentication+jwt", "at+jwt+x", ""])
def test_a_token_of_another_type_is_refused(world: World, key: Key, kind: object) -> None:
    assert refused(world, signed(world, key, header={"typ": kind}))


@pytest.mark.parametrize("kind", [None, "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"])
def test_a_token_of_a_type_that_vendors_give_access_tokens_is_taken(world: World, key: Key, kind: str | None) -> None:
    assert not refused(world, signed(world, key, header={"typ": kind}))


@pytest.mark.parametrize("algorithm", ["none", "None", "", None, ["RS256"]])
@pytest.mark.parametrize("signature", ["", "AA"])
def test_a_token_without_a_signature_is_refused(world: World, key: Key, algorithm: object, signature: str) -> None:
    _, claims, _ = signed(world, key).split(".")
    assert refused(world, f"{encoded({'alg': algorithm, 'kid': key.kid})}.{claims}.{signature}")


def test_an_hmac_with_the_public_key_as_its_secret_is_refused(world: World, key: Key) -> None:
    claims = signed(world, key).split(".")[1]
    for secret in (key.as_pem(private=False), json.dumps(jose.public_jwk(key)).encode()):
        signing_input = f"{encoded({'alg': 'HS256', 'kid': key.kid})}.{claims}".encode()
        signature = base64.urlsafe_b64encode(hmac.digest(secret, signing_input, "sha256")).rstrip(b"=")
        assert refused(world, (signing_input + b"." + signature).decode())


def claims_in(token: str) -> dict[str, Any]:
    return jose.unverified_claims(token)


def test_a_token_of_another_key_is_refused_also_under_the_name_of_the_issuers(world: World, key: Key) -> None:
    for other in (pair_for("RS256"), pair_for("ES256")):
        assert refused(world, signed(world, other))
        assert refused(world, signed(world, other, header={"kid": key.kid}))
        assert refused(world, signed(world, other, header={"kid": None}))


def test_the_deployments_own_key_signs_nothing_of_an_issuer_and_the_issuers_nothing_of_the_deployment(
    world: World, key: Key
) -> None:
    assert refused(world, signed(world, world.signing()))
    own = claims_in(world.token().token)
    assert refused(world, signed(world, key, header={"typ": "at+jwt"}, **own))


def test_a_token_cannot_bring_its_own_key(world: World) -> None:
    other = pair_for("RS256")
    for name, value in (("jwk", jose.public_jwk(other)), ("jku", "https://evil.example/keys")):
        assert refused(world, signed(world, other, header={name: value}))
    assert set(world.fetched) == {JWKS}


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: "eyJ" + raw.hex()))
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(Unauthenticated):
        World().trust.verify(text, NOW)


# ---------------------------------------------------------------- tenants


def test_each_organization_has_its_own_tokens_of_one_issuer_by_their_audience(world: World, key: Key) -> None:
    other = Organization("other", "Other")
    world.access.create_organization(other)
    trust(world, other, audience="api://other")
    assert world.caller(signed(world, key)).organization.id == "acme"
    assert world.caller(signed(world, key, aud=["api://other"])).organization.id == "other"
    # a token names its organization by nothing else
    assert world.caller(signed(world, key, org="other")).organization.id == "acme"


def test_a_pair_of_issuer_and_audience_is_trusted_by_one_organization_alone(world: World) -> None:
    other = Organization("other", "Other")
    world.access.create_organization(other)
    for organization in (other, ACME):
        with pytest.raises(Conflict):
            trust(world, organization, jwks_url="https://evil.example/keys")
    (issuer,) = verbs(world).of(ACME)
    assert (issuer.jwks_url, verbs(world).of(other)) == (JWKS, [])
    with pytest.raises(NotFound):
        verbs(world).distrust(world.asking(other), issuer.id)
    assert verbs(world).of(ACME) == [issuer]


# ---------------------------------------------------------------- what it costs, and when it ends


def reads(world: World, token: str) -> list[str]:
    world.calls.clear()
    world.caller(token)
    return list(world.calls)


def test_the_issuer_is_read_once_a_minute_and_its_keys_once_a_quarter_of_an_hour(world: World, key: Key) -> None:
    token = signed(world, key, exp=to_seconds(NOW) + 7200)
    costs = {}
    for wait in (0, 1, MINUTE - 1, MINUTE, MINUTE + 1):
        world.now = Millis(NOW + wait)
        costs[wait] = len(reads(world, token))
    # the organization each time; the issuer, and with the organization what has been revoked, once a minute
    assert costs == {0: 2, 1: 1, MINUTE - 1: 1, MINUTE: 2, MINUTE + 1: 1}
    assert world.fetched == [JWKS]
    world.now = Millis(NOW + minutes(15))
    world.caller(token)
    assert world.fetched == [JWKS, JWKS]


def test_an_issuer_that_is_not_trusted_costs_one_read_a_minute(world: World, key: Key) -> None:
    token = signed(world, key, iss="https://evil.example")
    for _ in range(3):
        assert refused(world, token)
    assert world.calls == ["BatchGetItem"]
    assert world.fetched == []


def test_a_token_costs_at_most_five_reads_of_issuers_whatever_audiences_it_names(world: World, key: Key) -> None:
    assert refused(world, signed(world, key, aud=[*(f"api://{number}" for number in range(5)), AUDIENCE]))
    assert world.calls == ["BatchGetItem"] * 5
    assert refused(world, signed(world, key, aud=["x" * 2_049]))
    assert world.calls == ["BatchGetItem"] * 5


def test_what_was_read_later_than_now_by_the_clock_is_read_again(world: World, key: Key) -> None:
    """A clock that was put back would otherwise keep the keys for as long as it was ahead."""
    token = signed(world, key)
    world.caller(token)
    world.outside[JWKS] = published(pair_for("ES256"))
    world.now = Millis(NOW - 1)
    assert refused(world, token)
    assert world.fetched == [JWKS, JWKS]


def test_keys_are_read_for_each_organization_and_authority_by_itself(world: World, key: Key) -> None:
    other, new = Organization("other", "Other"), pair_for("ES256")
    world.access.create_organization(other)
    trust(world, other, audience="api://other")
    trust(world, audience="api://private", private_ca=PEM)
    world.caller(signed(world, key))
    world.outside[JWKS] = published(new)
    # acme's token with a key that is not known yet does not wait for a minute in the name of others
    assert refused(world, signed(world, new))
    for audience in ("api://other", "api://private"):
        assert not refused(world, signed(world, new, aud=audience))
    assert world.fetched == [JWKS] * 3


def test_what_is_remembered_of_issuers_is_bounded(world: World, key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside_token, "MAX_REMEMBERED", 2)
    for number in range(9):
        assert refused(world, signed(world, key, iss=f"https://{number}.example"))
        assert len(world.trust._outside._looked) <= 2
    monkeypatch.setattr(key_sets, "MAX_ISSUERS", 1)
    trust(world, audience="api://two", jwks_url=JWKS + "?two")
    world.outside[JWKS + "?two"] = published(key)
    for audience in (AUDIENCE, "api://two", AUDIENCE):
        world.caller(signed(world, key, aud=audience))
    assert world.fetched == [JWKS, JWKS + "?two", JWKS]


def test_an_issuer_that_is_trusted_no_more_is_refused_within_a_minute(world: World, key: Key) -> None:
    token = signed(world, key)
    world.caller(token)
    (issuer,) = verbs(world).of(ACME)
    verbs(world).distrust(world.asking(ACME), issuer.id)
    world.now = Millis(NOW + MINUTE)
    assert refused(world, token)
    assert world.log.types()[-2:] == ["system.idp.lifecycle.create", "system.idp.lifecycle.delete"]
    with pytest.raises(NotFound):
        verbs(world).distrust(world.asking(ACME), issuer.id)


def test_a_new_key_of_the_issuer_is_taken_and_one_that_was_rotated_away_refused(world: World, key: Key) -> None:
    world.caller(signed(world, key))
    new = pair_for("ES256")
    world.outside[JWKS] = published(new)
    # a name that is not known is a reason to read the keys again, once a minute
    assert refused(world, signed(world, new))
    world.now = Millis(NOW + MINUTE)
    assert not refused(world, signed(world, new))
    assert refused(world, signed(world, key))


def test_names_that_tokens_make_up_do_not_make_the_issuer_asked_more_than_once_a_minute(world: World, key: Key) -> None:
    world.caller(signed(world, key))
    for second in range(59):
        world.now = Millis(NOW + second * 1000)
        assert refused(world, signed(world, key, header={"kid": f"k{second}"}))
    assert world.fetched == [JWKS]


def test_keys_count_for_an_hour_when_the_issuer_does_not_answer_and_it_is_not_asked_each_time(
    world: World, key: Key
) -> None:
    token = signed(world, key, exp=to_seconds(NOW) + 7200)
    world.caller(token)
    del world.outside[JWKS]
    for wait in range(minutes(15), HOUR, minutes(5)):
        world.now = Millis(NOW + wait)
        for _ in range(3):
            world.caller(token)
    assert len(world.fetched) == 10
    world.now = Millis(NOW + HOUR)
    with pytest.raises(Unavailable):
        world.caller(token)


@pytest.mark.parametrize("document", [None, [], {}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AA"}]}, "x"])
def test_an_issuer_without_usable_keys_makes_a_token_unavailable_and_not_bad(
    world: World, key: Key, document: object
) -> None:
    world.outside[JWKS] = document
    for _ in range(3):
        with pytest.raises(Unavailable):
            world.caller(signed(world, key))
    assert world.fetched == [JWKS]


# ---------------------------------------------------------------- what can be trusted


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *(
            ({"url": url}, "issuer")
            for url in ("", "http://a.example", "a.example", "https://", "https://u:p@a.example")
        ),
        *(
            ({"jwks_url": url}, "jwks_url")
            for url in ("file:///etc/passwd", "https://a.example:0", "https://a\\b.example")
        ),
        *(({"jwks_url": url}, "jwks_url") for url in ("https://a.example/ x", "https://a.example/#f", "https://[a/")),
        ({"audience": ""}, "audience"),
        ({"audience": "a\n"}, "audience"),
        ({"claim": ""}, "claim"),
        ({"grants": ()}, "grants"),
        ({"grants": GRANTS * 2}, "grants"),
        ({"grants": tuple(Grant(str(number), Role.VIEWER, READ) for number in range(101))}, "grants"),
        ({"grants": (replace(GRANTS[0], value=""),)}, "grant"),
        ({"private_ca": "junk"}, "private_ca"),
        ({"private_ca": PEM + "x" * 16_384}, "private_ca"),
    ],
)
def test_what_cannot_be_an_issuer_is_refused_by_name_and_nothing_is_stored(
    world: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        trust(world, **{"audience": "api://new", **changes})
    assert caught.value.field == field
    assert len(verbs(world).of(ACME)) == 1


def test_what_is_stored_is_what_was_given(world: World) -> None:
    (issuer,) = verbs(world).of(ACME)
    assert issuer == Issuer("acme", URL, AUDIENCE, JWKS, "groups", GRANTS, NOW)
