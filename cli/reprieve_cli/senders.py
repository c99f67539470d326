"""`reprieve senders`: what an organization sends its mail with, where the provider's notifications say no more."""

from __future__ import annotations

from typing import Final

import click

from reprieve.access.provider_account import DEFAULT
from reprieve.providers.registry import PROVIDERS
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, say, say_json, say_table
from reprieve_cli.target import connect

#: the kinds of providers whose notifications name senders
KINDS: Final = tuple(one.kind for one in PROVIDERS.values() if one.notifications)

_kind = click.option(
    "--kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True, help="The provider that names the sender."
)


@click.group()
def senders() -> None:
    """Claim, list and release senders.

    Amazon SES's notifications name the configuration set, tenant and identity that a mail was sent with, but no
    organization. Claim those of an organization, so that it gets their bounces: configuration-set/NAME,
    identity/ADDRESS, identity/DOMAIN or tenant/NAME. If a mail has several that are claimed, the first in this order
    decides.

    A bounce that comes as a mail is known by the address that it came to: identity/ADDRESS or identity/DOMAIN, with
    --kind mail.
    """


@senders.command(
    epilog=examples(
        "reprieve senders claim acme configuration-set/marketing",
        "reprieve senders claim acme identity/acme.example",
        "reprieve senders claim acme identity/bounces@acme.example --kind mail",
        "reprieve senders claim acme configuration-set/frankfurt --account frankfurt",
    )
)
@click.argument("organization", metavar="ORG")
@click.argument("sender", metavar="SENDER")
@_kind
@click.option(
    "--account", metavar="NAME", default=DEFAULT, show_default=True, help="The provider account that sends with it."
)
def claim(organization: str, sender: str, kind: str, *, account: str) -> None:
    """Claim a sender for an organization.

    Notifications that were set aside because their sender was unknown are taken in by `reprieve dead-letters redrive`.
    """
    connect()
    owner = operations.find_organization(organization)
    claimed = wiring.senders().claim(operations.asking(owner), kind, sender, account)
    say(f"Mail sent with {claimed} is {organization}'s from now on.")


@senders.command("list", epilog=examples("reprieve senders list acme"))
@click.argument("organization", metavar="ORG")
@json_option
def list_(organization: str, *, as_json: bool) -> None:
    """List what an organization has claimed."""
    connect()
    found = wiring.senders().claimed(operations.find_organization(organization))
    if as_json:
        say_json([{"kind": kind, "sender": sender, "account": account} for kind, sender, account in found])
        return
    say_table(
        ("KIND", "SENDER", "ACCOUNT"),
        found,
        empty="No senders. `reprieve senders claim --help` shows how to claim one.",
    )


@senders.command(epilog=examples("reprieve senders release acme configuration-set/marketing"))
@click.argument("organization", metavar="ORG")
@click.argument("sender", metavar="SENDER")
@_kind
def release(organization: str, sender: str, kind: str) -> None:
    """Give up a claim.

    Notifications of mail that is sent with it are set aside from now on.
    """
    connect()
    owner = operations.find_organization(organization)
    released = wiring.senders().release(operations.asking(owner), kind, sender)
    say(f"Mail sent with {released} belongs to no organization from now on.")
