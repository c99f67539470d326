"""The page about one address: the answer in words, what is refused, and who is led elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import pytest

from reprieve.addresses.mail_domain import Mail
from reprieve.clock import DAY, Millis
from reprieve.context import OPERATOR, Context
from reprieve.dialects.console import words
from reprieve.dialects.console.session import MAX_BODY, MAX_FIELDS
from reprieve.dialects.reprieve import prospects
from reprieve.runtime import wiring
from reprieve.suppressions.group import GroupChanges
from reprieve.suppressions.suppression import Classification, GroupList, Permanence, SuppressionList
from tests.support.console import ANYONE, EMAIL, LOOKED_UP, SCRIPT, look_up, put, signed_in, text_of
from tests.support.gateway import DEMO, cases, event, function

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock, Gateway
    from tests.support.mail_hosts import NoDns

pytestmark = pytest.mark.usefixtures("demo")


def test_an_address_that_bounced_is_answered_why_since_when_until_when_and_what_to_tell(
    call: Gateway, calls: Calls
) -> None:
    put()
    browser = signed_in(call)
    assert look_up(browser) == (
        "Why is an address not mailed? Email address Look up ann@x.io No mail goes to this address. "
        "On the bounce list A bounce is a message that the receiving mail server refused. The provider then stops "
        "sending. Why The receiving server says that there is no such mailbox. In the server's words "
        "550 5.1.1 no such user Since 31 Dec 2025, 23:00 UTC , reported by sendgrid Until It is lifted by hand. "
        "Advice: not before 7 Jan 2026, 23:00 UTC . The rule 'hard bounce' holds it for a first failure. "
        "Kind hard: the address itself is bad, so waiting does not help What you can tell the user Our mail came back "
        "because your mail server says that this mailbox does not exist. Please check the spelling of your address, "
        "or ask the administrator of your mail. Lift… First you see what would happen. "
        "History Put on the bounce list 31 Dec 2025, 23:00 UTC"
    )
    assert (calls, calls.verifying) == (LOOKED_UP, 1)


@pytest.mark.parametrize("classification", Classification)
def test_every_reason_for_a_bounce_has_words_of_its_own(call: Gateway, classification: Classification) -> None:
    put(classification=classification, permanence=Permanence.SOFT)
    said = look_up(signed_in(call))
    cause = words.BY_CLASSIFICATION[classification]
    assert cause.why in said
    assert prospects.TELL_OF_CLASS[classification] in said


@pytest.mark.parametrize("name", SuppressionList)
def test_every_list_has_its_name_and_its_meaning_on_the_page(call: Gateway, name: SuppressionList) -> None:
    put(name, count=9, permanence=Permanence.SOFT)
    said = look_up(signed_in(call))
    assert f"On the {words.LISTS[name].name} {words.LISTS[name].meaning}" in said


def test_an_address_that_nothing_stops_is_answered_so_and_with_what_to_do(call: Gateway) -> None:
    browser = signed_in(call, organization=ANYONE)
    said = look_up(browser, "free@x.io")
    assert "Nothing stops mail to this address. What you can tell the user" in said
    assert "Nothing was recorded about this address in the last 90 days." in said
    assert "Lift" not in said


def test_an_address_of_none_of_the_recipients_is_said_to_be_one(call: Gateway) -> None:
    assert "It belongs to none of your recipients, though." in look_up(signed_in(call), "stranger@x.io")


def test_an_address_on_hold_has_the_reason_and_the_author_of_its_hold(call: Gateway, clock: Clock) -> None:
    context = Context(DEMO, OPERATOR, "r1", clock.now)
    wiring.holds().add(context, "x.io", reason=f"asked by phone {SCRIPT}", until=Millis(clock.now + DAY))
    browser = signed_in(call)
    said = look_up(browser)
    assert "No mail goes to this address: it is on hold." in said
    assert "On hold: the whole domain x.io A hold is a decision by hand" in said
    assert f"asked by phone {SCRIPT}" in said


def test_who_left_one_kind_of_mail_still_gets_the_others(call: Gateway, clock: Clock) -> None:
    context = Context(DEMO, OPERATOR, "r1", clock.now)
    group = wiring.unsubscribe_groups().create(
        context, GroupChanges(name="News <b>", description="d", is_default=False)
    )
    put(GroupList.of(group.id))
    said = look_up(signed_in(call))
    assert "This address gets mail, except of the kinds below." in said
    assert "On the list of those who left “News <b>”" in said


def test_a_look_up_warns_of_a_domain_that_takes_no_mail_and_a_dry_run_says_it_again(call: Gateway, dns: NoDns) -> None:
    dns["gmial.com"] = Mail.MISSING
    put(email="ann@gmial.com")
    said = "The domain gmial.com does not exist. Probably gmail.com is meant."
    browser = signed_in(call)
    assert said in look_up(browser, "ann@gmial.com")
    browser.post("/lifts/dry-run", email="ann@gmial.com", list="bounces")
    assert f"It is likely to bounce again: the domain of the address takes no mail. {said}" in text_of(browser.page)


def test_what_a_stranger_wrote_is_text_in_every_field(call: Gateway) -> None:
    odd = f'"{SCRIPT[:20]}"@x.io'
    for name in SuppressionList:
        put(name, odd, reason=SCRIPT, status=SCRIPT, provider=SCRIPT, ip=SCRIPT, permanence=Permanence.SOFT)
    browser = signed_in(call, name=SCRIPT, organization=replace(ANYONE, name=SCRIPT))
    browser.post("/address", email=odd)
    for said in (odd, SCRIPT):
        assert said not in browser.page
        assert (
            escape(said) in browser.page
            or escape(said).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in browser.page
        )
    assert "49" not in text_of(browser.page)
    browser.post("/lifts/dry-run", email=odd, list="bounces")
    assert (SCRIPT in browser.page, SCRIPT[:20] in browser.page) == (False, False)
    browser.post("/address", email=SCRIPT)
    assert (SCRIPT in browser.page, browser.post("/lifts", email=SCRIPT, list=SCRIPT[:50]).status) == (False, 400)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"email": "no address"}, "This is not an email address. Check the spelling."),
        ({"email": " "}, "Email address: Fill this in."),
        ({}, "Email address: Fill this in."),
        ({"email": "a" * 1001}, "At most 1,000 characters."),
    ],
)
def test_what_is_not_an_address_is_refused_in_words(call: Gateway, fields: dict[str, str], says: str) -> None:
    browser = signed_in(call)
    answer = browser.post("/address", **fields)
    assert (answer.status, says in text_of(browser.page)) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"email=%FF",
        pytest.param(b"&".join([b"a=b"] * (MAX_FIELDS + 1)), id="too many fields"),
        pytest.param(b"email=" + b"a" * MAX_BODY, id="too long"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(call: Gateway, body: bytes) -> None:
    browser = signed_in(call)

    answer = call(
        function("console"),
        "POST",
        "/address",
        headers={
            "cookie": f"__Host-session={browser.cookie}",
            "sec-fetch-site": "same-origin",
            "content-type": "application/x-www-form-urlencoded",
        },
        body=body,
        organization=None,
        stage="console",
        as_base64=True,
    )
    assert answer.status == 400


def test_a_token_without_the_scope_to_look_up_is_led_to_the_first_page_that_it_opens(call: Gateway) -> None:
    browser = signed_in(call, scopes={"okta.logs.read", "reprieve.policies.read"})
    answer = browser.get("/")
    assert (answer.status, answer.headers["location"]) == (303, ["/console/log"])
    browser = signed_in(call, scopes={"okta.users.read"}, credential="nothing")
    answer = browser.get("/")
    assert (answer.status, "lacks the scope reprieve.addresses.read" in text_of(browser.page)) == (403, True)
    assert (">Sign out<" in browser.page, re.findall(r'<li><a href="([^"]*)', browser.page)) == (True, [])


def test_a_page_that_refuses_keeps_the_way_to_the_others_and_out(call: Gateway) -> None:
    browser = signed_in(call, scopes={"okta.logs.read", "reprieve.policies.read"})
    for answer in (browser.get("/lists"), browser.get("/removals"), browser.get("/{proxy+}", proxy="nothing")):
        assert answer.status in {403, 404}
    browser.get("/log")
    answer = browser.post("/address", email=EMAIL)
    assert (answer.status, "lacks the scope reprieve.addresses.read" in text_of(browser.page)) == (403, True)
    assert re.findall(r'<li><a href="([^"]*)', browser.page) == ["/console/log", "/console/policy"]
    assert "Look up an address" not in text_of(browser.page)
    assert browser.post("/sign-out").status == 303
    assert browser.get("/log").status == 401
    assert ("<nav" in browser.page, ">Sign out<" in browser.page) == (False, False)


def test_every_event_of_the_console_is_answered_as_its_name_says(call: Gateway) -> None:
    put(email="ada@example.com")
    answered = {case: call.send(function("console"), event("console", case)).status for case in cases("console")}
    assert answered == {
        "deliverability": 200,
        "dry_run": 200,
        "export": 200,
        "export_file": 200,
        "groups": 200,
        "hold": 200,
        "lift": 303,
        "lift_many": 303,
        "lift_many_dry_run": 200,
        "lists": 200,
        "look_up": 200,
        "no_session": 401,
        "not_an_address": 400,
        "search": 200,
        "sign_in_page": 200,
        "start": 200,
        "unknown_removal": 404,
    }
