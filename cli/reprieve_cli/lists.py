"""`reprieve lists`: suppression lists in and out, as CSV."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import click

from reprieve.dialects import list_csv
from reprieve.dialects.csv_file import decoded
from reprieve.errors import Unavailable
from reprieve.runtime import wiring
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, progress, say, say_json, say_refused
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.suppressions.imports import ListReport

list_argument = click.argument("name", metavar="LIST", type=click.Choice(list(SuppressionList)))


@click.group()
def lists() -> None:
    """Import and export suppression lists."""


@lists.command(
    "import",
    short_help="Put the addresses in a CSV file on a list.",
    epilog=examples(
        "reprieve lists import acme bounces bounces.csv",
        "reprieve lists import acme unsubscribes people.csv --created 2026-01-31",
        "printf 'email,created\\nann@acme.example,1767225600\\n' | reprieve lists import acme blocks -",
    ),
)
@click.argument("organization", metavar="ORG")
@list_argument
@click.argument("file", type=click.File("rb"))
@click.option("--created", metavar="TIME", help="Since when rows without a `created` are on the list.")
@json_option
def import_(organization: str, name: str, file: IO[bytes], *, created: str | None, as_json: bool) -> None:
    """Put the addresses in FILE, a CSV file in UTF-8, on a list; - is standard input.

    The first line names the columns: email, created (Unix seconds or ISO 8601), and optionally reason, status, ip,
    permanence (hard, soft, undetermined), classification and source; that is what `export` and the API's own CSV have.
    A row without a permanence is judged by its reason and status, as an event of a webhook is. LIST is bounces, blocks,
    invalid_emails, spam_reports or unsubscribes.

    What the list has already, newer or lifted since then stays as it is, so importing a file again changes nothing.
    Rows that cannot be used are reported by line and left out, and the exit code is then 1. The provider
    is not told.
    """
    text = decoded(file.read())
    connect()
    since = None if created is None else list_csv.moment(created)
    try:
        report = operations.import_list(organization, SuppressionList(name), text, created=since, progress=progress)
    except Unavailable as fault:
        raise Unavailable(f"{fault}; what was imported stays, and importing the file again is safe") from None
    _show(report, as_json=as_json)
    if report.refused:
        click.get_current_context().exit(1)


@lists.command(
    short_help="Write a list as CSV.",
    epilog=examples("reprieve lists export acme bounces bounces.csv", "reprieve lists export acme blocks -"),
)
@click.argument("organization", metavar="ORG")
@list_argument
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(organization: str, name: str, file: IO[str]) -> None:
    """Write everything that is on a list to FILE or standard output, newest first, as CSV.

    No cell can be taken for a formula by a spreadsheet: one that begins like a formula gets an apostrophe, which
    `import` takes away again.
    """
    connect()
    owner = operations.find_organization(organization)
    entries = wiring.listing().each(owner, SuppressionList(name), Selection(), now=wiring.now())
    for line in list_csv.write(entries):
        file.write(line)


def _show(report: ListReport, *, as_json: bool) -> None:
    if as_json:
        refused = [{"line": one.line, "problem": one.problem} for one in report.refused]
        say_json({"imported": report.imported, "unchanged": report.unchanged, "refused": refused})
        return
    say(f"{report.imported} imported, {report.unchanged} unchanged, {len(report.refused)} refused")
    say_refused(report.refused)
