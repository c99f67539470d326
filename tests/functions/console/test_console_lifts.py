"""The lift of one address from one list: what its dry run says, and who may lift what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.dialects.console.site import READ_ADDRESSES, READ_REMOVALS
from reprieve.role import Role
from reprieve.suppressions.suppression import Permanence, SuppressionList
from tests.support.console import ANYONE, EMAIL, LOOKED_UP, lift, look_up, put, rehearse, signed_in, text_of
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Gateway

pytestmark = pytest.mark.usefixtures("demo")


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
