"""How far a lift has come: its page, its retry, and the pages of all that are under way or failed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import HOUR
from reprieve.dialects.console.site import READ_ADDRESSES
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import RemovalState
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from tests.support.console import ANYONE, EMAIL, SCRIPT, follow, lift, logged, look_up, put, signed_in, text_of
from tests.support.gateway import DEMO
from tests.support.removal_job import Provider, enrol, tick

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")


def test_a_lift_is_recorded_with_the_credential_and_followed_until_the_provider_has_carried_it_out(
    call: Gateway, calls: Calls, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(DEMO)
    provider = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    put()
    browser = signed_in(call, Role.HELP_DESK)
    answer = lift(browser)
    assert answer.status == 303
    # the session; the help desk's count, the note and the record; the entry
    assert calls == {"GetItem": 1, "UpdateItem": 3, "BatchExecuteStatement": 1}
    (entry,) = logged("system.email.bounce.removal")
    assert (entry["actor"]["id"], entry["target"][0]["displayName"]) == ("desk-1", EMAIL)
    said = follow(browser, answer)
    assert "Lift ann@x.io from the bounce list Under way. The provider is being asked." in said
    assert 'hx-trigger="every 2s"' in browser.page
    assert "A lift is under way." in look_up(browser)
    clock.now += HOUR
    tick()
    said = follow(browser, answer)
    assert (
        "Done. The provider has carried it out. Mail to this address is sent again: have the user ask for it." in said
    )
    assert "Provider asked Its answer: 204 Done 1 Jan 2026, 01:00 UTC" in said
    assert "hx-trigger" not in browser.page
    assert "Nothing stops mail to this address." in look_up(browser)
    assert provider.asked == [EMAIL]


def test_a_failed_lift_says_the_providers_answer_and_is_retried_by_those_who_may(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(DEMO)
    provider = Provider(LiftAnswer(LiftOutcome.REFUSED, f"403 {SCRIPT}"))
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    monkeypatch.setattr("reprieve.removals.upstream.MAX_ATTEMPTS", 1)
    put()
    desk, admin = signed_in(call, Role.HELP_DESK), signed_in(call, credential="admin-1")
    answer = lift(desk)
    clock.now += HOUR
    tick()
    said = follow(desk, answer)
    assert "Failed. The provider did not carry it out. Its last answer says why; then retry." in said
    assert f"Its answer: 403 {SCRIPT}" in said
    assert "Your role does not retry. Give your administrator the link to this page." in said
    assert "This address could not be lifted at the provider." in look_up(desk)
    follow(admin, answer)
    assert "<button>Retry</button>" in admin.page
    path = {"id": answer.headers["location"][0].rpartition("/")[2]}
    assert desk.post("/removals/{id}/retry", path=path).status == 403
    assert admin.post("/removals/{id}/retry", path=path).status == 303
    assert "Under way." in follow(admin, answer)
    again = admin.post("/removals/{id}/retry", path=path)
    assert (again.status, "Only a failed removal can be retried" in text_of(admin.page)) == (409, True)


def test_a_lift_that_may_not_be_followed_ends_in_a_page_with_its_id(call: Gateway) -> None:
    put()
    browser = signed_in(call, scopes={*READ_ADDRESSES, "suppression.bounces.delete"})
    assert lift(browser).status == 200
    (entry,) = logged("system.email.bounce.removal")
    removal_id = f"{entry['transaction']['id']}-0"
    assert text_of(browser.page) == (
        "A lift The lift was asked for It is recorded, with your name, and kept until it is carried out. Your access "
        f"does not include following it. Those who may follow lifts can open this page: /console/removals/{removal_id} "
        f"Its id: {removal_id}"
    )
    reader = signed_in(call, credential="reader")
    assert reader.get("/removals/{id}", id=removal_id).status == 200


def test_what_a_provider_takes_for_an_address_is_lifted_and_followed_while_it_waits(call: Gateway) -> None:
    put(SuppressionList.INVALID_EMAILS, "no address")
    browser = signed_in(call)
    assert "Under way." in follow(browser, lift(browser, "invalid_emails", "no address"))


def test_a_removal_of_another_organization_is_not_there(call: Gateway, calls: Calls) -> None:
    mine = signed_in(call, organization=ANYONE)
    removal_id = lift(mine).headers["location"][0].rpartition("/")[2]
    other = signed_in(call, organization=replace(ANYONE, id="other"), credential="o")
    for one in (removal_id, "nothing-0"):
        answer = other.get("/removals/{id}", id=one)
        assert (answer.status, "No removal of this id." in text_of(other.page)) == (404, True)
        assert other.post("/removals/{id}/retry", path={"id": one}).status == 404
    assert wiring.following().one(ANYONE, removal_id).state.value == RemovalState.PENDING


def test_the_lifts_under_way_and_those_that_failed_are_pages_of_their_own_with_what_to_do(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(ANYONE)
    provider = Provider(LiftAnswer(LiftOutcome.REFUSED, f"403 {SCRIPT}"))
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    monkeypatch.setattr("reprieve.removals.upstream.MAX_ATTEMPTS", 1)
    monkeypatch.setattr("reprieve.dialects.console.removal.PAGE", 1)
    browser = signed_in(call, organization=ANYONE)
    assert browser.get("/removals").status == 200
    assert "No lift is under way." in text_of(browser.page)
    lift(browser)
    lift(browser, email="bob@x.io")
    seen = []
    browser.get("/removals")
    for _ in range(2):
        seen += [email for email in (EMAIL, "bob@x.io") if email in browser.page]
        # the cursor names an address, so it is in no link
        assert "after=" not in browser.page
        found = re.search(r'name="after" value="([^"]+)"', browser.page)
        if found:
            assert browser.post("/removals", state="pending", after=found[1]).status == 200
    assert (sorted(seen), found) == ([EMAIL, "bob@x.io"], None)
    clock.now += HOUR
    tick()
    assert browser.get("/removals", query={"state": "failed"}).status == 200
    assert f"from the bounce list, asked for 1 Jan 2026, 00:00 UTC The provider's answer: 403 {SCRIPT}" in text_of(
        browser.page
    )
    assert browser.get("/removals", query={"state": "done"}).status == 400
    assert browser.get("/removals", query={"after": "x"}).status == 400
    for fields in ({"state": "pending", "after": "x"}, {"state": "done", "after": "x"}, {"state": "failed"}):
        assert browser.post("/removals", **fields).status == 400


def test_the_help_desk_has_no_page_of_all_lifts(call: Gateway) -> None:
    browser = signed_in(call, Role.HELP_DESK)
    assert "/console/removals" not in browser.page
    assert (browser.get("/removals").status, browser.post("/removals", state="failed").status) == (403, 403)
    assert "/console/removals" in signed_in(call, Role.VIEWER, credential="v").page
