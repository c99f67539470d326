"""What a delivery ends: the hold of its address, and the wait of a domain that is probed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, HOUR, MINUTE, Millis
from reprieve.policies import brakes, probes
from reprieve.policies import run as policy_run
from reprieve.policies.policy import Policy, Rule, Then
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Permanence
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.policies import (
    BLOCKS,
    START,
    WEEK,
    daily,
    deliver,
    enable,
    lifted,
    logged,
    pending,
    put,
    run,
    run_short,
    stored,
)

if TYPE_CHECKING:
    from reprieve.system_log.span import Span
    from tests.support.gateway import Clock

pytestmark = pytest.mark.usefixtures("demo")


def test_a_delivery_ends_the_holds_of_its_address_within_the_hour_and_of_no_other(clock: Clock) -> None:
    enable()
    put("A@x.io", START)
    put("A@x.io", START, BLOCKS, Permanence.SOFT, "4.2.2")
    put("b@x.io", START)
    deliver("A@x.io", START + MINUTE)
    clock.now += 5 * MINUTE
    assert lifted() == {}  # the log has not settled
    clock.now += HOUR
    assert lifted() == {"blocks": 1, "bounces": 1}
    assert pending() == {"a@x.io": "policy"}
    entries = logged()
    assert [one["debugContext"]["debugData"]["list"] for one in entries] == ["blocks", "bounces"]
    assert {name: entries[0]["debugContext"]["debugData"][name] for name in ("ground", "delivered", "failures")} == {
        "ground": "delivered",
        "delivered": "2026-01-01T00:01:00.000Z",
        "failures": "2026-01-01T00:00:00.000Z soft Unclassified 4.2.2",
    }
    clock.now += HOUR
    assert lifted() == {}


def test_a_delivery_before_the_latest_failure_ends_nothing(clock: Clock) -> None:
    enable()
    deliver("a@x.io", START)
    put("a@x.io", START)
    put("a@x.io", START + 1, BLOCKS, Permanence.SOFT)
    clock.now += HOUR
    assert run()["lifted"] == {}


def test_a_delivery_that_is_stamped_ahead_does_not_end_a_hold_for_a_failure_after_its_arrival(clock: Clock) -> None:
    enable()
    put("a@x.io", START - HOUR)
    put("b@x.io", START - HOUR)
    for key in ("a@x.io", "b@x.io"):
        deliver(key, START + 20 * HOUR, arrived=START)
    put("a@x.io", START + 2 * HOUR)
    clock.now += 3 * HOUR
    assert lifted() == {"bounces": 1}
    assert pending() == {"b@x.io": "policy"}
    assert [one["debugContext"]["debugData"]["delivered"] for one in logged()] == ["2026-01-01T00:00:00.000Z"]


def test_a_delivery_ends_nothing_of_an_organization_that_has_not_enabled_its_policy(clock: Clock) -> None:
    put("a@x.io", START)
    deliver("a@x.io", START + 1)
    clock.now += HOUR
    assert run()["lifted"] == {}
    # what was delivered shortly before is known when it is enabled
    enable()
    assert lifted() == {"bounces": 1}


def test_a_policy_that_is_enabled_again_does_not_read_all_that_was_delivered_meanwhile(clock: Clock) -> None:
    enable(Policy((Rule("month", Then.HOLD, hold_days=(30,)),)))
    run()
    wiring.policies().enable(context(stored(), now=clock.now), enabled=False)
    for key in ("old@x.io", "new@x.io"):
        put(key, START + 20 * DAY)
    deliver("old@x.io", START + 21 * DAY)
    deliver("new@x.io", START + 29 * DAY)
    clock.now += 30 * DAY
    wiring.policies().enable(context(stored(), now=clock.now), enabled=True)
    assert lifted() == {"bounces": 1}
    assert pending() == {"new@x.io": "policy"}
    # the rest is found by its age
    assert sum(daily(clock) for _ in range(21)) == 1


@pytest.mark.parametrize("subject", ["a@x.io", "x.io"])
def test_a_delivery_does_not_end_a_hold_by_hand(clock: Clock, subject: str) -> None:
    enable()
    put("a@x.io", START)
    wiring.holds().add(context(DEMO, now=START), subject, reason="asked")
    deliver("a@x.io", START + 1)
    clock.now += HOUR
    assert run()["lifted"] == {}


def test_a_delivery_to_what_may_be_a_spam_trap_ends_nothing(clock: Clock) -> None:
    enable()
    put("a@x.io", START - 2 * DAY)
    put("a@x.io", START)
    deliver("a@x.io", START + 1)
    clock.now += HOUR
    assert run()["lifted"] == {}


def test_what_the_brakes_hold_back_after_deliveries_is_read_again(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(brakes, "PER_DAY", 2)
    enable()
    for number in range(5):
        put(f"a@{number}.io", START)
        deliver(f"a@{number}.io", START + 1)
    clock.now += HOUR
    assert lifted() == {"bounces": 2}
    clock.now += HOUR
    assert lifted() == {}
    assert [daily(clock) for _ in range(3)] == [2, 1, 0]


def test_a_busy_domain_holds_back_neither_what_was_delivered_nor_what_is_due(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(brakes, "PER_DOMAIN", 1)
    monkeypatch.setattr(policy_run, "CHUNK", 2)
    enable(WEEK)
    for number in range(4):
        put(f"{number}@busy.io", START)
        deliver(f"{number}@busy.io", START + 1)
    put("a@other.io", START)
    deliver("a@other.io", START + 1)
    put("due@busy.io", START - 8 * DAY)
    clock.now += HOUR
    assert lifted() == {"bounces": 6}


def test_what_the_brakes_hold_back_after_deliveries_is_read_once_per_run_and_does_not_hold_back_probes(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(brakes, "PER_DAY", 2)
    fail("a", "b", "c")
    enable(WEEK)
    assert lifted() == {"bounces": 1}
    (probe,) = pending()
    clock.now += DAY
    for number in range(4):
        put(f"a@{number}.io", clock.now)
        deliver(f"a@{number}.io", clock.now + 1)
    deliver(probe, clock.now + 1)
    clock.now += HOUR
    reads: list[Span] = []
    entries = type(wiring.log_reader()).entries
    monkeypatch.setattr(
        type(wiring.log_reader()),
        "entries",
        lambda self, one, span, first: reads.append(span) or entries(self, one, span, first=first),
    )
    # after a day, the run takes several turns
    assert lifted() == {"bounces": 2}
    assert len(reads) == 1
    assert wiring.policy_progress().brakes(DEMO).probes.known["gone.io"].delivered == clock.now - HOUR + 1
    # the rest of the deliveries comes first, then those that waited for the probe
    assert [daily(clock) for _ in range(3)] == [2, 2, 0]


def test_deliveries_are_read_in_parts_and_none_is_left_out(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(policy_run, "BATCH", 2)
    enable()
    for number in range(5):
        put(f"a@{number}.io", START)
        deliver(f"a@{number}.io", START + 1)
    clock.now += HOUR
    found = run()
    assert (found["lifted"], found["finished"]) == ({"bounces": 5}, True)


def test_a_run_without_time_reads_no_deliveries_and_the_next_one_does(clock: Clock) -> None:
    enable()
    run()
    put("a@x.io", START)
    deliver("a@x.io", START + 1)
    clock.now += HOUR
    assert run_short(110_000, *[0] * 9)["lifted"] == {}
    assert lifted() == {"bounces": 1}


def fail(*names: str, at: int = START - 8 * DAY) -> None:
    for name in names:
        put(f"{name}@gone.io", at, status="5.1.2")


def test_of_a_domain_that_failed_as_a_whole_one_address_is_lifted_and_the_rest_after_a_delivery(clock: Clock) -> None:
    fail("a", "b", "c")
    put("a@other.io", START - 8 * DAY)
    enable(WEEK)
    assert lifted() == {"bounces": 2}
    (probe,) = [key for key in pending() if key.endswith("@gone.io")]
    assert [daily(clock) for _ in range(3)] == [0, 0, 0]
    deliver(probe, clock.now)
    clock.now += HOUR
    assert lifted() == {}
    assert daily(clock) == 2
    assert len(pending()) == 4


def test_without_a_delivery_another_address_of_the_domain_is_lifted_a_week_later(clock: Clock) -> None:
    fail("a", "b", "c")
    enable(WEEK)
    assert [lifted(), *(daily(clock) for _ in range(15))] == [{"bounces": 1}, *[0] * 6, 1, *[0] * 6, 1, 0]


def test_a_delivery_to_an_address_of_a_failed_domain_lets_the_rest_follow(clock: Clock) -> None:
    enable(WEEK)
    fail("a", "b", at=START)
    deliver("a@gone.io", START + 1)
    clock.now += HOUR
    assert lifted() == {"bounces": 1}
    clock.now = Millis(START + 7 * DAY + 2 * HOUR)
    assert lifted() == {"bounces": 1}


def test_an_address_that_failed_after_the_delivery_waits_for_a_probe_again(clock: Clock) -> None:
    fail("a", "b")
    enable(WEEK)
    assert lifted() == {"bounces": 1}
    (probe,) = pending()
    deliver(probe, clock.now)
    fail("c", "d", at=clock.now + 1)
    # the other one follows; of those that failed since, one is lifted when their hold is over
    assert [daily(clock) for _ in range(10)] == [0, 1, 0, 0, 0, 0, 0, 1, 0, 0]


def test_a_delivery_from_before_the_failure_whose_news_is_late_does_not_hide_the_one_after_the_probe(
    clock: Clock,
) -> None:
    fail("a", "b", "c")
    enable(WEEK)
    assert lifted() == {"bounces": 1}
    (probe,) = pending()
    deliver("z@gone.io", START - 9 * DAY)
    clock.now += HOUR
    assert lifted() == {}
    deliver(probe, clock.now)
    assert [daily(clock) for _ in range(3)] == [2, 0, 0]


def test_no_more_domains_are_probed_at_a_time_than_may_be(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(probes, "MAX_PROBES", 2)
    for number in range(3):
        put(f"a@{number}.io", START - 8 * DAY, status="5.4.4")
    enable(WEEK)
    assert lifted() == {"bounces": 2}
    assert sum(daily(clock) for _ in range(8)) == 1
    assert stored().policy.enabled
