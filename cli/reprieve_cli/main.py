"""`reprieve`: the operator's command, for the local stack and for AWS alike."""

from __future__ import annotations

import tomllib
from importlib import import_module
from typing import Any, Final

import click
from botocore.exceptions import BotoCoreError, ClientError

from reprieve.errors import ReprieveError
from reprieve_cli.output import examples
from reprieve_cli.stack import CHECKOUT
from reprieve_cli.target import Target

#: each command with its module and its function there: it is imported when it is asked for, which is most of a start
COMMANDS: Final = {
    "organizations": ("organizations", "organizations"),
    "credentials": ("credentials", "credentials"),
    "clients": ("clients", "clients"),
    "issuers": ("issuers", "issuers"),
    "sign-in": ("sign_in", "sign_in"),
    "signing-keys": ("signing_keys", "signing_keys"),
    "providers": ("providers", "providers"),
    "connect": ("connect", "connect_"),
    "senders": ("senders", "senders"),
    "recipients": ("recipients", "recipients"),
    "lists": ("lists", "lists"),
    "groups": ("groups", "groups"),
    "whitelist": ("whitelist", "whitelist"),
    "holds": ("holds", "holds"),
    "hooks": ("hooks", "hooks"),
    "policies": ("policies", "policies"),
    "why": ("why", "why"),
    "lift": ("lift", "lift"),
    "removals": ("removals", "removals"),
    "logs": ("logs", "logs"),
    "rates": ("rates", "rates"),
    "reconcile": ("reconcile", "reconcile"),
    "dead-letters": ("dead_letters", "dead_letters"),
    "ingest": ("ingest", "ingest"),
    "export": ("exports", "export"),
    "import": ("exports", "import_"),
    "doctor": ("doctor", "doctor"),
    "status": ("status", "status"),
}


class Commands(click.Group):
    """A group that reports an error in one line, with exit code 1; usage errors are click's, with exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """The names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (click's signature)
        """The command of a name, None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name]
        found: click.Command = getattr(import_module(f"reprieve_cli.{module}"), function)
        return found

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
