"""What the suppression store records and lifts: the newest event stands, and what was forgiven stays off the list."""

from __future__ import annotations

from reprieve.clock import SECOND
from reprieve.removals.removal import TOMBSTONE, watermark
from reprieve.store.language import Update
from reprieve.store.suppression_item import record_key
from tests.support.entries import entry_on
from tests.support.suppression_store import BOUNCES, DONE, KEY, NOW, ORG, PENDING, SUPERSEDED, Bench, record


def test_the_newest_event_stands_whatever_the_order(bench: Bench) -> None:
    assert bench.bounce(NOW - 5_000) == 1
    assert bench.bounce(NOW - 9_000) == 0
    assert bench.bounce(NOW - 5_000) == 0
    assert bench.listed() == NOW - 5_000
    assert bench.bounce(NOW - 1_000) == 1
    assert bench.listed() == NOW - 1_000


def test_in_the_same_millisecond_the_greater_event_id_counts(bench: Bench) -> None:
    bench.bounce(NOW, "e2", reason="second")
    for event, reason, shown in (("e1", "first", "second"), ("e3", "third", "third")):
        bench.bounce(NOW, event, reason=reason)
        found = entry_on(bench.table, ORG, BOUNCES, KEY)
        assert found is not None
        assert found.reason == shown


def test_a_removal_lifts_what_it_forgave_and_nothing_brings_that_back(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    bench.ask()
    assert bench.listed() == NOW - 60_000
    row = bench.take()
    assert (row.email, row.state, row.attempts) == ("A@X.ORG", PENDING, 0)
    assert bench.settle(row, DONE, answer="204")
    assert bench.listed() is None
    assert bench.bounce(NOW - 40_000, "late") == 0
    assert bench.bounce(NOW - 60_000) == 0
    assert bench.listed() is None
    assert bench.due(NOW * 2) == []


def test_the_bounce_that_stood_there_is_forgiven_even_if_it_is_younger_than_the_allowance(bench: Bench) -> None:
    bench.bounce(NOW - 1_000)
    bench.ask()
    assert bench.settle(bench.take(), DONE)
    assert bench.bounce(NOW - 1_000, "repeated") == 0
    assert bench.listed() is None


def test_a_newer_bounce_is_not_lifted_and_supersedes(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    bench.ask()
    row = bench.take()
    bench.bounce(NOW + 1_000, "newer")
    assert not bench.settle(row, DONE)
    assert bench.settle(row, SUPERSEDED)
    assert bench.listed() == NOW + 1_000


def test_a_removal_of_an_unknown_address_is_done_and_forgives_all_the_same(bench: Bench) -> None:
    bench.ask()
    row = bench.take()
    assert (row.email, row.bounced_at, row.forgiven_until) == (KEY, None, watermark(NOW))
    assert bench.settle(row, DONE)
    assert record(bench)["expires_at"] == (NOW + TOMBSTONE) // SECOND  # there is nothing to remember
    assert bench.bounce(watermark(NOW)) == 0
    assert bench.bounce(watermark(NOW) + 1) == 1


def test_a_clock_that_is_behind_moves_no_watermark_back_and_its_request_is_recorded(bench: Bench) -> None:
    bench.ask("ahead", NOW + 120_000)
    bench.ask("behind", NOW - 120_000)
    row = bench.take(NOW)
    assert (row.id, row.forgiven_until) == ("behind-0", watermark(NOW + 120_000))


def test_a_record_that_must_be_kept_does_not_expire_when_it_is_lifted(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    kept = Update(set=["#kept_until = :end"])
    bench.table.update(record_key(ORG, BOUNCES, KEY), kept, {":end": 7_000_000_000})
    bench.ask()
    assert bench.settle(bench.take(), DONE)
    item = bench.table.get(record_key(ORG, BOUNCES, KEY), consistent=True)
    assert item is not None
    assert (item["expires_at"], item["lifts"]) == (7_000_000_000, 1)


def test_a_lift_of_an_entry_forgives_what_happened_up_to_it_and_nothing_later(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    assert (bench.ask_entry(NOW - 60_000), bench.listed()) == ([True], None)
    row = bench.take()
    assert (row.id.partition(".")[0], row.forgiven_until, row.forgiven_bounce) == ("r-0", NOW - 60_000, 0)
    # late news of a failure before the one that was judged, and of one after it
    assert (bench.bounce(NOW - 60_001, "late"), bench.listed()) == (0, None)
    assert (bench.bounce(NOW - 59_999, "newer"), bench.listed()) == (1, NOW - 59_999)


def test_a_newer_entry_than_the_one_that_was_judged_is_not_lifted(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    bench.bounce(NOW - 50_000, "newer")
    assert (bench.ask_entry(NOW - 60_000), bench.listed(), bench.due()) == ([False], NOW - 50_000, [])


def test_an_entry_that_left_its_list_or_whose_removal_was_asked_for_is_not_lifted_again(bench: Bench) -> None:
    assert bench.ask_entry(NOW - 60_000) == [False]
    assert bench.due() == []
    bench.bounce(NOW - 60_000)
    bench.ask()
    assert (bench.ask_entry(NOW - 60_000), bench.listed()) == ([False], NOW - 60_000)
    assert [row.id for claim in bench.claim(bench.due()) for row in claim.removals] == ["r-0"]


def test_a_lift_of_an_entry_whose_answer_was_lost_finds_itself(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    assert bench.ask_entry(NOW - 60_000) == [True]
    assert bench.ask_entry(NOW - 60_000) == [True]
    assert len(bench.due()) == 1
