"""The parts in which the removals of one request wait: taken by one write each, kept, released, and accounted for."""

from __future__ import annotations

import pytest

from reprieve.clock import SECOND
from reprieve.removals.queue import SECOND_LOOK, Settlement
from reprieve.removals.removal import LEASE, RemovalState, watermark
from reprieve.store.removal_records import RemovalRecords
from tests.support.suppression_store import DONE, KEY, NOW, ORG, PENDING, Bench, record


def test_removals_of_one_request_wait_as_parts_of_sixteen_and_are_taken_by_one_write_each(bench: Bench) -> None:
    bench.ask_many(*(f"n{number}@x.org" for number in range(20)))
    assert sorted(one.size for one in bench.due()) == [16, 16]
    claims = bench.claim(bench.due())
    assert sorted(len(claim.removals) for claim in claims) == [4, 16]
    assert all(claim.part and claim.part.accounted for claim in claims)
    assert bench.claim(bench.due(), NOW + LEASE - 1) == []


def test_a_part_leaves_the_queue_and_stays_as_a_note(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, part = bench.take_part()
    assert bench.queue.settle(ORG, [Settlement(row, DONE, 0) for row in rows], now=NOW) == [True, True]
    bench.release(part)
    assert bench.due(NOW * 2) == []
    found = RemovalRecords(bench.table).of_request(ORG, "r")
    assert [(one.id, one.record and one.record.state) for one in found] == [("r-0", DONE), ("r-1", DONE)]


def test_a_removal_that_its_part_does_not_end_is_queued_individually(
    bench: Bench,
) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, part = bench.take_part()
    assert bench.settle(rows[0], PENDING, due_at=NOW + 2 * SECOND_LOOK, attempts=1)
    bench.release(part, rows[1:])
    (again, part) = bench.take_part(NOW + SECOND_LOOK)
    assert ([row.id for row in again], part.accounted) == (["r-1"], True)
    bench.release(part)
    assert bench.take(NOW + 2 * SECOND_LOOK).attempts == 1


def test_a_worker_that_read_a_removal_before_it_was_returned_cannot_settle_it(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, _ = bench.take_part()
    late, _ = bench.take_part(NOW + LEASE)
    assert rows == late
    assert bench.settle(late[0], PENDING, due_at=NOW, attempts=1)
    assert [bench.settle(rows[0], state, due_at=NOW) for state in RemovalState] == [False] * len(RemovalState)


@pytest.mark.parametrize("state", [RemovalState.FAILED, RemovalState.SUPERSEDED])
def test_what_was_noted_to_end_ends_so_whoever_has_read_it_before(bench: Bench, state: RemovalState) -> None:
    """Removals in a part are not claimed themselves, so another worker of the part has the same fence."""
    bench.ask_many(KEY, "b@x.org")
    rows, _ = bench.take_part()
    late, _ = bench.take_part(NOW + LEASE)
    assert bench.note(late[0], state, attempts=10, answer="400")
    assert [bench.settle(rows[0], each, due_at=NOW) for each in RemovalState] == [False] * len(RemovalState)
    assert not bench.note(rows[0], RemovalState.FAILED)
    again, _ = bench.take_part(NOW + 2 * LEASE)
    noted = next(row for row in again if row.id == rows[0].id)
    assert (noted.state, noted.ending, noted.attempts, noted.last_answer) == (PENDING, state, 10, "400")
    assert bench.settle(noted, state)
    assert "ending" not in record(bench)


def test_a_worker_that_lost_a_part_can_neither_keep_nor_release_it(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, lost = bench.take_part()
    bench.take_part(NOW + LEASE)
    bench.release(lost)
    bench.release(lost, rows)
    assert bench.claim(bench.due(NOW + LEASE), NOW + LEASE) == []
    assert len(bench.claim(bench.due(NOW + 2 * LEASE), NOW + 2 * LEASE)) == 1


def test_a_removal_that_a_newer_request_replaced_is_not_taken_and_cannot_be_accounted_for(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    bench.ask("newer", NOW + 1)
    rows, part = bench.take_part()
    assert ([row.id for row in rows], part.accounted) == (["r-1"], False)


def test_the_removals_of_a_repeated_request_are_queued_individually(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, part = bench.take_part()
    bench.queue.settle(ORG, [Settlement(row, DONE, 0) for row in rows], now=NOW)
    bench.release(part)
    bench.ask_many(KEY, "b@x.org", now=NOW + SECOND)
    assert [one.size for one in bench.due(NOW + SECOND)] == [1, 1]


def test_a_request_does_not_record_its_removal_twice(bench: Bench) -> None:
    for keys in ((KEY,), (KEY, "b@x.org")):
        bench.ask_many(*keys, name=f"r{len(keys)}")
        for claim in bench.claim(bench.due()):
            bench.queue.settle(ORG, [Settlement(row, DONE, 0) for row in claim.removals], now=NOW)
            if claim.part:
                bench.release(claim.part)
        bench.ask_many(*keys, name=f"r{len(keys)}")
        assert bench.due() == []


def test_of_two_requests_with_one_watermark_the_second_is_queued_individually(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org", name="first")
    bench.ask_many(KEY, "b@x.org", name="second", now=NOW + 1)
    claims = [[row.id for row in claim.removals] for claim in bench.claim(bench.due(NOW + 1), NOW + 1)]
    assert sorted(claims) == [[], [], ["second-0"], ["second-1"]]


def test_an_address_that_is_lifted_only_if_listed_is_queued_individually(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    assert (bench.ask_listed("b@x.org", KEY), bench.listed()) == ([False, True], None)
    assert [one.size for one in bench.due()] == [1]
    assert bench.take().id == "r-1"


def test_a_part_keeps_the_numbers_of_its_removals_when_one_is_not_recorded(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    assert (bench.ask_hidden("b@x.org", KEY), bench.listed()) == ([False, True], None)
    rows, part = bench.take_part()
    assert ([row.id for row in rows], part.accounted) == (["r-1"], False)


def test_a_bounce_younger_than_the_watermark_is_forgiven_as_it_was_seen(bench: Bench) -> None:
    bench.bounce(NOW - 1_000)
    bench.ask_many(KEY, "b@x.org")
    (alone,), (waits,) = sorted((claim.removals for claim in bench.claim(bench.due())), key=lambda rows: rows[0].id)
    assert (alone.id, alone.forgiven_until, alone.forgiven_bounce) == ("r-0", watermark(NOW), NOW - 1_000)
    assert (waits.id, waits.forgiven_until, waits.forgiven_bounce) == ("r-1", watermark(NOW), 0)
