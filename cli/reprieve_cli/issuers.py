"""`reprieve issuers`: an organization's own Okta, Entra or Cognito, whose access tokens count here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import click

from reprieve.access.issuer import Grant
from reprieve.runtime import wiring
from reprieve_cli import operations, scopes
from reprieve_cli.output import examples, json_option, moment, say, say_json, say_table
from reprieve_cli.params import Granted, scope_options
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.access.issuer import Issuer


@click.group()
def issuers() -> None:
    """Trust outside issuers, list them, and cease to trust.

    An organization's own identity provider can issue the access tokens that its people and programs come with. The
    organization is that which trusts the token's issuer for the token's audience.
    """


@issuers.command(
    epilog=examples(
        "reprieve issuers add acme --issuer https://acme.okta.com/oauth2/default --audience api://reprieve "
        "--jwks-url https://acme.okta.com/oauth2/default/v1/keys --claim groups --grant 'Help desk=help_desk' "
        "--grant Everyone=viewer --dialect okta --dialect reprieve",
    )
)
@click.argument("organization", metavar="ORG")
@click.option("--issuer", required=True, help="The tokens' `iss`, to the letter.")
@click.option("--audience", required=True, help="The tokens' `aud`; of Cognito's access tokens, the client's id.")
@click.option("--jwks-url", required=True, help="Where the issuer publishes its keys; https.")
@click.option("--claim", required=True, help="The claim that decides, such as groups, roles, scp or cognito:groups.")
@click.option(
    "--grant",
    "grants",
    type=Granted(),
    multiple=True,
    required=True,
    help="VALUE=ROLE, or VALUE=ROLE:SCOPE,SCOPE; repeatable. The first whose value a token has counts.",
)
@scope_options(required=False)
@click.option("--private-ca", type=click.File(), help="The authority of the keys' server in PEM, if it is not public.")
@json_option
def add(
    organization: str,
    *,
    issuer: str,
    audience: str,
    jwks_url: str,
    claim: str,
    grants: tuple[Grant, ...],
    wanted: frozenset[str],
    private_ca: TextIO | None,
    as_json: bool,
) -> None:
    """Trust an issuer for an audience, within a minute.

    The scopes of --scope and --dialect are those of every grant that names none.
    """
    without = [one.value for one in grants if not one.scopes]
    if without and not wanted:
        raise click.UsageError(
            f"no scopes for {', '.join(without)}: name them in the grant, or give --scope or --dialect"
        )
    connect()
    added = operations.trust_issuer(
        organization,
        url=issuer,
        audience=audience,
        jwks_url=jwks_url,
        claim=claim,
        grants=[one if one.scopes else Grant(one.value, one.role, wanted) for one in grants],
        private_ca=private_ca.read() if private_ca else "",
    )
    if as_json:
        say_json(_record(added))
        return
    say(f"Tokens of {added.url} for {added.audience} are {organization}'s from now on: {added.id}.")


@issuers.command("list", epilog=examples("reprieve issuers list acme", "reprieve issuers list acme --json"))
@click.argument("organization", metavar="ORG")
@json_option
def list_(organization: str, *, as_json: bool) -> None:
    """List the issuers that an organization trusts, oldest first."""
    connect()
    found = wiring.issuers(scopes.check).of(operations.find_organization(organization))
    if as_json:
        say_json([_record(one) for one in found])
        return
    say_table(
        ("ID", "ISSUER", "AUDIENCE", "CLAIM", "GRANTS", "CREATED"),
        [
            (
                one.id,
                one.url,
                one.audience,
                one.claim,
                granted(one),
                moment(one.created) or "",
            )
            for one in found
        ],
        empty="No issuers. `reprieve issuers add --help` shows how to trust one.",
    )


@issuers.command(epilog=examples("reprieve issuers remove acme idp3f9a1c2b4d5e6f70"))
@click.argument("organization", metavar="ORG")
@click.argument("issuer", metavar="ISSUER")
def remove(organization: str, issuer: str) -> None:
    """Trust an issuer no more.

    ISSUER is the id that `list` shows. Its tokens are refused within a minute.
    """
    connect()
    operations.distrust_issuer(organization, issuer)
    say(f"Removed {issuer}.")


def granted(issuer: Issuer) -> str:
    """What the values of an issuer's claim grant, in one line."""
    return ", ".join(f"{one.value}={one.role}" for one in issuer.grants)


def grants_record(issuer: Issuer) -> list[dict[str, Any]]:
    """What the values of an issuer's claim grant, as --json shows it."""
    return [{"value": one.value, "role": one.role.value, "scopes": sorted(one.scopes)} for one in issuer.grants]


def _record(issuer: Issuer) -> dict[str, Any]:
    return {
        "id": issuer.id,
        "organization": issuer.organization_id,
        "issuer": issuer.url,
        "audience": issuer.audience,
        "jwks_url": issuer.jwks_url,
        "claim": issuer.claim,
        "grants": grants_record(issuer),
        "private_ca": bool(issuer.private_ca),
        "created": moment(issuer.created),
    }
