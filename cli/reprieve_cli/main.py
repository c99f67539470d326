"""`reprieve`: the operator's command, for the local stack and for AWS alike."""

from __future__ import annotations

import tomllib
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from reprieve.errors import ReprieveError
from reprieve_cli.clients import clients
from reprieve_cli.connect import connect_
from reprieve_cli.credentials import credentials
from reprieve_cli.dead_letters import dead_letters
from reprieve_cli.doctor import doctor
from reprieve_cli.exports import export, import_
from reprieve_cli.groups import groups
from reprieve_cli.holds import holds
from reprieve_cli.hooks import hooks
from reprieve_cli.ingest import ingest
from reprieve_cli.issuers import issuers
from reprieve_cli.lift import lift
from reprieve_cli.lists import lists
from reprieve_cli.logs import logs
from reprieve_cli.organizations import organizations
from reprieve_cli.output import examples
from reprieve_cli.policies import policies
from reprieve_cli.providers import providers
from reprieve_cli.rates import rates
from reprieve_cli.recipients import recipients
from reprieve_cli.reconcile import reconcile
from reprieve_cli.removals import removals
from reprieve_cli.senders import senders
from reprieve_cli.sign_in import sign_in
from reprieve_cli.signing_keys import signing_keys
from reprieve_cli.stack import CHECKOUT
from reprieve_cli.status import status
from reprieve_cli.target import Target
from reprieve_cli.whitelist import whitelist
from reprieve_cli.why import why


class Commands(click.Group):
    """A group that reports an error in one line, with exit code 1; usage errors are click's, with exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's signature)
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ReprieveError as error:
            raise click.ClickException(str(error)) from None
        except (BotoCoreError, ClientError) as fault:
            raise click.ClickException(f"AWS: {fault}") from None


def _version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  (click's signature)
    """Print the version in pyproject.toml: the command is never installed apart from its checkout."""
    if wanted:
        project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        click.echo(f"reprieve {project['version']}")
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "reprieve --local status",
        "reprieve organizations create acme --name 'Acme Inc.'",
        "reprieve credentials issue acme --name 'Okta SDK' --dialect okta --expires-in 90d",
        "reprieve providers set acme --kind sendgrid",
        "reprieve recipients import acme people.csv",
        "reprieve logs acme --email user@domain.com --follow",
        "reprieve lists import acme bounces bounces.csv",
        "reprieve why acme user@domain.com",
        "reprieve lift acme user@domain.com --wait",
    ),
)
@click.option(
    "--stack",
    envvar="REPRIEVE_STACK",
    default="reprieve",
    show_default=True,
    show_envvar=True,
    help="The CloudFormation stack that Reprieve was deployed as.",
)
@click.option(
    "--local",
    envvar="REPRIEVE_LOCAL",
    is_flag=True,
    show_envvar=True,
    help="Use the local stack that `make run` started, whatever AWS account is configured.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit."
)
@click.pass_context
def main(ctx: click.Context, stack: str, *, local: bool) -> None:
    """Run Reprieve: organizations, their credentials, providers, recipients, lists and removals.

    The command finds the tables and the key by the outputs of a CloudFormation stack, in the account and region of the
    AWS variables (AWS_PROFILE, AWS_REGION); with --local, on the local stack.

    A new organization needs three things: the organization itself, a credential for each caller of its APIs, and its
    account at the email provider.

    Completion by the Tab key: put eval "$(_REPRIEVE_COMPLETE=bash_source reprieve)" into ~/.bashrc; for zsh and fish it
    is zsh_source and fish_source.
    """
    ctx.obj = Target(stack, local=local)


for command in (
    organizations,
    credentials,
    clients,
    issuers,
    sign_in,
    signing_keys,
    providers,
    connect_,
    senders,
    recipients,
    lists,
    groups,
    whitelist,
    holds,
    hooks,
    policies,
    why,
    lift,
    removals,
    logs,
    rates,
    reconcile,
    dead_letters,
    ingest,
    export,
    import_,
    doctor,
    status,
):
    main.add_command(command)
