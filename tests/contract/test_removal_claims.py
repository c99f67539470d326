"""Claims of workers on removals that wait individually: one at a time, and given back."""

from __future__ import annotations

import pytest

from reprieve.removals.removal import LEASE, RemovalState
from tests.support.suppression_store import DONE, NOW, PENDING, Bench


def test_a_row_is_taken_by_one_worker_and_free_again_when_the_lease_ends(bench: Bench) -> None:
    bench.ask()
    due = bench.due()
    assert len(bench.claim(due)) == 1
    assert bench.claim(due, NOW + LEASE - 1) == []
    assert len(bench.claim(due, NOW + LEASE)) == 1


@pytest.mark.parametrize("state", RemovalState)
def test_a_worker_that_lost_its_claim_can_write_nothing(bench: Bench, state: RemovalState) -> None:
    bench.ask()
    row = bench.take()
    bench.take(NOW + LEASE)
    assert not bench.settle(row, state, due_at=NOW)


@pytest.mark.parametrize("state", RemovalState)
def test_a_newer_request_takes_the_row_from_the_worker_that_holds_it(bench: Bench, state: RemovalState) -> None:
    bench.ask("r1")
    row = bench.take()
    bench.ask("r2")
    assert not bench.settle(row, state, due_at=NOW)
    assert bench.take().id == "r2-0"


def test_a_row_that_is_given_back_waits_until_it_is_due(bench: Bench) -> None:
    bench.ask()
    assert bench.settle(bench.take(), PENDING, due_at=NOW + 5_000, attempts=2, answer="429")
    assert bench.due(NOW + 4_999) == []
    row = bench.take(NOW + 5_000)
    assert (row.attempts, row.last_answer) == (2, "429")


def test_an_ended_removal_cannot_be_claimed_however_stale_the_index(bench: Bench) -> None:
    bench.ask()
    stale = bench.due()
    bench.settle(bench.take(), DONE)
    assert bench.claim(stale, NOW + 10 * LEASE) == []
