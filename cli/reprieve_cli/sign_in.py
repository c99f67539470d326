"""`reprieve sign-in`: where an organization's people sign in to the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import click

from reprieve.access.sign_in_settings import Wanted
from reprieve.dialects.console.site import BASE, OIDC, SIGN_IN
from reprieve.errors import InvalidInput, NotFound
from reprieve_cli import operations
from reprieve_cli.issuers import granted, grants_record
from reprieve_cli.output import examples, interactive, json_option, moment, say, say_json, say_pairs
from reprieve_cli.params import Granted
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.access.issuer import Grant
    from reprieve.access.sign_in import SignIn
    from reprieve_cli.stack import Stack

_organization = click.argument("organization", metavar="ORG")


@click.group("sign-in")
def sign_in() -> None:
    """Set, show and remove where people sign in.

    An organization's people sign in to the console at its own identity provider by OpenID Connect (authorization code
    with PKCE), and their groups decide what they may do.
    """


@sign_in.command(
    "set",
    epilog=examples(
        "reprieve sign-in set acme --issuer https://acme.okta.com/oauth2/default --client-id 0oa1 --claim groups "
        "--group 'Mail team=admin' --group 'Help desk=help_desk' --group Everyone=viewer",
        "reprieve sign-in set acme --issuer https://acme.okta.com/oauth2/default --client-id 0oa1 --claim groups "
        "--group 'Mail team=admin' --keep-secret",
    ),
)
@_organization
@click.option("--issuer", required=True, help="The ID tokens' `iss`, to the letter.")
@click.option("--client-id", required=True, help="Of the application at the issuer; the ID tokens' `aud`.")
@click.option("--claim", required=True, help="The claim that decides, such as groups, roles or cognito:groups.")
@click.option(
    "--group",
    "grants",
    type=Granted(),
    multiple=True,
    required=True,
    help="GROUP=ROLE, or GROUP=ROLE:SCOPE,SCOPE for some pages only; repeatable. The first that a person has counts.",
)
@click.option("--authorization-url", help="The authorization endpoint.  [default: from the issuer's metadata]")
@click.option("--token-url", help="The token endpoint.  [default: from the issuer's metadata]")
@click.option("--jwks-url", help="Where the issuer publishes its keys.  [default: from the issuer's metadata]")
@click.option("--public", is_flag=True, help="The application has no client secret.")
@click.option("--secret-stdin", is_flag=True, help="Read the client secret from standard input instead of asking.")
@click.option("--keep-secret", is_flag=True, help="Keep the stored client secret instead of asking.")
@click.option("--private-ca", type=click.File(), help="The authority of the issuer's servers in PEM, if not public.")
@json_option
def set_(
    organization: str,
    *,
    issuer: str,
    client_id: str,
    claim: str,
    grants: tuple[Grant, ...],
    authorization_url: str | None,
    token_url: str | None,
    jwks_url: str | None,
    public: bool,
    secret_stdin: bool,
    keep_secret: bool,
    private_ca: TextIO | None,
    as_json: bool,
) -> None:
    """Set where the organization's people sign in.

    What was set before is replaced. Prints the redirect URI, which the application at the issuer must have, to the
    letter. People who are signed in stay so in the roles that are set now; with another issuer or client their sessions
    end.
    """
    if public + secret_stdin + keep_secret > 1:
        raise click.UsageError("give one of --public, --secret-stdin and --keep-secret")
    endpoints = {"authorization_url": authorization_url, "token_url": token_url, "jwks_url": jwks_url}
    wanted = Wanted(
        issuer=issuer,
        client_id=client_id,
        claim=claim,
        grants=grants,
        endpoints={name: url for name, url in endpoints.items() if url},
        secret="" if public else None if keep_secret else _read_secret(stdin=secret_stdin),
        private_ca=private_ca.read() if private_ca else "",
    )
    stack = connect()
    made = operations.set_sign_in(organization, wanted, url=stack.endpoint_url)
    _show(made, stack, as_json=as_json)


@sign_in.command(epilog=examples("reprieve sign-in show acme", "reprieve sign-in show acme --json"))
@_organization
@json_option
def show(organization: str, *, as_json: bool) -> None:
    """Show where the organization's people sign in.

    Of the client secret it shows only whether there is one.
    """
    stack = connect()
    found = operations.sign_in_settings().of(operations.find_organization(organization))
    if found is None:
        raise NotFound("sign-in", f"of {organization}")
    _show(found, stack, as_json=as_json)


@sign_in.command(epilog=examples("reprieve sign-in remove acme"))
@_organization
def remove(organization: str) -> None:
    """Remove where the organization's people sign in.

    The client secret is deleted, and the sessions of people end at their next request.
    """
    connect()
    operations.remove_sign_in(organization)
    say(f"People of {organization} sign in by API tokens alone.")


def _read_secret(*, stdin: bool) -> str:
    if not stdin and not interactive():
        raise click.UsageError(
            "standard input is not a terminal: give the client secret with --secret-stdin, or --public"
        )
    typed = click.get_text_stream("stdin").read() if stdin else click.prompt("Client secret", hide_input=True, err=True)
    if not str(typed).strip():
        raise InvalidInput("empty", field="client_secret")
    return str(typed).strip()


def _show(made: SignIn, stack: Stack, *, as_json: bool) -> None:
    record = _record(made, stack)
    if as_json:
        say_json(record)
        return
    said = {**record, "grants": granted(made.issuer), "client_secret": "stored" if made.sealed_secret else "none"}
    say_pairs([(name, str(value)) for name, value in said.items() if value != ""])


def _record(made: SignIn, stack: Stack) -> dict[str, Any]:
    issuer, console = made.issuer, f"{stack.base_url('console')}{BASE}"
    return {
        "organization": issuer.organization_id,
        "issuer": issuer.url,
        "client_id": made.client_id,
        "client_secret": bool(made.sealed_secret),
        "redirect_uri": f"{console}{OIDC}",
        "sign_in_page": f"{console}{SIGN_IN}/{issuer.organization_id}",
        "authorization_url": made.authorization_url,
        "token_url": made.token_url,
        "jwks_url": issuer.jwks_url,
        "claim": issuer.claim,
        "grants": grants_record(issuer),
        "private_ca": bool(issuer.private_ca),
        "changed": moment(issuer.created),
    }
