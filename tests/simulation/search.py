"""Run histories by seed, and shrink a failure to its shortest history."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.scenario import Scenario
from tests.simulation.world import AT_IO, Choices, Failure, Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass
class Report:
    """The result of some runs."""

    runs: int = 0
    steps: int = 0
    fired: Counter[Fault] = field(default_factory=Counter)
    failure: str = ""


def check(seeds: Iterable[int], *, shrinking: bool = True) -> Report:
    """Play histories by seed; stop at the first that fails, shrunk unless the caller declines it."""
    report = Report()
    for seed in seeds:
        choices = Choices(seed)
        scenario = Scenario(choices)
        try:
            scenario.play()
        except Failure as failure:
            report.failure = f"seed {seed}: {failure}\n{shrink(choices.made) if shrinking else ''}"
            return report
        report.runs += 1
        report.steps += scenario.world.ios
        report.fired += scenario.world.fired
    return report


def check_faults(schedule: int, *, pairs: bool, share: int = 0, shares: int = 1) -> Report:
    """Play a short history with each fault at each I/O, or with each pair of them.

    Args:
        schedule: seed of the history that the faults are put into.
        pairs: two faults a run instead of one.
        share: which of the runs: each `shares`-th from this one on.
        shares: among how many the runs are divided.
    """
    report = Report()
    whole = Scenario(Choices(schedule), planned={}, short=True)
    whole.play()
    places = itertools.combinations(range(1, whole.exposed + 1), 2 if pairs else 1)
    for at in itertools.islice(places, share, None, shares):
        for faults in itertools.product(AT_IO, repeat=len(at)):
            planned = dict(zip(at, faults, strict=True))
            scenario = Scenario(Choices(schedule), planned=planned, short=True)
            try:
                scenario.play()
            except Failure as failure:
                report.failure = f"schedule {schedule}, faults {planned}: {failure}\n" + "\n".join(scenario.world.trace)
                return report
            report.runs += 1
            report.steps += scenario.world.ios
            report.fired += scenario.world.fired
    return report


def shrink(made: Sequence[int], *, tries: int = 400) -> str:
    """The shortest list of choices found that still fails, with its trace."""
    best, history = list(made), _outcome(made)
    size = len(best) // 2
    while size and tries:
        at, smaller = 0, False
        while at < len(best) and tries:
            for candidate in (best[:at] + best[at + size :], best[:at] + [0] * size + best[at + size :]):
                if candidate == best or not tries:
                    continue
                tries -= 1
                outcome = _outcome(candidate)
                if outcome:
                    best, history, smaller = candidate, outcome, True
                    break
            else:
                at += size
        size = size if smaller else size // 2
    return f"{len(best)} choices: {best}\n{history}"


def replay(made: Sequence[int]) -> str:
    """The trace of these choices, with the failure; "" if there is none."""
    return _outcome(made)


def _outcome(made: Sequence[int]) -> str:
    scenario = Scenario(Choices(played=made))
    try:
        scenario.play()
    except Failure as failure:
        return "\n".join([*scenario.world.trace, str(failure)])
    return ""
