"""The help teaches: every command says what it does and shows examples, and the examples are right."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from reprieve_cli.main import main
from reprieve_cli.stack import CHECKOUT
from tests.cli.running import Ran, commands_of, invoke

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in commands_of(group).items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(main))
EXAMPLES = [line.strip() for command in [main, *COMMANDS.values()] for line in (command.epilog or "").splitlines()[2:]]


def test_a_command_is_imported_when_it_is_asked_for_and_no_other_is() -> None:
    program = """
import sys
from reprieve_cli.main import main
main(["holds", "--help"], standalone_mode=False)
print(*sorted(name for name in sys.modules if name in ("reprieve_cli.holds", "reprieve_cli.doctor", "pydantic")))
"""
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ | paths
    )
    assert done.stdout.splitlines()[-1] == "reprieve_cli.holds"


def test_these_are_the_commands() -> None:
    assert sorted(" ".join(path) for path in COMMANDS) == [
        "clients change",
        "clients create",
        "clients list",
        "clients revoke",
        "connect",
        "credentials change",
        "credentials issue",
        "credentials list",
        "credentials revoke",
        "credentials scopes",
        "dead-letters list",
        "dead-letters redrive",
        "doctor",
        "export",
        "groups",
        "holds add",
        "holds lift",
        "holds list",
        "hooks add",
        "hooks change",
        "hooks deliveries",
        "hooks list",
        "hooks remove",
        "hooks replay",
        "hooks rotate",
        "hooks test",
        "import",
        "ingest",
        "issuers add",
        "issuers list",
        "issuers remove",
        "lift",
        "lists export",
        "lists import",
        "lists show",
        "logs",
        "organizations change",
        "organizations create",
        "organizations list",
        "organizations show",
        "policies disable",
        "policies dry-run",
        "policies enable",
        "policies reset",
        "policies set",
        "policies show",
        "providers list",
        "providers remove",
        "providers resume",
        "providers set",
        "providers show",
        "providers test",
        "rates",
        "recipients delete",
        "recipients import",
        "recipients list",
        "recipients reset-unblocks",
        "reconcile",
        "removals list",
        "removals retry",
        "senders claim",
        "senders list",
        "senders release",
        "sign-in remove",
        "sign-in set",
        "sign-in show",
        "signing-keys list",
        "signing-keys rotate",
        "status",
        "whitelist change",
        "whitelist show",
        "why",
    ]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_examples(path: tuple[str, ...]) -> None:
    ran = invoke(*path, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"reprieve {' '.join(path)}" in ran.out.partition("Examples:")[2]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    options = [parameter for parameter in COMMANDS[path].params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("path", [(), *sorted({path[:1] for path in COMMANDS if len(path) > 1})], ids=" ".join)
def test_no_line_of_a_groups_table_of_commands_is_cut_short(path: tuple[str, ...]) -> None:
    assert "..." not in invoke(*path, "--help").out.partition("Commands:")[2].partition("Examples:")[0]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_command_line_that_the_command_takes(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in re.findall(r"\w+\.(?:csv|jwk|jsonl?|eml)", example):
        (tmp_path / name).touch()
    # what the shell would do with the rest is not the command's business
    line = re.search(r"reprieve ([^<|)]+)", example)
    assert line is not None
    arguments = shlex.split(line[1])
    with main.make_context("reprieve", arguments) as context:
        parse(main, context)


def parse(group: click.Group, context: click.Context) -> None:
    arguments = [*context.protected_args, *context.args]
    name, command, rest = group.resolve_command(context, arguments)
    with command.make_context(name, rest, parent=context) as inner:
        if isinstance(command, click.Group):
            parse(command, inner)


def test_the_version_is_the_newest_release_in_the_changelog() -> None:
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert invoke("--version") == Ran(0, f"reprieve {newest[1]}\n")


def test_the_help_says_how_to_complete_by_the_tab_key(monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r'eval "\$\((\w+)=(\w+)\s+reprieve\)"', invoke("--help").out)
    assert found is not None
    monkeypatch.setenv(found[1], found[2])
    assert "_reprieve_completion" in invoke().out


CHOICES = [
    pytest.param(parameter, id=f"{' '.join(path)} {parameter.name}")
    for path, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter.type, click.Choice)
]


@pytest.mark.parametrize("parameter", CHOICES)
def test_choices_are_printed_as_they_are_typed(parameter: click.Parameter) -> None:
    with pytest.raises(click.BadParameter) as refusal:
        parameter.type.convert("wrong", parameter, None)
    assert re.fullmatch(r"'wrong' is not one of ('[\w.]+', )*'[\w.]+'\.", refusal.value.message)


def test_an_unknown_command_is_a_usage_error() -> None:
    ran = invoke("organisations")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("Error: No such command 'organisations'.\n")


def test_a_mistake_in_use_says_how_to_get_help() -> None:
    assert invoke("organizations", "change", "acme") == Ran(
        2,
        "",
        "Usage: reprieve organizations change [OPTIONS] ID\n"
        "Try 'reprieve organizations change -h' for help.\n"
        "\n"
        "Error: nothing to change: "
        "give --name, --membership, --domain, --soft-bounces, --module, --help-desk-lifts or --limit\n",
    )
