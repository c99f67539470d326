"""The pages of what an organization has set: email servers, hooks and the policy."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import trustme

from reprieve.clock import DAY, HOUR, Millis
from reprieve.dialects.console import hooks as hook_pages
from reprieve.dialects.console import policy as policy_page
from reprieve.errors import Unavailable
from reprieve.hooks.event_bus import Put
from reprieve.hooks.event_hook import WantedEventHook
from reprieve.hooks.hook import Changes, Delivery, Form, Result
from reprieve.hooks.notice import NoticeType
from reprieve.policies.policy import DEFAULT, Policy, Rule, Then, When
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from tests.support.console import logged, signed_in, text_of
from tests.support.contexts import context
from tests.support.email_servers import ADDRESSES, Client
from tests.support.event_bus import ARN, Bus
from tests.support.gateway import DEMO, cases, event, function
from tests.support.hooks import Receiver
from tests.support.mail_sink import PASSWORD, USERNAME, MailSink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.hooks.hook import Hook
    from tests.support.console import Browser
    from tests.support.gateway import Answer, Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo", "key")
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
FORM = {"sender": ADDRESSES["fromAddress"], "recipient": ADDRESSES["toAddress"]}


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A key for secrets, and a guard that lets servers on this machine be connected to."""
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    monkeypatch.setenv("PRIVATE_MAIL_NETWORKS", "127.0.0.0/8")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def sink(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    with MailSink(authority) as sink:
        monkeypatch.setenv("MAIL_PORTS", str(sink.port))
        yield sink


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as running:
        monkeypatch.setenv("TOKEN_PORTS", running.url.rpartition(":")[2])
        yield running


def enrolled(call: Gateway, sink: MailSink, **more: Any) -> str:
    """The id of a server that works, unless `more` says otherwise."""
    body = {
        "alias": "Sink",
        "host": sink.host,
        "port": sink.port,
        "username": USERNAME,
        "password": PASSWORD,
        "privateCa": sink.ca_pem,
    }
    identifier: str = Client(call).create(body | more).body["id"]
    return identifier


def on(browser: Browser, verb: str, identifier: str, **fields: str) -> Answer:
    """Send a form about one server or hook."""
    kind = "email-servers" if identifier.startswith("ces") else "hooks"
    return browser.post(f"/{kind}/{{id}}/{verb}", path={"id": identifier}, **fields)


def seen(browser: Browser, resource: str, **path: str) -> str:
    assert browser.get(resource, **path).status == 200
    return text_of(browser.page)


# ---------------------------------------------------------------- email servers


def test_a_server_is_shown_without_its_secret_and_with_what_can_be_done(
    call: Gateway, calls: Calls, sink: MailSink
) -> None:
    identifier = enrolled(call, sink)
    browser = signed_in(call)
    said = seen(browser, "/email-servers")
    assert calls == {"GetItem": 1, "Query": 1}
    assert re.fullmatch(
        "Your own email servers An SMTP server of your own, through which your messages are sent. At most one is "
        rf"enabled\. Sink Disabled Server {sink.host}, port {sink.port} Login as {USERNAME}, by name and password "
        rf"Own authority SHA-256 [0-9a-f]{{64}} Id {identifier} Send a test mail From To Test Enable It is tried "
        r"first, and stays disabled if it does not work\. Delete… Its settings and its secret are gone then\. "
        "Delete Sink",
        said,
    )
    assert PASSWORD not in browser.page


def test_a_server_is_enabled_by_the_verb_that_tries_it_first_and_disabled_and_deleted(
    call: Gateway, calls: Calls, sink: MailSink
) -> None:
    identifier = enrolled(call, sink)
    browser = signed_in(call)
    answer = on(browser, "enable", identifier)
    assert (answer.status, answer.headers["location"]) == (303, ["/console/email-servers"])
    # the session and the server; the others; two counts of connections; the change; two entries
    assert calls == {
        "GetItem": 2,
        "Query": 1,
        "UpdateItem": 2,
        "TransactWriteItems": 1,
        "BatchExecuteStatement": 2,
    }
    assert "Sink Enabled" in seen(browser, "/email-servers")
    (entry,) = logged("system.custom_email_server.lifecycle.activate")
    assert entry["actor"]["id"] == "desk-1"
    assert on(browser, "disable", identifier).status == 303
    assert "Sink Disabled" in seen(browser, "/email-servers")
    assert on(browser, "delete", identifier).status == 303
    assert "There is none. An administrator enrols one" in seen(browser, "/email-servers")
    assert on(browser, "delete", identifier).status == 404


def test_a_server_that_does_not_work_stays_disabled_and_the_page_says_why(call: Gateway, sink: MailSink) -> None:
    identifier = enrolled(call, sink, password="wrong")
    browser = signed_in(call)
    answer = on(browser, "enable", identifier)
    assert answer.status == 409
    assert re.search(r"Not possible now .*login.* \(535", text_of(browser.page))
    assert "Sink Disabled" in seen(browser, "/email-servers")


def test_a_test_mail_is_sent_by_the_verb_and_its_outcome_is_said(call: Gateway, calls: Calls, sink: MailSink) -> None:
    identifier = enrolled(call, sink)
    browser = signed_in(call)
    answer = on(browser, "test", identifier, **FORM)
    assert answer.status == 200
    assert calls == {"GetItem": 2, "UpdateItem": 2, "BatchExecuteStatement": 1, "Query": 1}
    assert "The server accepted the test mail. Look whether it arrives. Sink" in text_of(browser.page)
    (mail,) = sink.mails
    assert (mail["From"], mail["To"]) == (FORM["sender"], FORM["recipient"])
    for fields, says in (
        (FORM | {"sender": "no address"}, "This is not an email address."),
        ({"sender": FORM["sender"]}, "Fill this in."),
    ):
        assert on(browser, "test", identifier, **fields).status == 400
        assert says in text_of(browser.page)
    assert len(sink.mails) == 1


def test_a_limit_of_the_day_says_when_the_day_is_over(
    call: Gateway, sink: MailSink, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reprieve.store.email_servers.LIMITS", ((DAY, 1, "day"),))
    identifier = enrolled(call, sink)
    browser = signed_in(call)
    clock.now += 1
    assert on(browser, "test", identifier, **FORM).status == 200
    assert on(browser, "test", identifier, **FORM).status == 429
    assert "Too many requests. Try again at 2 Jan 2026, 00:00 UTC" in text_of(browser.page)


def test_what_did_not_answer_is_not_said_to_have_changed_nothing(
    call: Gateway, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = enrolled(call, sink)
    browser = signed_in(call)

    def unavailable(*_: object, **__: object) -> None:
        raise Unavailable("table")

    monkeypatch.setattr("reprieve.email_servers.manage.EmailServers.test", unavailable)
    assert on(browser, "test", identifier, **FORM).status == 503
    assert (
        "A part of the service did not answer. If you changed something, some of it may be done: look first, or try "
        "again, which is safe."
    ) in text_of(browser.page)


# ---------------------------------------------------------------- hooks


def hooked(url: str = "https://hooks.acme.example/", **more: Any) -> Hook:
    hook, _ = wiring.hooks().add(context(DEMO, request_id="h", now=wiring.now()), Changes(url=url, **more))
    return hook


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
    bus.trouble = [Put(0, "EventBridge did not take it: ThrottlingException")]
    assert on(browser, "test", hook.id).status == 200
    assert "The test was not taken: EventBridge did not take it: ThrottlingException." in text_of(browser.page)


# ---------------------------------------------------------------- the policy


def test_the_policy_is_said_in_words_in_the_order_of_its_rules(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    said = seen(browser, "/policy")
    assert calls == {"GetItem": 1}
    assert said.partition("lifted by it. ")[2] == (
        "The policy is not in force. Its rules are advice on the page of an address, and nothing is lifted by itself. "
        "The default policy, version 0. Its rules are changed by PUT /reprieve/policies . "
        "invalid address If it is on the list of invalid addresses: it stays suppressed until a person decides. "
        "hard bounce If the failure is hard: it is held for 7, then 30, then 365 days for each further failure, and "
        "lifted then. "
        "passing failure For any other failure: it is held for 1, then 2, then 4, then 8, then 16, then 32, then 64 "
        "days for each further failure, and lifted then. "
        "What limits it It lifts at most 1,000 addresses per day, at most 100 of one domain, and at most 10% of all "
        "entries. It is stopped when more than 20% of its lifts fail again within 7 days. "
        "Dry run A dry run says what the rules would do with what is on the lists now. It changes nothing. "
        "See the dry run Enable the policy From the next hour on, it lifts what the dry run counts as “Lift”."
    )


def test_every_condition_and_consequence_of_a_rule_has_words() -> None:
    when = When(
        lists=frozenset({SuppressionList.BLOCKS, SuppressionList.BOUNCES}),
        permanences=frozenset({Permanence.SOFT}),
        classifications=frozenset({Classification.FREQUENCY}),
        statuses=("4.",),
        words=("greylisted", "later"),
        domains=frozenset({"x.io"}),
        accounts=frozenset({"eu"}),
        lifted_fewer=(3, 30),
    )
    assert policy_page.rule_words(Rule("r", Then.LIFT, when)) == policy_page.RuleWords(
        "r",
        [
            "it is on the block list or bounce list",
            "the failure is soft",
            f"its class is {Classification.FREQUENCY.lower()}",
            "its status begins with 4.",
            "the server's words contain “greylisted” or “later”",
            "the domain is x.io",
            "it was reported by the account eu",
            "it was lifted fewer than 3 times in 30 days",
        ],
        "it is lifted.",
    )
    assert policy_page.rule_words(Rule("r", Then.HOLD, When(), (1,))).then == "it is held for 1 day, and lifted then."


def test_every_consequence_of_a_rule_and_every_notice_and_delivery_of_a_hook_has_words() -> None:
    assert {policy_page.rule_words(Rule("r", then, When(), (1, 2))).then for then in Then} == {
        "it is held for 1, then 2 days for each further failure, and lifted then.",
        "it is lifted.",
        "it stays suppressed until a person decides.",
        "it stays suppressed, and your own systems hear of it.",
    }
    assert (set(hook_pages.TYPES), set(hook_pages.RESULTS)) == (set(NoticeType), set(Result))
    assert set(hook_pages.FORMS) == set(Form)


def test_the_dry_run_counts_what_is_on_the_lists_and_looks_at_so_many_entries_only(
    call: Gateway, calls: Calls, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        Suppression(SuppressionList.BOUNCES, f"n{number}@x.io", f"n{number}@x.io", Millis(clock.now - number * DAY))
        for number in range(1, 4)
    ]
    wiring.suppressions().record(DEMO, [replace(one, permanence=Permanence.SOFT) for one in entries])
    browser = signed_in(call)
    said = seen(browser, "/policy/dry-run")
    assert "block list 0 0 0 0 0 bounce list 3 0 0 0 0" in said
    assert calls["BatchGetItem"] == 1
    monkeypatch.setattr(policy_page, "MOST", 2)
    assert "bounce list (the newest 2 entries) 2 0 0 0 0" in seen(browser, "/policy/dry-run")


def test_the_policy_that_was_shown_is_enabled_and_no_other_and_any_is_disabled(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    answer = browser.post("/policy/enable", version="0")
    assert (answer.status, answer.headers["location"]) == (303, ["/console/policy"])
    assert calls == {"GetItem": 1, "UpdateItem": 1, "BatchExecuteStatement": 1}
    assert "The policy is in force. Every hour, what its rules release is lifted." in seen(browser, "/policy")
    (entry,) = logged("reprieve.policy.update")
    assert entry["actor"]["id"] == "desk-1"
    assert browser.post("/policy/disable").status == 303
    assert "The policy is not in force." in seen(browser, "/policy")
    answer = browser.post("/policy/enable", version="0")
    assert (answer.status, "The policy was changed meanwhile. Read it again." in text_of(browser.page)) == (409, True)
    assert browser.post("/policy/enable").status == 400


# ---------------------------------------------------------------- all of them

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


def test_every_event_of_these_pages_is_answered_as_its_name_says(call: Gateway) -> None:
    handler = function("console_settings")
    answered = {case: call.send(handler, event("console_settings", case)).status for case in cases("console_settings")}
    assert answered == {"email_servers": 200, "hooks": 200, "policy": 200}


def test_pages_that_only_read_write_nothing(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    for resource in ("/email-servers", "/hooks", "/policy"):
        seen(browser, resource)
        assert not {"UpdateItem", "PutItem", "BatchExecuteStatement"} & set(calls)
