"""Signing in at the organization's identity provider: how it begins, who is let in, and where it leads."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from reprieve.access import attempt
from reprieve.access.credential import digest_of
from reprieve.access.issuer import Grant
from reprieve.access.session import SESSION
from reprieve.dialects.console.dialect import DIALECT
from reprieve.role import Role
from reprieve.runtime import wiring
from tests.support.console import Browser, logged, text_of, token
from tests.support.identity_provider import CLIENT, SECRET, WANTED, Provider
from tests.support.sign_ins import OTHER, begin, come_back, given, refused, sent_to, signed_in

if TYPE_CHECKING:
    from io import StringIO

    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
NO_SIGN_IN = "No organization of this name signs in here with its own accounts. Check the name, or paste an API token."
NO_GROUP = (
    "Your organization knows you, but none of your groups may use this console. Ask your administrator for access."
)


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
