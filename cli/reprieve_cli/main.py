"""`reprieve`: the operator's command, for the local stack and for AWS alike."""

from __future__ import annotations

from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from reprieve.errors import ReprieveError
from reprieve_cli.credentials import credentials
from reprieve_cli.dead_letters import dead_letters
from reprieve_cli.lists import lists
from reprieve_cli.logs import logs
from reprieve_cli.organizations import organizations
from reprieve_cli.output import examples
from reprieve_cli.providers import providers
from reprieve_cli.recipients import recipients
from reprieve_cli.reconcile import reconcile
from reprieve_cli.status import status
from reprieve_cli.target import Target


class Commands(click.Group):
    """A group that turns what goes wrong into one line and exit code 1; usage errors are click's, with exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's signature)
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ReprieveError as error:
            raise click.ClickException(str(error)) from None
        except (BotoCoreError, ClientError) as fault:
            raise click.ClickException(f"AWS: {fault}") from None


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
@click.pass_context
def main(ctx: click.Context, stack: str, *, local: bool) -> None:
    """Run Reprieve: organizations, their credentials, their providers and their recipients.

    The tables and the key are found by the outputs of a CloudFormation stack, in the account and region that the AWS
    variables name (AWS_PROFILE, AWS_REGION); with --local, on the local stack.

    A new organization needs three things: the organization itself, a credential for whoever calls its APIs, and the
    account at the provider whose suppressions it lifts.
    """
    ctx.obj = Target(stack, local=local)


for group in (organizations, credentials, providers, recipients, lists, logs, reconcile, dead_letters, status):
    main.add_command(group)
