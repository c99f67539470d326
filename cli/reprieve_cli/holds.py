"""`reprieve holds`: addresses and domains that no mail goes to, because an operator or a caller said so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reprieve.clock import Millis
from reprieve.dialects.list_csv import moment as moment_in
from reprieve.dialects.reprieve.holds import hold
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, moment, printable, say, say_json, say_table
from reprieve_cli.params import Duration
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.context import Context
    from reprieve.removals.hold import Hold


@click.group()
def holds() -> None:
    """Hold addresses and domains, list and lift holds.

    No mail goes to what is held, whatever the lists say. An address is held at the provider, too; a domain is held
    here only.
    """


@holds.command(
    epilog=examples(
        "reprieve holds add acme ann@partner.example --reason 'asked by phone'",
        "reprieve holds add acme partner.example --reason 'legal hold 17' --for 30d",
        "reprieve holds add acme ann@partner.example --reason holidays --until 2027-01-31",
    )
)
@click.argument("organization", metavar="ORG")
@click.argument("subject", metavar="EMAIL|DOMAIN")
@click.option("--reason", required=True, help="Give the reason, in at most 500 characters.")
@click.option("--until", metavar="TIME", help="When the hold ends: Unix seconds or ISO 8601.")
@click.option("--for", "length", type=Duration(), help="How long it lasts, such as 12h or 30d.")
@json_option
def add(organization: str, subject: str, *, reason: str, until: str | None, length: int | None, as_json: bool) -> None:
    """Hold an address or a domain, or replace its hold."""
    if until and length:
        raise click.UsageError("--until and --for exclude each other")
    connect()
    context = _asking(organization)
    ends = moment_in(until, field="until") if until else None
    if length:
        ends = Millis(context.now + length)
    made = wiring.holds().add(context, subject, reason=reason, until=ends)
    if as_json:
        say_json(hold(made))
        return
    end = f"until {moment(ends)}" if ends else "until it is lifted"
    say(printable(f"{subject} is held {end}."))
    if made.domain:
        say("A domain is held here only: no provider has a list of domains.")


@holds.command("list", epilog=examples("reprieve holds list acme", "reprieve holds list acme --json"))
@click.argument("organization", metavar="ORG")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Show at most N holds.")
@json_option
def list_(organization: str, *, limit: int, as_json: bool) -> None:
    """List the holds that are in force, newest first."""
    connect()
    context = _asking(organization)
    found, more = wiring.holds().page(context.organization, after=None, limit=limit, now=context.now)
    if as_json:
        say_json([hold(one) for one in found])
    else:
        rows = [_cells(one) for one in found]
        say_table(
            ("HELD", "SINCE", "UNTIL", "AUTHOR", "AT PROVIDER", "REASON"),
            rows,
            empty="Nothing is held.",
        )
    if more:
        say("There are more: --limit shows more of them", err=True)


@holds.command(epilog=examples("reprieve holds lift acme ann@acme.example", "reprieve holds lift acme acme.example"))
@click.argument("organization", metavar="ORG")
@click.argument("subject", metavar="EMAIL|DOMAIN")
def lift(organization: str, subject: str) -> None:
    """Lift a hold: here at once, at the provider by the removal job."""
    connect()
    wiring.holds().lift(_asking(organization), subject)
    say(printable(f"{subject} is not held any more."))


def _cells(one: Hold) -> tuple[str, ...]:
    held, entry = one.domain or one.entry.email, one.entry
    state = one.at_provider.value.replace("_", " ")
    cells = (held, moment(entry.created), moment(entry.until), entry.author, state, entry.reason)
    return tuple(printable(cell or "") for cell in cells)


def _asking(organization: str) -> Context:
    return operations.asking(operations.find_organization(organization))
