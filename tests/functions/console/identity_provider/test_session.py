"""The session of a person who signed in at an identity provider: who acts in it, and when it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.issuer import Grant
from reprieve.access.session import SESSION
from reprieve.dialects.console.dialect import DIALECT
from reprieve.role import Role
from reprieve.runtime import wiring
from tests.support.console import Browser, logged, text_of
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.identity_provider import GRANTS, URL, WANTED, Provider
from tests.support.sign_ins import OTHER, begin, come_back, given, signed_in

if TYPE_CHECKING:
    from tests.support.gateway import Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
ENDED = "Your session has ended. Sign in again to go on."


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
    browser.get("/people")
    assert ("/console/people/00u2/revoke" in browser.page, "(you)" in browser.page) == (True, False)
    for identifier in (made.id, "00u2"):
        assert browser.post("/people/{id}/revoke", path={"id": identifier}).status == 200
    for event_type, changed in (("create", {made.id}), ("revoke", {made.id, "00u2"})):
        entries = logged(f"system.api_token.{event_type}")
        assert {one["target"][0]["id"] for one in entries} == changed
        assert {(one["actor"]["id"], one["actor"]["alternateId"]) for one in entries} == {("00u2", "bob")}


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
