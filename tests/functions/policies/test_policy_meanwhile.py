"""What happens during a run: another run, a change of the policy, a newer failure, and a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import DAY, HOUR
from reprieve.policies import brakes
from reprieve.policies import run as policy_run
from reprieve.policies.policy import Policy, Rule, Then
from reprieve.runtime import wiring
from tests.support.contexts import context
from tests.support.policies import (
    START,
    WEEK,
    daily,
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
    from collections.abc import Callable

    from tests.support.gateway import Clock

pytestmark = pytest.mark.usefixtures("demo")


def before_lifts(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Have this happen after a run has looked at what is due, before it asks for each removal."""
    request = type(wiring.suppressions()).request_entries

    def late(store: Any, by: Any, entries: Any) -> list[bool]:
        meanwhile()
        return request(store, by, entries)

    monkeypatch.setattr(type(wiring.suppressions()), "request_entries", late)


def test_a_newer_failure_that_comes_between_the_look_and_the_lift_keeps_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put("a@x.io", START - 8 * DAY)
    put("b@x.io", START - 8 * DAY)
    enable()
    before_lifts(monkeypatch, lambda: put("a@x.io", START - HOUR))
    assert lifted() == {"bounces": 1}
    assert (on(), pending()) == (["a@x.io"], {"b@x.io": "policy"})


def test_a_policy_that_is_disabled_during_a_run_lifts_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_run, "CHUNK", 2)
    put_on_domains(range(6), START - 20 * DAY)
    enable(WEEK)
    before_lifts(monkeypatch, lambda: wiring.policies().enable(context(stored(), now=START), enabled=False))
    found = run()
    assert (found["lifted"], found["faults"]) == ({"bounces": 2}, [])
    assert len(logged()) == len(pending()) == 2


def test_a_policy_that_is_changed_during_a_run_is_gone_on_with_by_the_next_one(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(policy_run, "CHUNK", 2)
    put_on_domains(range(6), START - 20 * DAY)
    enable(WEEK)
    with monkeypatch.context() as once:
        before_lifts(once, lambda: enable(Policy((Rule("month", Then.HOLD, hold_days=(30,)),))))
        found = run()
    assert (found["lifted"], found["faults"], found["finished"]) == ({"bounces": 2}, [], False)
    clock.now += HOUR
    assert lifted() == {}
    clock.now += 10 * DAY
    assert lifted() == {"bounces": 4}


def test_a_policy_that_the_index_still_shows_as_enabled_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a@x.io", START - 8 * DAY)
    enable()
    before = stored()
    wiring.policies().enable(context(before, now=START), enabled=False)
    monkeypatch.setattr(type(wiring.access()), "organizations", lambda _: iter([before]))
    assert run()["looked"] == 0


def test_of_two_runs_at_once_one_lifts_and_the_caps_hold(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(brakes, "PER_DAY", 4)
    put_on_domains(range(10), START - 20 * DAY)
    enable(WEEK)
    held = type(wiring.hold_store()).held_of_many
    others: list[dict[str, Any]] = []

    def with_another_run(store: Any, *given: Any, **more: Any) -> Any:
        if not others:
            others.append({})
            clock.now += 1
            others.append(run())
        return held(store, *given, **more)

    monkeypatch.setattr(type(wiring.hold_store()), "held_of_many", with_another_run)
    first, second = run(), others[1]
    assert (first["lifted"], first["faults"], first["finished"]) == ({}, [], False)
    assert (second["lifted"], second["faults"]) == ({"bounces": 4}, [])
    assert len(pending()) == len(logged()) == 4
    # what the brakes hold back is not forgotten by the run that lost
    assert daily(clock) == 4


def test_what_a_run_that_was_cut_off_has_counted_stays_counted(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(brakes, "PER_DAY", 4)
    put_on_domains(range(6), START - 20 * DAY)
    enable(WEEK)
    assert len(run_broken(wiring.suppressions(), "request_entries")["faults"]) == 1
    clock.now += HOUR
    assert lifted() == {}
    assert daily(clock) == 4
