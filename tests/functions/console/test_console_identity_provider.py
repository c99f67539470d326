"""Signing in at the organization's identity provider: who is let in, as whom, for how long, and everything refused."""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc import jwt

from reprieve.access import attempt, jose
from reprieve.access.credential import digest_of
from reprieve.access.issuer import Grant
from reprieve.access.session import SESSION
from reprieve.access.sessions import ATTEMPTS
from reprieve.clock import MINUTE, SECOND, Millis
from reprieve.dialects.console.dialect import DIALECT
from reprieve.organization import Membership, Organization
from reprieve.role import Role
from reprieve.runtime import wiring
from tests.support.console import Browser, logged, text_of, token
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.identity_provider import CLIENT, GRANTS, SECRET, URL, WANTED, Provider, encoded, own_key
from tests.support.oauth import Vault, pair_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import StringIO

    from reprieve.access.jose import Key
    from reprieve.access.sign_in_settings import Wanted
    from tests.support.dynamodb import Client
    from tests.support.gateway import Answer, Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
OTHER = Organization("other", "Other", Membership.RECIPIENTS)
AGAIN = "This sign-in was used already, took too long, or was begun in another browser. Begin again."
BROKEN = "What your organization's identity provider answered cannot be accepted. Ask your administrator."
NO_SIGN_IN = "No organization of this name signs in here with its own accounts. Check the name, or paste an API token."
NO_GROUP = (
    "Your organization knows you, but none of your groups may use this console. Ask your administrator for access."
)
ENDED = "Your session has ended. Sign in again to go on."


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    vault = Vault()
    monkeypatch.setattr(wiring, "vault", lambda: vault)
    return vault


@pytest.fixture
def provider(clock: Clock, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """An identity provider, which is where people of DEMO sign in."""
    provider = Provider(lambda: Millis(clock.now))
    monkeypatch.setattr(wiring, "identity_providers", lambda _port=None: provider)
    given(clock)
    return provider


def given(clock: Clock, wanted: Wanted = WANTED, organization: Organization = DEMO) -> None:
    wiring.sign_in_settings(lambda _: None).set(context(organization, now=clock.now), wanted)


def sent_to(browser: Browser) -> str:
    """Where the last page leads the browser, by itself and by its link."""
    (url,) = re.findall(r'<meta http-equiv="refresh" content="0; url=([^"]*)">', browser.page)
    assert f'href="{url}"' in browser.page
    return unescape(url)


def begin(browser: Browser, organization: str = "demo", **fields: str) -> str:
    answer = browser.post("/oidc", organization=organization, **fields)
    assert answer.status == 200, text_of(browser.page)
    return sent_to(browser)


def come_back(browser: Browser, query: dict[str, str]) -> Answer:
    """Led there by the identity provider's page: another site."""
    own, browser.headers = browser.headers, {"sec-fetch-site": "cross-site"}
    try:
        return browser.get("/oidc", query=query)
    finally:
        browser.headers = own


def signed_in(call: Gateway, provider: Provider, person: str = "ann") -> Browser:
    browser = Browser(call)
    assert come_back(browser, provider.authorize(begin(browser), person)).status == 303
    return browser


def refused(browser: Browser, answer: Answer, says: str, status: int = 401) -> None:
    """Nothing was opened, and the page says why."""
    assert (answer.status, says in text_of(browser.page), browser.cookie) == (status, True, "")


# ---------------------------------------------------------------- who is let in


def test_a_person_signs_in_at_the_organizations_identity_provider_in_the_role_of_their_group(
    call: Gateway, calls: Calls, clock: Clock, provider: Provider, dynamodb: Client
) -> None:
    browser = Browser(call)
    answer = browser.post("/oidc", organization=" Demo ", page="/removals/r-1")
    (cookie,) = answer.headers["set-cookie"]
    assert re.fullmatch(
        r"__Host-sign-in=demo\.[A-Za-z0-9_-]{43}/removals/r-1; "
        r"Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600",
        cookie,
    )
    assert (calls, calls.verifying, calls.leasing) == ({"UpdateItem": 1}, 1, 1)
    assert "Go on to acme.okta.example" in text_of(browser.page)
    url = urlsplit(sent_to(browser))
    asked = {name: value for name, (value,) in parse_qs(url.query).items()}
    held = attempt.attempt_in(browser.held)
    assert held
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": "https://reprieve.example.com/console/oidc",
        "scope": "openid profile email",
        "state": held.state,
        "nonce": held.nonce,
        "code_challenge": held.challenge,
        "code_challenge_method": "S256",
    }
    answer = come_back(browser, provider.authorize(sent_to(browser), "ann"))
    assert (answer.status, answer.headers["location"]) == (303, ["/console/removals/r-1"])
    assert [re.sub(r"demo\.[A-Za-z0-9_-]{43}", "ID", one) for one in answer.headers["set-cookie"]] == [
        "__Host-session=ID; Path=/; Secure; HttpOnly; SameSite=Lax",
        "__Host-sign-in=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
    ]
    # the attempt is used up, and the session opened; the organization and its sign-in are read together
    assert (calls, calls.verifying, calls.leasing) == ({"UpdateItem": 2, "BatchExecuteStatement": 1}, 1, 1)
    (form,) = provider.redeemed
    assert form == {
        "grant_type": "authorization_code",
        "code": "code-0",
        "redirect_uri": "https://reprieve.example.com/console/oidc",
        "code_verifier": held.verifier,
    }
    answer = browser.get("/")
    assert (answer.status, calls, calls.verifying) == (200, {"GetItem": 1}, 1)
    assert "<b>Demo</b> <span>Ann Lee, help desk</span>" in browser.page
    assert browser.post("/address", email="a@x.io").status == 200
    written = str(dynamodb.scan(TableName="Access"))
    for secret in (browser.cookie, held.text, held.verifier, "code-0"):
        assert secret not in written
    stored = wiring.table("ACCESS").get({"partition": "demo", "sort": f"session#{digest_of(browser.cookie)}"})
    assert stored
    assert stored["session_ends"] == clock.now + SESSION


def test_the_first_grant_that_a_person_has_decides_and_one_without_scopes_is_for_every_page(
    call: Gateway, provider: Provider
) -> None:
    browser = signed_in(call, provider, "bob")
    browser.get("/")
    assert "<span>bob, admin</span>" in browser.page
    session = wiring.sessions().caller(browser.cookie, now=provider.now())
    assert (session.role, session.scopes) == (Role.ADMIN, DIALECT.scopes)


def test_a_grant_with_scopes_is_for_their_pages_alone(call: Gateway, clock: Clock, provider: Provider) -> None:
    few = Grant("Help desk", Role.ADMIN, frozenset({"reprieve.removals.read"}))
    given(clock, replace(WANTED, grants=(few,)))
    browser = signed_in(call, provider)
    assert (browser.get("/removals").status, browser.get("/lists").status) == (200, 403)
    # a person has no token to look at
    assert (
        "You cannot do this: your access does not include it. Ask your administrator for the scope "
        "reprieve.suppressions.read."
    ) in text_of(browser.page)


def test_the_actor_of_whatever_a_person_does_is_the_person(call: Gateway, provider: Provider) -> None:
    browser = signed_in(call, provider)
    browser.get("/")
    browser.post("/sign-out")
    found = logged("user.session.start") + logged("user.session.end")
    actor = {
        "id": "00u1",
        "type": "User",
        "alternateId": "ann@acme.example",
        "displayName": "Ann Lee",
        "detailEntry": None,
    }
    assert [one["actor"] for one in found] == [actor, actor]
    # no token of ours was used
    assert [one["transaction"]["detail"] for one in found] == [{}, {}]
    assert {one["transaction"]["type"] for one in found} == {"WEB"}
    assert browser.get("/").status == 401


def test_a_person_creates_a_token_of_their_own_scopes_and_revokes_any(call: Gateway, provider: Provider) -> None:
    browser = signed_in(call, provider, "bob")
    browser.get("/people")
    assert browser.post("/people", name="Sync", role="admin", purpose="console").status == 200
    made = next(one for one in wiring.access().credentials("demo") if one.name == "Sync")
    assert (made.role, made.scopes, made.expires_at) == (Role.ADMIN, DIALECT.scopes, None)
    # a credential whose id is the name that the person has at their identity provider is not what they are signed in by
    wiring.access().add_credential(replace(made, id="00u2", digest="0" * 64))
    for identifier in (made.id, "00u2"):
        assert browser.post("/people/{id}/revoke", path={"id": identifier}).status == 200
    for event_type, changed in (("create", {made.id}), ("revoke", {made.id, "00u2"})):
        entries = logged(f"system.api_token.{event_type}")
        assert {one["target"][0]["id"] for one in entries} == changed
        assert {(one["actor"]["id"], one["actor"]["alternateId"]) for one in entries} == {("00u2", "bob")}


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


# ---------------------------------------------------------------- how long


def test_a_session_of_a_person_lasts_ten_hours_whatever_the_token_says(
    call: Gateway, clock: Clock, provider: Provider
) -> None:
    browser = signed_in(call, provider)
    clock.now += SESSION - 1
    assert browser.get("/").status == 200
    clock.now += 1
    assert (browser.get("/").status, ENDED in text_of(browser.page)) == (401, True)


@pytest.mark.parametrize(
    "change",
    [
        {"grants": GRANTS[:1]},
        {"client_id": "another"},
        {"issuer": f"{URL}2", "endpoints": {"authorization_url": URL, "token_url": URL, "jwks_url": URL}},
        None,
    ],
    ids=["group", "client", "issuer", "removed"],
)
def test_a_session_ends_at_the_next_request_when_what_it_rests_on_is_taken_away(
    call: Gateway, clock: Clock, provider: Provider, change: dict[str, Any] | None
) -> None:
    browser = signed_in(call, provider)
    assert browser.get("/").status == 200
    if change is None:
        wiring.sign_in_settings(lambda _: None).remove(context(DEMO, now=clock.now))
    else:
        given(clock, replace(WANTED, **change))
    assert (browser.get("/").status, ENDED in text_of(browser.page)) == (401, True)


def test_another_role_of_the_group_counts_at_once_and_another_secret_ends_nothing(
    call: Gateway, clock: Clock, provider: Provider
) -> None:
    browser = signed_in(call, provider)
    grants = (Grant("Help desk", Role.VIEWER, frozenset()),)
    given(clock, replace(WANTED, grants=grants, secret="another"))
    browser.get("/")
    assert "<span>Ann Lee, viewer</span>" in browser.page
    assert browser.post("/lifts/dry-run", email="a@x.io", list="bounces").status == 403


def test_a_session_of_a_person_is_of_its_organization_alone(call: Gateway, clock: Clock, provider: Provider) -> None:
    wiring.access().create_organization(OTHER)
    given(clock, WANTED, OTHER)
    browser = signed_in(call, provider)
    browser.cookie = browser.cookie.replace("demo.", "other.")
    assert browser.get("/").status == 401


# ---------------------------------------------------------------- what the browser brings back


def test_an_answer_counts_once(call: Gateway, provider: Provider) -> None:
    browser = Browser(call)
    back, held = provider.authorize(begin(browser), "ann"), browser.held
    assert come_back(browser, back).status == 303
    again = Browser(call, held=held)
    refused(again, come_back(again, back), AGAIN)
    assert len(provider.redeemed) == 1


def test_an_answer_counts_in_the_browser_alone_that_began(call: Gateway, calls: Calls, provider: Provider) -> None:
    victim, attacker = Browser(call), Browser(call)
    begin(victim)
    back = provider.authorize(begin(attacker), "bob")
    for browser in (victim, Browser(call)):
        refused(browser, come_back(browser, back), AGAIN)
        # nothing is read or written for it but the count of attempts
        assert (calls, calls.verifying, calls.leasing) == ({}, 0, 1)
    assert provider.redeemed == []


@pytest.mark.parametrize(
    "held", ["", "x", "demo.x/", f"Demo.{'A' * 43}/", f"demo.{'A' * 43}", f"demo.{'A' * 43}/a/../b"]
)
def test_what_no_browser_was_given_is_no_attempt(call: Gateway, calls: Calls, provider: Provider, held: str) -> None:
    browser = Browser(call, held=held)
    refused(browser, come_back(browser, {"code": "c", "state": "s"}), AGAIN)
    assert calls == {}


def test_an_attempt_that_was_never_begun_is_refused_before_the_issuer_is_asked(
    call: Gateway, provider: Provider
) -> None:
    made = attempt.new_attempt("demo", "/")
    browser = Browser(call, held=made.text)
    refused(browser, come_back(browser, {"code": "c", "state": made.state}), AGAIN)
    assert (provider.redeemed, provider.read[1:]) == ([], [])


def test_an_attempt_of_another_organization_is_no_attempt_here(call: Gateway, clock: Clock, provider: Provider) -> None:
    wiring.access().create_organization(OTHER)
    given(clock, WANTED, OTHER)
    browser = Browser(call)
    back = provider.authorize(begin(browser, "other"), "ann")
    browser.held = browser.held.replace("other.", "demo.")
    # its state follows from what the browser holds, and so does the record's place
    refused(browser, come_back(browser, back), AGAIN)
    moved = attempt.attempt_in(browser.held)
    assert moved
    refused(browser, come_back(browser, {**back, "state": moved.state}), AGAIN)
    assert provider.redeemed == []


def test_an_attempt_lasts_ten_minutes(call: Gateway, clock: Clock, provider: Provider) -> None:
    late, just = Browser(call), Browser(call)
    answers = [provider.authorize(begin(browser), "ann") for browser in (late, just)]
    clock.now += attempt.ATTEMPT - 1
    assert come_back(just, answers[1]).status == 303
    clock.now += 1
    refused(late, come_back(late, answers[0]), AGAIN)


def test_a_path_is_kept_only_if_it_is_one_of_the_console(call: Gateway, provider: Provider) -> None:
    for path in (
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/a/../../okta",
        "/a?b",
        "x",
        "/" + "a" * 200,
    ):
        browser = Browser(call)
        back = provider.authorize(begin(browser, page=path), "ann")
        assert come_back(browser, back).headers["location"] == ["/console/"]


def test_a_link_that_needs_a_session_is_opened_after_the_sign_in(call: Gateway, provider: Provider) -> None:
    browser = Browser(call)
    assert browser.get("/removals/{id}", id="r-1.2").status == 401
    assert browser.page.count('name="page" value="/removals/r-1.2"') == 2
    assert browser.post("/sign-in", token=token(), page="/removals/r-1.2").headers["location"] == [
        "/console/removals/r-1.2"
    ]
    browser.get("/sign-in")
    assert browser.page.count('name="page" value="/"') == 2


def test_a_link_fills_the_organization_in_and_reads_nothing(call: Gateway, calls: Calls) -> None:
    browser = Browser(call)
    answer = browser.get("/sign-in/{organization}", organization='acme"><script>')
    assert (answer.status, calls) == (200, {})
    assert 'value="acme&#34;&gt;&lt;script&gt;"' in browser.page


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("access_denied", "did not let you in (access_denied)."),
        ("<b>x</b>", "did not let you in (an error without a code)."),
    ],
)
def test_an_error_of_the_issuer_is_a_page_and_uses_the_attempt_up(
    call: Gateway, provider: Provider, log: StringIO, error: str, says: str
) -> None:
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    said = {"state": back["state"], "error": error, "error_description": "secret words"}
    refused(browser, come_back(browser, said), says)
    assert "secret words" not in browser.page + log.getvalue()
    refused(browser, come_back(browser, back), AGAIN)
    assert provider.redeemed == []


@pytest.mark.parametrize("code", ["", "x" * 4_097])
def test_an_answer_without_a_usable_code_is_refused(call: Gateway, provider: Provider, code: str) -> None:
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    refused(browser, come_back(browser, {**back, "code": code}), BROKEN)
    assert provider.redeemed == []


def test_an_answer_that_names_another_issuer_is_refused(call: Gateway, provider: Provider) -> None:
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    refused(browser, come_back(browser, {**back, "iss": "https://evil.example"}), BROKEN)
    assert provider.redeemed == []
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    assert come_back(browser, {**back, "iss": URL}).status == 303


# ---------------------------------------------------------------- what the issuer says


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


def test_a_person_without_a_group_that_counts_is_not_let_in(call: Gateway, provider: Provider) -> None:
    for person, claims in (
        ("eve", {}),
        ("ann", {"groups": None}),
        ("ann", {"groups": "Help desk too"}),
        ("ann", {"groups": [1]}),
    ):
        provider.changes = claims
        browser = Browser(call)
        refused(browser, come_back(browser, provider.authorize(begin(browser), person)), NO_GROUP)


def test_a_claim_that_is_one_text_is_one_value(call: Gateway, provider: Provider) -> None:
    provider.changes = {"groups": "Help desk"}
    signed_in(call, provider)


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


# ---------------------------------------------------------------- how a token is signed


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


# ---------------------------------------------------------------- beginning


@pytest.mark.parametrize("organization", ["other", "nobody", "demo2"])
def test_an_organization_that_is_not_there_and_one_without_a_sign_in_look_the_same(
    call: Gateway, provider: Provider, organization: str
) -> None:
    wiring.access().create_organization(OTHER)
    browser = Browser(call)
    refused(browser, browser.post("/oidc", organization=organization), NO_SIGN_IN)
    assert browser.held == ""


@pytest.mark.parametrize("organization", ["", "#issuers", "a", "\u00e4cme", "a" * 101])
def test_a_name_that_no_organization_can_have_is_refused_without_a_read(
    call: Gateway, calls: Calls, provider: Provider, organization: str
) -> None:
    browser = Browser(call)
    answer = browser.post("/oidc", organization=organization)
    assert (answer.status, calls, calls.verifying) == (400, {}, 0)
    assert 'name="organization"' in browser.page


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {}])
def test_another_site_begins_nothing(call: Gateway, provider: Provider, headers: dict[str, str]) -> None:
    browser = Browser(call, headers=headers)
    assert (browser.post("/oidc", organization="demo").status, browser.held) == (403, "")


def test_attempts_are_few_per_minute_from_one_address_to_begin_and_to_come_back(
    call: Gateway, calls: Calls, clock: Clock, provider: Provider
) -> None:
    browser = Browser(call)
    backs = [provider.authorize(begin(browser), "ann") for _ in range(ATTEMPTS)]
    assert browser.post("/oidc", organization="demo").status == 429
    assert (calls, calls.leasing) == ({}, 1)
    for _ in range(ATTEMPTS - 1):
        assert come_back(browser, {"state": "x", "code": "c"}).status == 401
    assert come_back(browser, backs[-1]).status == 303
    assert come_back(browser, backs[-1]).status == 429
    clock.now += MINUTE
    begin(browser)


def test_nothing_of_a_sign_in_is_in_the_function_log_or_the_system_log(
    call: Gateway, provider: Provider, log: StringIO
) -> None:
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    held = attempt.attempt_in(browser.held)
    assert held
    come_back(browser, back)
    browser.get("/")
    written = log.getvalue() + str(logged())
    for secret in (held.text, held.state, held.nonce, held.verifier, back["code"], SECRET, browser.cookie):
        assert secret not in written
    # the subject can be an address
    assert "00u1" not in log.getvalue()
    assert "ann@acme" not in log.getvalue()


def test_a_persons_help_desk_lifts_are_counted_as_their_own(call: Gateway, clock: Clock, provider: Provider) -> None:
    wiring.organizations().change(context(DEMO, now=clock.now), help_desk_lifts=1)
    first = signed_in(call, provider)
    first.get("/")
    other = Browser(call)
    provider.changes = {"sub": "00u9"}
    come_back(other, provider.authorize(begin(other), "ann"))
    other.get("/")
    statuses = [
        browser.post("/lifts", email=email, list="bounces").status
        for browser, email in ((first, "a@x.io"), (first, "b@x.io"), (other, "c@x.io"))
    ]
    assert statuses == [303, 403, 303]
