"""An address is unblocked at most five times however calls interleave: the test orders every step of every caller."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprieve.address import Address
from reprieve.clock import DAY
from reprieve.organization import Organization
from reprieve.recipients.recipient import Field, Recipient
from reprieve.removals.allowance import Allowance
from reprieve.removals.block import UNBLOCKS, UnblockOutcome
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalState
from reprieve.removals.unblock import Unblocks
from reprieve.runtime import settings as environment
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppressions import Suppressions
from reprieve.store.table import Table
from reprieve.store.unblocks import Unblocks as Store
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.support import queue
from tests.support.contexts import context
from tests.support.entries import entry_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ORGANIZATION = Organization(id="demo", name="Demo", soft_bounce_threshold=1)
EMAIL = "ann@example.org"
START = 1_800_000_000_000


class Steps(Table):
    """The real table, which waits for permission before each call."""

    def __init__(self, client: Any, name: str, leave: Callable[[], None]) -> None:
        super().__init__(client, name)
        self._leave = leave

    def get_many(self, *arguments: Any, **named: Any) -> Iterator[Any]:
        self._leave()
        return super().get_many(*arguments, **named)

    def try_transact(self, writes: Sequence[Any]) -> list[int]:
        self._leave()
        return super().try_transact(writes)


class OneRecord:
    """A recipient store with one record."""

    def get_many(self, _organization: Organization, module: str, identifiers: Sequence[str]) -> list[Recipient]:
        return [Recipient(identifiers[0], module, Address.parse(EMAIL), None, 1, 1)]


class NoLog:
    """A log that discards its entries."""

    def append(self, *_: object) -> frozenset[str]:
        return frozenset()


def interleave(work: Sequence[Callable[[Callable[[], None]], object]], order: Iterator[int]) -> None:
    """Run callers step by step: each waits before each of its calls until it is chosen."""
    arrived = threading.Semaphore(0)
    gates = [threading.Semaphore(0) for _ in work]
    waiting: list[bool] = [True] * len(work)

    def run(number: int) -> None:
        def leave() -> None:
            arrived.release()
            gates[number].acquire()

        try:
            leave()
            work[number](leave)
        finally:
            waiting[number] = False
            arrived.release()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
        arrived.acquire()
    while any(waiting):
        alive = [number for number, waits in enumerate(waiting) if waits]
        gates[alive[next(order) % len(alive)]].release()
        arrived.acquire()
    for thread in threads:
        thread.join()


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_five_is_never_exceeded_and_always_reached(dynamodb: Any, data: st.DataObject) -> None:
    client, name = dynamodb, environment.table("SUPPRESSIONS")
    client.database.tables[name].items.clear()
    plain = Suppressions(Table(client, name))
    order = iter(lambda: data.draw(st.integers(0, 11)), None)
    outcomes: list[UnblockOutcome] = []
    for turn in range(7):
        at = START + turn * DAY
        place = data.draw(st.sampled_from([SuppressionList.BOUNCES, SuppressionList.BLOCKS]))
        plain.record(
            ORGANIZATION,
            [Suppression(place, EMAIL, EMAIL, at, permanence=Permanence.SOFT, event_id=f"e{turn}")],
        )
        callers = [caller(client, name, f"r{turn}-{number}", at + 1, outcomes) for number in range(3)]
        before = outcomes.count(UnblockOutcome.UNBLOCKED)
        interleave(callers, order)
        assert outcomes.count(UnblockOutcome.UNBLOCKED) - before == (1 if turn < UNBLOCKS else 0)
        if data.draw(st.booleans()):
            job(Table(client, name), at + 2)
    assert outcomes.count(UnblockOutcome.UNBLOCKED) == UNBLOCKS
    assert Store(Table(client, name)).block_states(ORGANIZATION, [EMAIL], now=START)[EMAIL].unblocked == UNBLOCKS


def test_a_bounce_between_two_writes_does_not_let_a_sixth_through(dynamodb: Any) -> None:
    name = environment.table("SUPPRESSIONS")
    plain = Suppressions(Table(dynamodb, name))
    outcomes: list[UnblockOutcome] = []
    for turn in range(UNBLOCKS):
        plain.record(ORGANIZATION, [soft(START + turn * DAY)])
        if turn < UNBLOCKS - 1:
            caller(dynamodb, name, f"r{turn}", START + turn * DAY, outcomes)(lambda: None)
    now = START + UNBLOCKS * DAY
    actors = [
        caller(dynamodb, name, "first", now, outcomes),
        caller(dynamodb, name, "second", now, outcomes),
        lambda _: plain.record(ORGANIZATION, [soft(now)]),
    ]
    # both read, the first writes and is gone, the bounce arrives, the second writes
    interleave(actors, iter([0, 0, 1, 1, 0, 1, 0, 0]))
    assert outcomes == [UnblockOutcome.UNBLOCKED] * UNBLOCKS + [UnblockOutcome.EXHAUSTED]


def soft(at: int) -> Suppression:
    return Suppression(SuppressionList.BOUNCES, EMAIL, EMAIL, at, permanence=Permanence.SOFT, event_id=f"e{at}")


def caller(
    client: Any, name: str, request_id: str, now: int, outcomes: list[UnblockOutcome]
) -> Callable[[Callable[[], None]], None]:
    def work(leave: Callable[[], None]) -> None:
        service = Unblocks(Store(Steps(client, name, leave)), OneRecord(), NoLog(), Allowance(None))  # type: ignore[arg-type]
        (result,) = service.request(
            context(ORGANIZATION, request_id=request_id, now=now),
            "Leads",
            ["2423488000000575001"],
            [Field.EMAIL],
        )
        outcomes.append(result.outcome)

    return work


def job(table: Table, now: int) -> None:
    """Settle as the job does after the provider's answer; a removal that forgives too little is superseded."""
    rows = queue.take(table, ORGANIZATION, now=now)
    settlements = [Settlement(row, RemovalState.SUPERSEDED if row.overtaken else RemovalState.DONE, 0) for row in rows]
    assert all(RemovalQueue(table).settle(ORGANIZATION, settlements, now=now))


EVENTS = [
    Suppression(
        SuppressionList.BLOCKS, EMAIL, EMAIL, START + second * 1_000, permanence=Permanence.SOFT, event_id=identity
    )
    for second, identity in [(1, "a"), (2, "b"), (2, "c"), (3, "d")]
]


@settings(max_examples=settings.default.max_examples // 4, suppress_health_check=list(HealthCheck))
@given(
    batches=st.permutations([*EVENTS, EVENTS[0], EVENTS[3]]).flatmap(
        lambda order: st.lists(st.integers(1, 6), min_size=1).map(lambda cuts: _cut(order, cuts))
    )
)
def test_the_order_of_arrival_does_not_change_the_count(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch, batches: list[list[Suppression]]
) -> None:
    monkeypatch.setattr("reprieve.store.table.SIDE_BY_SIDE", 1)
    name = environment.table("SUPPRESSIONS")
    for shard in range(ORGANIZATION.shards):
        key = {"partition": {"S": f"demo#blocks#{shard}"}, "address": {"S": EMAIL}}
        dynamodb.delete_item(TableName=name, Key=key)
    table = Table(dynamodb, name)
    for batch in batches:
        Suppressions(table).record(ORGANIZATION, batch)
    found = entry_on(table, ORGANIZATION, SuppressionList.BLOCKS, EMAIL)
    assert found is not None
    assert (found.count, found.created, found.event_id) == (4, START + 3_000, "d")


def _cut(order: list[Suppression], cuts: list[int]) -> list[list[Suppression]]:
    batches, rest = [], list(order)
    for size in cuts:
        batches.append(rest[:size])
        rest = rest[size:]
    return [batch for batch in [*batches, rest] if batch]


def test_a_count_that_is_full_still_shows_the_newest_event(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reprieve.store.table.SIDE_BY_SIDE", 1)
    table = Table(dynamodb, environment.table("SUPPRESSIONS"))
    for second in range(40):
        one = Suppression(SuppressionList.BLOCKS, EMAIL, EMAIL, START + second, event_id=f"e{second}")
        assert len(Suppressions(table).record(ORGANIZATION, [one]).changed) == 1
    found = entry_on(table, ORGANIZATION, SuppressionList.BLOCKS, EMAIL)
    assert found is not None
    assert (found.count, found.created) == (32, START + 39)
