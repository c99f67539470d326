"""`reprieve organizations`: the tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reprieve.access.quota import Bucket, limit_of
from reprieve.organization import HELP_DESK_LIFTS, MAX_HELP_DESK_LIFTS, MAX_SHARDS, MAX_SOFT_BOUNCES, Membership
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, moment, say_json, say_pairs, say_table
from reprieve_cli.params import Limit, words
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.organization import Organization

name_option = click.option("--name", help="A name for people; by default the id.")
domain_option = click.option("--domain", "domains", multiple=True, help="A verified domain; repeatable.")
module_option = click.option("--module", "modules", multiple=True, help="A custom CRM module's API name; repeatable.")
LIFTS = "How many addresses one caller of the help desk may lift per day."
SOFT_BOUNCES = "How many soft bounces block an address until it is unblocked."


@click.group()
def organizations() -> None:
    """Create, show and change organizations.

    An organization is a tenant with its own lists, log, recipients and credentials.
    """


@organizations.command(
    epilog=examples(
        "reprieve organizations create acme --name 'Acme Inc.'",
        "reprieve organizations create shop --membership anyone --shards 8",
        "reprieve organizations create lab --membership domains --domain lab.example --domain lab.test",
    )
)
@click.argument("organization", metavar="ID")
@name_option
@click.option(
    "--membership",
    type=words(Membership),
    default=Membership.RECIPIENTS.value,
    show_default=True,
    help="Whose addresses it may lift: its own recipients', those in its verified domains, or anyone's.",
)
@domain_option
@click.option(
    "--shards",
    type=click.IntRange(1, MAX_SHARDS),
    default=1,
    show_default=True,
    help="How many partitions its lists are spread over; each takes 1,000 writes per second.",
)
@click.option("--parent", help="An organization whose credentials may act for this one.")
@click.option(
    "--soft-bounces", type=click.IntRange(1, MAX_SOFT_BOUNCES), default=5, show_default=True, help=SOFT_BOUNCES
)
@module_option
@click.option(
    "--help-desk-lifts",
    type=click.IntRange(0, MAX_HELP_DESK_LIFTS),
    default=HELP_DESK_LIFTS,
    show_default=True,
    help=LIFTS,
)
@json_option
def create(
    organization: str,
    *,
    name: str | None,
    membership: str,
    domains: tuple[str, ...],
    shards: int,
    parent: str | None,
    soft_bounces: int,
    modules: tuple[str, ...],
    help_desk_lifts: int,
    as_json: bool,
) -> None:
    """Create an organization.

    ID has 2 to 39 lower-case letters, digits and hyphens. The number of shards is fixed from here on, because
    changing it would move what is stored; one is enough below a thousand bounces per second.
    """
    connect()
    created = operations.create_organization(
        organization,
        name=name,
        membership=Membership(membership),
        domains=domains,
        shards=shards,
        parent=parent,
        soft_bounce_threshold=soft_bounces,
        modules=modules,
        help_desk_lifts=help_desk_lifts,
    )
    _show(created, as_json=as_json)


@organizations.command("list", epilog=examples("reprieve organizations list", "reprieve organizations list --json"))
@json_option
def list_(*, as_json: bool) -> None:
    """List all organizations, by id."""
    connect()
    found = sorted(wiring.access().organizations(), key=lambda one: one.id)
    if as_json:
        say_json([_record(one) for one in found])
        return
    say_table(
        ("ID", "NAME", "MEMBERSHIP", "DOMAINS", "SHARDS", "PARENT"),
        [
            (one.id, one.name, one.membership, " ".join(sorted(one.domains)), str(one.shards), one.parent or "")
            for one in found
        ],
        empty="No organizations. `reprieve organizations create --help` shows how to make one.",
    )


@organizations.command(epilog=examples("reprieve organizations show acme"))
@click.argument("organization", metavar="ID")
@json_option
def show(organization: str, *, as_json: bool) -> None:
    """Show one organization."""
    connect()
    _show(operations.find_organization(organization), as_json=as_json)


@organizations.command(
    epilog=examples(
        "reprieve organizations change acme --name 'Acme and Sons'",
        "reprieve organizations change acme --membership domains --domain acme.example",
        "reprieve organizations change acme --limit okta_logs=300 --limit sendgrid=default",
    )
)
@click.argument("organization", metavar="ID")
@click.option("--name", help="A name for people.")
@click.option("--membership", type=words(Membership), help="Whose addresses it may lift.")
@domain_option
@click.option("--soft-bounces", type=click.IntRange(1, MAX_SOFT_BOUNCES), help=SOFT_BOUNCES)
@module_option
@click.option("--help-desk-lifts", type=click.IntRange(0, MAX_HELP_DESK_LIFTS), help=LIFTS)
@click.option(
    "--limit",
    "limits",
    type=Limit(),
    multiple=True,
    metavar="NAME=NUMBER",
    help=f"Requests per minute, or default; NAME is one of {', '.join(Bucket)}; repeatable.",
)
@json_option
def change(
    organization: str,
    *,
    name: str | None,
    membership: str | None,
    domains: tuple[str, ...],
    soft_bounces: int | None,
    modules: tuple[str, ...],
    help_desk_lifts: int | None,
    limits: tuple[tuple[Bucket, int | None], ...],
    as_json: bool,
) -> None:
    """Change an organization's settings; those that are not given stay.

    Domains and modules replace all earlier ones; of limits, those that are given change. The number of shards cannot be
    changed, because that would move what is stored.
    """
    given = (name, membership, soft_bounces, help_desk_lifts)
    if given == (None,) * len(given) and not (domains or modules or limits):
        raise click.UsageError(
            "nothing to change: "
            "give --name, --membership, --domain, --soft-bounces, --module, --help-desk-lifts or --limit"
        )
    connect()
    changed = operations.change_organization(
        organization,
        name=name,
        membership=None if membership is None else Membership(membership),
        domains=domains or None,
        soft_bounce_threshold=soft_bounces,
        modules=modules or None,
        help_desk_lifts=help_desk_lifts,
        limits=dict(limits),
    )
    _show(changed, as_json=as_json)


def _show(organization: Organization, *, as_json: bool) -> None:
    record = _record(organization)
    if as_json:
        say_json(record)
        return
    limits = " ".join(f"{bucket}={limit}" for bucket, limit in record["limits"].items())
    say_pairs(
        [
            (name, " ".join(value) if isinstance(value, list) else str(value or ""))
            for name, value in (record | {"limits": limits}).items()
        ]
    )


def _record(organization: Organization) -> dict[str, Any]:
    return {
        "id": organization.id,
        "name": organization.name,
        "membership": organization.membership.value,
        "domains": sorted(organization.domains),
        "shards": organization.shards,
        "parent": organization.parent,
        "soft_bounces": organization.soft_bounce_threshold,
        "modules": sorted(organization.modules),
        "help_desk_lifts": organization.help_desk_lifts,
        "limits": {bucket.value: limit_of(organization, bucket) for bucket in Bucket},
        "created": moment(organization.created),
    }
