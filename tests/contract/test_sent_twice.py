"""boto3's own retries: when an answer is lost, it sends the write again seconds later, regardless of changes since.

The real boto3 on dynoxide, with one answer thrown away.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from reprieve.clock import DAY, MINUTE
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppression_item import record_key
from reprieve.store.suppressions import Suppressions
from reprieve.store.table import Table
from reprieve.store.unblocks import Unblocks
from reprieve.suppressions.suppression import Permanence, Suppression
from tests.contract.test_suppression_store import BOUNCES, DONE, KEY, NOW, ORG, PENDING, Bench
from tests.support import dynoxide
from tests.support.contexts import context
from tests.support.tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprieve.removals.removal import RemovalState

OTHER = "b@x.org"


class LostAnswer:
    """A client that loses the answer to the first write of a removal's record, and runs other work before the retry."""

    def __init__(self, client: Any, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.sent = 0
        self._meanwhile = meanwhile
        self._other = threading.Event()
        client.meta.events.register_first("before-send.dynamodb.UpdateItem", self._send)
        client.meta.events.register("after-call.dynamodb.UpdateItem", lambda **_: self._other.set())

    def _send(self, request: Any, **_: Any) -> None:
        body = request.body if isinstance(request.body, str) else request.body.decode()
        if f'"address": {{"S": "{KEY}"}}' not in body or "requested_by" not in body:
            return
        self.sent += 1
        if self.sent == 1:
            assert URLLib3Session().send(request).status_code == 200
            self._other.wait(5)  # the request's other record is written too
            self._meanwhile()
            raise ReadTimeoutError(endpoint_url="x")


@pytest.fixture
def client() -> Iterator[Any]:
    with dynoxide.running(retries={"total_max_attempts": 4}) as client:
        create_tables(client)
        yield client


@pytest.fixture
def bench(client: Any) -> Bench:
    table = Table(client, "Suppressions")
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
    return str(item["removal_state"]), "queue" in item


def ends(bench: Bench) -> None:
    """Assert that a day later both removals are done and the queue is empty."""
    for hour in range(25):
        work(bench, NOW + 10_000 + hour * 60 * MINUTE)
    assert bench.due(NOW + 2 * DAY) == []
    assert (state_of(bench, KEY), state_of(bench, OTHER)) == ((DONE, False), (DONE, False))


def test_what_was_recorded_by_a_write_that_is_then_refused_keeps_its_place_in_the_queue(
    bench: Bench, client: Any
) -> None:
    for key in (KEY, OTHER):
        bench.bounce(NOW - 60_000, key=key)
    lost = LostAnswer(client)
    assert bench.ask_listed(KEY, OTHER) == [True, True]
    assert lost.sent > 1
    ends(bench)


@pytest.mark.parametrize("state", [DONE, PENDING])
def test_a_write_that_is_sent_again_does_not_undo_what_the_job_did_in_between(
    bench: Bench, client: Any, state: RemovalState
) -> None:
    lost = LostAnswer(client, lambda: work(bench, NOW + 1_000, state))
    bench.ask_many(KEY, OTHER)
    assert lost.sent > 1
    assert state_of(bench, KEY) == (state, state is PENDING)
    ends(bench)


def test_a_write_that_lands_on_a_newer_request_has_a_place_of_its_own(bench: Bench, client: Any) -> None:
    def meanwhile() -> None:
        work(bench, NOW + 1_000)
        bench.ask("r2", NOW + 2_000)

    lost = LostAnswer(client, meanwhile)
    bench.ask_many(KEY, OTHER)
    assert lost.sent > 1
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
