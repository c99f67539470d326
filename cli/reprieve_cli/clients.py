"""`reprieve clients`: OAuth clients, which ask for access tokens themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

import click

from reprieve.access.client import MAX_LIFETIME, ClientKind
from reprieve.clock import SECOND, Millis
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve_cli import operations, scopes
from reprieve_cli.output import examples, json_option, moment, say, say_json, say_pairs, say_table
from reprieve_cli.params import Duration, role_option, scope_options, words
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.access.client import Client, Secrets


@click.group()
def clients() -> None:
    """Create, list, change and revoke OAuth clients.

    A client proves who it is at a token endpoint, and gets access tokens that are valid for at most an hour.
    """


@clients.command(
    epilog=examples(
        "reprieve clients create acme --name 'Okta SDK' --dialect okta",
        "reprieve clients create acme --name 'Okta SDK' --dialect okta --public-key client.jwk",
        "reprieve clients create acme --name dashboard --kind secret --scope suppression.bounces.read",
        "reprieve clients create acme --name CRM --kind refresh --dialect zoho",
    )
)
@click.argument("organization", metavar="ORG")
@click.option("--name", required=True, help="A name that says who uses it.")
@click.option(
    "--kind",
    type=words(ClientKind),
    default=ClientKind.PRIVATE_KEY.value,
    show_default=True,
    help="private_key: Okta's SDKs in PrivateKey mode. secret: an id and a secret. refresh: Zoho's SDKs.",
)
@scope_options()
@role_option(Role.ADMIN)
@click.option(
    "--public-key",
    type=click.File(),
    help="The client's public keys: a JWK, a JWK set, or one key in PEM. Without it a key pair is made and printed.",
)
@click.option(
    "--token-lifetime",
    "lifetime",
    type=Duration(),
    default="1h",
    show_default=True,
    help="How long its access tokens are valid, such as 30s or 15m; at most 1h.",
)
@json_option
def create(
    organization: str,
    *,
    name: str,
    kind: str,
    wanted: frozenset[str],
    role: str,
    public_key: TextIO | None,
    lifetime: int,
    as_json: bool,
) -> None:
    """Create a client and print what it needs.

    Its secrets are stored as hashes and not shown again.
    """
    connect()
    client, secrets = operations.create_client(
        organization,
        ClientKind(kind),
        name=name,
        scopes=wanted,
        jwks=public_key.read() if public_key else "",
        lifetime=Millis(lifetime),
        role=Role(role),
    )
    given = _given(client, secrets)
    if as_json:
        say_json({**_record(client), **given})
        return
    say_pairs([(label, value if isinstance(value, str) else json.dumps(value)) for label, value in given.items()])
    if given.keys() != {"client_id"}:
        say("The secrets among these are not shown again.", err=True)


@clients.command("list", epilog=examples("reprieve clients list acme", "reprieve clients list acme --json"))
@click.argument("organization", metavar="ORG")
@json_option
def list_(organization: str, *, as_json: bool) -> None:
    """List an organization's clients, oldest first."""
    connect()
    found = wiring.tokens().clients(operations.find_organization(organization).id)
    if as_json:
        say_json([_record(one) for one in found])
        return
    say_table(
        ("CLIENT", "NAME", "KIND", "ROLE", "SCOPES", "TOKENS COUNT FOR", "CREATED"),
        [
            (
                one.id,
                one.name,
                one.kind.value,
                one.role.value,
                scopes.summary(one.scopes),
                f"{one.lifetime // SECOND} s" if one.lifetime != MAX_LIFETIME else "1 h",
                moment(one.created) or "",
            )
            for one in found
        ],
        empty="No clients. `reprieve clients create --help` shows how to make one.",
    )


@clients.command(epilog=examples("reprieve clients change acme rpc_acme_3f9a1c2b4d5e6f708192 --role help_desk"))
@click.argument("organization", metavar="ORG")
@click.argument("client", metavar="CLIENT")
@role_option()
def change(organization: str, client: str, *, role: str) -> None:
    """Change a client's role.

    CLIENT is the id that `list` shows. The role is that of its next access tokens; those that it has keep theirs until
    they expire, which takes an hour at most.
    """
    connect()
    changed = operations.set_client_role(organization, client, Role(role))
    say(f"The role of {changed.id} ({changed.name}) is {changed.role}.")


@clients.command(epilog=examples("reprieve clients revoke acme rpc_acme_3f9a1c2b4d5e6f708192"))
@click.argument("organization", metavar="ORG")
@click.argument("client", metavar="CLIENT")
def revoke(organization: str, client: str) -> None:
    """Revoke a client for good.

    CLIENT is the id that `list` shows. It gets no more tokens from now on, and those that it has are refused within a
    minute.
    """
    connect()
    operations.revoke_client(organization, client)
    say(f"Revoked {client}.")


def _given(client: Client, secrets: Secrets) -> dict[str, Any]:
    """What the client has to know."""
    given: dict[str, Any] = {"client_id": client.id}
    if secrets.secret:
        given["client_secret"] = secrets.secret
    if secrets.refresh_token:
        given["refresh_token"] = secrets.refresh_token
    if secrets.private_jwk:
        given["private_jwk"] = json.loads(secrets.private_jwk)
    return given


def _record(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.id,
        "organization": client.organization_id,
        "name": client.name,
        "kind": client.kind.value,
        "role": client.role.value,
        "scopes": sorted(client.scopes),
        "token_lifetime": client.lifetime // SECOND,
        "keys": json.loads(client.jwks)["keys"] if client.jwks else [],
        "created": moment(client.created),
    }
