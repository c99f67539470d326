"""Run every history and every mutant on all cores: `make simulate`.

PYTHONPATH=layers/domain/python python -m tests.simulation [--seeds 100000] [--from 0] [--schedules 8]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from typing import TYPE_CHECKING

from tests.mutation.conditions import mutants
from tests.mutation.conditions import without as without_condition
from tests.mutation.test_conditions import simulated
from tests.simulation.search import Report, check, check_faults
from tests.simulation.world import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PIECE = 500
SHARES = 20
MUTANT_SEEDS = 10_000


def histories(first: int) -> Report:
    """Play the histories of a range of seeds."""
    return check(range(first, first + PIECE))


def single(schedule: int) -> Report:
    """Play a short history with every fault at every I/O."""
    return check_faults(schedule, pairs=False)


def double(part: int) -> Report:
    """Play a short history with a share of the pairs of faults at every pair of I/Os."""
    schedule, share = divmod(part, SHARES)
    return check_faults(schedule, pairs=True, share=share, shares=SHARES)


def without(name: str) -> Report:
    """Play histories against the store without one condition."""
    with without_condition(next(one for one in mutants() if one.name == name)):
        return check(range(MUTANT_SEEDS), shrinking=False)


def run(pool: ProcessPoolExecutor, title: str, work: Callable[[int], Report], parts: Sequence[int]) -> Report:
    """Play the parts in parallel, and stop at the first failure."""
    whole, began = Report(), time.monotonic()
    futures = [pool.submit(work, part) for part in parts]
    for future in as_completed(futures):
        report = future.result()
        whole.runs += report.runs
        whole.steps += report.steps
        whole.fired += report.fired
        if report.failure:
            pool.shutdown(wait=False, cancel_futures=True)
            print(f"{title}: {report.failure}")
            sys.exit(1)
        if sys.stderr.isatty():
            print(f"\r{title}: {whole.runs}", end="", file=sys.stderr, flush=True)
    print(f"\r{title}: {whole.runs} histories, {whole.steps} I/Os, {time.monotonic() - began:.0f} s", flush=True)
    return whole


def main() -> None:
    """Run everything; exit with 1 if an invariant broke, a fault never happened, or a mutant survived."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seeds", type=int, default=100_000)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--schedules", type=int, default=8, help="of the short histories that the faults are put into")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        fired: Counter[Fault] = Counter()
        fired += run(pool, "one fault at every I/O", single, range(arguments.schedules)).fired
        fired += run(pool, "two faults at every pair of I/Os", double, range(SHARES * arguments.schedules)).fired
        seeds = range(arguments.first, arguments.first + arguments.seeds, PIECE)
        fired += run(pool, "by seed", partial(histories), seeds).fired
        for fault in Fault:
            print(f"  {fired[fault]:>9}  {fault}")
        survivors = []
        names = [one.name for one in simulated()]
        for name, report in zip(names, pool.map(without, names), strict=True):
            print(f"without {name}: {report.failure.splitlines()[0] if report.failure else 'SURVIVED'}", flush=True)
            survivors += [] if report.failure else [name]
    silent = [fault for fault in Fault if not fired[fault]]
    if silent or survivors:
        sys.exit(f"faults that never happened: {silent}; conditions that nothing needs: {survivors}")
    print("every invariant held, every fault happened, every condition is needed")


if __name__ == "__main__":
    main()
