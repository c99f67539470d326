"""The share of a random sample of mutants that the tests of their rooms detect.

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
#: the tests of a room's mutants, the quickest first
TESTS: Final = {
    KERNEL: (
        "unit/test_address.py unit/test_json_body.py unit/test_paging.py unit/test_organization.py unit/test_listing.py"
        " unit/test_log_golden.py functions/test_bodies.py functions/test_answer_size.py functions/system_log"
        " functions/recipients functions/suppressions functions/test_bounce_settings.py functions/addresses"
        " functions/test_record_search.py functions/test_removal_job.py dialects cli"
    ),
    "system_log": (
        "unit/test_log.py unit/test_log_golden.py unit/test_log_polling.py unit/test_keywords.py"
        " unit/test_filter_parser.py unit/test_filter_matching.py unit/test_filter_properties.py functions/system_log"
        " functions/test_answer_size.py contract/test_system_log_models.py functions/event_webhook"
    ),
    "access": (
        "unit/test_log_golden.py functions/test_authentication.py functions/test_scopes.py"
        " functions/test_unblock_limit.py functions/unblock_email functions/suppressions"
        " functions/test_bounce_settings.py functions/test_changes_are_logged.py cli"
        " contract/test_access_store.py contract/test_doubles.py"
    ),
    "recipients": (
        "unit/test_log_golden.py functions/recipients functions/test_records.py functions/test_record_search.py"
        " functions/test_answer_size.py functions/test_changes_are_logged.py functions/unblock_email"
        " cli/test_cli_recipients.py"
    ),
    "suppressions": (
        "unit/test_classifier.py unit/test_judgement.py unit/test_delivery.py unit/test_listing.py"
        " unit/test_log_golden.py functions/event_webhook functions/test_reconciliation.py"
        " functions/test_bounce_settings.py functions/suppressions functions/test_upkeep.py functions/addresses"
        " functions/test_address_whitelist.py functions/test_answer_size.py unit/test_dead_letters.py cli"
    ),
    "removals": (
        "unit/test_removal.py unit/test_block.py unit/test_log.py unit/test_log_golden.py functions/test_remove_list.py"
        " functions/test_removals.py functions/test_removal_job.py functions/suppressions"
        " functions/test_bounce_settings.py functions/test_upkeep.py functions/test_unblock_limit.py"
        " functions/unblock_email contract/test_races.py cli/test_cli_lifts.py"
    ),
    "addresses": "functions/addresses functions/test_address_whitelist.py cli/test_cli_lifts.py",
    "email_servers": "unit/test_log_golden.py dialects/test_okta_email_servers.py functions/email_servers",
    "store": (
        "unit/test_store_calls.py unit/test_listing.py unit/test_log_polling.py contract/test_races.py"
        " contract/test_suppression_store.py functions/test_store_guards.py functions/test_removal_job.py"
        " functions/test_removals.py functions/suppressions functions/test_bounce_settings.py"
        " functions/test_upkeep.py functions/unblock_email functions/recipients functions/system_log"
        " functions/email_servers functions/test_authentication.py functions/test_record_search.py"
        " functions/event_webhook functions/test_address_whitelist.py contract/test_access_store.py"
        " contract/test_sent_twice.py cli"
    ),
    "net": (
        "unit/test_net_guard.py unit/test_net_guard_networks.py net smtp contract/test_sendgrid_limits.py"
        " contract/test_sendgrid.py"
    ),
    "smtp": "smtp functions/email_servers",
    "providers": (
        "unit/test_sendgrid_provider.py unit/test_provider_registry.py unit/test_judgement.py"
        " dialects/test_sendgrid_events.py contract/test_providers.py contract/test_ses.py contract/test_sendgrid.py"
        " functions/event_webhook cli/test_cli_providers.py cli/test_cli_provider_calls.py"
        " contract/test_sendgrid_limits.py"
    ),
    "dialects": (
        "dialects unit/test_paging.py functions/suppressions functions/recipients functions/system_log"
        " functions/unblock_email functions/email_servers functions/test_records.py functions/test_record_search.py"
        " functions/addresses functions/test_removals.py functions/test_remove_list.py"
        " functions/test_bounce_settings.py functions/test_address_whitelist.py functions/test_answer_size.py"
        " functions/test_bodies.py functions/test_http.py cli/test_cli_lists.py cli/test_cli_recipients.py"
        " contract/test_user_models.py contract/test_system_log_models.py architecture/test_template.py"
    ),
    "runtime": (
        "functions/test_http.py functions/test_routes.py functions/test_bodies.py functions/test_removal_job.py"
        " functions/event_webhook functions/test_access_roles.py functions/email_servers cli"
        " architecture/test_imports.py architecture/test_alarms.py"
    ),
}
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
    """The nodes that can be changed: not annotations, docstrings, type aliases or code for type checkers only."""
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


def noticed(mutant: Change) -> bool:
    """Whether a test of the room fails with the mutant; a failed import counts."""
    room = _room(mutant.path)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(
            ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".local", "build", "__pycache__")
        )
        (copy / mutant.path).write_text(mutant.source)
        path = os.pathsep.join([str(copy), str(copy / "layers/domain/python"), str(copy / "cli")])
        ran = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-x",
                "-n0",
                "-m",
                "not slow",
                *(f"tests/{one}" for one in TESTS[room].split()),
            ],
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
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.sample")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=None, help="for the same sample again")
    parser.add_argument("--rooms", nargs="+", choices=sorted(TESTS), default=sorted(TESTS))
    parser.add_argument("--side-by-side", type=int, default=2, dest="lanes")
    arguments = parser.parse_args()
    files = sorted(path.relative_to(ROOT) for path in (ROOT / PACKAGE).rglob("*.py"))
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
