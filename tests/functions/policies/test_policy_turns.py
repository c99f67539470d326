"""The turns of the hourly run: its time, the organizations, and the lists that it looks through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import DAY, HOUR
from reprieve.organization import Organization
from reprieve.policies import run as policy_run
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Permanence
from tests.support.gateway import DEMO
from tests.support.policies import BLOCKS, START, WEEK, enable, pending, put, run, run_short

if TYPE_CHECKING:
    from tests.support.gateway import Clock

pytestmark = pytest.mark.usefixtures("demo")


def test_organizations_take_their_turns_in_another_order_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [Organization(f"other{number}", "Other") for number in range(6)]
    for one in others:
        wiring.access().create_organization(one)
        enable(organization=one)
    known = type(wiring.access()).organization
    orders: list[list[str]] = []

    def noted(store: Any, organization_id: str) -> Any:
        orders[-1].append(organization_id)
        return known(store, organization_id)

    monkeypatch.setattr(type(wiring.access()), "organization", noted)
    for _ in range(8):
        orders.append([])
        run()
    assert len({tuple(dict.fromkeys(one)) for one in orders}) > 1
    assert all(len(set(one)) == 6 for one in orders)


def test_a_run_reads_no_more_of_the_lists_than_there_is_time_for(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(policy_run, "BATCH", 2)
    enable(WEEK)
    run()
    for number in range(5):
        put(f"{number}@x.io", clock.now - 7 * DAY + HOUR // 2 + 1_000 * number, permanence=Permanence.SOFT)
    clock.now += HOUR
    # the turn, both windows of the blocks, the first batch of the bounces and its entries
    found = run_short(*[110_000] * 5, *[0] * 9)
    assert (found["looked"], found["lifted"], found["finished"]) == (2, {"bounces": 2}, False)
    assert run()["lifted"] == {"bounces": 3}


def test_a_walk_that_is_cut_off_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(policy_run, "BATCH", 4)
    for number in range(10):
        put(f"{number}@x.io", START - 3 * DAY - number * HOUR)
        put(f"{number}@x.io", START - 3 * DAY - number * HOUR, BLOCKS)
    enable(WEEK)
    first = run_short(110_000, 110_000, 0)
    assert (first["looked"], first["finished"]) == (8, False)
    clock.now += HOUR
    second = run()
    assert (first["looked"] + second["looked"], second["finished"]) == (20, True)
    assert run()["looked"] == 0


def test_a_run_that_is_short_of_time_among_what_is_due_lifts_the_rest_next_time(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(policy_run, "CHUNK", 2)
    for number in range(5):
        put(f"{number}@x.io", START - 20 * DAY + 1_000 * number)
    enable(WEEK)
    # one look before the turn of each list, and one before each two entries
    assert run_short(*[110_000] * 3, *[0] * 9) == {
        "lifted": {"bounces": 2},
        "looked": 5,
        "judged": 2,
        "stopped": [],
        "finished": False,
        "faults": [],
    }
    assert sorted(pending()) == ["0@x.io", "1@x.io"]
    clock.now += HOUR
    assert run()["lifted"] == {"bounces": 3}
    for number in range(5, 9):
        put(f"{number}@x.io", clock.now - 7 * DAY + HOUR // 2 + 1_000 * number)
    clock.now += HOUR
    # one look before the turn and each batch of a window, two of them of the blocks, and one before each two entries
    assert run_short(*[110_000] * 5, *[0] * 9)["lifted"] == {"bounces": 2}
    assert run()["lifted"] == {"bounces": 2}


def test_a_failure_in_one_organization_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Organization("other", "Other")
    wiring.access().create_organization(other)
    for one in (DEMO, other):
        put("a@x.io", START - 8 * DAY, organization=one)
        enable(organization=one)
    known = wiring.listing().oldest_first

    def broken(organization: Organization, *rest: Any, **more: Any) -> Any:
        if organization.id == "demo":
            raise ValueError("a@x.io")
        return known(organization, *rest, **more)

    monkeypatch.setattr(wiring.listing(), "oldest_first", broken)
    found = run()
    assert found["lifted"] == {"bounces": 1}
    assert found["faults"] == ["demo: ValueError at test_policy_turns.py:" + found["faults"][0].rpartition(":")[2]]


def test_the_shards_of_a_list_are_looked_through_together() -> None:
    wide = replace(DEMO, id="wide", shards=4)
    wiring.access().create_organization(wide)
    for number in range(40):
        put(f"{number}@x.io", START - 8 * DAY - number, organization=wide)
    enable(organization=wide)
    assert run()["lifted"] == {"bounces": 40}
    assert len(pending(wide)) == 40
