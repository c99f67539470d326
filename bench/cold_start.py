"""What a cold start weighs, as built: `make bench-cold`, after it has built the functions and layers for this machine.

Each variant is a process of its own that sees its artifact and the layers, and nothing else that is installed. Counted
are the instructions of the whole process, by valgrind's callgrind, which do not depend on what else the machine does;
without valgrind it is the least processor time of several runs, in turn. Both are shown as a multiple of a process that
does `import json`.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import botocore

from local.build import BUILD, build_if_changed
from local.place import default_place
from tests.support.tables import settings_of

ROUNDS: Final = 9
#: one without pydantic, and one with it
HANDLERS: Final = ("suppressions", "remove_list")
CLIENT: Final = "import boto3; boto3.client('dynamodb')"
LAMBDA: Final = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "PYTHONDONTWRITEBYTECODE": "1"} | (
    dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing")
)


@dataclass(frozen=True, slots=True)
class Variant:
    """A process to measure: what it sees, what it does, and with which variables."""

    name: str
    program: str
    paths: tuple[Path, ...] = ()
    settings: frozenset[str] = frozenset()

    def command(self) -> list[str]:
        """The process."""
        paths = [str(path) for path in self.paths]
        return [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {paths!r}; {self.program}"]

    def environment(self) -> dict[str, str]:
        """Its variables."""
        return {"PATH": os.environ["PATH"], **LAMBDA, **dict.fromkeys(self.settings, "1")}


def main() -> None:
    """Build, measure and print the table."""
    build_if_changed(default_place(0))
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain"
        shutil.copytree(BUILD, plain, ignore=shutil.ignore_patterns("__pycache__"))
        full = Path(folder) / "full"
        shutil.copytree(BUILD / "DependenciesLayer" / "python", full)
        shutil.copytree(Path(botocore.__file__).parent / "data", full / "botocore" / "data", dirs_exist_ok=True)
        found = variants(plain, full)
        weights = instructions(found) if shutil.which("valgrind") else processor_time(found)
    unit = "instructions, million" if shutil.which("valgrind") else "processor time, ms"
    print(f"| process | {unit} | import json = 1 |\n|---|---:|---:|")
    bare = weights[0]
    for variant, weight in zip(found, weights, strict=True):
        print(f"| {variant.name} | {weight:.0f} | {weight / bare:.1f} |")


def variants(plain: Path, full: Path) -> list[Variant]:
    """What is measured.

    Args:
        plain: the build without its `.pyc`.
        full: the packages of the layer, with all services of botocore.
    """
    found = [
        Variant("`import json`", "import json"),
        Variant("a DynamoDB client of the layer's boto3, with all services", CLIENT, (full,)),
    ]
    for how, build in (("", BUILD), (", not compiled", plain)):
        layers = (build / "DomainLayer" / "python", build / "DependenciesLayer" / "python")
        found.append(Variant(f"a DynamoDB client of the layer's boto3{how}", CLIENT, layers))
        for handler in HANDLERS:
            function = build / ("".join(word.capitalize() for word in handler.split("_")) + "Function")
            settings = frozenset(settings_of(handler))
            found.append(Variant(f"`{handler}` loaded{how}", "import app", (function, *layers), settings))
    return found


def instructions(found: list[Variant]) -> list[float]:
    """The instructions of each, in millions. That several are counted at a time does not change them."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_instructions, found))


def _instructions(variant: Variant) -> float:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *variant.command()]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=variant.environment())
    counted = re.search(r"Collected : (\d+)", ran.stderr)
    if counted is None:
        sys.exit(f"valgrind counted nothing:\n{ran.stderr}")
    return int(counted[1]) / 1e6


def processor_time(found: list[Variant]) -> list[float]:
    """The least processor time of each in milliseconds, of several rounds through all."""
    rounds = [[_milliseconds(variant) for variant in found] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def _milliseconds(variant: Variant) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(variant.command(), check=True, env=variant.environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1_000


if __name__ == "__main__":
    main()
