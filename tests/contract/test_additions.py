"""Additions to a provider's list: requested only of what is listed here, and never overtaken by what they replace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reprieve.clock import MINUTE
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import LEASE, Removal, RemovalRequest, RemovalState, watermark
from reprieve.store.removal_requests import adding
from reprieve.suppressions.listing import Since
from reprieve.suppressions.suppression import AnyList, GroupList, Suppression, SuppressionList
from tests.support.contexts import context
from tests.support.entries import entry_on
from tests.support.suppression_store import KEY, NOW, ORG, Bench

UNSUBSCRIBES = SuppressionList.UNSUBSCRIBES
DONE, PENDING, FAILED = RemovalState.DONE, RemovalState.PENDING, RemovalState.FAILED


def entry(at: int = NOW, name: AnyList = UNSUBSCRIBES) -> Suppression:
    return Suppression(name, KEY, KEY.upper(), at, provider="api", event_id=f"{at}")


def listed(bench: Bench, at: int = NOW) -> Suppression:
    one = entry(at)
    assert len(bench.store.record(ORG, [one]).changed) == 1
    return one


def add(bench: Bench, one: Suppression, *, now: int = NOW, name: str = "a") -> list[bool]:
    return bench.store.request_additions(context(ORG, now=now, request_id=name), [one])


def remove(bench: Bench, *, now: int, name: str = "r") -> None:
    request = RemovalRequest(f"{name}-0", UNSUBSCRIBES, KEY, KEY, hide=True)
    bench.store.request_removals(context(ORG, now=now, request_id=name), [request])


def taken(bench: Bench, now: int = NOW) -> list[Removal]:
    return [row for claim in bench.claim(bench.due(now), now) for row in claim.removals]


def is_listed(bench: Bench) -> bool:
    return entry_on(bench.table, ORG, UNSUBSCRIBES, KEY) is not None


def test_an_addition_waits_in_the_queue_and_its_end_leaves_the_entry_on_the_list(bench: Bench) -> None:
    assert add(bench, listed(bench)) == [True]
    (row,) = taken(bench)
    assert (row.adds, row.overtaken, row.email, row.request_id, row.queued) == (True, False, KEY.upper(), "a", True)
    assert bench.settle(row, DONE)
    assert is_listed(bench)
    assert taken(bench, NOW + LEASE + 1) == []


def test_what_is_not_on_the_list_is_not_added(bench: Bench) -> None:
    assert add(bench, entry()) == [False]
    listed(bench)
    remove(bench, now=NOW)
    assert add(bench, entry()) == [False]
    assert [row.adds for row in taken(bench)] == [False]


def test_the_list_of_a_group_is_added_to_like_any_other(bench: Bench) -> None:
    one = entry(name=GroupList.of(7))
    bench.store.record(ORG, [one])
    assert add(bench, one) == [True]
    assert [(row.list, row.adds) for row in taken(bench)] == [(GroupList.of(7), True)]


def test_an_addition_that_waits_already_is_as_good_as_a_second_one(bench: Bench) -> None:
    one = listed(bench)
    add(bench, one)
    (row,) = taken(bench)
    assert add(bench, one, name="b") == [True]
    assert taken(bench) == []
    assert bench.settle(row, DONE)
    assert add(bench, one, now=NOW + 1, name="b") == [True]
    assert [row.request_id for row in taken(bench, NOW + 1)] == ["b"]


def test_a_copy_of_an_addition_that_comes_when_it_is_done_changes_nothing(bench: Bench) -> None:
    one = listed(bench)
    add(bench, one)
    (row,) = taken(bench)
    assert bench.settle(row, DONE)
    assert add(bench, one) == [True]
    assert taken(bench, NOW + 2 * LEASE) == []


def test_a_copy_of_an_addition_that_comes_when_a_removal_has_replaced_it_changes_nothing(bench: Bench) -> None:
    request = RemovalRequest("a-0", UNSUBSCRIBES, KEY, KEY)
    write = adding(context(ORG, now=NOW, request_id="a"), request, {}, listing=True)
    assert bench.table.try_many([write])[0].refused is None
    remove(bench, now=NOW + LEASE)
    (row,) = taken(bench, NOW + LEASE)
    assert not row.adds
    assert bench.settle(row, DONE)
    assert bench.table.try_many([write])[0].refused is not None
    assert taken(bench, NOW + 2 * LEASE) == []


def test_an_addition_over_a_removal_waits_until_no_worker_can_be_under_way_with_that(bench: Bench) -> None:
    one = listed(bench, NOW - MINUTE)
    request = RemovalRequest("r-0", UNSUBSCRIBES, KEY, KEY)
    bench.store.request_removals(context(ORG, now=NOW, request_id="r"), [request])
    (row,) = taken(bench)
    assert add(bench, one) == [True]
    assert not bench.settle(row, DONE)
    assert taken(bench, NOW + LEASE - 1) == []
    (addition,) = taken(bench, NOW + LEASE)
    assert addition.adds
    assert is_listed(bench)


@pytest.mark.parametrize("age", [0, MINUTE], ids=["younger than the watermark", "older"])
def test_a_removal_over_an_addition_waits_until_no_worker_can_be_under_way_with_that(bench: Bench, age: int) -> None:
    add(bench, listed(bench, NOW - age))
    (row,) = taken(bench)
    remove(bench, now=NOW + 1)
    assert not bench.settle(row, DONE)
    assert not is_listed(bench)
    assert taken(bench, NOW + LEASE - 1) == []
    (removal,) = taken(bench, NOW + LEASE + 1)
    assert not removal.adds
    assert bench.settle(removal, DONE)


def test_a_removal_over_an_addition_that_no_worker_has_is_due_at_once(bench: Bench) -> None:
    add(bench, listed(bench, NOW - MINUTE))
    remove(bench, now=NOW + 1)
    assert [row.adds for row in taken(bench, NOW + 1)] == [False]


def test_one_address_of_a_list_is_lifted_over_an_addition_too(bench: Bench) -> None:
    add(bench, listed(bench, NOW - MINUTE))
    request = RemovalRequest("r-0", UNSUBSCRIBES, KEY, KEY, hide=True)
    asked = bench.store.request_listed(
        context(ORG, now=NOW, request_id="r"),
        [request],
        since=Since(hard=0, soft=0),
        hidden=False,
        forgiven_until=watermark(NOW),
    )
    assert (asked, is_listed(bench)) == ([True], False)


def test_a_failed_addition_can_be_retried_and_a_removal_ends_it(bench: Bench) -> None:
    add(bench, listed(bench, NOW - MINUTE))
    (row,) = taken(bench)
    assert bench.settle(row, FAILED)
    assert bench.queue.retry(ORG, replace(row, state=FAILED), now=NOW)
    (again,) = taken(bench)
    assert again.adds
    assert bench.settle(again, FAILED)
    remove(bench, now=NOW)
    assert [row.adds for row in taken(bench)] == [False]


def test_an_addition_that_is_given_back_is_still_one(bench: Bench) -> None:
    add(bench, listed(bench))
    (row,) = taken(bench)
    settlement = Settlement(row, PENDING, 1, NOW + MINUTE, "503")
    assert bench.queue.settle(ORG, [settlement], now=NOW) == [True]
    assert taken(bench) == []
    assert [(one.adds, one.attempts) for one in taken(bench, NOW + MINUTE)] == [(True, 1)]
