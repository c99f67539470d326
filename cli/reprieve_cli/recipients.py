"""`reprieve recipients`: whom an organization mails, and so whose addresses it may lift."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import click

from reprieve.address import Address
from reprieve.dialects.csv_file import decoded
from reprieve.errors import NotFound, Unavailable
from reprieve.recipients.recipient import USERS
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, moment, progress, say, say_json, say_refused, say_table
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.recipients.imports import ImportReport
    from reprieve.recipients.recipient import Recipient

module_option = click.option(
    "--module", default=USERS, show_default=True, help="`users`, or a module of the CRM such as Leads."
)


@click.group()
def recipients() -> None:
    """Import, list and delete recipients, reset their unblocks."""


@recipients.command(
    "import",
    epilog=examples(
        "reprieve recipients import acme people.csv",
        "reprieve recipients import acme leads.csv --module Leads",
        "printf 'email,first_name\\nann@acme.example,Ann\\n' | reprieve recipients import acme -",
    ),
)
@click.argument("organization", metavar="ORG")
@click.argument("file", type=click.File("rb"))
@module_option
@json_option
def import_(organization: str, file: IO[bytes], *, module: str, as_json: bool) -> None:
    """Create and update recipients from a CSV file.

    FILE is in UTF-8; - is standard input. Its first line names the columns. `email` is needed; id, secondary_email,
    login, first_name, last_name and the other properties of Okta's profile are optional, and Okta's own spellings
    (firstName) will do. Other columns are ignored, which is told; in a module of the CRM every column is kept. The
    login is the email when there is none.

    A row replaces what was there of its recipient. One without an id is the recipient of the same login, or gets an id
    that follows from the address, so importing a file again changes nothing. Rows that cannot be used are reported by
    line and left out, and the exit code is then 1.
    """
    text = decoded(file.read())
    connect()
    try:
        report = operations.import_recipients(organization, text, module=module, progress=progress)
    except Unavailable as fault:
        raise Unavailable(f"{fault}; what was imported stays, and importing the file again is safe") from None
    _show(report, as_json=as_json)
    if report.refused:
        click.get_current_context().exit(1)


@recipients.command(
    "list", epilog=examples("reprieve recipients list acme", "reprieve recipients list acme --after 00u1a2b3c")
)
@click.argument("organization", metavar="ORG")
@module_option
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="The most to show.")
@click.option("--after", metavar="ID", help="Go on from behind this id.")
@json_option
def list_(organization: str, *, module: str, limit: int, after: str | None, as_json: bool) -> None:
    """List recipients by id."""
    connect()
    owner = operations.find_organization(organization)
    found, following = wiring.recipients().listing(owner, module, limit=limit, after=after)
    if as_json:
        say_json([_record(one) for one in found])
        return
    say_table(
        ("ID", "EMAIL", "SECONDARY EMAIL"),
        [(one.id, _spelling(one, "email") or "", _spelling(one, "secondary_email") or "") for one in found],
        empty="No recipients." if after is None else "No more recipients.",
    )
    if following:
        say(f"There are more: --after {following}", err=True)


@recipients.command(epilog=examples("reprieve recipients delete acme 00u1a2b3c"))
@click.argument("organization", metavar="ORG")
@click.argument("recipient", metavar="ID")
@module_option
def delete(organization: str, recipient: str, *, module: str) -> None:
    """Delete a recipient for good.

    Its addresses stay where they are on the suppression lists.
    """
    connect()
    context = operations.asking(operations.find_organization(organization))
    if wiring.records().delete(context, module, [recipient]) == [False]:
        raise NotFound("recipient", ascii(recipient))
    say(f"Deleted {recipient}.")


@recipients.command("reset-unblocks", epilog=examples("reprieve recipients reset-unblocks acme ann@acme.example"))
@click.argument("organization", metavar="ORG")
@click.argument("email", metavar="EMAIL")
def reset_unblocks(organization: str, email: str) -> None:
    """Let an address be unblocked five times again.

    Zoho's Unblock Email lifts an address at most five times, ever: that many soft bounces in a row have a cause, and
    this is for when somebody has found it. Nothing is lifted by it.
    """
    connect()
    key = Address.parse(email).key
    before = wiring.unblocks().reset(operations.asking(operations.find_organization(organization)), key)
    say(f"It had been unblocked {before} times; it can be unblocked 5 more times.")


def _show(report: ImportReport, *, as_json: bool) -> None:
    if as_json:
        refused = [{"line": one.line, "problem": one.problem} for one in report.refused]
        counts = {"created": report.created, "updated": report.updated, "unchanged": report.unchanged}
        say_json({**counts, "refused": refused, "ignored_columns": list(report.ignored)})
        return
    stored = f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged"
    say(f"{stored}, {len(report.refused)} refused")
    if report.ignored:
        say(f"ignored columns: {', '.join(report.ignored)}", err=True)
    say_refused(report.refused)


def _spelling(recipient: Recipient, field: str) -> str | None:
    address = recipient.email if field == "email" else recipient.secondary_email
    return address.spelling if address else None


def _record(recipient: Recipient) -> dict[str, Any]:
    return {
        "id": recipient.id,
        "module": recipient.module,
        "email": _spelling(recipient, "email"),
        "secondary_email": _spelling(recipient, "secondary_email"),
        "profile": dict(recipient.profile),
        "created": moment(recipient.created),
        "updated": moment(recipient.updated),
    }
