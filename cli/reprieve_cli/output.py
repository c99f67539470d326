"""Printing answers: aligned text for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reprieve.refused_row import RefusedRow

NOTHING: Final = "-"
#: refused rows that are printed one by one; JSON has them all
MAX_REFUSED: Final = 20

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def examples(*lines: str) -> str:
    """The end of a command's help; click keeps its lines as they are."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def say(text: str, *, err: bool = False) -> None:
    """Print a line; click takes the colour out unless it goes to a terminal."""
    click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)


def say_json(value: Any) -> None:  # noqa: ANN401  (whatever json takes)
    """Print a value for a program."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def say_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Print aligned columns, or a sentence when there is nothing in them."""
    lines = [[cell or NOTHING for cell in row] for row in rows]
    if not lines:
        say(empty)
        return
    widths = [max(map(len, column)) for column in zip(headers, *lines, strict=True)]
    say(click.style(_aligned(headers, widths), bold=True))
    for line in lines:
        say(_aligned(line, widths))


def say_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    """Print names and values, one pair a line."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        say(f"{click.style(name.ljust(width), bold=True)}  {value or NOTHING}")


def say_refused(refused: Sequence[RefusedRow]) -> None:
    """Print the first of the refused rows to stderr."""
    for one in refused[:MAX_REFUSED]:
        say(f"line {one.line}: {one.problem}", err=True)
    if len(refused) > MAX_REFUSED:
        say(f"and {len(refused) - MAX_REFUSED} more; --json has all of them", err=True)


def interactive() -> bool:
    """Whether a person can be asked: standard input is a terminal."""
    return sys.stdin.isatty()


def watched() -> bool:
    """Whether a person sees progress: standard error is a terminal."""
    return sys.stderr.isatty()


def confirm(deed: str) -> None:
    """Ask before something is done that cannot be undone; without a terminal, `--yes` has to say so.

    Args:
        deed: what the command does, in the third person and without a full stop.

    Raises:
        UsageError: there is no terminal to ask at.
        Abort: the answer is no.
    """
    if not interactive():
        raise click.UsageError(f"this {deed}: confirm it with --yes")
    click.confirm(f"This {deed}. Go on?", abort=True, err=True)


def printable(text: str) -> str:
    """Text with a space for each character that could speak to the terminal: other people's servers wrote some."""
    return "".join(character if character.isprintable() else " " for character in text)


def progress(done: int, total: int, *, every: int = 1_000) -> None:
    """Print to stderr how far it is: in place on a terminal, elsewhere a line each time `every` more are done."""
    if watched():
        click.echo(f"\r{done} of {total}", err=True, nl=done == total)
    elif done % every == 0 or done == total:
        click.echo(f"{done} of {total}", err=True)


def moment(milliseconds: int | None) -> str | None:
    """A time in ISO 8601, whole seconds, UTC."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age(milliseconds: int) -> str:
    """A length of time, rounded down, in the largest unit that it has two of at least: 3d, 25h, 90m, 40s."""
    for unit, letter in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if milliseconds >= 2 * unit:
            return f"{milliseconds // unit}{letter}"
    return f"{max(0, milliseconds) // SECOND}s"


def account_option(name: str) -> str:
    """The option that names a provider account, in a command to paste; nothing for the default account."""
    return "" if name == DEFAULT else f" --account {name}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
