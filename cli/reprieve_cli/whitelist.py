"""`reprieve whitelist`: addresses and domains that are never suppressed, spam reports excepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reprieve.dialects.reprieve.suppressions import render_whitelist
from reprieve.errors import InvalidInput
from reprieve.runtime import wiring
from reprieve.suppressions.whitelist import entry_key
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, say, say_json, say_table
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.suppressions.whitelist import Whitelist


@click.group()
def whitelist() -> None:
    """Show and change the address whitelist.

    No event, import or reconciliation puts an address that it covers on a list, except for spam reports.
    """


@whitelist.command(epilog=examples("reprieve whitelist show acme"))
@click.argument("organization", metavar="ORG")
@json_option
def show(organization: str, *, as_json: bool) -> None:
    """Show the whitelist and its counts.

    A count is how many events an entry has kept from suppressing an address.
    """
    connect()
    _say(wiring.whitelists().find(operations.find_organization(organization)), as_json=as_json)


@whitelist.command(
    epilog=examples(
        "reprieve whitelist change acme --add acme.example --add postmaster@partner.example --on",
        "reprieve whitelist change acme --remove acme.example",
        "reprieve whitelist change acme --off",
    )
)
@click.argument("organization", metavar="ORG")
@click.option("--add", "added", metavar="ENTRY", multiple=True, help="An address or a domain to add; repeatable.")
@click.option("--remove", "removed", metavar="ENTRY", multiple=True, help="An entry to remove; repeatable.")
@click.option("--on/--off", "enabled", default=None, help="Switch the whitelist on or off.")
@json_option
def change(
    organization: str, *, added: tuple[str, ...], removed: tuple[str, ...], enabled: bool | None, as_json: bool
) -> None:
    """Change the whitelist.

    A domain covers the addresses in it, but not those in its subdomains. An address that is on a list already stays
    there, but only spam reports suppress it while it is covered.
    """
    if not added and not removed and enabled is None:
        raise click.UsageError("say what to change: --add, --remove, --on or --off")
    connect()
    context = operations.asking(operations.find_organization(organization))
    entries = None
    if added or removed:
        before = wiring.whitelists().find(context.organization)
        gone = {entry_key(entry, field="--remove") for entry in removed}
        if gone - before.entries.keys():
            raise InvalidInput("not on the whitelist", field="--remove")
        entries = [*(entry for key, entry in before.entries.items() if key not in gone), *added]
    _say(wiring.whitelists().change(context, enabled=enabled, entries=entries), as_json=as_json)


def _say(found: Whitelist, *, as_json: bool) -> None:
    if as_json:
        say_json(render_whitelist(found).body)
        return
    say(f"The address whitelist is {'on' if found.enabled else 'off'}.")
    rows = [(entry, str(found.hits.get(key, 0))) for key, entry in found.entries.items()]
    say_table(("ENTRY", "HITS"), rows, empty="Nothing is on it.")
