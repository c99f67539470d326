"""What holds on all pages of what an organization has set: email servers, hooks and the policy."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pytest

from reprieve.dialects.console import hooks as hook_pages
from reprieve.dialects.console import policy as policy_page
from reprieve.hooks.hook import Form, Result
from reprieve.hooks.notice import NoticeType
from reprieve.policies.policy import DEFAULT, Policy, Rule, Then, When
from reprieve.role import Role
from reprieve.runtime import wiring
from tests.support.console import SCRIPT, on, seen, signed_in
from tests.support.contexts import context
from tests.support.email_servers import FORM, enrolled
from tests.support.gateway import DEMO, cases, event, function
from tests.support.hooks import hooked

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Gateway
    from tests.support.mail_sink import MailSink

pytestmark = pytest.mark.usefixtures("demo", "key")
CHANGES = {
    "/email-servers": "okta.emailServers.manage",
    "/hooks/{id}": "reprieve.hooks.manage",
    "/policy": "reprieve.policies.manage",
}


def test_a_viewer_and_a_token_that_only_reads_see_the_pages_without_a_form(call: Gateway, sink: MailSink) -> None:
    server, hook = enrolled(call, sink), hooked()
    reading = {"okta.emailServers.read", "reprieve.hooks.read", "reprieve.policies.read", "reprieve.addresses.read"}
    for browser in (
        signed_in(call, Role.VIEWER, credential="v"),
        signed_in(call, scopes=reading, credential="r"),
    ):
        for resource in CHANGES:
            seen(browser, resource, id=hook.id)
            assert "<form" not in browser.page.partition("<main")[2]
        for verb in ("enable", "disable", "delete", "test"):
            assert on(browser, verb, server, **FORM).status == 403
        for verb in ("enable", "disable", "test"):
            assert on(browser, verb, hook.id).status == 403
        for verb in ("enable", "disable"):
            assert browser.post(f"/policy/{verb}", version="0").status == 403


def test_the_help_desk_has_none_of_these_pages(call: Gateway) -> None:
    desk = signed_in(call, Role.HELP_DESK)
    for path in ("/email-servers", "/hooks", "/policy", "/policy/dry-run"):
        assert f'"/console{path}"' not in desk.page
        assert desk.get(path).status == 403


def test_what_was_typed_anywhere_is_text_on_these_pages(call: Gateway, sink: MailSink) -> None:
    enrolled(call, sink, alias=SCRIPT, username=SCRIPT, host=SCRIPT[:60])
    hook = hooked(description=SCRIPT)
    browser = signed_in(call)
    rules = Policy((Rule(SCRIPT, Then.ASK, When(words=(SCRIPT,))), *DEFAULT.rules))
    wiring.policies().put(context(DEMO, request_id="p", now=wiring.now()), rules, enabled=False, version=0)
    for resource in ("/email-servers", "/hooks", "/hooks/{id}", "/policy"):
        assert SCRIPT in seen(browser, resource, id=hook.id)
        assert (SCRIPT in browser.page, "<img" in browser.page) == (False, False)
        assert escape(SCRIPT).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in browser.page


def test_a_form_of_another_session_changes_none_of_it(call: Gateway, sink: MailSink) -> None:
    server, hook = enrolled(call, sink), hooked()
    browser = signed_in(call)
    browser.proof = "0" * 64
    assert on(browser, "enable", server).status == 403
    assert on(browser, "disable", hook.id).status == 403
    assert browser.post("/policy/enable", version="0").status == 403
    browser.headers = {"sec-fetch-site": "cross-site"}
    assert on(browser, "delete", server).status == 403


def test_every_consequence_of_a_rule_and_every_notice_and_delivery_of_a_hook_has_words() -> None:
    assert {policy_page.rule_words(Rule("r", then, When(), (1, 2))).then for then in Then} == {
        "it is held for 1, then 2 days for each further failure, and lifted then.",
        "it is lifted.",
        "it stays suppressed until a person decides.",
        "it stays suppressed, and your own systems hear of it.",
    }
    assert (set(hook_pages.TYPES), set(hook_pages.RESULTS)) == (set(NoticeType), set(Result))
    assert set(hook_pages.FORMS) == set(Form)


def test_every_event_of_these_pages_is_answered_as_its_name_says(call: Gateway) -> None:
    handler = function("console_settings")
    answered = {case: call.send(handler, event("console_settings", case)).status for case in cases("console_settings")}
    assert answered == {"email_servers": 200, "hooks": 200, "policy": 200}


def test_pages_that_only_read_write_nothing(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    for resource in ("/email-servers", "/hooks", "/policy"):
        seen(browser, resource)
        assert not {"UpdateItem", "PutItem", "BatchExecuteStatement"} & set(calls)
