"""What the pages about an address say of each state that it can be in, and of what happened to it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.address import Address
from reprieve.clock import DAY, HOUR, MINUTE, Millis
from reprieve.context import OPERATOR
from reprieve.dialects.console.site import READ_ADDRESSES, READ_REMOVALS
from reprieve.organization import Membership
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.group import GroupChanges
from reprieve.suppressions.ingest import Batch
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from tests.support.console import signed_in, text_of
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.inquiries import drop
from tests.support.removal_job import Provider, enrol, tick

if TYPE_CHECKING:
    from reprieve.suppressions.suppression import AnyList
    from tests.support.console import Browser
    from tests.support.gateway import Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
ANYONE = replace(DEMO, membership=Membership.ANYONE)
EMAIL = "ann@x.io"
BY_MEMBERSHIP = {*READ_ADDRESSES, *READ_REMOVALS, "okta.orgs.manage"}


def put(name: AnyList, *, provider: str = "sendgrid", accounts: tuple[str, ...] = (), count: int = 1) -> None:
    at = Millis(wiring.now() - HOUR)
    entry = Suppression(name, EMAIL, EMAIL, at, "452 full", permanence=Permanence.SOFT, count=count)
    reported = frozenset((account, EMAIL) for account in accounts)
    wiring.suppressions().record(DEMO, [replace(entry, provider=provider, accounts=reported)])


def look_up(browser: Browser, email: str = EMAIL) -> str:
    assert browser.post("/address", email=email).status == 200
    return text_of(browser.page)


def history(browser: Browser) -> str:
    return look_up(browser).partition(" History ")[2]


def follow(browser: Browser, removal_id: str) -> str:
    assert browser.get("/removals/{id}", id=removal_id).status == 200
    return text_of(browser.page)


def lift(browser: Browser, name: str = "bounces", email: str = EMAIL) -> str:
    """Lift an address, and return the removal's id."""
    (path,) = browser.post("/lifts", email=email, list=name).headers["location"]
    return path.rpartition("/")[2]


# ---------------------------------------------------------------- the answer in one sentence


def test_what_is_still_listed_while_its_lift_is_under_way_is_said_to_be_lifted_and_offers_no_second_lift(
    call: Gateway,
) -> None:
    put(SuppressionList.BOUNCES)
    browser = signed_in(call, scopes=BY_MEMBERSHIP, organization=ANYONE)
    assert "Lift…" in look_up(browser)
    lift(browser)
    said = look_up(browser)
    assert (
        f"{EMAIL} A lift is under way. Mail is sent again as soon as the provider has carried it out. "
        "Its lift from the bounce list was asked for 1 Jan 2026, 00:00 UTC . Follow it On the bounce list"
    ) in said
    assert "Lift…" not in said


def test_a_message_that_the_provider_dropped_for_a_list_of_its_own_is_said_to_be_held_back(
    call: Gateway, clock: Clock
) -> None:
    drop(clock, EMAIL)
    browser = signed_in(call)
    assert (
        "The provider holds back mail to this address. It seems to be on the provider's bounce list, although it is "
        "not on ours. What you can tell the user Our mail provider is holding mail to this address back."
    ) in look_up(browser)
    assert history(browser) == "Not sent: the provider held it back 1 Jan 2026, 00:00 UTC Bounced Address"


def test_an_address_with_few_blocks_is_said_to_be_tried(call: Gateway) -> None:
    put(SuppressionList.BLOCKS)
    said = look_up(signed_in(call))
    assert "Mail to this address is tried. It has had trouble, which is listed below." in said
    assert "Next It has bounced too rarely to be blocked; mail to it is tried." in said


@pytest.mark.parametrize("membership", [Membership.DOMAINS, Membership.ANYONE])
def test_only_an_organization_that_lists_its_recipients_is_said_to_lack_one(
    call: Gateway, membership: Membership
) -> None:
    browser = signed_in(call, organization=replace(DEMO, membership=membership))
    assert "Nothing stops mail to this address. What you can tell" in look_up(browser, "stranger@x.io")


def test_an_entry_of_the_address_whitelist_that_covers_the_address_is_named(call: Gateway) -> None:
    wiring.whitelists().change(context(DEMO, request_id="r", now=wiring.now()), enabled=True, entries=["x.io"])
    put(SuppressionList.BOUNCES)
    assert "covers it, by its entry x.io." in look_up(signed_in(call))


def test_an_entry_says_how_often_it_failed_and_how_often_it_was_lifted_before(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(DEMO)
    monkeypatch.setattr(wiring, "provider_for", lambda *_: Provider())
    browser = signed_in(call)
    put(SuppressionList.BLOCKS)
    removal_id = lift(browser, "blocks")
    clock.now += HOUR
    tick()
    assert "Done. The provider has carried it out." in follow(browser, removal_id)
    clock.now += 3 * HOUR
    put(SuppressionList.BLOCKS, count=2)
    said = look_up(browser)
    assert "Kind soft: the cause can pass by itself; 2 times since the last lift" in said
    assert "Lifted before 1 time; failed again 1 time" in said
    browser.post("/lifts/dry-run", email=EMAIL, list="blocks")
    assert "It was lifted 1 time before, and failed again 1 time." in text_of(browser.page)


# ---------------------------------------------------------------- an addition


def test_an_unsubscription_on_its_way_to_the_provider_is_not_called_a_lift(
    call: Gateway,
) -> None:
    asking = context(DEMO, request_id="r", now=wiring.now())
    group = wiring.unsubscribe_groups().create(asking, GroupChanges(name="News", description="d", is_default=False))
    wiring.unsubscribes().add(asking, [Address.parse(EMAIL)], to=group.list)
    browser = signed_in(call)
    assert "except of the kinds below. It is being put on the provider's list. Follow it On the list" in look_up(
        browser
    )
    removal_id = browser.page.partition("/console/removals/")[2].partition('"')[0]
    assert history(browser) == "Put on the list of those who left “News” 1 Jan 2026, 00:00 UTC"
    assert f"Hold {EMAIL} Under way." in follow(browser, removal_id)
    browser.get("/removals")
    assert f"{EMAIL} onto the provider's list, asked for" in text_of(browser.page)


# ---------------------------------------------------------------- who reported it, and the history


@pytest.mark.parametrize(
    ("provider", "accounts", "says"),
    [
        ("sendgrid", (DEFAULT,), "reported by sendgrid Until"),
        ("ses", (DEFAULT, "eu", "us"), "reported by ses (eu, us) Until"),
        ("import", (), "reported by an import Until"),
    ],
)
def test_a_reason_names_its_source_and_the_accounts_beside_the_default_one(
    call: Gateway, provider: str, accounts: tuple[str, ...], says: str
) -> None:
    put(SuppressionList.BOUNCES, provider=provider, accounts=accounts)
    browser = signed_in(call)
    assert says in look_up(browser)
    browser.post("/lifts/dry-run", email=EMAIL, list="bounces")
    named = re.search(r"off its list(.*?)\. You can", text_of(browser.page))
    assert named
    assert named[1] == (", in the accounts default, eu, us" if len(accounts) > 1 else "")


def test_the_history_is_newest_first_says_each_event_once_and_names_people_alone(call: Gateway, clock: Clock) -> None:
    bounced = DeliveryEvent(
        *("e1", DeliveryKind.BOUNCE, EMAIL, EMAIL, clock.now, "550 5.1.1 no", "5.1.1"), Classification.INVALID_ADDRESS
    )
    wiring.ingest().accept(DEMO, Batch([bounced]), provider_name="SendGrid", account=DEFAULT, now=clock.now)
    clock.now += MINUTE
    browser = signed_in(call)
    assert history(browser) == "Bounced 1 Jan 2026, 00:00 UTC 550 5.1.1 no"
    by_operator = replace(context(DEMO, request_id="o", now=wiring.now()), actor=OPERATOR)
    wiring.holds().add(by_operator, EMAIL, reason="by phone", until=Millis(clock.now + DAY))
    clock.now += MINUTE
    wiring.holds().lift(context(DEMO, request_id="p", now=wiring.now()), EMAIL)
    clock.now += MINUTE
    lift(browser)
    assert history(browser) == (
        "Lift from the bounce list asked for 1 Jan 2026, 00:03 UTC Hold lifted 1 Jan 2026, 00:02 UTC by credential c "
        "Put on hold 1 Jan 2026, 00:01 UTC by phone Bounced 1 Jan 2026, 00:00 UTC 550 5.1.1 no"
    )


# ---------------------------------------------------------------- what a viewer sees


def test_a_lift_is_said_to_be_of_the_viewer_only_where_it_is(call: Gateway) -> None:
    browser = signed_in(call, Role.HELP_DESK)
    removal_id = lift(browser)
    assert "Asked for 1 Jan 2026, 00:00 UTC by you Waiting" in follow(browser, removal_id)
    other = signed_in(call, credential="admin-1")
    assert "Asked for 1 Jan 2026, 00:00 UTC Waiting" in follow(other, removal_id)


def test_a_lift_whose_place_a_newer_one_has_taken_leads_to_that(call: Gateway) -> None:
    browser = signed_in(call)
    first, second = lift(browser), lift(browser)
    assert "Replaced. A newer lift of the same address has taken its place." in follow(browser, first)
    assert f'href="/console/removals/{second}">See the newer one' in browser.page


def test_a_credential_without_a_name_is_shown_by_its_id(call: Gateway) -> None:
    assert "<span>desk-1, admin</span>" in signed_in(call, name="").page


def test_a_token_without_the_scope_to_retry_has_no_button_for_it(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(DEMO)
    monkeypatch.setattr(wiring, "provider_for", lambda *_: Provider(LiftAnswer(LiftOutcome.REFUSED, "403")))
    monkeypatch.setattr("reprieve.removals.upstream.MAX_ATTEMPTS", 1)
    removal_id = lift(signed_in(call))
    clock.now += MINUTE
    tick()
    reader = signed_in(call, scopes={*READ_ADDRESSES, "reprieve.removals.read"}, credential="reader")
    assert "Failed." in follow(reader, removal_id)
    assert "Retry" not in reader.page


def test_only_pages_whose_scope_a_token_has_are_linked(call: Gateway) -> None:
    assert "/console/removals" not in signed_in(call, scopes=READ_ADDRESSES).page


def test_lifts_are_shown_oldest_first_in_whichever_shard_they_wait(call: Gateway, clock: Clock) -> None:
    browser = signed_in(call, organization=replace(ANYONE, shards=8))
    asked = [f"n{number}@x.io" for number in range(8)]
    for email in asked:
        lift(browser, email=email)
        clock.now += MINUTE
    browser.get("/removals")
    assert re.findall(r"n\d@x\.io", text_of(browser.page)) == asked
