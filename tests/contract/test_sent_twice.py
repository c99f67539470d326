"""Calls that are made again: when an answer is lost, the write is sent again, regardless of changes since.

The product's own transport on dynoxide, with one answer thrown away.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import DAY, MINUTE
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest
from reprieve.store.faults import Fault
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppression_item import record_key
from reprieve.store.suppressions import Suppressions
from reprieve.store.table import Table
from reprieve.store.transport import Retrying, Transport
from reprieve.store.unblocks import Unblocks
from reprieve.suppressions.suppression import Permanence, Suppression
from tests.support import dynoxide, transports
from tests.support.contexts import context
from tests.support.suppression_store import BOUNCES, DONE, KEY, NOW, ORG, PENDING, Bench
from tests.support.tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reprieve.removals.removal import RemovalState

OTHER = "b@x.org"


class LostAnswer:
    """A transport that loses the answer to the first write of a removal's record, once a test has asked for it."""

    def __init__(self, transport: Transport) -> None:
        self.sent = 0
        self._transport = transport
        self._meanwhile: Callable[[], None] | None = None
        self._other = threading.Event()

    def lose(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Lose the next one, and run other work before it is sent again."""
        self._meanwhile = meanwhile

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        mine = operation == "UpdateItem" and arguments["Key"]["address"] == {"S": KEY}
        counted = bool(self._meanwhile) and mine and "requested_by" in str(arguments)
        self.sent += counted
        first = counted and self.sent == 1
        answer = self._transport.call(operation, arguments)
        if operation == "UpdateItem" and not mine:
            self._other.set()
        if first and self._meanwhile:
            self._other.wait(5)  # the request's other record is written too
            self._meanwhile()
            raise Fault("TimeoutError", passes=True)
        return answer


@pytest.fixture
def lossy() -> Iterator[LostAnswer]:
    with dynoxide.running() as client, transports.over(client, "light") as transport:
        create_tables(client)
        yield LostAnswer(transport)


@pytest.fixture
def bench(lossy: LostAnswer) -> Bench:
    table = Table(Retrying(lossy), "Suppressions")
    return Bench(table, Suppressions(table), RemovalQueue(table))


def work(bench: Bench, now: int, state: RemovalState = DONE) -> None:
    """Run the job with a provider that carries everything out or postpones it."""
    for claim in bench.claim(bench.due(now), now):
        due_at = None if state is DONE else now + 1_000
        done = bench.queue.settle(ORG, [Settlement(row, state, 0, due_at) for row in claim.removals], now=now)
        settled = {row.id for row, written in zip(claim.removals, done, strict=True) if written}
        bench.queue.release([claim], settled, now=now)


def state_of(bench: Bench, key: str) -> tuple[str, bool]:
    item = bench.table.get(record_key(ORG, BOUNCES, key), consistent=True)
    assert item is not None
    return str(item["removal_state"]), "slot" in item


def ends(bench: Bench) -> None:
    """Assert that a day later both removals are done and the queue is empty."""
    for hour in range(25):
        work(bench, NOW + 10_000 + hour * 60 * MINUTE)
    assert bench.due(NOW + 2 * DAY) == []
    assert (state_of(bench, KEY), state_of(bench, OTHER)) == ((DONE, False), (DONE, False))


def test_what_was_recorded_by_a_write_that_is_then_refused_keeps_its_place_in_the_queue(
    bench: Bench, lossy: LostAnswer
) -> None:
    for key in (KEY, OTHER):
        bench.bounce(NOW - 60_000, key=key)
    lossy.lose()
    assert bench.ask_listed(KEY, OTHER) == [True, True]
    assert lossy.sent > 1
    ends(bench)


@pytest.mark.parametrize("state", [DONE, PENDING])
def test_a_write_that_is_sent_again_does_not_undo_what_the_job_did_in_between(
    bench: Bench, lossy: LostAnswer, state: RemovalState
) -> None:
    lossy.lose(lambda: work(bench, NOW + 1_000, state))
    bench.ask_many(KEY, OTHER)
    assert lossy.sent > 1
    assert state_of(bench, KEY) == (state, state is PENDING)
    ends(bench)


def test_a_write_that_lands_on_a_newer_request_has_a_place_of_its_own(bench: Bench, lossy: LostAnswer) -> None:
    def meanwhile() -> None:
        work(bench, NOW + 1_000)
        bench.ask("r2", NOW + 2_000)

    lossy.lose(meanwhile)
    bench.ask_many(KEY, OTHER)
    assert lossy.sent > 1
    assert state_of(bench, KEY) == (PENDING, True)
    ends(bench)


def test_an_unblock_that_comes_after_another_neither_counts_nor_forgives_what_bounced_since(bench: Bench) -> None:
    def bounce(at: int) -> None:
        bench.store.record(ORG, [Suppression(BOUNCES, KEY, KEY, at, permanence=Permanence.SOFT, event_id=str(at))])

    unblocks = Unblocks(bench.table)
    bounce(NOW - 60_000)
    judged = unblocks.block_states(ORG, [KEY], now=NOW)[KEY]

    def unblock(name: str) -> set[str]:
        wanted = {KEY: (judged, RemovalRequest(f"{name}-0", BOUNCES, KEY, KEY))}
        return unblocks.request_unblocks(context(ORG, request_id=name, now=NOW), wanted)

    assert unblock("first") == {KEY}
    work(bench, NOW + 1_000)
    bounce(NOW + 20_000)
    assert unblock("second") == set()
    state = unblocks.block_states(ORG, [KEY], now=NOW + 30_000)[KEY]
    assert (state.unblocked, state.bounce and state.bounce.created) == (1, NOW + 20_000)


class LostWrite:
    """A transport that loses the answer to the first call of each operation that writes."""

    def __init__(self, transport: Transport) -> None:
        self.lost: set[str] = set()
        self._transport = transport

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._transport.call(operation, arguments)
        if operation in {"BatchExecuteStatement", "UpdateItem"} and operation not in self.lost:
            self.lost.add(operation)
            raise Fault("TimeoutError", passes=True)
        return answer


@pytest.mark.parametrize("name", transports.BOTH)
def test_an_entry_whose_write_is_sent_again_has_changed_its_list(name: str) -> None:
    with dynoxide.running() as client, transports.over(client, name) as transport:
        create_tables(client)
        over = Suppression(BOUNCES, OTHER, OTHER, NOW)
        Suppressions(Table(transport, "Suppressions")).record(ORG, [over])
        lossy = LostWrite(transport)
        store = Suppressions(Table(Retrying(lossy), "Suppressions"))
        entries = [Suppression(BOUNCES, KEY, KEY, NOW), replace(over, created=NOW + 1_000)]
        assert store.record(ORG, entries, by="import").changed == {(BOUNCES, KEY), (BOUNCES, OTHER)}
        assert lossy.lost == {"BatchExecuteStatement", "UpdateItem"}
        assert store.record(ORG, entries, by="another").changed == frozenset()
