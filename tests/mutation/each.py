"""Run tests, each without one of the store's conditions: `python -m tests.mutation.each`, with {mutant: test} on stdin.

Prints {mutant: exit code of pytest} at the end. Each runs in a process of its own, forked from one that has imported
everything by running the first test: most of a single test's time would go into that.
"""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.mutation.conditions import Mutant, mutants, without

OPTIONS = ["-x", "-n0", "-m", "not slow"]


def main() -> None:
    """Run each, and say how it ended."""
    wanted: dict[str, str] = json.load(sys.stdin)
    known = {mutant.name: mutant for mutant in mutants()}
    answers = os.dup(1)
    os.dup2(2, 1)
    pytest.main([*OPTIONS, next(iter(wanted.values()))])
    codes = {name: forked(known[name], test) for name, test in wanted.items()}
    os.write(answers, json.dumps(codes).encode())


def forked(mutant: Mutant, test: str) -> int:
    """The exit code of a test without the condition, run by a child."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with without(mutant):
        os._exit(pytest.main([*OPTIONS, test]))


if __name__ == "__main__":
    main()
