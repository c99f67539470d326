"""The removal protocol under every fault, in the quick suite's number of histories; `make simulate` plays 100,000."""

from __future__ import annotations

import pytest

from tests.simulation.search import MUTANTS, check, check_faults, mutant, replay
from tests.simulation.world import Fault

HISTORIES = 250
#: seeds that catch a mutant, to spare the quick suite the search for them; `make simulate` begins at 0 for each
CAUGHT_NEAR = {"FORGIVEN": 3045, "NEXT_FENCE": 925, "NO_BOUNCE": 160, "PART_SAME_FENCE": 105, "RETRIABLE": 200}
#: when the histories are changed, the seeds that catch a mutant move, not far
ENOUGH = 800


def test_no_history_breaks_the_protocol_and_every_fault_happens() -> None:
    report = check(range(HISTORIES))
    assert not report.failure, report.failure
    assert {fault for fault in Fault if not report.fired[fault]} == set()


def test_no_single_fault_at_any_io_breaks_the_protocol() -> None:
    report = check_faults(0, pairs=False)
    assert not report.failure, report.failure
    assert report.runs > 100


@pytest.mark.parametrize("name", MUTANTS)
def test_without_any_one_of_its_conditions_the_protocol_breaks(name: str) -> None:
    with mutant(name):
        first = CAUGHT_NEAR.get(name, 0)
        report = check(range(first, first + ENOUGH), shrinking=False)
    assert report.failure.startswith("seed ")


def test_a_failure_is_told_by_its_seed_and_the_shortest_history_that_was_found() -> None:
    with mutant("NEWER"):
        report = check(range(ENOUGH))
        first, line, story = report.failure.split("\n", 2)
        choices = [int(number) for number in line[line.index("[") + 1 : line.index("]")].split(",") if number]
        assert first.startswith("seed ")
        assert len(choices) < 40
        assert replay(choices) == story
    assert replay(choices) == ""
