"""`reprieve credentials`: credentials for the APIs, each with its scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve_cli import operations, scopes
from reprieve_cli.output import examples, json_option, moment, say, say_json, say_table
from reprieve_cli.params import Duration, role_option, scope_options
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.access.credential import Credential


@click.group()
def credentials() -> None:
    """Issue, list, change and revoke credentials.

    A credential is a random token for one organization. It is shown once, when it is issued; only a hash of it is
    stored.
    """


@credentials.command(
    epilog=examples(
        "reprieve credentials issue acme --name 'Okta SDK' --dialect okta --expires-in 90d",
        "reprieve credentials issue acme --name dashboard --scope suppression.bounces.read",
        "TOKEN=$(reprieve credentials issue acme --name job --dialect zoho)",
        "reprieve credentials issue acme --name 'Help desk' --dialect okta --dialect reprieve --role help_desk",
    )
)
@click.argument("organization", metavar="ORG")
@click.option("--name", required=True, help="A name that says who uses it.")
@scope_options()
@role_option(Role.ADMIN)
@click.option(
    "--expires-in", type=Duration(), help="30m, 12h, 90d or 52w; without it the credential lasts until it is revoked."
)
@json_option
def issue(
    organization: str,
    *,
    name: str,
    wanted: frozenset[str],
    role: str,
    expires_in: int | None,
    as_json: bool,
) -> None:
    """Issue a credential and print its token.

    Only the token goes to standard output, so that a script can read it; its id and expiry go to standard error.
    `reprieve credentials scopes` lists the scopes.
    """
    connect()
    token, credential = operations.issue_credential(
        organization, name=name, scopes=wanted, expires_in=expires_in, role=Role(role)
    )
    if as_json:
        say_json({"token": token, **_record(credential)})
        return
    say(token)
    until = f"until {moment(credential.expires_at)}" if credential.expires_at else "until it is revoked"
    say(f"This is credential {credential.id}, valid {until}. The token is not shown again.", err=True)


@credentials.command("list", epilog=examples("reprieve credentials list acme", "reprieve credentials list acme --json"))
@click.argument("organization", metavar="ORG")
@json_option
def list_(organization: str, *, as_json: bool) -> None:
    """List an organization's credentials, oldest first.

    Expired ones are listed until they are revoked.
    """
    connect()
    found = wiring.access().credentials(operations.find_organization(organization).id)
    if as_json:
        say_json([_record(one) for one in found])
        return
    now = wiring.now()
    say_table(
        ("ID", "NAME", "ROLE", "SCOPES", "CREATED", "EXPIRES", "STATE"),
        [
            (
                one.id,
                one.name,
                one.role.value,
                scopes.summary(one.scopes),
                moment(one.created) or "",
                moment(one.expires_at) or "never",
                "valid" if one.valid(now) else "expired",
            )
            for one in found
        ],
        empty="No credentials. `reprieve credentials issue --help` shows how to make one.",
    )


@credentials.command(epilog=examples("reprieve credentials change acme 3f9a1c2b4d5e6f70 --role viewer"))
@click.argument("organization", metavar="ORG")
@click.argument("credential", metavar="CREDENTIAL")
@role_option()
def change(organization: str, credential: str, *, role: str) -> None:
    """Change a credential's role, with effect on its next request.

    CREDENTIAL is the id that `list` shows.
    """
    connect()
    changed = operations.set_credential_role(organization, credential, Role(role))
    say(f"The role of {changed.id} ({changed.name}) is {changed.role}.")


@credentials.command(epilog=examples("reprieve credentials revoke acme 3f9a1c2b4d5e6f70"))
@click.argument("organization", metavar="ORG")
@click.argument("credential", metavar="CREDENTIAL")
def revoke(organization: str, credential: str) -> None:
    """Revoke a credential for good.

    CREDENTIAL is the id that `list` shows.
    """
    connect()
    operations.revoke_credential(organization, credential)
    say(f"Revoked {credential}.")


@credentials.command("scopes", epilog=examples("reprieve credentials scopes"))
@json_option
def scopes_(*, as_json: bool) -> None:
    """List the scopes of every dialect.

    Zoho's can also be given for one module: ZohoCRM.modules.Leads.UPDATE, ZohoCRM.send_mail.Leads.CREATE.
    """
    if as_json:
        say_json({dialect: sorted(members) for dialect, members in scopes.BY_DIALECT.items()})
        return
    rows = [(dialect, scope) for dialect, members in scopes.BY_DIALECT.items() for scope in sorted(members)]
    say_table(("DIALECT", "SCOPE"), rows, empty="")


def _record(credential: Credential) -> dict[str, Any]:
    return {
        "id": credential.id,
        "organization": credential.organization_id,
        "name": credential.name,
        "role": credential.role.value,
        "scopes": sorted(credential.scopes),
        "created": moment(credential.created),
        "expires_at": moment(credential.expires_at),
    }
