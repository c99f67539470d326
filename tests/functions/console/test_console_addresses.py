"""The pages about one address: the answer in words, the dry run, the lift and its way to the provider."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.address import comparison_key
from reprieve.addresses.mail_domain import Mail
from reprieve.clock import DAY, HOUR, Millis
from reprieve.context import OPERATOR, Context
from reprieve.dialects.console import words
from reprieve.dialects.console.session import MAX_BODY, MAX_FIELDS
from reprieve.dialects.console.site import READ_ADDRESSES, READ_REMOVALS
from reprieve.dialects.reprieve import prospects
from reprieve.organization import Membership
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import RemovalState
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.group import GroupChanges
from reprieve.suppressions.suppression import Classification, GroupList, Permanence, Suppression, SuppressionList
from tests.support.console import logged, signed_in, text_of
from tests.support.gateway import DEMO, cases, event, function
from tests.support.removal_job import Provider, enrol, tick

if TYPE_CHECKING:
    from tests.support.console import Browser
    from tests.support.gateway import Answer, Calls, Clock, Gateway
    from tests.support.mail_hosts import NoDns

pytestmark = pytest.mark.usefixtures("demo")
ANYONE = replace(DEMO, membership=Membership.ANYONE)
EMAIL = "ann@x.io"
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
#: what a look-up, and what a dry run reads; the session is among it
LOOKED_UP = {"GetItem": 4, "BatchGetItem": 3, "Query": 1}


def put(name: Any = SuppressionList.BOUNCES, email: str = EMAIL, **more: Any) -> None:
    given = {
        "created": Millis(wiring.now() - HOUR),
        "reason": "550 5.1.1 no such user",
        "status": "5.1.1",
        "classification": Classification.INVALID_ADDRESS,
        "provider": "sendgrid",
    }
    wiring.suppressions().record(DEMO, [Suppression(name, comparison_key(email), email, **(given | more))])


def look_up(browser: Browser, email: str = EMAIL) -> str:
    answer = browser.post("/address", email=email)
    assert answer.status == 200
    return text_of(browser.page)


def lift(browser: Browser, name: str = "bounces", email: str = EMAIL) -> Answer:
    return browser.post("/lifts", email=email, list=name)


def rehearse(browser: Browser, name: str = "bounces", email: str = EMAIL) -> Answer:
    return browser.post("/lifts/dry-run", email=email, list=name)


def follow(browser: Browser, answer: Answer) -> str:
    """The page that an answer leads to."""
    (path,) = answer.headers["location"]
    assert browser.get("/removals/{id}", id=path.removeprefix("/console/removals/")).status == 200
    return text_of(browser.page)


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


# ---------------------------------------------------------------- lifting


def test_a_dry_run_says_what_a_lift_does_and_does_not_fix_and_changes_nothing(call: Gateway, calls: Calls) -> None:
    put()
    put(SuppressionList.SPAM_REPORTS)
    browser = signed_in(call)
    assert browser.post("/lifts/dry-run", email=EMAIL, list="bounces").status == 200
    assert calls == LOOKED_UP
    assert text_of(browser.page) == (
        "Why is an address not mailed? Email address Look up Lift ann@x.io from the bounce list? Nothing has been "
        "changed yet. What to expect It is likely to bounce again: the latest answer was that there is no such "
        "mailbox. It was never lifted before. Make sure of this first The spelling is right, letter by letter. Other "
        "senders' mail reaches the user at this address today. What a lift does The lift is recorded, with your name, "
        "and kept until it is carried out. The provider is asked to take the address off its list. You can watch that. "
        "Then mail to "
        "the address is sent again. What it does not fix If the cause is still there, the next message bounces and the "
        "address is suppressed again. Messages that were held back are not sent later: have the user ask for them "
        "again. The address is also on the list of spam reports, which goes on holding mail back. Lift it now Back"
    )


def test_a_look_up_warns_of_a_domain_that_takes_no_mail_and_a_dry_run_says_it_again(call: Gateway, dns: NoDns) -> None:
    dns["gmial.com"] = Mail.MISSING
    put(email="ann@gmial.com")
    said = "The domain gmial.com does not exist. Probably gmail.com is meant."
    browser = signed_in(call)
    assert said in look_up(browser, "ann@gmial.com")
    browser.post("/lifts/dry-run", email="ann@gmial.com", list="bounces")
    assert f"It is likely to bounce again: the domain of the address takes no mail. {said}" in text_of(browser.page)


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


def test_a_lift_by_a_token_of_oktas_scope_follows_the_membership_rule(call: Gateway) -> None:
    put()
    scopes = {*READ_ADDRESSES, *READ_REMOVALS, "okta.orgs.manage"}
    strange = signed_in(call, scopes=scopes)
    assert "Lift…" not in look_up(strange)
    answer = lift(strange)
    assert (answer.status, "belongs to none of your recipients" in text_of(strange.page)) == (403, True)
    own = signed_in(call, scopes=scopes, organization=replace(ANYONE, id="other"), credential="o")
    assert lift(own, email="anyone@x.io").status == 303
    # the rule is about bounces alone
    assert lift(own, "spam_reports", "anyone@x.io").status == 403


@pytest.mark.parametrize("name", SuppressionList)
@pytest.mark.parametrize("role", Role)
def test_what_a_role_may_not_lift_is_not_shown_as_if_it_could_and_is_refused(
    call: Gateway, role: Role, name: SuppressionList
) -> None:
    put(name, count=9, permanence=Permanence.SOFT)
    browser = signed_in(call, role)
    may = role is Role.ADMIN or (role is Role.HELP_DESK and name in {"bounces", "blocks"})
    assert ("Lift…" in look_up(browser)) is may
    assert lift(browser, name).status == (303 if may else 403)


def test_a_scope_for_one_list_lifts_from_that_list_alone(call: Gateway) -> None:
    put()
    put(SuppressionList.BLOCKS)
    browser = signed_in(call, scopes={*READ_ADDRESSES, *READ_REMOVALS, "suppression.blocks.delete"})
    look_up(browser)
    assert browser.page.count("Lift…") == 1
    answer = lift(browser)
    assert (answer.status, "lacks the scope suppression.bounces.delete" in text_of(browser.page)) == (403, True)
    assert lift(browser, "blocks").status == 303


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


def test_a_dry_run_says_no_more_than_the_lift_is_allowed_to(call: Gateway, calls: Calls) -> None:
    put()
    put(SuppressionList.BLOCKS, count=9, permanence=Permanence.SOFT)
    one_list = signed_in(call, scopes={"suppression.blocks.delete"}, credential="blocks")
    one_list.get("/lifts/many")
    assert rehearse(one_list).status == 403
    assert calls == {"GetItem": 1}
    assert (rehearse(one_list, "blocks").status, "bounce list" in text_of(one_list.page)) == (200, False)
    reader = signed_in(call, scopes={"suppression.blocks.delete", *READ_ADDRESSES}, credential="reader")
    assert rehearse(reader, "blocks").status == 200
    assert "The address is also on the bounce list" in text_of(reader.page)
    put(SuppressionList.SPAM_REPORTS)
    assert rehearse(signed_in(call, Role.HELP_DESK), "spam_reports").status == 403
    stranger = signed_in(call, scopes={"okta.orgs.manage"}, credential="okta")
    stranger.get("/lifts/many")
    # whether or not it is on the list
    for email in (EMAIL, "free@x.io"):
        answer = rehearse(stranger, email=email)
        assert (answer.status, "belongs to none of your recipients" in text_of(stranger.page)) == (403, True)


def test_the_help_desk_sees_when_its_lifts_of_the_day_are_used_up(call: Gateway) -> None:
    browser = signed_in(call, Role.HELP_DESK, organization=replace(DEMO, help_desk_lifts=1))
    assert lift(browser).status == 303
    answer = lift(browser, email="b@x.io")
    assert (answer.status, "lifts at most 1 addresses a day" in text_of(browser.page)) == (403, True)


@pytest.mark.parametrize("name", ["holds", "group-0", "nothing", ""])
def test_a_list_that_there_is_not_is_refused(call: Gateway, name: str) -> None:
    assert lift(signed_in(call), name).status == 400


def test_a_group_that_is_not_there_has_nothing_to_lift_from(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    answer = lift(browser, "group-999")
    # the session and the groups
    assert (answer.status, calls) == (400, {"GetItem": 2})
    assert "List: There is no group 999." in text_of(browser.page)


def test_what_is_on_no_list_is_not_rehearsed_and_what_is_no_address_and_on_no_list_is_not_lifted(
    call: Gateway,
) -> None:
    browser = signed_in(call)
    answer = browser.post("/lifts/dry-run", email=EMAIL, list="bounces")
    assert (answer.status, "No address on the bounce list." in text_of(browser.page)) == (404, True)
    assert lift(browser, "invalid_emails", "no address").status == 404


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
