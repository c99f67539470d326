"""Cleared and expired entries are taken off in the background, however often the function is killed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.removals import upkeep
from reprieve.runtime import wiring
from reprieve.store.language import Update
from reprieve.store.old_queue import OldQueue
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.support import queue
from tests.support.gateway import DEMO, Context, cases, event, function
from tests.support.removal_job import request
from tests.support.suppressions import as_stored

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock

NOW = 1_767_225_600
BOUNCES = SuppressionList.BOUNCES


pytestmark = pytest.mark.usefixtures("demo")


def put(*emails: str, at: int = NOW - 60, permanence: Permanence = Permanence.HARD) -> None:
    wiring.suppressions().record(
        DEMO, [Suppression(BOUNCES, email, email, at * 1000, permanence=permanence) for email in emails]
    )


def run(remaining: int = 110_000) -> dict[str, object]:
    return function("upkeep")({}, Context(remaining=remaining))


def on_the_list() -> list[str]:
    """The entries that have not been taken off, shown or not."""
    return [one.key for one in wiring.listing().each(DEMO, BOUNCES, Selection(), now=wiring.now())]


def pending() -> list[str]:
    return sorted(one.key for one in queue.waiting(wiring.table("SUPPRESSIONS"), DEMO))


def test_everything_on_a_cleared_list_is_lifted_upstream_and_nothing_newer() -> None:
    put("a@x.io", "b@x.io")
    put("new@x.io", at=NOW + 1)
    wiring.access().clear("demo", BOUNCES, until=NOW)
    assert run() == {"swept": {"bounces": 2}, "moved": 0, "near_limits": 0, "finished": True, "faults": []}
    assert on_the_list() == ["new@x.io"]
    assert pending() == ["a@x.io", "b@x.io"]
    assert run()["swept"] == {"bounces": 0}


def test_removals_of_the_upkeep_are_found_by_the_request_that_they_show() -> None:
    put("a@x.io", "b@x.io")
    put("soft@x.io", permanence=Permanence.SOFT)
    wiring.access().clear("demo", BOUNCES, until=NOW)
    run()
    asked = {one.key: one for one in queue.waiting(wiring.table("SUPPRESSIONS"), DEMO)}
    follow = wiring.following()
    found = {
        key: sorted(report.followed.key for report in follow.of_request(DEMO, one.request_id))
        for key, one in asked.items()
    }
    assert found == {"a@x.io": ["a@x.io", "b@x.io"], "b@x.io": ["a@x.io", "b@x.io"], "soft@x.io": ["soft@x.io"]}


def test_a_run_that_is_cut_off_is_finished_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 4)
    put(*(f"u{number}@x.io" for number in range(10)))
    wiring.access().clear("demo", BOUNCES, until=NOW)
    left = iter([60_000, 0, 60_000, 0, 60_000, 60_000, 60_000])
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: next(left))
    assert run() == {"swept": {"bounces": 4}, "moved": 0, "near_limits": 0, "finished": False, "faults": []}
    assert len(on_the_list()) == 6
    assert run() == {"swept": {"bounces": 4}, "moved": 0, "near_limits": 0, "finished": False, "faults": []}
    assert run() == {"swept": {"bounces": 2}, "moved": 0, "near_limits": 0, "finished": True, "faults": []}
    assert on_the_list() == []
    assert len(pending()) == 10


def test_a_late_webhook_from_before_the_clearing_is_swept_too() -> None:
    wiring.access().clear("demo", BOUNCES, until=NOW)
    run()
    put("late@x.io", at=NOW - 5)
    assert list(wiring.listing().each(as_stored(), BOUNCES, Selection(), now=wiring.now())) == []
    assert run()["swept"] == {"bounces": 1}
    assert pending() == ["late@x.io"]


def test_a_bounce_that_comes_while_the_sweep_is_under_way_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a@x.io")
    wiring.access().clear("demo", BOUNCES, until=NOW)
    store = wiring.suppressions()
    ask = store.request_listed

    def overtaken(*arguments: object, **named: object) -> list[bool]:
        put("a@x.io", at=NOW + 1)
        return ask(*arguments, **named)

    monkeypatch.setattr(store, "request_listed", overtaken)
    assert run()["swept"] == {"bounces": 0}
    assert [one.created for one in wiring.listing().each(as_stored(), BOUNCES, Selection(), now=wiring.now())] == [
        (NOW + 1) * 1000
    ]
    assert pending() == []


def test_a_sweep_forgives_nothing_that_happened_after_the_clearing(clock: Clock) -> None:
    put("a@x.io")
    wiring.access().clear("demo", BOUNCES, until=NOW)
    clock.now += 600_000
    run()
    put("a@x.io", at=NOW + 100)
    assert on_the_list() == ["a@x.io"]


def test_what_has_expired_is_taken_off_by_its_permanence() -> None:
    day = 86_400
    put("hard@x.io", at=NOW - 15 * day)
    put("soft@x.io", at=NOW - 15 * day, permanence=Permanence.SOFT)
    put("unsure@x.io", at=NOW - 15 * day, permanence=Permanence.UNDETERMINED)
    put("old@x.io", at=NOW - 30 * day)
    wiring.access().set_purge("demo", {"enabled": True, "soft_days": 10, "hard_days": 20})
    assert run()["swept"] == {"bounces": 3, "blocks": 0}
    assert on_the_list() == ["hard@x.io"]
    assert pending() == ["old@x.io", "soft@x.io", "unsure@x.io"]


def test_nothing_is_asked_of_lists_that_hide_nothing(calls: Calls) -> None:
    calls.clear()
    assert run() == {"swept": {}, "moved": 0, "near_limits": 0, "finished": True, "faults": []}
    assert calls == {"Query": 1}


def test_a_mark_never_moves_back() -> None:
    wiring.access().clear("demo", BOUNCES, until=NOW)
    wiring.access().clear("demo", BOUNCES, until=NOW - 100)
    assert as_stored().cleared == {BOUNCES: NOW}


#: the result of each event when a list of one entry was cleared
ANSWERS = {
    "policies": {"lifted": {}, "looked": 0, "judged": 0, "stopped": [], "finished": True, "faults": []},
    "schedule": {"swept": {"bounces": 1}, "moved": 0, "near_limits": 0, "finished": True, "faults": []},
}


def test_every_event_does_the_whole_run() -> None:
    put("a@x.io")
    wiring.access().clear("demo", BOUNCES, until=NOW)
    assert {case: function("upkeep")(event("upkeep", case), Context()) for case in cases("upkeep")} == ANSWERS
    assert pending() == ["a@x.io"]


def test_each_run_is_counted_also_one_that_found_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run()
    put("a@x.io")
    wiring.access().clear("demo", BOUNCES, until=NOW)
    run()
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [(one["service"], one["UpkeepSwept"], one["UpkeepFaults"]) for one in metrics] == [
        ("upkeep", [0.0], [0.0]),
        ("upkeep", [1.0], [0.0]),
    ]


# ---------------------------------------------------------------- what the release before has queued


def as_before(key: str) -> None:
    """Have a removal wait as the release before has it wait."""
    place = {"partition": "demo#bounces#0", "address": key}
    update = Update(set=["#queue = :queue"], remove=["#slot", "#rank"])
    wiring.table("SUPPRESSIONS").update(place, update, {":queue": "demo#pending#0"})


def test_what_the_release_before_has_queued_is_moved_within_an_hour_and_nothing_is_asked_in_the_other_runs(
    clock: Clock, calls: Calls
) -> None:
    put("a@x.io", "b@x.io")
    wiring.access().clear("demo", BOUNCES, until=NOW)
    run()
    wiring.access().create_organization(Organization("other", "Other"))
    for key in ("a@x.io", "b@x.io"):
        request(key)
        as_before(key)
    moved, asked = [], []
    for _ in range(upkeep.SHARES):
        before = calls["Query"]
        moved.append(run()["moved"])
        asked.append(calls["Query"] - before)
        clock.now += upkeep.TICK
    assert (sorted(moved), pending()) == ([0] * 29 + [2], ["a@x.io", "b@x.io"])
    # the organizations and the cleared list in each; in the run of each organization its pending and failed ones, and
    # its rates
    assert sorted(asked) == [2] * 28 + [5, 5]


def test_an_old_queue_that_cannot_be_read_is_reported_and_stops_nothing_else(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> int:
        raise Unavailable("throttled")

    monkeypatch.setattr(OldQueue, "move", fails)
    monkeypatch.setattr(upkeep, "SHARES", 1)
    put("a@x.io")
    wiring.access().clear("demo", BOUNCES, until=NOW)
    report = run()
    assert (report["swept"], report["moved"], report["faults"]) == ({"bounces": 1}, 0, ["demo: throttled"])
