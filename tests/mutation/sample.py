"""The share of a random sample of mutants that the quick tests detect, those on the local stack excepted.

    PYTHONPATH=layers/domain/python:. python -m tests.mutation.sample [--count 60] [--seed 0] [--rooms removals store]

A mutant is one small change of one expression: another comparison, `and` for `or`, a condition without its `not`, a
number that is one more, a text that is empty. It is made in a copy of the checkout, never in the checkout itself.
Mutants that nothing can notice (an equivalent one) are in the count; read the survivors.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = Path("layers/domain/python/reprieve")
#: modules that are in no room
KERNEL: Final = "kernel"
#: the folders of the tests that may notice a mutant, the quickest first
FOLDERS: Final = ("unit", "dialects", "functions", "contract", "net", "smtp", "cli", "simulation")
SWAPPED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Change:
    """One mutant.

    Attributes:
        path: of the file, within the checkout.
        line: in the file.
        before: the expression as it is.
        after: as it is in the mutant.
        source: the whole mutated file.
    """

    path: Path
    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before} -> {self.after}"


def count(path: Path) -> int:
    """The number of mutants of a file."""
    return sum(1 for _ in _places(ast.parse((ROOT / path).read_text())))


def change(path: Path, number: int) -> Change:
    """One mutant of a file; they are numbered from 0."""
    tree = ast.parse((ROOT / path).read_text())
    node = list(_places(tree))[number]
    before = ast.unparse(node)
    _mutate(node)
    return Change(path, getattr(node, "lineno", 0), before, ast.unparse(node), ast.unparse(tree))


def _places(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that can be changed.

    Not annotations, docstrings, type aliases or code for type checkers only; nor how a dataclass is made, which guards
    against mistakes and changes no behaviour.
    """
    for name, value in ast.iter_fields(tree):
        if name in {"annotation", "returns", "type_params"}:
            continue
        for node in value if isinstance(value, list) else [value]:
            if not isinstance(node, ast.AST) or _is_silent(node):
                continue
            if _can_change(node):
                yield node
            yield from _places(node)


def _is_silent(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dataclass":
        return True
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _can_change(node: ast.AST) -> bool:
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Constant(value=bool() | int()):
            return True
        case ast.Constant(value=str() as text):
            return bool(text)
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return True
        case _:
            return False


def _mutate(node: ast.AST) -> None:
    """Change a node in place."""
    match node:
        case ast.Compare():
            node.ops[0] = SWAPPED[type(node.ops[0])]()
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.UnaryOp():
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int()):
            node.value += 1
        case ast.Constant():
            node.value = ""
        case ast.BinOp():
            node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()


def _room(path: Path) -> str:
    within = path.relative_to(PACKAGE).parts
    return within[0] if len(within) > 1 else KERNEL


def tests_for(path: Path) -> list[str]:
    """Every quick test file, those first that import the module, then those that import its room."""
    room = re.escape(".".join(path.with_suffix("").relative_to(PACKAGE.parent).parts[:2]))
    is_near = re.compile(rf"\b{room}\b")
    is_nearest = re.compile(rf"\b{room}\b.*\b{path.stem}\b")
    files = [one for folder in FOLDERS for one in sorted((ROOT / "tests" / folder).rglob("test_*.py"))]
    texts = {one: one.read_text() for one in files}
    files.sort(key=lambda one: (not is_nearest.search(texts[one]), not is_near.search(texts[one])))
    return [str(one.relative_to(ROOT)) for one in files]


def noticed(mutant: Change) -> bool:
    """Whether a test fails with the mutant; a failed import counts."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(
            ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".local", "build", "__pycache__")
        )
        (copy / mutant.path).write_text(mutant.source)
        path = os.pathsep.join([str(copy), str(copy / "layers/domain/python"), str(copy / "cli")])
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-n0", "-m", "not slow", *tests_for(mutant.path)],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
            capture_output=True,
        )
        # failed tests, or modules that cannot be imported; anything else says nothing about the mutant
        if ran.returncode not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}:
            raise RuntimeError(ran.stdout.decode() + ran.stderr.decode())
        return ran.returncode != pytest.ExitCode.OK


def main() -> None:
    """Draw, try, and report the survivors and the rate."""
    files = sorted(path.relative_to(ROOT) for path in (ROOT / PACKAGE).rglob("*.py"))
    rooms = sorted({_room(path) for path in files})
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.sample")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=None, help="for the same sample again")
    parser.add_argument("--rooms", nargs="+", choices=rooms, default=rooms)
    parser.add_argument("--side-by-side", type=int, default=2, dest="lanes")
    arguments = parser.parse_args()
    every = [(path, number) for path in files if _room(path) in arguments.rooms for number in range(count(path))]
    places = random.Random(arguments.seed).sample(every, min(arguments.count, len(every)))
    drawn = [change(*place) for place in places]
    found = 0
    with ThreadPoolExecutor(arguments.lanes) as lanes:
        for number, (mutant, killed) in enumerate(zip(drawn, lanes.map(noticed, drawn), strict=True), 1):
            found += killed
            print(f"{number:>3} {'noticed ' if killed else 'SURVIVED'} {mutant}", flush=True)
    print(f"{found} of {len(drawn)} noticed ({100 * found // max(1, len(drawn))} %), of {len(every)} that there are")


if __name__ == "__main__":
    main()
