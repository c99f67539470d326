"""The removal protocol under every fault, in the quick suite's number of histories; `make simulate` plays 100,000."""

from __future__ import annotations

from tests.mutation.conditions import mutants, without
from tests.simulation.search import check, check_faults, replay
from tests.simulation.world import Fault

HISTORIES = 150
#: histories that broke it once: late copies of additions, and a queue that shows a record as it was before a request
FOUND = (103_151, 103_352, 105_302)
#: enough for a mutant that most histories notice
ENOUGH = 100


def test_no_history_breaks_the_protocol_and_every_fault_happens() -> None:
    report = check(range(HISTORIES))
    assert not report.failure, report.failure
    assert {fault for fault in Fault if not report.fired[fault]} == set()


def test_no_history_that_broke_the_protocol_once_breaks_it_again() -> None:
    assert not check(FOUND, shrinking=False).failure


def test_no_single_fault_at_any_io_breaks_the_protocol() -> None:
    report = check_faults(0, pairs=False)
    assert not report.failure, report.failure
    assert report.runs > 100


def test_a_failure_is_reported_with_its_seed_and_the_shortest_history_found() -> None:
    with without(next(one for one in mutants() if one.name == "suppressions.LISTED_AND_SHOWN")):
        report = check(range(ENOUGH))
        first, line, story = report.failure.split("\n", 2)
        choices = [int(number) for number in line[line.index("[") + 1 : line.index("]")].split(",") if number]
        assert first.startswith("seed ")
        assert len(choices) < 50
        assert replay(choices) == story
    assert replay(choices) == ""
