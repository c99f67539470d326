"""The pages of hooks: what each hears of, what was posted to it, its test, and that it is disabled or enabled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import HOUR, Millis
from reprieve.dialects.console import hooks as hook_pages
from reprieve.hooks.event_bus import Put
from reprieve.hooks.event_hook import WantedEventHook
from reprieve.hooks.hook import Changes, Delivery, Result
from reprieve.hooks.notice import NoticeType
from reprieve.runtime import wiring
from tests.support.console import SCRIPT, on, seen, signed_in, text_of
from tests.support.contexts import context
from tests.support.event_bus import ARN, Bus
from tests.support.gateway import DEMO
from tests.support.hooks import Receiver, hooked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo", "key")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as running:
        monkeypatch.setenv("TOKEN_PORTS", running.url.rpartition(":")[2])
        yield running


def test_a_hook_says_what_it_hears_of_and_leads_to_what_was_posted(call: Gateway, calls: Calls, clock: Clock) -> None:
    hook = hooked(description="CRM", types=frozenset({NoticeType.LIFTED, NoticeType.HELD}))
    posted = [
        Delivery(Millis(clock.now - HOUR), "n1", NoticeType.LIFTED, 1, Result.WAITING, 503, "the status is 503"),
        Delivery(clock.now, "n1", NoticeType.LIFTED, 2, Result.DELIVERED, 204),
    ]
    wiring.hook_store().keep(hook, hook.progress, posted)
    browser = signed_in(call)
    said = seen(browser, "/hooks")
    assert calls == {"GetItem": 1, "Query": 1}
    assert said == (
        "Hooks A hook is a URL, or an event bus, at which a system of yours hears of changes: each is posted there. "
        "https://hooks.acme.example/ Enabled Description CRM Hears that an address or a domain was put on hold, "
        "addresses were lifted Form notices, signed by Standard Webhooks Since 1 Jan 2026, 00:00 UTC"
    )
    said = seen(browser, "/hooks/{id}", id=hook.id)
    assert calls == {"GetItem": 1, "Query": 3}
    assert said.endswith(
        "Test Disable A test reports no change. What was posted in the last 30 days "
        "Taken : addresses were lifted, attempt 2, 1 Jan 2026, 00:00 UTC , status 204 Notice n1 "
        "Not taken, posted again later : addresses were lifted, attempt 1, 31 Dec 2025, 23:00 UTC , status 503 "
        "the status is 503. Notice n1 All hooks"
    )


def test_deliveries_are_followed_by_cursor(call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook_pages, "PAGE", 2)
    hook = hooked()
    posted = [
        Delivery(Millis(clock.now + number), f"n{number}", NoticeType.HELD, 1, Result.DELIVERED, 204)
        for number in range(5)
    ]
    wiring.hook_store().keep(hook, hook.progress, posted)
    browser = signed_in(call)
    browser.get("/hooks/{id}", id=hook.id)
    found = re.findall(r"<code>(n\d)</code>", browser.page)
    while more := re.search(r'after=([^"]+)">Next page', browser.page):
        assert browser.get("/hooks/{id}", query={"after": more[1]}, id=hook.id).status == 200
        found += re.findall(r"<code>(n\d)</code>", browser.page)
    assert found == ["n4", "n3", "n2", "n1", "n0"]
    assert browser.get("/hooks/{id}", query={"after": "x"}, id=hook.id).status == 400


def test_a_hook_is_tested_by_the_verb_and_the_page_says_what_it_answered(
    call: Gateway, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = hooked(receiver.url)
    browser = signed_in(call)
    assert on(browser, "test", hook.id).status == 200
    assert "The test was taken, with status 204." in text_of(browser.page)
    receiver.status = 500
    assert on(browser, "test", hook.id).status == 200
    assert "The test was not taken: the server answered 500." in text_of(browser.page)
    assert len(receiver.ids) == 2


def test_a_hook_is_disabled_and_enabled_and_says_when_it_was_disabled_by_itself(call: Gateway, calls: Calls) -> None:
    hook = hooked()
    browser = signed_in(call)
    answer = on(browser, "disable", hook.id)
    assert (answer.status, answer.headers["location"]) == (303, [f"/console/hooks/{hook.id}"])
    assert calls == {"GetItem": 1, "Query": 2, "UpdateItem": 1, "BatchExecuteStatement": 1}
    assert "Disabled Hears that anything changed" in seen(browser, "/hooks")
    assert on(browser, "enable", hook.id).status == 303
    (again,) = wiring.hooks().all(DEMO)
    wiring.hook_store().disable(again, f"it answered 410 {SCRIPT}")
    assert f"Disabled by itself: it answered 410 {SCRIPT} Hears" in seen(browser, "/hooks")
    assert (on(browser, "enable", "hook-0").status, browser.get("/hooks/{id}", id="hook-0").status) == (404, 404)


def test_an_event_hook_says_its_form_that_it_is_not_verified_and_its_posts(call: Gateway, clock: Clock) -> None:
    wanted = WantedEventHook("<i>CRM", "", "https://crm.acme.example/", ("system.email.delivery",), "Key", "my-secret")
    by = context(DEMO, request_id="h", now=wiring.now())
    hook = wiring.event_hooks().add(by, wanted, base="https://x.example/api/v1/eventHooks")
    line = Delivery(clock.now, "n1", "system.email.delivery", 1, Result.DELIVERED, 204)
    wiring.hook_store().keep(hook, hook.progress, [line])
    said = seen(signed_in(call), "/hooks/{id}", id=hook.id)
    assert said.endswith(
        "https://crm.acme.example/ Enabled, but not verified, so it hears of nothing "
        "Hears that these entries are logged: system.email.delivery "
        "Form entries of the system log, as an event hook of Okta's, called <i>CRM Since 1 Jan 2026, 00:00 UTC "
        "Test Disable A test asks the endpoint what verifies it. What was posted in the last 30 days "
        "Taken : an entry system.email.delivery, attempt 1, 1 Jan 2026, 00:00 UTC , status 204 Notice n1 All hooks"
    )
    assert "my-secret" not in said


def test_an_event_bus_says_its_form_and_is_tested(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus()
    monkeypatch.setattr(wiring, "event_bus", lambda: bus)
    hook, secret = wiring.hooks().add(context(DEMO, request_id="h", now=wiring.now()), Changes(ARN))
    assert secret is None
    browser = signed_in(call)
    assert seen(browser, "/hooks/{id}", id=hook.id).endswith(
        f"{ARN} Enabled Hears that anything changed Form notices, put onto the event bus of this deployment "
        "Since 1 Jan 2026, 00:00 UTC Test Disable A test reports no change. "
        "What was posted in the last 30 days Nothing was. A change is posted within a minute. All hooks"
    )
    assert on(browser, "test", hook.id).status == 200
    assert "The test was taken, with status 200." in text_of(browser.page)
    assert [(one.organization_id, one.type) for one in bus.taken] == [("demo", "hook.test")]
    bus.trouble = [Put(0, problem="EventBridge did not take it: ThrottlingException")]
    assert on(browser, "test", hook.id).status == 200
    assert "The test was not taken: EventBridge did not take it: ThrottlingException." in text_of(browser.page)
