"""The page of who and what may act for an organization, and of its provider accounts."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING

import pytest

from reprieve.access.client import Client, ClientKind
from reprieve.access.credential import Credential
from reprieve.access.issuer import Grant, Issuer
from reprieve.access.provider_account import ProviderAccount
from reprieve.access.sign_in import SignIn
from reprieve.clock import DAY, EPOCH, HOUR, MINUTE, Millis
from reprieve.dialects.console import people
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.store.issuers import Issuers as IssuerStore
from tests.support.console import signed_in, text_of

if TYPE_CHECKING:
    from tests.support.console import Browser
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
SCOPES = {"reprieve.addresses.read", "reprieve.credentials.read"}


def everyone(browser: Browser) -> str:
    assert browser.get("/people").status == 200
    return text_of(browser.page).partition("does all that its scopes allow. ")[2]


def part(said: str, heading: str, until: str) -> str:
    """What is said below a heading, up to the next one."""
    return said.partition(f" {heading} ")[2].partition(f" {until} ")[0]


def test_credentials_are_listed_with_role_scopes_and_end_those_that_count_first_and_without_a_secret(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    add = wiring.access().add_credential
    browser = signed_in(call, Role.VIEWER, scopes=SCOPES, name="Viewer")
    add(Credential("old", "demo", "1" * 64, "Crm", frozenset({"a.read"}), EPOCH, Millis(clock.now - 1)))
    add(Credential("new", "demo", "2" * 64, "App", frozenset({"a.read"}), clock.now, Millis(clock.now + DAY)))
    said = everyone(browser)
    # the session; credentials, clients, issuers, accounts; and of Access the session's credential and the sign-in
    assert (calls, calls.verifying) == ({"GetItem": 1, "Query": 4}, 2)
    assert part(said, "API tokens", "OAuth clients").partition("reprieve credentials . ")[2] == (
        "App Valid Role admin Since 1 Jan 2026, 00:00 UTC Until 2 Jan 2026, 00:00 UTC Id new 1 scope a.read "
        "Viewer (you) Valid Role viewer Since 1 Jan 1970, 00:00 UTC "
        "Until it is revoked Id desk-1 2 scopes reprieve.addresses.read reprieve.credentials.read "
        "Crm Expired Role admin Since 1 Jan 1970, 00:00 UTC Until 31 Dec 2025, 23:59 UTC Id old 1 scope a.read"
    )
    assert ("1" * 64 in browser.page, "<form" in browser.page.partition("<main")[2]) == (False, False)


def test_an_organization_that_has_set_nothing_is_told_how_to(call: Gateway) -> None:
    browser = signed_in(call, scopes=SCOPES)
    said = everyone(browser)
    assert said.startswith(
        "People No one signs in with an account of your organization. An operator sets that up, with "
        "reprieve sign-in set . API tokens "
    )
    assert said.partition(" OAuth clients ")[2] == (
        "Programs that ask for access tokens, each of which counts for an hour at most. An operator creates "
        "them, with reprieve clients . There is none. Outside issuers Identity providers whose access tokens "
        "count here. An operator trusts one, with reprieve issuers . There is none. Provider accounts "
        "There is none, so lifts wait. An operator sets one, with reprieve providers set ."
    )
    assert set(people.PROOFS) == set(ClientKind)


def test_the_sign_in_is_shown_with_what_each_group_may_do_and_without_its_secret(call: Gateway, clock: Clock) -> None:
    grants = (Grant(SCRIPT, Role.ADMIN, frozenset()), Grant("desk", Role.HELP_DESK, frozenset({"b", "a"})))
    issuer = Issuer("demo", "https://id.example", "client-1", "https://id.example/keys", "groups", grants, clock.now)
    wiring.sign_in_store().set_sign_in(SignIn(issuer, "https://id.example/a", "https://id.example/t", b"canary"))
    browser = signed_in(call)
    assert everyone(browser).partition(" API tokens ")[0] == (
        "People Sign-in with your organization's accounts At https://id.example As the client client-1 "
        "Since 1 Jan 2026, 00:00 UTC The first of these values of groups decides: "
        f"{' '.join(SCRIPT.split())} : admin, on every page desk : help desk, with a, b"
    )
    assert ("canary" in browser.page, "<img" in browser.page) == (False, False)


def test_oauth_clients_are_listed_by_name_without_what_verifies_them(call: Gateway, clock: Clock) -> None:
    add = wiring.tokens().add_client
    kinds = {"Sync": ClientKind.REFRESH, "App": ClientKind.PRIVATE_KEY}
    for name, kind in kinds.items():
        client = Client(f"rpc_demo_{name}", "demo", kind, name, frozenset({"a.read"}), clock.now, jwks="canary")
        add(replace(client, secret_digest="canary", role=Role.VIEWER), None)
    add(Client("rpc_other_1", "other", ClientKind.SECRET, "Theirs", frozenset({"a.read"}), clock.now), None)
    browser = signed_in(call, scopes=SCOPES)
    assert part(everyone(browser), "OAuth clients", "Outside issuers").partition("reprieve clients . ")[2] == (
        "App Role viewer Proves itself with its private key Since 1 Jan 2026, 00:00 UTC Id rpc_demo_App 1 scope a.read "
        "Sync Role viewer Proves itself with a secret and a refresh token Since 1 Jan 2026, 00:00 UTC Id rpc_demo_Sync "
        "1 scope a.read"
    )
    assert ("canary" in browser.page, "Theirs" in browser.page) == (False, False)


def test_outside_issuers_are_listed_with_what_each_value_of_their_claim_allows(call: Gateway, clock: Clock) -> None:
    for organization, url in (("demo", "https://id.example/1"), ("other", "https://id.example/2")):
        grants = (Grant("mail", Role.ADMIN, frozenset({"a.read"})),)
        keys = "https://id.example/keys"
        assert IssuerStore(wiring.table("ACCESS")).add(
            Issuer(organization, url, "api://reprieve", keys, "groups", grants, clock.now)
        )
    browser = signed_in(call)
    said = part(everyone(browser), "Outside issuers", "Provider accounts").partition("reprieve issuers . ")[2]
    assert re.sub(r"idp[0-9a-f]{16}", "idp", said) == (
        "https://id.example/1 Audience api://reprieve Since 1 Jan 2026, 00:00 UTC Id idp "
        "The first of these values of groups decides: mail : admin, with a.read Revoke… https://id.example/1"
    )


def test_what_a_credential_or_a_client_did_is_a_search_of_the_log_for_those_who_may_read_it(
    call: Gateway, clock: Clock
) -> None:
    browser = signed_in(call)
    wiring.tokens().add_client(
        Client("rpc_demo_1", "demo", ClientKind.SECRET, "App", frozenset({"a"}), clock.now), None
    )
    everyone(browser)
    filters = [unescape(one) for one in re.findall(r'name="filter" value="([^"]*)"', browser.page)]
    assert filters == ['actor.id eq "desk-1"', 'actor.id eq "rpc_demo_1"']
    clock.now += MINUTE
    assert browser.post("/log", filter=filters[0]).status == 200
    assert "debugContext.debugData.requestUri /console/sign-in " in text_of(browser.page)


def test_provider_accounts_are_listed_without_their_keys(call: Gateway, clock: Clock) -> None:
    browser = signed_in(call)
    set_account = wiring.access().set_provider_account
    eu = ProviderAccount("ses", sealed_key=b"canary", region="eu-west-1", webhook_key="canary", name="eu")
    set_account("demo", eu, provider_name="Ses", before=None)
    wiring.access().pause_provider("demo", "eu", until=Millis(clock.now + HOUR), reason=SCRIPT)
    said = everyone(browser)
    assert f"eu : ses in eu-west-1; no call is made until 1 Jan 2026, 01:00 UTC : {SCRIPT}" in said
    assert (SCRIPT in browser.page, "<img" in browser.page, "canary" in browser.page) == (False, False, False)
    clock.now += HOUR
    assert "eu : ses in eu-west-1" in everyone(browser)
    assert "no call is made" not in everyone(browser)


def test_a_name_that_a_stranger_chose_is_text(call: Gateway) -> None:
    browser = signed_in(call, name=SCRIPT)
    assert SCRIPT in everyone(browser)
    assert (SCRIPT in browser.page, "<img" in browser.page) == (False, False)


def test_the_list_is_for_roles_that_read_and_tokens_with_its_scope(call: Gateway) -> None:
    desk = signed_in(call, Role.HELP_DESK)
    assert ("/console/people" in desk.page, desk.get("/people").status) == (False, 403)
    narrow = signed_in(call, scopes={"reprieve.addresses.read", "api_keys.read"}, credential="n")
    assert ("/console/people" in narrow.page, narrow.get("/people").status) == (False, 403)


def test_every_role_has_words_and_no_other_organization_is_listed(call: Gateway) -> None:
    assert set(people.ROLES) == set(Role)
    wiring.access().add_credential(Credential("theirs", "other", "3" * 64, "Theirs", frozenset({"a.read"}), EPOCH))
    assert "Theirs" not in everyone(signed_in(call))
