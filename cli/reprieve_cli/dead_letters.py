"""`reprieve dead-letters`: what providers sent that could not be read, or that belongs to no organization."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from reprieve.runtime import wiring
from reprieve.suppressions.dead_letters import Outcome
from reprieve_cli import operations
from reprieve_cli.output import age, examples, json_option, moment, say, say_json, say_table
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.system_log.dead_letter import HeldLetter


@click.group()
def dead_letters() -> None:
    """List and redrive what could not be read."""


def _whose(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments that say whose letters a command is about."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Include every organization, and all other messages."),
        click.argument("organization", metavar="[ORG]", required=False),
    ):
        command = option(command)
    return command


@dead_letters.command("list", epilog=examples("reprieve dead-letters list acme", "reprieve dead-letters list --all"))
@_whose
@json_option
def list_letters(organization: str | None, *, everything: bool, as_json: bool) -> None:
    """List dead letters, the oldest first.

    Nothing is changed. While the queue is read, nothing else can read it.
    """
    owner = _owner(organization, everything=everything)
    held = wiring.dead_letter_verbs().waiting(owner)
    if as_json:
        say_json([_record(one) for one in held])
        return
    now = wiring.now()
    rows = [(one.organization_id, age(now - one.since), _size(one), one.reason) for one in held]
    say_table(("ORGANIZATION", "AGE", "BYTES", "REASON"), rows, empty="There are no dead letters.")


@dead_letters.command(
    "redrive", epilog=examples("reprieve dead-letters redrive acme", "reprieve dead-letters redrive --all --json")
)
@_whose
@json_option
def redrive(organization: str | None, *, everything: bool, as_json: bool) -> None:
    """Take in again what can be read by now.

    A letter whose events are stored is deleted; any other stays in the queue. An event that is stored already changes
    nothing, so the command can be repeated.
    """
    owner = _owner(organization, everything=everything)
    done = list(wiring.dead_letter_verbs().redrive(owner, now=wiring.now()))
    if as_json:
        say_json([{**_record(one.held), "outcome": one.outcome.value} for one in done])
        return
    left = [one for one in done if one.outcome is not Outcome.TAKEN]
    rows = [(one.held.organization_id, one.outcome.value, one.held.reason) for one in left]
    if left:
        say_table(("ORGANIZATION", "STAYS", "REASON"), rows, empty="")
    counts = Counter(one.outcome for one in done)
    say(f"{counts[Outcome.TAKEN]} taken, {len(left)} left")


def _owner(organization: str | None, *, everything: bool) -> str | None:
    """The id of the organization that a command is about, None for all."""
    if everything == (organization is not None):
        raise click.UsageError("give either ORG or --all")
    connect()
    return operations.find_organization(organization).id if organization is not None else None


def _size(held: HeldLetter) -> str:
    return str(len(held.letter.content)) if held.letter else ""


def _record(held: HeldLetter) -> dict[str, object]:
    letter = held.letter
    return {
        "organization": held.organization_id or None,
        "provider": letter.provider if letter else None,
        "since": moment(held.since),
        "reason": held.reason,
        # whatever is not UTF-8 is shown as it can be; the queue has the bytes
        "content": letter.content.decode(errors="backslashreplace") if letter else None,
    }
