"""Many addresses that are pasted: a result for each in the dry run, in the lift, and on its way to the provider."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.address import comparison_key
from reprieve.clock import HOUR, MINUTE, SECOND, Millis
from reprieve.context import OPERATOR, Context
from reprieve.dialects.console import many, pasted
from reprieve.dialects.console.site import READ_ADDRESSES, READ_REMOVALS
from reprieve.organization import Membership
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.group import GroupChanges
from reprieve.suppressions.suppression import GroupList, Suppression, SuppressionList
from tests.support.console import logged, signed_in, text_of
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.removal_job import Provider, enrol, tick

if TYPE_CHECKING:
    from tests.support.console import Browser
    from tests.support.gateway import Answer, Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
ANYONE = replace(DEMO, membership=Membership.ANYONE)
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
OKTA = {*READ_ADDRESSES, *READ_REMOVALS, "okta.orgs.manage"}


def put(*emails: str, name: Any = SuppressionList.BOUNCES) -> None:
    created = Millis(wiring.now() - HOUR)
    wiring.suppressions().record(
        DEMO, [Suppression(name, comparison_key(one), one, created, provider="sendgrid") for one in emails]
    )


def rehearse(browser: Browser, text: str, name: str = "bounces") -> Answer:
    return browser.post("/lifts/many/dry-run", addresses=text, list=name)


def lift(browser: Browser, text: str, name: str = "bounces", key: str = "") -> Answer:
    """The lift of a form, each of which has a key of its own."""
    return browser.post("/lifts/many", addresses=text, list=name, key=key or uuid.uuid4().hex)


def follow(browser: Browser, answer: Answer) -> str:
    """The page that an answer leads to."""
    (path,) = answer.headers["location"]
    assert browser.get("/lifts/many/{id}", id=path.removeprefix("/console/lifts/many/")).status == 200
    return text_of(browser.page)


def rows(browser: Browser) -> dict[str, str]:
    """What a page says of each address."""
    found = re.findall(r"<tr>(.*?)</tr>", browser.page[browser.page.index("<tbody>") :], re.DOTALL)
    said = [text_of(f"<main{one}</main>") for one in found]
    return {one.partition(" ")[0]: one.partition(" ")[2] for one in said}


def carried(browser: Browser, name: str = "addresses") -> str:
    (found,) = re.findall(rf'name="{name}" value="([^"]*)"', browser.page)
    return str(found)


def test_the_form_names_the_lists_that_the_viewer_may_lift_from(call: Gateway, calls: Calls, clock: Clock) -> None:
    wiring.unsubscribe_groups().create(
        context(DEMO, request_id="g", now=clock.now), GroupChanges(name=SCRIPT[:30], description="d", is_default=False)
    )
    browser = signed_in(call)
    browser.get("/lifts/many")
    assert text_of(browser.page) == (
        "Lift many addresses From the bounce list block list list of invalid addresses list of spam reports list of "
        f"unsubscribes list of those who left “{SCRIPT[:30]}” Email addresses One per line, or with commas or "
        "semicolons between; “Ann Lee <ann@example.com>” is understood. At most 500 at a time. Check… First you see "
        "what would happen to each. Nothing is changed yet."
    )
    assert calls == {"GetItem": 2}
    desk = signed_in(call, Role.HELP_DESK)
    desk.get("/lifts/many")
    assert re.findall(r'<option value="([^"]*)"', desk.page) == ["bounces", "blocks"]
    assert "At most 500 at a time. Your role lifts at most 50 a day." in text_of(desk.page)
    okta = signed_in(call, scopes=OKTA, credential="okta")
    okta.get("/lifts/many")
    assert re.findall(r'<option value="([^"]*)"', okta.page) == ["bounces"]


def test_a_dry_run_says_of_each_address_what_would_happen_and_changes_nothing(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    put("on@x.io", "both@x.io", "held@x.io")
    put("both@x.io", name=SuppressionList.SPAM_REPORTS)
    by = Context(DEMO, OPERATOR, "h", clock.now)
    wiring.holds().add(by, "held@x.io", reason="by phone")
    wiring.holds().add(by, "y.io", reason="by phone")
    browser = signed_in(call)
    pasted = "on@x.io\nAnn <both@x.io>; held@x.io\nnot one\nof@y.io, ON@x.io"
    assert rehearse(browser, pasted).status == 200
    # the session and the groups; five lists of four addresses; the holds of those and of two domains
    assert calls == {"GetItem": 2, "BatchGetItem": 2}
    assert text_of(browser.page).partition(" Address ")[0] == (
        "Lift many addresses Lift 4 addresses from the bounce list? Nothing has been changed yet. 3 of them are on the "
        "bounce list. The provider is asked about the others all the same, because it may have them on its own list. "
        "1 of what you pasted is not an email address and is left out: Line 3: “ not one ” is not an email address. "
        "1 more means an address that is there already. The lift is recorded, with your name, and you can watch it for "
        "each address. Messages that were held back are not sent later: have the user ask for them again. Lift all 4 "
        "now Paste others"
    )
    assert rows(browser) == {
        "on@x.io": "Lifted from the bounce list.",
        "both@x.io": "Lifted from the bounce list. Also on the list of spam reports, which stays.",
        "held@x.io": "Lifted from the bounce list. On hold, which stays.",
        "of@y.io": "Not on the bounce list here; the provider is asked. On hold, which stays.",
    }
    assert carried(browser) == "on@x.io\nboth@x.io\nheld@x.io\nof@y.io"
    assert logged("system.email.bounce.removal") == []


def test_a_dry_run_of_as_many_as_may_be_takes_a_known_number_of_calls(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    pasted = "\n".join(f"n{number}@x.io" for number in range(500))
    assert rehearse(browser, pasted).status == 200
    # 2,500 records, 500 holds and that of the domain
    assert calls == {"GetItem": 2, "BatchGetItem": 25 + 6}
    assert len(rows(browser)) == 500


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"addresses": "a@x.io", "list": "holds"}, "List: There is no such list."),
        ({"addresses": "a@x.io", "list": "group-x"}, "List: There is no such list."),
        ({"addresses": "a@x.io"}, "List: Fill this in."),
        ({"addresses": " \n ", "list": "bounces"}, "Email addresses: Fill this in."),
        ({"addresses": ",", "list": "bounces"}, "There is no address in it."),
        ({"addresses": "a@x.io\n" * 501, "list": "bounces"}, "At most 500 addresses at a time; there are 501."),
        ({"addresses": "a" * 300_001, "list": "bounces"}, "At most 300,000 characters."),
    ],
)
@pytest.mark.parametrize("path", ["/lifts/many", "/lifts/many/dry-run"])
def test_what_cannot_be_lifted_at_once_is_refused_in_words(
    call: Gateway, calls: Calls, path: str, fields: dict[str, str], says: str
) -> None:
    browser = signed_in(call)
    answer = browser.post(path, **fields)
    assert (answer.status, says in text_of(browser.page), calls) == (400, True, {"GetItem": 1})


def test_a_lift_takes_addresses_alone_and_names_the_line_of_another_text(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    answer = lift(browser, f"\na@x.io\n{SCRIPT}")
    assert (answer.status, calls) == (400, {"GetItem": 1})
    # an error's message goes into the function's log, so what was typed is in none
    assert "Line 3 is not an email address." in text_of(browser.page)
    assert "alert" not in text_of(browser.page)


def test_many_are_lifted_with_an_entry_each_and_followed_one_by_one_until_the_provider_has_carried_it_out(
    call: Gateway, calls: Calls, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(DEMO)
    provider = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    put("a@x.io", "b@x.io")
    browser = signed_in(call)
    answer = lift(browser, "a@x.io\nb@x.io\nc@x.io")
    assert answer.status == 303
    # the session; the form's key; the note of all, a record each, and the entries of the log; where the form has led to
    assert calls == {"GetItem": 1, "PutItem": 1, "BatchExecuteStatement": 2, "UpdateItem": 3 + 1}
    (entry,) = logged("system.email.bounce.removal")
    assert [one["displayName"] for one in entry["target"]] == ["a@x.io, b@x.io, c@x.io"]
    (location,) = answer.headers["location"]
    assert re.fullmatch("/console/lifts/many/[0-9a-f]{32}", location)
    said = follow(browser, answer)
    assert calls == {"GetItem": 2, "Query": 1, "BatchGetItem": 1}
    assert said == (
        "Lift many addresses 3 addresses from the bounce list Under way: 0 of 3 have ended. Asked for 1 Jan 2026, "
        "00:00 UTC . Under way 3 Check again Address Result a@x.io "
        "Under way b@x.io Under way c@x.io Under way Link to this page"
    )
    assert 'hx-trigger="every 2s"' in browser.page
    clock.now += HOUR
    tick()
    said = follow(browser, answer)
    assert said.startswith(
        "Lift many addresses 3 addresses from the bounce list All have ended. Asked for 1 Jan 2026, 00:00 UTC . "
        "Done 3 Address"
    )
    assert rows(browser) == {"a@x.io": "Done", "b@x.io": "Done", "c@x.io": "Done"}
    assert ("hx-trigger" in browser.page, "Check again" in browser.page) == (False, False)
    assert sorted(provider.asked) == ["a@x.io", "b@x.io", "c@x.io"]


def test_a_form_that_is_sent_twice_is_one_lift_and_counts_once(call: Gateway, calls: Calls) -> None:
    desk = signed_in(call, Role.HELP_DESK, organization=replace(DEMO, help_desk_lifts=2))
    rehearse(desk, "a@x.io\nb@x.io")
    key = carried(desk, "key")
    first = lift(desk, "a@x.io\nb@x.io", key=key)
    calls.clear()
    again = lift(desk, "a@x.io\nb@x.io", key=key)
    assert (first.status, again.status, again.headers["location"]) == (303, 303, first.headers["location"])
    # the session; the key, which is taken; the lift that it stands for
    assert calls == {"GetItem": 2, "PutItem": 1}
    assert len(logged("system.email.bounce.removal")) == 1
    # a form of its own counts, and the day's allowance is spent
    rehearse(desk, "a@x.io\nb@x.io")
    assert carried(desk, "key") != key
    assert lift(desk, "a@x.io\nb@x.io", key=carried(desk, "key")).status == 403


def test_a_form_that_was_refused_or_that_has_led_to_refusals_answers_the_same_again(call: Gateway) -> None:
    desk = signed_in(call, Role.HELP_DESK, organization=replace(DEMO, help_desk_lifts=1))
    assert [lift(desk, "a@x.io\nb@x.io", key="k").status for _ in range(2)] == [403, 403]
    of_domains = replace(ANYONE, id="other", membership=Membership.DOMAINS, domains=frozenset({"x.io"}))
    own = signed_in(call, scopes=OKTA, organization=of_domains, credential="o")
    said = set()
    for _ in range(2):
        assert lift(own, "a@x.io\nb@y.io", key="k").status == 200
        said.add(text_of(own.page))
    assert len(said) == 1
    assert "cannot lift them: b@y.io" in said.pop()


def test_a_form_whose_addresses_were_changed_or_whose_lift_is_under_way_is_refused_in_words(
    call: Gateway, clock: Clock
) -> None:
    browser = signed_in(call)
    assert lift(browser, "a@x.io", key="k").status == 303
    for text, name in (("b@x.io", "bounces"), ("a@x.io", "blocks")):
        assert lift(browser, text, name, key="k").status == 400
        assert "Email addresses: This form was sent with other addresses before; check them anew." in text_of(
            browser.page
        )
    # another person's form is another one
    other = signed_in(call, credential="other")
    assert lift(other, "b@x.io", key="k").status == 303
    fingerprint = many.Wanted(SuppressionList.BOUNCES, pasted.read("c@x.io")).fingerprint
    wiring.repeats().store.begin(DEMO, "key desk-1 under-way", fingerprint, now=clock.now)
    assert lift(browser, "c@x.io", key="under-way").status == 409
    assert "This lift is being recorded; send the form again in a minute, which is safe." in text_of(browser.page)
    assert len(logged("system.email.bounce.removal")) == 2
    # one that was cut off before it answered frees its key
    clock.now += MINUTE
    assert lift(browser, "c@x.io", key="under-way").status == 303


def test_a_form_without_a_key_lifts_nothing(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    answer = browser.post("/lifts/many", addresses="a@x.io", list="bounces")
    assert (answer.status, calls) == (400, {"GetItem": 1})


def test_what_fails_comes_first_with_the_providers_answer_and_a_link_to_retry_it(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(DEMO)
    monkeypatch.setattr("reprieve.removals.upstream.MAX_ATTEMPTS", 1)
    answers = [LiftAnswer(LiftOutcome.REFUSED, f"403 {SCRIPT}"), LiftAnswer(LiftOutcome.LIFTED)]
    provider = Provider(batch=1)
    provider.meanwhile = lambda: setattr(provider, "answer", answers.pop())
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    browser = signed_in(call)
    answer = lift(browser, "a@x.io\nb@x.io")
    clock.now += MINUTE
    tick()
    said = follow(browser, answer)
    assert "All have ended, but not all were lifted." in said
    assert SCRIPT not in browser.page
    found = list(rows(browser).items())
    failed = provider.asked[1]
    assert found[0] == (failed, f"Failed: 403 {SCRIPT}")
    assert found[1][1] == "Done"
    assert re.search(rf'href="/console/removals/[0-9a-f]{{32}}-\d">{re.escape(failed)}<', browser.page)


def test_a_page_under_way_is_asked_for_less_often_the_longer_it_takes_and_in_the_end_by_hand() -> None:
    ages = (0, 10 * SECOND, 11 * SECOND, 60 * SECOND, 10 * MINUTE, HOUR, HOUR + 1)
    assert [many.pause(Millis(7), Millis(7 + age)) for age in ages] == [2, 2, 2, 12, 60, 60, None]


def test_a_page_of_an_unknown_request_is_not_found(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    assert browser.get("/lifts/many/{id}", id="0" * 32).status == 404
    assert calls == {"GetItem": 1, "Query": 1}


def test_a_token_of_oktas_scope_lifts_those_that_belong_to_the_organization(call: Gateway, calls: Calls) -> None:
    strange = signed_in(call, scopes=OKTA)
    assert rehearse(strange, "a@x.io\nb@x.io").status == 200
    assert calls == {"GetItem": 2, "BatchGetItem": 3}
    assert "There is nothing to lift Nothing has been changed yet." in text_of(strange.page)
    assert rows(strange)["a@x.io"] == "Left out: it belongs to none of your recipients, so you cannot lift it."
    assert 'name="addresses"' not in strange.page
    assert lift(strange, "a@x.io\nb@x.io").status == 200
    assert "0 of 2 are being lifted These belong to none of your recipients" in text_of(strange.page)
    of_domains = replace(ANYONE, id="other", membership=Membership.DOMAINS, domains=frozenset({"x.io"}))
    own = signed_in(call, scopes=OKTA, organization=of_domains, credential="o")
    rehearse(own, "a@x.io\nb@y.io")
    assert carried(own) == "a@x.io"
    assert lift(own, "a@x.io").status == 303
    # what a rule refuses only then, because it was changed after the dry run, is said
    assert lift(own, "a@x.io\nb@y.io").status == 200
    said = text_of(own.page)
    assert "1 of 2 are being lifted These belong to none of your recipients, so you cannot lift them: b@y.io" in said
    (link,) = re.findall(r'href="/console/lifts/many/(\w{32})"', own.page)
    assert own.get("/lifts/many/{id}", id=link).status == 200


def test_a_group_that_is_not_there_has_nothing_to_lift_from(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    for send in (rehearse, lift):
        answer = send(browser, "a@x.io", "group-999")
        # the session and the groups
        assert (answer.status, calls) == (400, {"GetItem": 2})
        assert "List: There is no group 999." in text_of(browser.page)
    assert logged("system.email.bounce.removal") == []


def test_a_groups_list_is_lifted_from_as_any_other(call: Gateway, clock: Clock) -> None:
    group = wiring.unsubscribe_groups().create(
        context(DEMO, request_id="g", now=clock.now), GroupChanges(name="News", description="d", is_default=False)
    )
    put("left@x.io", name=GroupList.of(group.id))
    browser = signed_in(call)
    rehearse(browser, "left@x.io", group.list)
    assert rows(browser) == {"left@x.io": "Lifted from the list of those who left “News”."}
    assert "from the list of those who left “News”" in follow(browser, lift(browser, "left@x.io", group.list))


@pytest.mark.parametrize("role", Role)
def test_a_role_lifts_many_where_it_may_lift_one(call: Gateway, role: Role) -> None:
    browser = signed_in(call, role)
    may = role is not Role.VIEWER
    assert ('href="/console/lifts/many"' in browser.page) is may
    assert browser.get("/lifts/many").status == (200 if may else 403)
    assert rehearse(browser, "a@x.io").status == (200 if may else 403)
    assert lift(browser, "a@x.io").status == (303 if may else 403)
    complaints = 200 if role is Role.ADMIN else 403
    assert rehearse(browser, "a@x.io", "spam_reports").status == complaints
    assert lift(browser, "a@x.io", "spam_reports").status == (303 if role is Role.ADMIN else 403)


def test_the_help_desk_lifts_as_many_as_are_left_of_its_day_or_none(call: Gateway) -> None:
    desk = signed_in(call, Role.HELP_DESK, organization=replace(DEMO, help_desk_lifts=2))
    answer = lift(desk, "a@x.io\nb@x.io\nc@x.io")
    assert (answer.status, "lifts at most 2 addresses a day" in text_of(desk.page)) == (403, True)
    assert lift(desk, "a@x.io\nb@x.io").status == 303
    assert lift(desk, "c@x.io").status == 403


def test_a_lift_that_may_not_be_followed_ends_in_a_page_with_its_id(call: Gateway) -> None:
    browser = signed_in(call, scopes={*READ_ADDRESSES, "suppression.bounces.delete"})
    assert lift(browser, "a@x.io\nb@x.io").status == 200
    (found,) = re.findall(r"The lift was asked for .* Its id: (\w+)", text_of(browser.page))
    reader = signed_in(call, credential="reader")
    assert reader.get("/lifts/many/{id}", id=found).status == 200
    own_domain = replace(DEMO, membership=Membership.DOMAINS, domains=frozenset({"x.io"}))
    some = signed_in(call, scopes={*READ_ADDRESSES, "okta.orgs.manage"}, organization=own_domain, credential="okta")
    assert lift(some, "c@x.io\nd@y.io").status == 200
    assert "The others are recorded, with your name, as the lift" in text_of(some.page)
    assert "/console/lifts/many/" not in some.page


def test_the_help_desk_rehearses_no_more_than_it_could_lift_in_a_day(call: Gateway, calls: Calls) -> None:
    desk = signed_in(call, Role.HELP_DESK, organization=replace(DEMO, help_desk_lifts=2))
    assert rehearse(desk, "a@x.io\nb@x.io").status == 200
    assert rehearse(desk, "a@x.io\nb@x.io\nc@x.io").status == 403
    assert "lifts at most 2 addresses a day" in text_of(desk.page)
    # the session and the groups, and nothing about the addresses
    assert calls == {"GetItem": 2}


def test_what_else_holds_mail_back_is_rehearsed_for_those_alone_who_may_look_an_address_up(
    call: Gateway, clock: Clock
) -> None:
    put("a@x.io")
    put("a@x.io", name=SuppressionList.SPAM_REPORTS)
    wiring.holds().add(Context(DEMO, OPERATOR, "h", clock.now), "a@x.io", reason="by phone")
    browser = signed_in(call, scopes={"suppression.bounces.delete"})
    browser.get("/lifts/many")
    rehearse(browser, "a@x.io")
    assert rows(browser) == {"a@x.io": "Lifted from the bounce list."}
    browser = signed_in(call, scopes={"suppression.bounces.delete", *READ_ADDRESSES}, credential="reader")
    rehearse(browser, "a@x.io")
    assert rows(browser) == {
        "a@x.io": "Lifted from the bounce list. Also on the list of spam reports, which stays. On hold, which stays."
    }


def test_a_form_without_its_proof_lifts_nothing(call: Gateway) -> None:
    browser = signed_in(call)
    browser.proof = ""
    assert (lift(browser, "a@x.io").status, rehearse(browser, "a@x.io").status) == (403, 403)
    assert logged("system.email.bounce.removal") == []


def test_a_scope_for_one_list_lifts_from_that_list_alone(call: Gateway) -> None:
    browser = signed_in(call, scopes={*READ_ADDRESSES, "suppression.blocks.delete"})
    browser.get("/lifts/many")
    assert re.findall(r'<option value="([^"]*)"', browser.page) == ["blocks"]
    assert (rehearse(browser, "a@x.io").status, lift(browser, "a@x.io").status) == (403, 403)
    without = signed_in(call, scopes=READ_ADDRESSES, credential="reader")
    assert "/console/lifts/many" not in without.page
