"""A day of a million events of five providers, out of order, repeated and between lifts, against a brute-force model.

PYTHONPATH=layers/domain/python python -m bench.day_of_events [--count 820000]

It exits with 1 where the lists are not those that the model predicts. The quick suite has the same with 10,000
(tests/functions/test_day_of_events.py). DynamoDB is that of the tests, in process, and the system log is not kept.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import pytest

from bench.deployment import SETTINGS
from tests.support import moto_aws
from tests.support.day_of_events import begin
from tests.support.gateway import DEMO
from tests.support.tables import environment


def main() -> None:
    """Have the day happen, compare, and print what it took."""
    parser = argparse.ArgumentParser(prog="make bench-day")
    parser.add_argument("--count", type=int, default=820_000, help="events; with their repeats a fifth more arrive")
    parser.add_argument("--together", type=int, default=25, help="events of one provider that are taken in at a time")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with pytest.MonkeyPatch.context() as patch:
        moto_aws.set_credentials(patch)
        for name, value in (environment() | SETTINGS).items():
            patch.setenv(name, value)
        with moto_aws.running():
            moto_aws.empty(patch)
            day = begin(DEMO, together=options.together)
            began, worked = time.perf_counter(), time.process_time()
            day.run(options.count, options.seed)
            seconds, cpu = time.perf_counter() - began, time.process_time() - worked
            found, predicted = day.lists(), day.model.lists()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{day.counts['arrived']:,} events arrived, {day.counts['lifts']:,} addresses were lifted: {len(predicted):,} "
        f"entries predicted, {len(found):,} found; {seconds:.0f} s, {cpu:.0f} s of CPU, {memory} MB"
    )
    differing = {place for place in found.keys() | predicted.keys() if found.get(place) != predicted.get(place)}
    if differing:
        sys.exit(f"{len(differing)} entries differ, among them {min(differing)}")


if __name__ == "__main__":
    main()
