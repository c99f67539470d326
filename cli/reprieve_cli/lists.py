"""`reprieve lists`: suppression lists in and out, as CSV."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Final

import click

from reprieve.errors import Unavailable
from reprieve.runtime import wiring
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from reprieve_cli import list_csv, operations
from reprieve_cli.csv_file import Refusal, decoded, tell_refused
from reprieve_cli.output import examples, json_option, progress, say, say_json
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.organization import Organization

#: rows between two looks at the progress, and how many such groups are written side by side
GROUP: Final = 250
WORKERS: Final = 4

list_argument = click.argument("name", metavar="LIST", type=click.Choice(list(SuppressionList)))


@dataclass(frozen=True, slots=True)
class ListReport:
    """What became of a file's rows.

    Attributes:
        imported: rows that changed the list.
        unchanged: rows that the list knew already, or knew better: newer, or lifted since.
        refused: rows that were left out, by line.
    """

    imported: int
    unchanged: int
    refused: Sequence[Refusal]


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
    Rows that cannot be used are reported by line and left out, and the exit code is then 1. Nothing is told to the
    provider.
    """
    text = decoded(file.read())
    connect()
    owner = operations.find_organization(organization)
    since = None if created is None else list_csv.moment(created)
    try:
        report = import_list(owner, SuppressionList(name), text, created=since, tell=progress)
    except Unavailable as fault:
        raise Unavailable(f"{fault}; what was imported stays, and importing the file again is safe") from None
    _tell(report, as_json=as_json)
    if report.refused:
        click.get_current_context().exit(1)


def import_list(
    organization: Organization,
    name: SuppressionList,
    text: str,
    *,
    created: int | None,
    tell: Callable[[int, int], None],
) -> ListReport:
    """Put a file's rows on a list.

    Args:
        organization: whose list.
        name: which list.
        text: the content of the file; see `list_csv`.
        created: since when rows without a time are on the list, in milliseconds.
        tell: told how many rows of how many are done.

    Raises:
        InvalidInput: the file as a whole cannot be used; nothing was changed.
        Unavailable: the store did not answer; what is stored stays, and importing again is safe.
    """
    rows, refused = list_csv.read(text, suppression_list=name, created=created, now=wiring.now())
    cleared = organization.cleared.get(name, -1)
    kept = []
    for row in rows:
        if row.suppression.created // 1000 > cleared:
            kept.append(row.suppression)
        else:
            refused.append(Refusal(row.line, "created: everything on the list up to then was deleted since"))
    groups = [kept[start : start + GROUP] for start in range(0, len(kept), GROUP)]
    imported = done = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for group, changed in zip(
            groups, pool.map(partial(wiring.suppressions().record, organization), groups), strict=True
        ):
            imported += changed
            done += len(group)
            tell(done, len(kept))
    return ListReport(imported, len(kept) - imported, sorted(refused, key=lambda refusal: refusal.line))


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


def _tell(report: ListReport, *, as_json: bool) -> None:
    if as_json:
        refused = [{"line": one.line, "problem": one.problem} for one in report.refused]
        say_json({"imported": report.imported, "unchanged": report.unchanged, "refused": refused})
        return
    say(f"{report.imported} imported, {report.unchanged} unchanged, {len(report.refused)} refused")
    tell_refused(report.refused)
