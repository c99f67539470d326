"""Which stack the command line asked for, connected to when a command first needs it and never for `--help`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from reprieve_cli import stack

if TYPE_CHECKING:
    from reprieve_cli.stack import Stack


@dataclass(frozen=True, slots=True)
class Target:
    """What `--stack` and `--local` said."""

    stack: str
    local: bool


def connect() -> Stack:
    """Connect to the stack of the running command."""
    target = click.get_current_context().ensure_object(Target)
    return stack.connect(target.stack, local=target.local)
