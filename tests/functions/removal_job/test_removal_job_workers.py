"""Workers of the removal job side by side: what one holds is not another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest, RemovalState
from reprieve.runtime import wiring
from reprieve.store.table import Table
from tests.support import queue
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.removal_job import BOUNCES, KEY, Provider, record, request, request_many, tick

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Clock


def test_rows_that_another_worker_holds_do_not_block_those_behind_them(provider: Provider) -> None:
    provider.batch = 2
    for number in range(5):
        request(f"n{number}@company.com")
    held = wiring.removal_queue().due(DEMO, now=wiring.now(), limit=3)
    wiring.removal_queue().claim(DEMO, held, now=wiring.now(), lease=60_000)
    assert tick()["counts"] == {"lifted": 2}


def test_no_row_is_claimed_when_little_time_is_left(provider: Provider, dynamodb: DynamoDBClient) -> None:
    request()
    assert tick(remaining=19_000)["counts"] == {}
    assert record(dynamodb)["fence"] == "1"


def test_a_row_that_another_worker_holds_is_left_alone(provider: Provider) -> None:
    request()
    assert len(queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=wiring.now(), lease=60_000)) == 1
    assert tick()["counts"] == {}
    assert provider.asked == []


def test_a_worker_whose_lease_ran_out_can_end_nothing_any_more(provider: Provider) -> None:
    request()
    store, now = wiring.removal_queue(), wiring.now()
    (zombie,) = queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=now, lease=1)
    assert queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=now + 1, lease=60_000)
    for state in RemovalState:
        assert store.settle(DEMO, [Settlement(zombie, state, 1, due_at=now + 2)], now=now + 2) == [False]


def test_a_second_request_takes_the_row_from_a_worker_that_is_under_way(provider: Provider, clock: Clock) -> None:
    request()

    def again() -> None:
        clock.now += 1
        if len(provider.asked) == 1:
            request(request_id="second")

    provider.meanwhile = again
    assert tick()["counts"] == {"lost": 1}
    # an account that was added before the second request would be unknown to the run under way
    assert tick()["counts"] == {"lifted": 1}
    assert len(provider.asked) == 2


def test_an_address_that_was_asked_for_anew_is_deleted_once_though_its_old_part_is_read_behind(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_many(KEY, "b@company.com")
    table = wiring.table("SUPPRESSIONS")
    old = table.get({"partition": "demo#bounces#0", "address": KEY})
    clock.now += 1_000
    wanted = RemovalRequest("newer-0", BOUNCES, KEY, KEY)
    wiring.suppressions().request_removals(
        context(DEMO, credential="cred-1", request_id="newer", now=clock.now), [wanted]
    )
    read = Table.get_many

    def behind(self: Table, keys: Sequence[Any], *, consistent: bool = False) -> Iterator[Any]:
        for item in read(self, keys, consistent=consistent):
            yield old if item["address"] == KEY and not consistent else item

    monkeypatch.setattr(Table, "get_many", behind)
    assert tick()["counts"] == {"lifted": 2}
    assert sorted(provider.asked) == ["b@company.com", KEY]
