"""`reprieve doctor`: what is wrong with a deployment, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict

import click

from reprieve_cli import checks
from reprieve_cli.checks import State
from reprieve_cli.output import examples, json_option, say, say_json
from reprieve_cli.target import connect

COLOURS = {State.OK: "green", State.WARNING: "yellow", State.FAULT: "red"}


@click.command(epilog=examples("reprieve doctor", "reprieve --local doctor", "reprieve doctor --json"))
@json_option
def doctor(*, as_json: bool) -> None:
    """Check a deployment, and say what to do.

    Looks at the stack, this machine's clock, the tables, the keys, the dead letters, whether the scheduled functions
    ran lately, and each organization's provider accounts (by reading one second of their bounces), webhook keys,
    connections (whether what `reprieve connect` sets is still so) and removals. Changes nothing. The exit code is 1
    when there is a fault; warnings can wait.
    """
    found = []
    for finding in checks.every(connect()):
        found.append(finding)
        if not as_json:
            say(f"{click.style(finding.state.ljust(7), fg=COLOURS[finding.state])}  {finding.check}: {finding.found}")
            if finding.advice:
                say(f"         -> {finding.advice}")
    if as_json:
        say_json([asdict(finding) | {"state": finding.state.value} for finding in found])
    faults = sum(finding.state is State.FAULT for finding in found)
    if faults:
        raise click.ClickException("1 fault" if faults == 1 else f"{faults} faults")
