"""The evidence that the suppression store keeps of an address: its last outcomes, and the events that count."""

from __future__ import annotations

from reprieve.removals.removal import RemovalRequest
from reprieve.store.suppression_item import evidence_of, outcomes_of
from reprieve.suppressions.suppression import Suppression
from tests.support.contexts import context
from tests.support.suppression_store import BOUNCES, DONE, KEY, NOW, ORG, Bench, record


def outcomes(bench: Bench) -> list[int]:
    return [one.at - NOW for one in outcomes_of(record(bench))]


def test_an_entry_keeps_its_last_eight_outcomes_whatever_the_order_of_posts(bench: Bench) -> None:
    for at in (5, 1, 9, 7, 3, 9, 2, 5):
        bench.bounce(NOW + at, f"e{at}")
    assert outcomes(bench) == [1, 2, 3, 5, 7, 9]
    for at in (8, 11, 4, 10, 11):
        bench.bounce(NOW + at, f"e{at}")
    assert outcomes(bench) == [3, 4, 5, 7, 8, 9, 10, 11]
    assert len(record(bench)["outcomes"]) == 8  # type: ignore[arg-type]


def test_a_post_keeps_the_last_eight_outcomes_of_an_address_that_is_known(bench: Bench) -> None:
    def post(*ats: int) -> None:
        bench.store.record(ORG, [Suppression(BOUNCES, KEY, KEY, NOW + at, event_id=f"e{at}") for at in ats])

    post(1, 30)
    post(*range(2, 12))
    assert outcomes(bench) == [5, 6, 7, 8, 9, 10, 11, 30]
    post(31, 40, 28)
    post(*range(41, 80))  # beyond what is counted
    assert outcomes(bench) == [*range(72, 80)]
    assert len(record(bench)["outcomes"]) == 8  # type: ignore[arg-type]


def test_a_lift_keeps_the_outcomes_so_that_a_bounce_after_it_is_known_to_be_one(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    bench.ask()
    assert bench.settle(bench.take(), DONE)
    assert bench.bounce(NOW - 61_000, "late") == 0
    bench.bounce(NOW + 5_000, "again")
    assert outcomes(bench) == [-60_000, 5_000]
    assert evidence_of(record(bench)).lifts == 1


def counted(bench: Bench, *ats: int) -> frozenset[str]:
    """The events that count on their list, of one post; an event's id is `e` and its time."""
    events = [Suppression(BOUNCES, KEY, KEY, at, event_id=f"e{at}") for at in ats]
    return bench.store.record(ORG, events).event_ids


def test_an_event_counts_when_it_is_new_when_it_comes_again_and_when_it_comes_after_a_newer_one(bench: Bench) -> None:
    assert counted(bench, NOW) == {f"e{NOW}"}
    # as after a crash before the log entry
    assert counted(bench, NOW) == {f"e{NOW}"}
    assert counted(bench, NOW - 1, NOW + 1) == {f"e{NOW - 1}", f"e{NOW + 1}"}


def test_an_event_that_a_removal_has_forgiven_does_not_count(bench: Bench) -> None:
    counted(bench, NOW - 60_000)
    bench.ask(now=NOW)
    assert counted(bench, NOW - 59_999, NOW + 60_000) == {f"e{NOW + 60_000}"}


def test_an_event_whose_address_was_taken_off_the_list_counts_no_more(bench: Bench) -> None:
    counted(bench, NOW - 60_000)
    hidden = RemovalRequest("r-0", BOUNCES, KEY, KEY, hide=True)
    bench.store.request_removals(context(ORG, credential="c", request_id="r", now=NOW), [hidden])
    assert counted(bench, NOW - 60_000) == frozenset()


def test_of_more_events_than_are_counted_the_newest_counts(bench: Bench) -> None:
    first = [NOW + number for number in range(1, 33)]
    assert counted(bench, *first) == {f"e{at}" for at in first}
    assert counted(bench, NOW, NOW + 50) == {f"e{NOW + 50}"}
