"""`reprieve groups`: an organization's unsubscribe groups."""

from __future__ import annotations

import click

from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, printable, say_json, say_table
from reprieve_cli.target import connect


@click.command(epilog=examples("reprieve groups acme", "reprieve lists show acme group-103"))
@click.argument("organization", metavar="ORG")
@json_option
def groups(organization: str, *, as_json: bool) -> None:
    """Show the unsubscribe groups, with the length of each list.

    The list of a group is named group-ID in other commands. SendGrid's API creates, changes and deletes groups.
    """
    connect()
    owner = operations.find_organization(organization)
    found = wiring.group_store().all(owner).groups
    counts = wiring.listing().counts(owner, [one.list for one in found], now=wiring.now())
    if as_json:
        say_json(
            [
                {
                    "list": one.list,
                    "name": one.name,
                    "description": one.description,
                    "is_default": one.is_default,
                    "unsubscribes": count,
                }
                for one, count in zip(found, counts, strict=True)
            ]
        )
        return
    rows = [
        (one.list, printable(one.name), "yes" if one.is_default else "", str(count))
        for one, count in zip(found, counts, strict=True)
    ]
    say_table(("LIST", "NAME", "DEFAULT", "UNSUBSCRIBES"), rows, empty="There are no unsubscribe groups.")
