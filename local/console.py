"""The output of `make run` and `make demo`."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path

from local.place import ROOT, shown
from local.problem import Problem

SECONDS_BETWEEN_SIGNS = 15
SECONDS_FOR_A_TOOL_TO_END = 1

#: when the current step began, on the monotonic clock: one step may run several tools
_began: ContextVar[float] = ContextVar("began")


def say(text: str = "") -> None:
    """Print one line without buffering."""
    print(text, flush=True)


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Print the title of a step that takes a while, and then how long it took."""
    began = time.monotonic()
    _began.set(began)
    say(f"  {title} ...")
    yield
    say(f"  {title}: done in {time.monotonic() - began:.0f} s")


def run_tool(command: Sequence[str], *, log: Path, environment: Mapping[str, str], otherwise: str) -> None:
    """Run a tool with its output in a log file, and print a line of progress every few seconds.

    Raises:
        Problem: the tool failed (the sentence `otherwise`, and the log's path) or is missing.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        try:
            tool = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        except FileNotFoundError as error:
            raise Problem(
                f"{command[0]} is missing: run `make clean`, then the same command again, which installs it."
            ) from error
        try:
            _wait(tool)
        except BaseException:
            _end(tool)
            raise
    if tool.returncode != 0:
        raise Problem(f"{otherwise}: the reason is at the end of {shown(log)}.")


def _end(tool: subprocess.Popen[bytes]) -> None:
    tool.terminate()
    try:
        tool.wait(SECONDS_FOR_A_TOOL_TO_END)
    except subprocess.TimeoutExpired:
        tool.kill()
        tool.wait()


def _wait(tool: subprocess.Popen[bytes]) -> None:
    began = _began.get(time.monotonic())
    while True:
        try:
            tool.wait(SECONDS_BETWEEN_SIGNS)
        except subprocess.TimeoutExpired:
            say(f"    still running ({time.monotonic() - began:.0f} s)")
        else:
            return


def paint(text: str, colour: int) -> str:
    """The text in one of the terminal's eight colours, or as it is where there is no terminal."""
    return f"\033[{colour}m{text}\033[0m" if sys.stdout.isatty() else text
