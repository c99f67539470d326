"""Running the operator's command in process, and what a test of it needs to name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from reprieve.runtime import wiring
from reprieve_cli.main import main
from reprieve_cli.removals import ListByDefault
from tests.support import operator_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, standard output and standard error."""

    code: int
    out: str
    err: str = ""


class Clock:
    """`wiring.now`, standing still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def invoke(*arguments: str, stdin: str | bytes = "") -> Ran:
    """Run the command with the operator's permissions; an exception that is not an exit fails the test.

    So does an action that the reference does not name for this command.
    """
    with operator_policy.enforced() as made:
        result = CliRunner(mix_stderr=False).invoke(main, arguments, input=stdin, prog_name="reprieve")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    name = command(arguments)
    undocumented = made - operator_policy.documented().get(name, frozenset())
    assert not undocumented, f"docs/reference/command.md does not say that {name!r} needs {sorted(undocumented)}"
    return Ran(result.exit_code, result.stdout, result.stderr)


def command(arguments: Sequence[str]) -> str:
    """The command that these arguments run, such as `lists import`; "" for none."""
    found: click.Command = main
    words: list[str] = []
    for argument in arguments:
        if isinstance(found, click.Group) and argument in (below := commands_of(found)):
            words.append(argument)
            found = below[argument]
    if isinstance(found, ListByDefault):
        words.append("list")
    return " ".join(words)


def commands_of(group: click.Group) -> dict[str, click.Command]:
    """The commands directly below a group, by name; all of them are imported for it."""
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command}


def deploy(name: str, outputs: dict[str, str]) -> None:
    """A CloudFormation stack that is nothing but its outputs."""
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}},
        "Outputs": {output: {"Value": value} for output, value in outputs.items()},
    }
    wiring.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))
