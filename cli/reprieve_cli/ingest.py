"""`reprieve ingest`: events that were kept elsewhere, taken in as if they came now."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click

from reprieve.access.provider_account import DEFAULT
from reprieve.access.provider_accounts import checked_account
from reprieve.errors import Unavailable
from reprieve.providers.exported import rows
from reprieve.providers.registry import PROVIDERS
from reprieve.runtime import wiring
from reprieve.suppressions.replay import ReplayReport
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, progress, say_json, say_pairs, say_refused
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.organization import Organization

_KINDS = [one.kind for one in PROVIDERS.values() if one.webhook or one.notifications]


@click.command(
    epilog=examples(
        "reprieve ingest acme events.jsonl",
        "reprieve ingest acme --kind mail bounce.eml",
        "reprieve ingest acme events.jsonl --dry-run",
        "reprieve ingest acme events.jsonl --account newsletter",
        "zcat 2026-*.gz | reprieve ingest acme --kind ses -",
    )
)
@click.argument("organization", metavar="ORG")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.File("rb", lazy=True))
@click.option(
    "--account", metavar="NAME", default=DEFAULT, show_default=True, help="The provider account that sent the mail."
)
@click.option(
    "--kind", type=click.Choice(_KINDS), help="The provider that wrote the files; the account's own unless given."
)
@click.option("--from", "first", type=click.IntRange(1), default=1, help="Begin at this line of the first file.")
@click.option("--any-age", is_flag=True, help="Take in events that are older than six days, too.")
@click.option("--dry-run", is_flag=True, help="Count and change nothing.")
@json_option
def ingest(
    organization: str,
    files: Sequence[BinaryIO],
    *,
    account: str,
    kind: str | None,
    first: int,
    any_age: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take in exported events.

    FILE has what the provider's webhook posts, or Amazon SES publishes (with or without SNS's envelope), one event or
    array of events on each line, or one array in all; with --kind mail it is a mail. `-` is standard input. Every event
    is ORG's: claims on senders do not count here.

    An event that is stored already changes nothing, so the command can be repeated, and two exports may overlap.
    Events older than six days are left out unless --any-age is given: a removal from more than a week ago is forgotten,
    and they would bring back what it lifted.

    The exit code is 1 when something could not be read.
    """
    connect()
    owner = operations.find_organization(organization)
    checked_account(wiring.access(), owner.id, account)
    chosen = kind or wiring.provider_accounts().find(owner, account).kind
    total = ReplayReport()
    for number, file in enumerate(files):
        total.line = 0
        try:
            start = first if number == 0 else 1
            _take(owner, chosen, account, file, total, first=start, any_age=any_age, dry_run=dry_run)
        except (Unavailable, KeyboardInterrupt) as stop:
            why = str(stop) or "interrupted"
            raise Unavailable(f"{why}; {_hint(file, total.line)}") from None
    _show(total, as_json=as_json, dry_run=dry_run)
    if total.refused:
        click.get_current_context().exit(1)


def _take(
    owner: Organization,
    kind: str,
    account: str,
    file: BinaryIO,
    report: ReplayReport,
    *,
    first: int,
    any_age: bool,
    dry_run: bool,
) -> None:
    provider, now = PROVIDERS[kind], wiring.now()
    wiring.replay().run(
        owner,
        rows(provider, file, first=first, now=now),
        report,
        provider_name=provider.name,
        account=account,
        now=now,
        any_age=any_age,
        dry_run=dry_run,
        progress=_progress(file),
    )


def _progress(file: BinaryIO) -> Callable[[int], None]:
    """Shows how many lines of a file are done; nothing for a stream, whose length is unknown."""
    if not file.seekable():
        return lambda _line: None
    lines = sum(1 for _ in file)
    file.seek(0)
    return lambda line: progress(line, max(lines, line), every=10_000) if lines > 1 else None


def _hint(file: BinaryIO, line: int) -> str:
    return f"{file.name} is taken in up to line {line}: continue with --from {line + 1}, or begin again"


def _show(report: ReplayReport, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        say_json(
            {
                "events": report.events,
                "by_kind": report.kinds,
                "listed": report.listed,
                "ignored": report.ignored,
                "too_old": report.too_old,
                "refused": report.refused,
                "rows": [{"line": one.line, "problem": one.problem} for one in report.rows],
            }
        )
        return
    say_refused(report.rows)
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(report.kinds.items()))
    say_pairs(
        [
            ("would be taken in" if dry_run else "taken in", f"{report.events} ({kinds})" if kinds else "0"),
            *(() if dry_run else (("changed a list", str(report.listed)),)),
            ("not ours", str(report.ignored)),
            ("too old", f"{report.too_old}; --any-age takes them in" if report.too_old else "0"),
            ("not readable", str(report.refused)),
        ]
    )
