"""What a process costs: instructions by callgrind where valgrind is installed, else processor time; and its memory.

Instructions do not depend on what else the machine does, so several processes are counted at a time. Processor time is
the least of several rounds through all processes, in turn.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: what Lambda sets for every process
LAMBDA: Final = {
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "PYTHONDONTWRITEBYTECODE": "1",
} | dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "testing")
ROUNDS: Final = 5
#: has a mark print the processor time so far
_TIMED: Final = """
import os, time
os.getppid = lambda: print("mark", time.process_time() * 1_000)
"""


@dataclass(frozen=True, slots=True)
class Process:
    """A process to measure: what it sees, what it runs, and with which variables."""

    program: str
    paths: tuple[Path, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        """How it is started; nothing that is installed is seen but `paths`."""
        paths = [str(path) for path in self.paths]
        return [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {paths!r}\n{self.program}"]

    def environment(self) -> dict[str, str]:
        """Its variables."""
        return {"PATH": os.environ["PATH"], **LAMBDA, **self.variables}

    def output(self) -> str:
        """Run it, and return what it prints."""
        return run(self.command(), self.environment()).stdout


def unit() -> str:
    """What `weights` counts in."""
    return "million instructions" if shutil.which("valgrind") else "ms of processor time"


def weights(processes: Sequence[Process], *, side_by_side: bool = True) -> list[float]:
    """The cost of each process.

    Args:
        processes: what to measure.
        side_by_side: whether they may run at the same time; processes that write to one store may not.
    """
    if shutil.which("valgrind"):
        with ThreadPoolExecutor((os.cpu_count() or 1) if side_by_side else 1) as pool:
            return list(pool.map(_instructions, processes))
    rounds = [[_milliseconds(process.output) for process in processes] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def between_marks(process: Process) -> float:
    """The cost of a process between its two marks, calls of `os.getppid`."""
    if not shutil.which("valgrind"):
        marked = replace(process, program=_TIMED + process.program)
        first, second = marked.output().split("mark ")[1:]
        return float(second.split()[0]) - float(first.split()[0])
    with tempfile.TemporaryDirectory() as folder:
        options = [f"--callgrind-out-file={folder}/part", "--dump-before=getppid"]
        run(["valgrind", "--tool=callgrind", *options, *process.command()], process.environment())
        found = re.search(r"^summary: (\d+)", Path(folder, "part.2").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        sys.exit("valgrind counted nothing")
    return int(found[1]) / 1e6


def run(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command; end this program with what it said if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)[:500]}\n{done.stderr[-2_000:]}")
    return done


def _instructions(process: Process) -> float:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *process.command()]
    said = run(command, process.environment()).stderr
    counted = re.search(r"Collected : (\d+)", said)
    if counted is None:
        sys.exit(f"valgrind counted nothing:\n{said}")
    return int(counted[1]) / 1e6


def _milliseconds(act: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1_000
