"""`reprieve rates`: how much of an organization's mail bounces or is reported as spam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from reprieve.dialects.reprieve.rates import render
from reprieve.rates.rate import LIMITS, PER, Measure
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, say, say_json, say_table
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.rates.overview import Overview
    from reprieve.rates.rate import Counts

HEADERS: Final = ("SENT", "BOUNCES", "RATE", "COMPLAINTS", "RATE", "BLOCKED", "DEFERRED", "DROPPED")


@click.command(epilog=examples("reprieve rates acme", "reprieve rates acme --json"))
@click.argument("organization", metavar="ORG")
@json_option
def rates(organization: str, *, as_json: bool) -> None:
    """Show the rates of bounces and complaints.

    By provider account, domain and class of refusal, over 24 hours and 7 days. Rates are shares of what was sent; what
    a provider dropped for a list of its own is in none. With --json it is the answer of `GET /reprieve/rates`.
    """
    connect()
    found = wiring.rates().of(operations.find_organization(organization), now=wiring.now())
    if as_json:
        say_json(render(found).body)
        return
    _say(found)


def _say(found: Overview) -> None:
    for one in found.crossings:
        limit = f"{LIMITS[one.measure] / PER:.1%}"
        said = f"{one.account}: {one.measure} over {one.window} are {one.rate:.3%} of what was sent"
        say(f"{said}, above {one.level} % of the provider's limit of {limit}")
    for period in found.periods:
        if found.crossings or period is not found.periods[0]:
            say("")
        say(click.style(f"Last {period.window}", bold=True))
        say_table(("ACCOUNT", *HEADERS), _rows(period.accounts), empty="No events.")
        if period.domains:
            say("")
            say_table(("DOMAIN", *HEADERS[:6]), [row[:7] for row in _rows(period.domains)], empty="")
        if period.classes:
            say("")
            rows = [(name, str(one.bounces), str(one.blocked)) for name, one in period.classes.items()]
            say_table(("CLASS", "BOUNCES", "BLOCKED"), rows, empty="")


def _rows(found: Mapping[str, Counts]) -> list[tuple[str, ...]]:
    return [
        (
            name,
            str(one.sent),
            str(one.bounces),
            _percent(one.rate(Measure.BOUNCES)),
            str(one.complaints),
            _percent(one.rate(Measure.COMPLAINTS)),
            str(one.blocked),
            str(one.deferred),
            str(one.dropped),
        )
        for name, one in found.items()
    ]


def _percent(rate: float | None) -> str:
    return "unknown" if rate is None else f"{rate:.3%}"
