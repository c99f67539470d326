"""What an enabled policy lifts and when, what it leaves, and what it looks at for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, HOUR, Millis
from reprieve.policies.policy import Policy, Rule, Then, When
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.policies import (
    BLOCKS,
    BOUNCES,
    INVALID,
    START,
    WEEK,
    enable,
    hold_past_due,
    lifted,
    logged,
    on,
    pending,
    put,
    run,
    stored,
)

if TYPE_CHECKING:
    from tests.support.gateway import Clock

pytestmark = pytest.mark.usefixtures("demo")

SOFT = Policy((Rule("soft", Then.HOLD, When(permanences=frozenset({Permanence.SOFT})), (1, 3)),))


def test_nothing_is_lifted_for_an_organization_that_has_not_enabled_its_policy() -> None:
    put("a@x.io", START - 400 * DAY)
    assert run() == {"lifted": {}, "looked": 0, "judged": 0, "stopped": [], "finished": True, "faults": []}
    enable()
    wiring.policies().enable(context(stored(), now=START), enabled=False)
    assert run()["looked"] == 0
    assert pending() == {}


def test_what_is_due_is_lifted_by_the_removal_job_and_the_log_says_by_which_rule_and_evidence() -> None:
    put("Old@x.io", START - 8 * DAY)
    put("new@x.io", START - 6 * DAY)
    put("angry@x.io", START - 400 * DAY, SuppressionList.SPAM_REPORTS)
    put("gone@x.io", START - 400 * DAY, SuppressionList.UNSUBSCRIBES)
    put("bad@x.io", START - 400 * DAY, INVALID)
    enable()
    assert run() == {"lifted": {"bounces": 1}, "looked": 3, "judged": 1, "stopped": [], "finished": True, "faults": []}
    assert pending() == {"old@x.io": "policy"}
    assert on() == ["new@x.io"]
    (entry,) = logged()
    assert entry["actor"] == {
        "id": "policy",
        "type": "SystemPrincipal",
        "alternateId": "policy",
        "displayName": "policy",
        "detailEntry": None,
    }
    assert entry["target"][0]["alternateId"] == "Old@x.io"
    assert entry["debugContext"]["debugData"] == {
        "list": "bounces",
        "requestId": f"policy-1-bounces-{START}",
        "policyVersion": "1",
        "rule": "hard bounce",
        "ground": "first",
        "heldUntil": "2025-12-31T00:00:00.000Z",
        "failures": "2025-12-24T00:00:00.000Z hard Unclassified 5.1.1",
        "lifts": "0",
    }


def test_an_address_is_lifted_in_the_hour_in_which_its_time_is_over(clock: Clock) -> None:
    enable()
    assert run()["looked"] == 0
    put("a@x.io", clock.now)
    put("b@x.io", clock.now + 1, BLOCKS, Permanence.SOFT)
    since = clock.now
    when: dict[str, float] = {}
    for _ in range(8 * 24):
        clock.now += HOUR
        for name in lifted():
            when[name] = (clock.now - since) / DAY
    assert when == {"blocks": pytest.approx(1, abs=0.1), "bounces": pytest.approx(7, abs=0.1)}
    assert all(days > 1 for days in when.values())


def test_an_hour_in_which_nothing_is_due_looks_at_no_entry(clock: Clock) -> None:
    for number in range(50):
        put(f"{number}@x.io", START - 3 * DAY - number * HOUR)
    enable(WEEK)
    assert run()["looked"] == 50
    for _ in range(20):
        clock.now += HOUR
        assert (run()["looked"], logged()) == (0, [])
    clock.now = START + 3 * DAY
    assert (run()["lifted"], len(on())) == ({"bounces": 25}, 25)


def test_what_failed_again_is_held_for_longer_and_what_came_twice_for_want_of_a_mailbox_waits_for_a_person(
    clock: Clock,
) -> None:
    for at in (START - 40 * DAY, START - 8 * DAY):
        put("twice@x.io", at, status="5.1.1")
        put("again@x.io", at, BLOCKS, Permanence.SOFT, "4.2.2")
    enable()
    assert lifted() == {"blocks": 1}
    clock.now += 400 * DAY
    for _ in range(3):
        clock.now += HOUR
        assert run()["faults"] == []
    assert on() == ["twice@x.io"]


def test_late_news_of_a_failure_after_the_one_that_was_judged_brings_the_address_back() -> None:
    put("a@x.io", START - 8 * DAY)
    enable()
    run()
    assert on() == []
    put("a@x.io", START - 9 * DAY)
    assert on() == []
    put("a@x.io", START - 2 * DAY)
    assert on() == ["a@x.io"]


def test_what_a_person_holds_is_left_alone(clock: Clock) -> None:
    for email in ("a@x.io", "b@held.io", "c@x.io"):
        put(email, START - 8 * DAY)
    for subject in ("a@x.io", "held.io"):
        wiring.holds().add(context(DEMO, now=START), subject, reason="asked", until=None)
    enable()
    assert lifted() == {"bounces": 1}
    assert on() == ["a@x.io", "b@held.io"]
    assert len(logged()) == 1
    clock.now += 400 * DAY
    assert lifted() == {}


def test_what_a_domains_hold_kept_when_it_came_due_is_lifted_when_the_hold_ends_and_not_looked_at_before(
    clock: Clock,
) -> None:
    end = hold_past_due("x.io")
    assert (run()["looked"], pending()) == (1, {})
    for clock.now in (START + DAY, START + 2 * DAY, end - 1):
        assert run()["looked"] == 0
    clock.now = end
    assert lifted() == {"bounces": 1}


def test_what_an_addresss_hold_kept_is_looked_at_when_the_hold_ends_and_daily_until_it_is_off_the_providers_list(
    clock: Clock,
) -> None:
    end = hold_past_due("a@x.io")
    assert (run()["looked"], pending()) == (1, {"a@x.io": "c"})
    for clock.now, looked in ((end - 1, 0), (end, 1), (end + HOUR, 0), (START + 4 * DAY, 1)):
        assert (run()["looked"], lifted()) == (looked, {})


def test_a_removal_that_a_person_asked_for_stays_theirs() -> None:
    put("a@x.io", START - 8 * DAY)
    request = RemovalRequest("r-0", BOUNCES, "a@x.io", "a@x.io")
    wiring.suppressions().request_removals(context(DEMO, now=START), [request])
    enable()
    assert lifted() == {}
    assert pending() == {"a@x.io": "c"}
    assert logged() == []


def test_each_change_of_the_policy_and_every_month_all_lists_are_looked_through_again(clock: Clock) -> None:
    put("a@x.io", START - 6 * DAY)
    put("soft@x.io", START - 2 * DAY, BLOCKS, Permanence.SOFT)
    enable()
    assert lifted() == {"blocks": 1}
    enable(SOFT)
    put("imported@x.io", START - 900 * DAY, BLOCKS, Permanence.SOFT)
    assert lifted() == {"blocks": 1}
    put("later@x.io", START - 800 * DAY, BLOCKS, Permanence.SOFT)
    assert lifted() == {}
    clock.now += 31 * DAY
    assert lifted() == {"blocks": 1}
    assert on() == ["a@x.io"]


def test_news_that_comes_a_day_late_is_looked_at_two_days_later(clock: Clock) -> None:
    enable(Policy((Rule("one day", Then.HOLD, hold_days=(1,)),)))
    run()
    clock.now += 2 * DAY
    run()
    put("late@x.io", clock.now - DAY - HOUR)
    found = []
    for _ in range(50):
        clock.now += HOUR
        found += lifted()
    assert found == ["bounces"]


def test_a_rule_about_accounts_or_lifts_is_judged_by_the_record(clock: Clock) -> None:
    by_account = Rule("frankfurt", Then.ASK, When(accounts=frozenset({"frankfurt"})))
    enable(Policy((by_account, Rule("rest", Then.LIFT))))
    for number, account in enumerate(("frankfurt", "default")):
        one = Suppression(BOUNCES, f"{account}@x.io", f"{account}@x.io", Millis(START - DAY), event_id=f"{number}")
        wiring.suppressions().record(DEMO, [one.reported_by(account)])
    assert lifted() == {"bounces": 1}
    assert on() == ["frankfurt@x.io"]
    enable(Policy((Rule("often", Then.ASK, When(lifted_fewer=(1, 30))), Rule("rest", Then.LIFT))))
    assert lifted() == {}
