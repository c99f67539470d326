"""The brakes of a policy: no more per day than its caps, and a stop when what it lifted fails again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, HOUR
from reprieve.policies import brakes
from reprieve.policies import run as policy_run
from reprieve.policies.policy import Policy, Rule, Then
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.policies import (
    BOUNCES,
    START,
    WEEK,
    daily,
    deliver,
    enable,
    lifted,
    logged,
    on,
    pending,
    put,
    put_on_domains,
    run,
    run_broken,
    stored,
)

if TYPE_CHECKING:
    from tests.support.gateway import Clock

pytestmark = pytest.mark.usefixtures("demo")


def test_no_more_are_lifted_per_day_than_the_cap_and_the_rest_on_the_next_days(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(brakes, "PER_DAY", 4)
    put_on_domains(range(10), START - 20 * DAY)
    enable(WEEK)
    assert run()["lifted"] == {"bounces": 4}
    clock.now += HOUR
    assert run()["lifted"] == {}
    enable(Policy((Rule("another", Then.HOLD, hold_days=(6,)),)))
    assert run()["lifted"] == {}
    assert [daily(clock) for _ in range(3)] == [4, 2, 0]


def test_what_the_brakes_hold_back_is_gone_on_with_on_the_next_days_and_the_lists_are_not_read_again(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(brakes, "PER_DAY", 4)
    monkeypatch.setattr(policy_run, "BATCH", 4)
    put_on_domains(range(18), START - 20 * DAY)
    put_on_domains(range(18, 30), START - 3 * DAY + HOUR)
    enable(WEEK)
    # the first walk counts what the lists have
    first = run()
    assert (first["looked"], first["lifted"]) == (30, {"bounces": 4})
    days = []
    for _ in range(4):
        clock.now += DAY
        found = run()
        days.append((found["looked"], found["lifted"]))
    # on the last of these days the walk comes to the end of the lists
    assert days == [(4, {"bounces": 4}), (4, {"bounces": 4}), (4, {"bounces": 4}), (14, {"bounces": 2})]
    assert [daily(clock) for _ in range(4)] == [4, 4, 4, 0]
    assert run()["looked"] == 0


def test_no_walk_follows_one_that_has_waited_for_the_brakes_and_left_nothing(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(brakes, "PER_DAY", 4)
    put_on_domains(range(11), START - 20 * DAY)
    put("held@x.io", START - 2 * DAY)
    enable(WEEK)
    assert [run()["lifted"], daily(clock)] == [{"bounces": 4}, 4]
    clock.now += DAY
    last = run()
    assert (last["looked"], last["lifted"]) == (4, {"bounces": 3})


def test_no_more_of_a_domain_are_lifted_per_day_than_its_cap(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(brakes, "PER_DOMAIN", 2)
    for number in range(5):
        put(f"{number}@x.io", START - 20 * DAY)
    put("a@y.io", START - 20 * DAY)
    enable(WEEK)
    assert run()["lifted"] == {"bounces": 3}
    assert "a@y.io" in pending()
    assert [daily(clock) for _ in range(3)] == [2, 1, 0]


def test_no_greater_share_of_the_lists_is_lifted_per_day(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(brakes, "FEW", 1)
    for number in range(20):
        put(f"due{number}@{number}.io", START - 20 * DAY)
        put(f"new{number}@{number}.io", START - DAY)
    enable(WEEK)
    # of a list whose length no walk has counted yet, the least that a policy may lift
    assert run()["lifted"] == {"bounces": 1}
    clock.now += DAY
    assert lifted() == {"bounces": 4}


def test_what_a_person_has_under_way_is_not_counted_as_failed_again(clock: Clock) -> None:
    requests = [RemovalRequest(f"r-{number}", BOUNCES, f"{number}@x.io", f"{number}@x.io") for number in range(20)]
    for one in requests:
        put(one.key, START - 20 * DAY)
    wiring.suppressions().request_removals(context(DEMO, now=START), requests)
    enable(WEEK)
    assert lifted() == {}
    clock.now += DAY
    assert (run()["stopped"], logged()) == ([], [])


@pytest.mark.parametrize("broken", ["request_entries", "append"])
def test_what_was_not_lifted_for_a_fault_is_not_counted_as_failed_again(clock: Clock, broken: str) -> None:
    put_on_domains(range(20), START - 20 * DAY)
    enable(WEEK)
    subject = wiring.suppressions() if broken == "request_entries" else wiring.event_log()
    assert len(run_broken(subject, broken)["faults"]) == 1
    clock.now += DAY
    assert (run()["stopped"], len(pending())) == ([], 20)


def test_news_of_a_failure_before_a_lift_does_not_count_as_failed_again(clock: Clock) -> None:
    put_on_domains(range(20), START - 20 * DAY)
    enable(WEEK)
    assert lifted() == {"bounces": 20}
    put_on_domains(range(20), START - HOUR)
    clock.now += DAY
    assert (len(on()), run()["stopped"]) == (20, [])


def test_a_policy_whose_lifts_fail_again_is_stopped_and_the_log_says_so(clock: Clock) -> None:
    put_on_domains(range(20), START - 20 * DAY)
    enable(WEEK)
    assert lifted() == {"bounces": 20}
    put_on_domains(range(5), START + HOUR)
    put("due@z.io", START - 10 * DAY)
    clock.now += DAY
    stopped = {"lifted": {}, "looked": 0, "judged": 0, "stopped": ["demo"], "finished": True, "faults": []}
    assert run() == stopped
    assert (stored().policy.version, stored().policy.enabled) == (2, False)
    (entry,) = logged("reprieve.policy.stop")
    assert entry["debugContext"]["debugData"] == {
        "requestId": f"policy-1-stop-{clock.now}",
        "policyVersion": "1",
        "watched": "20",
        "failed": "5",
    }
    assert entry["actor"]["id"] == "policy"
    # a person who enables it again begins anew
    wiring.policies().enable(context(stored(), now=clock.now), enabled=True)
    clock.now += DAY
    assert run()["stopped"] == []


@pytest.mark.parametrize("broken", ["append", "set_policy"])
def test_no_policy_is_stopped_without_its_entry_in_the_log_and_a_repetition_has_the_same(
    clock: Clock, broken: str
) -> None:
    put_on_domains(range(20), START - 20 * DAY)
    enable(WEEK)
    run()
    put_on_domains(range(5), START + HOUR)
    clock.now += DAY
    subject = wiring.event_log() if broken == "append" else wiring.access()
    assert len(run_broken(subject, broken)["faults"]) == 1
    assert stored().policy.enabled
    clock.now += HOUR
    assert run()["stopped"] == ["demo"]
    assert not stored().policy.enabled
    assert len({one["uuid"] for one in logged("reprieve.policy.stop")}) == 1


def test_a_policy_is_not_stopped_for_a_fifth_of_its_lifts_or_for_old_ones(clock: Clock) -> None:
    put_on_domains(range(20), START - 20 * DAY)
    enable(WEEK)
    run()
    put_on_domains(range(4), START + HOUR)
    clock.now += DAY
    assert run()["stopped"] == []
    clock.now = START + 7 * DAY + HOUR
    put_on_domains(range(4, 20), START + 7 * DAY)
    assert run()["stopped"] == []


def test_a_policy_is_not_stopped_for_probes_that_fail_but_for_those_that_follow_one(clock: Clock) -> None:
    for number in range(20):
        put(f"probe@{number}.io", START - 20 * DAY, status="5.1.2")
    put("a@x.io", START - 20 * DAY, status="5.1.2")
    enable(WEEK)
    assert lifted() == {"bounces": 21}
    assert wiring.policy_progress().brakes(DEMO).watched == ()
    for number in range(20):
        put(f"probe@{number}.io", START + HOUR, status="5.1.2")
    put("b@x.io", START - 20 * DAY, status="5.1.2")
    deliver("a@x.io", START + HOUR)
    clock.now += DAY
    assert run()["stopped"] == []
    assert daily(clock) == 1
    assert [one.key for one in wiring.policy_progress().brakes(DEMO).watched] == ["b@x.io"]
