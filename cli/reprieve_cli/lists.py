"""`reprieve lists`: what is on a suppression list, and lists in and out as CSV."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final

import click

from reprieve.dialects import list_csv
from reprieve.dialects.csv_file import decoded
from reprieve.dialects.reprieve.terms import why_until
from reprieve.errors import Unavailable
from reprieve.runtime import wiring
from reprieve.suppressions.listing import Pattern, Selection
from reprieve_cli import operations
from reprieve_cli.output import (
    examples,
    json_option,
    moment,
    printable,
    progress,
    say,
    say_json,
    say_refused,
    say_table,
)
from reprieve_cli.params import List
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.policies.term import Term
    from reprieve.suppressions.imports import ListReport
    from reprieve.suppressions.suppression import AnyList, Suppression

#: characters of a reason in a table
SHOWN: Final = 100

list_argument = click.argument("name", metavar="LIST", type=List())


@click.group()
def lists() -> None:
    """Show, import and export suppression lists."""


@lists.command(
    epilog=examples(
        "reprieve lists show acme bounces",
        "reprieve lists show acme blocks --email ann@acme.example",
        "reprieve lists show acme bounces --email 'ann%@acme.example' --json",
    )
)
@click.argument("organization", metavar="ORG")
@list_argument
@click.option("--email", metavar="ADDRESS", help="Only this address, or those that begin so: % stands for any text.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Show at most N entries.")
@json_option
def show(organization: str, name: AnyList, *, email: str | None, limit: int, as_json: bool) -> None:
    """Show what is on a list, newest first.

    LIST is bounces, blocks, invalid_emails, spam_reports, unsubscribes, or group-ID for an unsubscribe group. UNTIL is
    when an entry leaves the list by itself; with a question mark it is advice of the default policy, and nothing
    happens then. --json says why. `export` writes all of it, and `reprieve why` explains one address.
    """
    connect()
    owner = operations.find_organization(organization)
    operations.find_list(owner, name)
    selection = Selection() if email is None else Selection(pattern=Pattern.parse(email))
    found, more = wiring.listing().page(owner, name, selection, offset=0, limit=limit, now=wiring.now())
    with_terms = list(wiring.terms().of(owner, found, now=wiring.now()))
    if as_json:
        say_json([_record(entry, term) for entry, term in with_terms])
    else:
        say_table(
            ("CREATED", "EMAIL", "PERMANENCE", "STATUS", "UNTIL", "REASON"),
            [
                (
                    *(moment(one.created) or "", printable(one.email), one.permanence, one.status),
                    *(_until(term), _shortened(one.reason)),
                )
                for one, term in with_terms
            ],
            empty="No such address on the list." if email else "The list is empty.",
        )
    if more:
        say("There are more: --limit shows more of them, `export` writes all of them", err=True)


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
@click.option("--created", metavar="TIME", help="The time of rows without a `created`: Unix seconds or ISO 8601.")
@json_option
def import_(organization: str, name: AnyList, file: IO[bytes], *, created: str | None, as_json: bool) -> None:
    """Put the addresses in FILE, a CSV file in UTF-8, on a list; - is standard input.

    The first line names the columns: email, created (Unix seconds or ISO 8601), and optionally reason, status, ip,
    permanence (hard, soft, undetermined), classification and source; `export` and the API's CSV have these columns.
    Commas, semicolons or tabs separate the cells. A row without a permanence is judged by its reason and status, as an
    event of a webhook is. LIST is as in `show`.

    An entry that is already on the list, older than the one there or lifted since then changes nothing, so a file can
    be imported again. Rows that cannot be used are reported by line and skipped; the exit code is then 1. The
    provider's lists are not changed.
    """
    text = decoded(file.read())
    connect()
    since = None if created is None else list_csv.moment(created)
    try:
        report = operations.import_list(organization, name, text, created=since, progress=progress)
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
def export(organization: str, name: AnyList, file: IO[str]) -> None:
    """Write everything on a list to FILE or standard output, newest first, as CSV.

    Where a spreadsheet would see the beginning of a formula, there is an apostrophe, which `import` removes.
    """
    connect()
    owner = operations.find_organization(organization)
    operations.find_list(owner, name)
    now = wiring.now()
    entries = wiring.listing().each(owner, name, Selection(), now=now)
    for line in list_csv.write(wiring.terms().of(owner, entries, now=now)):
        file.write(line)


def _until(term: Term) -> str:
    """The end of a term, with a question mark where it is advice."""
    return f"{moment(term.until) or ''}{'?' if term.until and term.is_advice else ''}"


def _record(entry: Suppression, term: Term) -> dict[str, Any]:
    return {
        "created": moment(entry.created),
        "email": entry.email,
        "reason": entry.reason,
        "status": entry.status,
        "ip": entry.ip or None,
        "permanence": entry.permanence,
        "classification": entry.classification,
        "source": entry.provider,
        "until": moment(term.until),
        "why_until": why_until(term),
        "until_is_advice": term.is_advice,
    }


def _shortened(text: str) -> str:
    text = printable(text)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _show(report: ListReport, *, as_json: bool) -> None:
    if as_json:
        refused = [{"line": one.line, "problem": one.problem} for one in report.refused]
        say_json({"imported": report.imported, "unchanged": report.unchanged, "refused": refused})
        return
    say(f"{report.imported} imported, {report.unchanged} unchanged, {len(report.refused)} refused")
    say_refused(report.refused)
