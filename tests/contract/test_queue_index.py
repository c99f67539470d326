"""The index Queue on every DynamoDB of the tests: who has something due, and what the release before has queued."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import Millis
from reprieve.organization import Organization
from reprieve.removals.removal import LEASE, RemovalRequest
from reprieve.store import queue_index
from reprieve.store.language import Update
from reprieve.store.old_queue import OldQueue
from reprieve.store.removal_records import RemovalRecords
from reprieve.store.suppression_item import record_key
from reprieve.store.table import Table
from tests.support.contexts import context
from tests.support.dynamodb import Database
from tests.support.suppression_store import BOUNCES, DONE, FAILED, KEY, NOW, ORG, PENDING, Bench

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.removals.removal import Removal, RemovalState
    from reprieve.store.language import Item, Value

#: ids of which one is the beginning of others, so that the end of one is next to the beginning of another
NAMES = ("acme", "acme-2", "acme2", "acm", "zoo")


def due_organizations(bench: Bench, now: int = NOW) -> dict[str, int]:
    found: dict[str, int] = {}
    for slot in range(bench.queue.slots):
        found |= bench.queue.due_organizations(slot, now=Millis(now))
    return found


def ask(bench: Bench, name: str, *, at: int = NOW, count: int = 1) -> None:
    """Have a number of removals of an organization wait individually."""
    for number in range(count):
        wanted = RemovalRequest(f"r{at}{number}-0", BOUNCES, f"{number}@x.org", f"{number}@x.org")
        asked = context(Organization(name, name), request_id=f"r{at}{number}", now=Millis(at))
        bench.store.request_removals(asked, [wanted])


def test_those_that_have_something_due_are_found_each_with_what_was_asked_for_first(bench: Bench) -> None:
    for number, name in enumerate(NAMES):
        ask(bench, name, at=NOW - number, count=2)
    ask(bench, "acme", at=NOW - 9)
    assert due_organizations(bench) == {
        "acme": NOW - 9,
        **{name: NOW - number for number, name in enumerate(NAMES) if number},
    }
    assert due_organizations(bench, NOW - 4) == {"acme": NOW - 9, "zoo": NOW - 4}
    assert due_organizations(bench, NOW - 10) == {}


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_an_organization_with_much_that_waits_hides_none_behind_it(bench: Bench, page: int) -> None:
    with mock.patch.object(queue_index, "SLOTS", 1), mock.patch.object(queue_index, "PAGE", page):
        ask(bench, "acme", count=7)
        ask(bench, "acme-2", at=NOW + 60_000)
        for name in ("acm", "acme2", "zoo"):
            ask(bench, name)
        assert due_organizations(bench) == dict.fromkeys(["acm", "acme", "acme2", "zoo"], NOW)


def test_what_is_settled_or_failed_has_the_job_look_no_more(bench: Bench) -> None:
    bench.ask()
    bench.ask("s", key="b@x.org")
    for state, claim in zip((DONE, FAILED), bench.claim(bench.due()), strict=True):
        assert bench.settle(claim.removals[0], state)
    assert due_organizations(bench, NOW + LEASE) == {}


def test_what_is_given_back_is_found_when_it_is_due_and_not_before(bench: Bench) -> None:
    bench.ask()
    assert bench.settle(bench.take(), PENDING, due_at=NOW + 5_000)
    assert (due_organizations(bench, NOW + 4_999), due_organizations(bench, NOW + 5_000)) == ({}, {"acme": NOW})


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 3), st.integers(0, 9)), max_size=20),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_the_look_finds_what_a_look_at_every_item_finds(
    waiting: list[tuple[str, int, int]], page: int, slots: int
) -> None:
    """Of any number of items of any organizations and shards, due or not, by pages of any size."""
    table = Table(Database().client(), "Suppressions")  # type: ignore[arg-type]
    with mock.patch.object(queue_index, "SLOTS", slots), mock.patch.object(queue_index, "PAGE", page):
        for number, (name, shard, due) in enumerate(waiting):
            place = queue_index.entry(Organization(name, name, shards=4), "pending", shard, Millis(due))
            table.put({"partition": f"{name}#x", "address": str(number), "requested_at": 0, **place})
        found = {
            name
            for slot in range(slots)
            for name in queue_index.due_organizations(table, "pending", slot, now=Millis(5))
        }
        for name in NAMES:
            owner = Organization(name, name, shards=4)
            items = queue_index.due(table, owner, "pending", now=Millis(5), limit=99)
            assert [queue_index.due_at(item) for item in items] == sorted(
                due for one, _, due in waiting if one == name and due <= 5
            )
    assert found == {name for name, _, due in waiting if due <= 5}


# ---------------------------------------------------------------- what the release before has queued


def as_before(bench: Bench, key: Item, **changes: Value) -> Item:
    """Have an item wait as the release before has it wait."""
    item = bench.table.get(key, consistent=True) or {}
    state = str(item.get("removal_state", "pending"))
    shard = (int(str(item["slot"]).partition("#")[2]) - int(queue_index.slot(ORG, "", 0)[1:])) % queue_index.SLOTS
    values: Mapping[str, Value] = {"queue": f"acme#{state}#{shard}", **changes}
    update = Update(set=[f"#{name} = :{name}" for name in values], remove=["#slot", "#rank"])
    bench.table.update(key, update, {f":{name}": value for name, value in values.items()})
    return bench.table.get(key, consistent=True) or {}


def move(bench: Bench, now: int = NOW) -> int:
    return OldQueue(bench.table).move(ORG, now=Millis(now))


def test_a_removal_that_the_release_before_has_queued_is_moved_once_and_carried_out(bench: Bench) -> None:
    bench.ask()
    before = as_before(bench, record_key(ORG, BOUNCES, KEY))
    assert (bench.due(), due_organizations(bench)) == ([], {})
    assert (move(bench), move(bench)) == (1, 0)
    moved = bench.table.get(record_key(ORG, BOUNCES, KEY), consistent=True) or {}
    expected = {name: value for name, value in before.items() if name != "queue"}
    assert moved == {**expected, "fence": 2, "slot": moved["slot"], "rank": f"acme#{NOW}"}
    assert due_organizations(bench) == {"acme": NOW}
    assert bench.settle(bench.take(), DONE)


def test_a_part_that_the_release_before_has_queued_is_moved_and_carried_out(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    (entry,) = bench.due()
    key: Item = {"partition": entry.handle[0], "address": entry.handle[1]}
    as_before(bench, key)
    assert bench.due() == []
    assert move(bench) == 1
    rows, part = bench.take_part()
    assert [bench.settle(row, DONE) for row in rows] == [True, True]
    bench.release(part)
    assert (bench.due(NOW + LEASE), bench.table.get(key, consistent=True) is not None) == ([], True)


def test_a_failure_of_the_release_before_can_be_retried_after_it_was_moved(bench: Bench) -> None:
    bench.ask()
    assert bench.settle(bench.take(), FAILED)
    as_before(bench, record_key(ORG, BOUNCES, KEY))
    assert move(bench) == 1
    (failed,) = waiting_failures(bench)
    assert bench.queue.retry(ORG, failed, now=Millis(NOW))
    assert (due_organizations(bench), waiting_failures(bench)) == ({"acme": NOW}, [])


def waiting_failures(bench: Bench) -> list[Removal]:
    return RemovalRecords(bench.table).waiting(ORG, FAILED, limit=9, after=None)[0]


def test_what_a_worker_of_the_release_before_holds_is_moved_when_its_lease_has_ended(bench: Bench) -> None:
    bench.ask()
    worker = bench.take()
    as_before(bench, record_key(ORG, BOUNCES, KEY))
    assert (move(bench), move(bench, NOW + LEASE - 1), move(bench, NOW + LEASE)) == (0, 0, 1)
    # and that worker can write nothing any more
    assert [bench.settle(worker, state, due_at=NOW) for state in (DONE, PENDING, FAILED)] == [False] * 3


def test_what_left_the_old_queue_or_is_due_at_another_moment_is_not_moved_by_what_its_index_showed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.ask()
    key = record_key(ORG, BOUNCES, KEY)
    shown = as_before(bench, key)
    monkeypatch.setattr(bench.table, "query_all", lambda *_, **__: iter([shown]))
    bench.table.update(key, Update(set=["#due_at = :later"]), {":later": NOW + 1})
    assert move(bench) == 0
    bench.table.update(key, Update(set=["#due_at = :now"], remove=["#queue"]), {":now": NOW})
    assert move(bench) == 0


def test_a_newer_request_takes_a_removal_out_of_the_old_queue(bench: Bench) -> None:
    bench.ask()
    as_before(bench, record_key(ORG, BOUNCES, KEY))
    bench.ask("s", NOW + 60_000)
    item = bench.table.get(record_key(ORG, BOUNCES, KEY), consistent=True) or {}
    assert ("queue" in item, item["rank"]) == (False, f"acme#{NOW + 60_000}")
    assert move(bench) == 0


@pytest.mark.parametrize("state", [PENDING, FAILED, DONE])
def test_what_a_late_request_of_the_release_before_has_queued_there_too_leaves_both_queues(
    bench: Bench, state: RemovalState
) -> None:
    bench.ask()
    key = record_key(ORG, BOUNCES, KEY)
    bench.table.update(key, Update(set=["#queue = :queue"]), {":queue": "acme#pending#0"})
    assert bench.settle(bench.take(), state, due_at=NOW + 1)
    item = bench.table.get(key, consistent=True) or {}
    assert ("queue" in item, "slot" in item, move(bench, NOW + LEASE)) == (False, state is not DONE, 0)
