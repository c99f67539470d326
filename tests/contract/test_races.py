"""Concurrent changes between a read of the store and the write that relies on it: one race per condition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import MINUTE, SECOND
from reprieve.organization import MAX_SOFT_BOUNCES
from reprieve.removals.block import UNBLOCKS, BlockState
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import LEASE, MEMORY, RemovalRequest, RemovalState, watermark
from reprieve.store import keys
from reprieve.store.language import Update
from reprieve.store.removal_records import RemovalRecords
from reprieve.store.suppression_item import record_key
from reprieve.store.unblocks import Unblocks
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.support.contexts import context
from tests.support.suppression_store import BOUNCES, KEY, NOW, ORG, Bench

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.store.language import Item

BLOCKS = SuppressionList.BLOCKS
SOFT, HARD = Permanence.SOFT, Permanence.HARD
AT = NOW - MINUTE


def event(
    bench: Bench, at: int, event_id: str, *, name: SuppressionList = BOUNCES, permanence: Permanence = SOFT
) -> int:
    one = Suppression(name, KEY, KEY, at, permanence=permanence, event_id=event_id)
    return len(bench.store.record(ORG, [one]).changed)


def block(bench: Bench) -> None:
    """Record enough soft bounces to block the address."""
    for number in range(ORG.soft_bounce_threshold):
        event(bench, AT + number, f"e{number}", name=BLOCKS)


def judged(bench: Bench) -> BlockState:
    return Unblocks(bench.table).block_states(ORG, [KEY], now=NOW)[KEY]


def unblock(bench: Bench, state: BlockState, name: str = "u") -> bool:
    wanted = {KEY: (state, RemovalRequest(f"{name}-0", BOUNCES, KEY, KEY))}
    return Unblocks(bench.table).request_unblocks(context(ORG, now=NOW, request_id=name), wanted) == {KEY}


def record(bench: Bench, name: SuppressionList = BOUNCES) -> Item:
    return bench.table.get(record_key(ORG, name, KEY), consistent=True) or {}


def counted(bench: Bench) -> int:
    return judged(bench).unblocked


@pytest.mark.parametrize("name", [BOUNCES, BLOCKS])
def test_what_still_stands_as_it_was_judged_is_unblocked_and_counted(bench: Bench, name: SuppressionList) -> None:
    event(bench, AT, "e") if name is BOUNCES else block(bench)
    assert unblock(bench, judged(bench))
    assert ("by_time" in record(bench, name), counted(bench)) == (False, 1)


def test_what_the_job_has_lifted_since_is_not_unblocked(bench: Bench) -> None:
    """A removal in a part is settled without a claim of its own, so the fence does not show it."""
    event(bench, AT, "e")
    bench.ask_many(KEY, "b@x.org")
    rows, _ = bench.take_part()
    state = judged(bench)
    assert bench.settle(next(row for row in rows if row.key == KEY), RemovalState.DONE)
    assert (unblock(bench, state), counted(bench)) == (False, 0)


def test_what_has_bounced_hard_in_the_same_millisecond_is_not_unblocked(bench: Bench) -> None:
    event(bench, AT, "e1")
    state = judged(bench)
    event(bench, AT, "e2", permanence=HARD)
    assert (unblock(bench, state), counted(bench)) == (False, 0)
    assert record(bench)["permanence"] == "hard"


@pytest.mark.parametrize("name", [BOUNCES, BLOCKS])
def test_what_has_bounced_since_is_not_unblocked(bench: Bench, name: SuppressionList) -> None:
    event(bench, AT, "e") if name is BOUNCES else block(bench)
    state = judged(bench)
    event(bench, NOW - SECOND, "newer", name=name)
    assert (unblock(bench, state), counted(bench)) == (False, 0)
    assert record(bench, name)["bounced_at"] == NOW - SECOND


@pytest.mark.parametrize("name", [BOUNCES, BLOCKS])
def test_what_another_request_has_asked_to_be_removed_since_is_not_unblocked(
    bench: Bench, name: SuppressionList
) -> None:
    event(bench, AT, "e") if name is BOUNCES else block(bench)
    state = judged(bench)
    requests = [RemovalRequest("other-0", name, KEY, KEY)]
    bench.store.request_removals(context(ORG, now=NOW, request_id="other"), requests)
    assert (unblock(bench, state), counted(bench)) == (False, 0)
    assert record(bench, name)["removal_id"] == "other-0"


def test_of_two_unblocks_that_both_read_four_one_is_the_last(bench: Bench) -> None:
    event(bench, AT, "e")
    bench.table.update(record_key(ORG, BLOCKS, KEY), Update(add=["#unblocks :n"]), {":n": UNBLOCKS - 1})
    state = judged(bench)
    assert state.remaining == 1
    bench.table.update(record_key(ORG, BLOCKS, KEY), Update(add=["#unblocks :n"]), {":n": 1})
    assert (unblock(bench, state), counted(bench)) == (False, UNBLOCKS)


def test_resetting_what_was_never_unblocked_makes_no_record(bench: Bench) -> None:
    assert Unblocks(bench.table).reset(ORG, KEY) == 0
    assert record(bench, BLOCKS) == {}


def between_two_tries(bench: Bench, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> None:
    """Run other writers after the first write of an event is refused."""
    plain = bench.table.try_many

    def try_many(changes: Any) -> Any:
        tried = plain(changes)
        monkeypatch.setattr(bench.table, "try_many", plain)
        meanwhile()
        return tried

    monkeypatch.setattr(bench.table, "try_many", try_many)


def lift(bench: Bench) -> None:
    """Record a removal that forgives everything up to its watermark and hides the entry at once."""
    requests = [RemovalRequest("r-0", BOUNCES, KEY, KEY, hide=True)]
    bench.store.request_removals(context(ORG, now=NOW), requests)


def test_an_event_that_was_forgiven_after_its_first_try_is_not_counted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    event(bench, AT, "e2")
    between_two_tries(bench, monkeypatch, lambda: lift(bench))
    assert event(bench, AT - SECOND, "e1") == 0
    assert "events" not in record(bench)


def test_an_event_that_was_forgiven_after_its_first_try_is_not_listed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MAX_SOFT_BOUNCES):
        event(bench, AT + number, f"e{number}")
    between_two_tries(bench, monkeypatch, lambda: lift(bench))
    assert event(bench, AT + SECOND, "newest") == 0
    assert "by_time" not in record(bench)


def test_another_event_of_the_millisecond_that_was_seen_and_forgiven_does_not_come_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    event(bench, NOW - SECOND, "e1")
    read = bench.table.get_many

    def then_lifted(*given: Any, **more: Any) -> Any:
        found = list(read(*given, **more))
        monkeypatch.setattr(bench.table, "get_many", read)
        lift(bench)
        return found

    monkeypatch.setattr(bench.table, "get_many", then_lifted)
    assert event(bench, NOW - SECOND, "e2") == 0
    assert {"by_time", "events"}.isdisjoint(record(bench))


def test_a_count_that_has_become_full_stays_full(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first try is refused because the event is the older one; then others fill the count."""
    event(bench, AT, "e0")

    def fill() -> None:
        for number in range(1, MAX_SOFT_BOUNCES):
            event(bench, AT + number, f"e{number}")

    between_two_tries(bench, monkeypatch, fill)
    event(bench, AT - SECOND, "older")
    assert len(record(bench)["events"]) == MAX_SOFT_BOUNCES  # type: ignore[arg-type]


def test_a_removal_that_is_recorded_does_not_expire_and_has_not_ended(bench: Bench) -> None:
    bench.bounce(AT)
    bench.ask()
    assert bench.settle(bench.take(), RemovalState.DONE, answer="204")
    ended = record(bench)
    assert (ended["expires_at"], ended["finished_at"]) == ((NOW + MEMORY) // SECOND, NOW)
    bench.ask("r2", NOW + MINUTE)
    assert {"expires_at", "finished_at", "last_answer"}.isdisjoint(record(bench))


def test_a_newer_bounce_does_not_expire_with_what_was_lifted(bench: Bench) -> None:
    bench.bounce(AT)
    bench.ask()
    assert bench.settle(bench.take(), RemovalState.DONE)
    bench.bounce(NOW + MINUTE, "newer")
    assert "expires_at" not in record(bench)


def test_an_unblock_keeps_the_record_that_counts_it(bench: Bench) -> None:
    block(bench)
    requests = [RemovalRequest("r-0", BLOCKS, KEY, KEY)]
    bench.store.request_removals(context(ORG, now=NOW - 2 * SECOND), requests)
    assert bench.settle(bench.take(), RemovalState.DONE)
    event(bench, AT, "soft")
    assert unblock(bench, judged(bench))
    kept = record(bench, BLOCKS)
    assert ("expires_at" in kept, kept["unblocks"]) == (False, 1)


def test_a_settlement_that_arrives_once_more_does_not_end_what_was_retried(bench: Bench) -> None:
    bench.ask()
    row = bench.take()
    given_up = Settlement(row, RemovalState.FAILED, 10)
    assert bench.queue.settle(ORG, [given_up], now=NOW) == [True]
    assert bench.queue.retry(ORG, row, now=NOW)
    assert bench.queue.settle(ORG, [given_up], now=NOW) == [False]
    assert bench.take().attempts == 0


def test_a_failure_is_retried_by_its_own_id_only(bench: Bench) -> None:
    bench.ask("first")
    row = bench.take()
    assert bench.settle(row, RemovalState.FAILED)
    bench.ask("second", NOW + MINUTE)
    second = bench.take(NOW + MINUTE)
    assert bench.settle(second, RemovalState.FAILED)
    assert not bench.queue.retry(ORG, row, now=NOW + MINUTE)
    assert bench.queue.retry(ORG, second, now=NOW + MINUTE)
    assert not bench.queue.retry(ORG, second, now=NOW + MINUTE)


def test_what_has_ended_is_not_ended_once_more(bench: Bench) -> None:
    """A part's removals are read without a claim of their own, so two workers can have read the same fence."""
    bench.ask_many(KEY, "b@x.org")
    rows, _ = bench.take_part()
    assert bench.settle(rows[0], RemovalState.SUPERSEDED)
    assert not bench.settle(rows[0], RemovalState.DONE)


def test_a_failure_that_the_index_still_shows_as_pending_is_not_claimed(bench: Bench) -> None:
    bench.ask()
    (seen,) = bench.due()
    assert bench.settle(bench.take(), RemovalState.FAILED)
    later = NOW + 10 * MINUTE
    assert bench.queue.claim(ORG, [seen], now=later, lease=LEASE) == [None]


def test_one_request_shows_nothing_of_another_in_the_same_partition(bench: Bench) -> None:
    mine, other = _in_one_partition()
    for name in (mine, other):
        bench.ask_many(f"{name}1@x.org", f"{name}2@x.org", name=name)
    found = RemovalRecords(bench.table).of_request(ORG, mine)
    assert [one.email for one in found] == [f"{mine}1@x.org", f"{mine}2@x.org"]


def _in_one_partition() -> tuple[str, str]:
    first, *others = (f"request{number}" for number in range(100))
    return first, next(one for one in others if keys.requests(ORG, one) == keys.requests(ORG, first))


def test_the_watermark_of_an_unblock_is_no_earlier_than_what_was_forgiven(bench: Bench) -> None:
    event(bench, AT, "e")
    state = replace(judged(bench), forgiven_until=NOW)
    assert unblock(bench, state)
    assert record(bench)["forgiven_until"] == NOW > watermark(NOW)
