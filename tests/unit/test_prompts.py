"""When a process asks for a run of the removal job, and how long such a run waits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import Millis
from reprieve.errors import Unavailable
from reprieve.removals.prompts import APART, Prompts, waiting_time

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = Millis(1_767_268_800_000)


class Runs:
    """Notes when each run that was asked for looks at the queue."""

    def __init__(self) -> None:
        self.now = NOON
        self.looks: list[int] = []

    def start(self, *, after: Millis) -> None:
        self.looks.append(self.now + waiting_time({"after": after}))


def looks(moments: Sequence[int]) -> list[int]:
    """When the runs look that a process asks for at these moments."""
    runs = Runs()
    prompts = Prompts(runs)
    for moment in moments:
        runs.now = Millis(NOON + moment)
        prompts.ask(now=runs.now)
    return [at - NOON for at in runs.looks]


@given(st.lists(st.integers(min_value=0, max_value=60_000), min_size=1).map(sorted))
def test_everything_that_is_queued_is_looked_at_within_five_seconds_by_runs_five_seconds_apart(
    moments: list[int],
) -> None:
    found = looks(moments)
    for moment in moments:
        assert any(moment <= at <= moment + APART for at in found)
    assert all(later - earlier >= APART for earlier, later in pairwise(found))
    assert found[0] == moments[0]


def test_a_single_removal_is_looked_at_at_once_and_those_after_it_together() -> None:
    assert looks([0]) == [0]
    assert looks([0, 1_000, 2_000, 4_999]) == [0, 5_000]
    assert looks([0, 1_000, 5_000, 20_000]) == [0, 5_000, 10_000, 20_000]


def test_a_call_that_fails_is_not_repeated_by_each_request() -> None:
    asked = []

    class Failing:
        def start(self, *, after: Millis) -> None:
            asked.append(after)
            raise Unavailable("Lambda did not take the event: TimeoutError")

    prompts = Prompts(Failing())
    with pytest.raises(Unavailable):
        prompts.ask(now=NOON)
    with pytest.raises(Unavailable):
        prompts.ask(now=Millis(NOON + 1))
    for later in range(2, 5_000, 100):
        prompts.ask(now=Millis(NOON + later))
    assert asked == [0, 4_999]


@pytest.mark.parametrize(
    ("event", "waited"),
    [
        ({}, 0),  # the schedule's
        ({"after": 0}, 0),
        ({"after": 4_000}, 4_000),
        ({"after": 60_000}, APART),
        ({"after": -1}, 0),
        ({"after": "4000"}, 0),
        ({"after": None}, 0),
    ],
)
def test_a_run_waits_as_long_as_its_event_says_and_never_longer_than_runs_are_apart(
    event: dict[str, Any], waited: int
) -> None:
    assert waiting_time(event) == waited
