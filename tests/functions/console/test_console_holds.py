"""Holds and groups: set and lifted by who may, and shown with who holds what, why and until when."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, MINUTE, Millis
from reprieve.context import OPERATOR, Context
from reprieve.dialects.console import holds
from reprieve.dialects.console.site import MANAGE_HOLDS, READ_ADDRESSES, READ_GROUPS, READ_HOLDS
from reprieve.removals.hold import AtProvider
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.group import Group, GroupChanges
from tests.support.console import logged, signed_in, text_of
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.removal_job import Provider, enrol, tick

if TYPE_CHECKING:
    from tests.support.console import Browser
    from tests.support.gateway import Answer, Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
FORM = (
    "Hold an address or a domain Address or domain A domain holds every address in it: example.com, without those of "
    "its subdomains. Why It is shown to all who look the address up, with your name. Until The last day, in UTC. "
    "Without one it is lifted by hand. Hold "
)
MEANING = "Holds A hold is a decision by hand that no mail goes to an address or a domain, whatever the lists say. "


def hold(subject: str, clock: Clock, *, reason: str = "by phone", until: Millis | None = None) -> None:
    wiring.holds().add(Context(DEMO, OPERATOR, f"h{clock.now}", clock.now), subject, reason=reason, until=until)


def add(browser: Browser, subject: str = "ann@x.io", reason: str = "by phone", until: str = "") -> Answer:
    return browser.post("/holds/add", subject=subject, reason=reason, until=until)


def shown(browser: Browser) -> list[str]:
    found = re.findall(r'<th scope="row" class="address">(?:<button[^>]*>)?([^<]*)<', browser.page)
    return [str(one) for one in found]


def test_the_page_says_what_is_held_by_whom_why_until_when_and_where(call: Gateway, calls: Calls, clock: Clock) -> None:
    hold("x.io", clock, until=Millis(clock.now + DAY))
    clock.now += MINUTE
    hold("ann@y.io", clock, reason="asked us")
    browser = signed_in(call)
    assert browser.get("/holds").status == 200
    assert text_of(browser.page) == (
        f"{MEANING}{FORM}In force, newest first Address or domain Why Since Until Lift "
        "ann@y.io asked us By reprieve command; on its way to the provider. Since 1 Jan 2026, 00:01 UTC Until lifted "
        "by hand Lift the hold of ann@y.io "
        "x.io by phone By reprieve command; kept here: no provider has a list of domains. Since 1 Jan 2026, 00:00 UTC "
        "Until 2 Jan 2026, 00:00 UTC Lift the hold of x.io"
    )
    assert (calls, calls.verifying) == ({"GetItem": 1, "Query": 1, "BatchGetItem": 1}, 1)


def test_a_page_without_holds_says_what_they_are_for(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    browser.get("/holds")
    assert text_of(browser.page).endswith(
        "Nothing is on hold. Hold an address while a person asks for no mail at all, or a domain that is about to "
        "close."
    )
    assert calls["Query"] == 1


def test_an_address_is_held_and_lifted_again_with_the_viewer_as_the_author(
    call: Gateway, calls: Calls, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(DEMO)
    provider = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    browser = signed_in(call)
    assert add(browser, until="2026-01-31").status == 200
    # the session, the hold and its entry; the page
    assert calls == {"GetItem": 1, "BatchGetItem": 2, "UpdateItem": 1, "BatchExecuteStatement": 1, "Query": 1}
    said = text_of(browser.page)
    assert said.startswith(f"{MEANING}ann@x.io is on hold. Hold an address")
    assert "Until 31 Jan 2026, 23:59 UTC" in said
    (entry,) = logged("reprieve.hold.create")
    assert entry["actor"]["id"] == "desk-1"
    clock.now += MINUTE
    tick()
    assert provider.put_on
    browser.get("/holds")
    assert "held by the provider, too." in text_of(browser.page)
    assert browser.post("/holds/lift", subject="ann@x.io").status == 200
    assert text_of(browser.page).startswith(f"{MEANING}ann@x.io is not on hold any more.")
    assert shown(browser) == []
    again = browser.post("/holds/lift", subject="ann@x.io")
    assert (again.status, "No hold of this address or domain." in text_of(browser.page)) == (404, True)


def test_a_domain_is_held_and_lifted_again(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    assert add(browser, "X.io").status == 200
    assert calls == {"GetItem": 1, "PutItem": 1, "BatchExecuteStatement": 1, "Query": 1, "BatchGetItem": 1}
    assert shown(browser) == ["x.io"]
    assert 'formaction="/console/holds/lift" name="subject" value="x.io"' in browser.page
    assert browser.post("/holds/lift", subject="x.io").status == 200
    assert calls == {"GetItem": 1, "BatchGetItem": 1, "DeleteItem": 1, "BatchExecuteStatement": 1, "Query": 1}
    assert "x.io is not on hold any more." in text_of(browser.page)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"subject": "no address", "reason": "r"}, "Neither an email address nor the domain of one."),
        ({"subject": "ann@x.io"}, "Fill this in."),
        ({"reason": "r"}, "Fill this in."),
        ({"subject": "ann@x.io", "reason": "r" * 501}, "At most 500 characters."),
        ({"subject": "ann@x.io", "reason": "r\x07r"}, "1 to 500 printable characters."),
        ({"subject": "ann@x.io", "reason": "r", "until": "soon"}, "Must be a day, such as 2026-01-31."),
        ({"subject": "ann@x.io", "reason": "r", "until": "2025-12-31"}, "Must be in the future, and within ten years."),
        ({"subject": "ann@x.io", "reason": "r", "until": "2036-12-31"}, "Must be in the future, and within ten years."),
    ],
)
def test_a_hold_that_cannot_be_set_is_refused_in_words_and_nothing_is_held(
    call: Gateway, fields: dict[str, str], says: str
) -> None:
    browser = signed_in(call)
    answer = browser.post("/holds/add", **fields)
    assert (answer.status, says in text_of(browser.page)) == (400, True)
    browser.get("/holds")
    assert shown(browser) == []


def test_a_hold_ends_with_its_last_day(call: Gateway, clock: Clock) -> None:
    browser = signed_in(call)
    assert add(browser, until="2026-01-01").status == 200
    clock.now = Millis(clock.now + DAY - MINUTE)
    browser = signed_in(call, credential="at-night")
    browser.get("/holds")
    assert shown(browser) == ["ann@x.io"]
    clock.now = Millis(clock.now + MINUTE)
    browser.get("/holds")
    assert shown(browser) == []


def test_pages_of_holds_follow_each_other_by_forms(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "PAGE", 2)
    for number in range(3):
        hold(f"n{number}@x.io", clock)
        clock.now += MINUTE
    browser = signed_in(call)
    browser.get("/holds")
    assert (shown(browser), "First page" in browser.page) == (["n2@x.io", "n1@x.io"], False)
    assert [one for one in re.findall(r'(?:href|action)="([^"]*)"', browser.page) if "x.io" in one] == []
    (cursor,) = re.findall(r'name="cursor" value="([^"]*)"', browser.page)
    browser.post("/holds", cursor=cursor)
    assert (shown(browser), "Next page" in browser.page) == (["n0@x.io"], False)
    assert (browser.post("/holds", cursor="made-up").status, browser.post("/holds").status) == (400, 400)


def test_what_a_stranger_wrote_is_text(call: Gateway, clock: Clock) -> None:
    odd = f'"{SCRIPT[:20]}"@x.io'
    hold(odd, clock, reason=SCRIPT)
    browser = signed_in(call, name=SCRIPT, organization=replace(DEMO, name=SCRIPT))
    add(browser, f'"{SCRIPT[:19]}"@x.io', SCRIPT)
    assert (SCRIPT in browser.page, odd in browser.page, len(shown(browser))) == (False, False, 2)
    assert text_of(browser.page).count(SCRIPT) >= 2
    add(browser, SCRIPT, SCRIPT)
    assert SCRIPT not in browser.page


@pytest.mark.parametrize("role", Role)
def test_a_role_sees_and_changes_holds_as_far_as_it_goes(call: Gateway, clock: Clock, role: Role) -> None:
    hold("ann@x.io", clock)
    browser = signed_in(call, role)
    reads, changes = role is not Role.HELP_DESK, role is Role.ADMIN
    assert ('href="/console/holds"' in browser.page, 'href="/console/groups"' in browser.page) == (reads, reads)
    assert browser.get("/holds").status == (200 if reads else 403)
    assert ("Hold an address" in browser.page, "holds/lift" in browser.page) == (changes, changes)
    assert add(browser).status == (200 if changes else 403)
    assert browser.post("/holds/lift", subject="ann@x.io").status == (200 if changes else 403)
    assert browser.get("/groups").status == (200 if reads else 403)


def test_a_token_that_reads_holds_does_not_change_them(call: Gateway, clock: Clock) -> None:
    hold("ann@x.io", clock)
    reading = {*READ_ADDRESSES, *READ_HOLDS} - {*MANAGE_HOLDS}
    browser = signed_in(call, scopes=reading)
    browser.get("/holds")
    changes = ("Hold an address or a domain" in browser.page, "formaction" in browser.page)
    assert (shown(browser), changes) == (["ann@x.io"], (False, False))
    assert (add(browser).status, browser.post("/holds/lift", subject="ann@x.io").status) == (403, 403)
    blind = signed_in(call, scopes={*MANAGE_HOLDS}, credential="other")
    blind.get("/holds")
    assert (shown(blind), 'name="email"' in blind.page) == (["ann@x.io"], False)


def test_a_form_without_its_proof_holds_nothing(call: Gateway) -> None:
    browser = signed_in(call)
    browser.proof = ""
    assert add(browser).status == 403
    browser.get("/holds")
    assert shown(browser) == []


def test_every_state_at_the_provider_has_words() -> None:
    assert set(holds.AT_PROVIDER) == set(AtProvider)


def test_the_groups_are_listed_with_links_to_their_lists(call: Gateway, calls: Calls, clock: Clock) -> None:
    browser = signed_in(call)
    browser.get("/groups")
    assert text_of(browser.page) == (
        "Unsubscribe groups A group is a kind of mail. An address that leaves one gets no more mail of that kind, "
        "and still all other mail. There are no groups. They are made by SendGrid's API for groups, or known from the "
        "provider's events."
    )
    by = context(DEMO, request_id="g", now=clock.now)
    groups = wiring.unsubscribe_groups()
    groups.create(by, GroupChanges(name=SCRIPT[:30], description=SCRIPT, is_default=True))
    groups.take_over(by, [Group(9, "Alerts", "of outages")], account="eu")
    browser.get("/groups")
    assert calls == {"GetItem": 2}
    assert text_of(browser.page).partition("Who left it ")[2] == (
        f"{SCRIPT[:30]} (default) {SCRIPT} Number 1. Addresses that left {SCRIPT[:30]} "
        "Alerts of outages Number 9, in the account eu. Addresses that left Alerts"
    )
    assert re.findall(r'href="/console/lists\?list=([^"]*)"', browser.page) == ["group-1", "group-9"]
    lacking = signed_in(call, scopes={*READ_ADDRESSES, *READ_GROUPS}, credential="other")
    lacking.get("/groups")
    assert ("Alerts" in lacking.page, "/console/lists" in lacking.page) == (True, False)
