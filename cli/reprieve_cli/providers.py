"""`reprieve providers`: an organization's account at the provider whose suppressions are lifted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from reprieve.access.provider_account import ProviderKind
from reprieve.errors import InvalidInput
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, moment, say, say_json, say_pairs
from reprieve_cli.params import words
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.access.provider_account import ProviderAccount


@click.group()
def providers() -> None:
    """Set, look at and resume provider accounts.

    An organization has one account: where acknowledged removals are carried out, and whose signed events are believed.
    """


@providers.command(
    "set",
    epilog=examples(
        "reprieve providers set acme --kind sendgrid",
        "reprieve providers set acme --kind sendgrid --key-stdin < key.txt",
        "reprieve providers set acme --kind sendgrid --keep-key --webhook-key MFkwEwYHKoZI...",
        "reprieve providers set lab --kind ses",
        "reprieve providers set shop --kind none",
    ),
)
@click.argument("organization", metavar="ORG")
@click.option("--kind", type=words(ProviderKind), required=True, help="`none` lifts from Reprieve's own lists alone.")
@click.option("--base-url", default="", help=f"Of a SendGrid API, without /v3.  [default: {operations.SENDGRID}]")
@click.option("--on-behalf-of", default="", metavar="NAME", help="The subuser (SendGrid) or tenant (SES) to act for.")
@click.option("--webhook-key", default="", metavar="BASE64", help="The verification key of SendGrid's event webhook.")
@click.option("--key-stdin", is_flag=True, help="Read the API key from standard input instead of asking.")
@click.option("--keep-key", is_flag=True, help="Keep the API key that is stored for this base URL.")
@json_option
def set_(
    organization: str,
    *,
    kind: str,
    base_url: str,
    on_behalf_of: str,
    webhook_key: str,
    key_stdin: bool,
    keep_key: bool,
    as_json: bool,
) -> None:
    """Set an organization's provider account.

    It replaces the one that was there and ends a pause. The API key is asked for and not echoed;
    it is stored encrypted under KMS, bound to the organization, and nothing shows it again. At SendGrid it needs
    suppression.bounces.delete, and its likes for the other lists that are lifted from.
    """
    chosen = ProviderKind(kind)
    if key_stdin and keep_key:
        raise click.UsageError("--key-stdin brings a key, --keep-key keeps the one that is there: give one of them")
    if chosen is not ProviderKind.SENDGRID and (base_url or key_stdin or keep_key):
        raise click.UsageError("--base-url, --key-stdin and --keep-key are for --kind sendgrid")
    connect()
    operations.find_organization(organization)
    account = operations.set_provider(
        organization,
        kind=chosen,
        base_url=base_url,
        api_key=None if keep_key or chosen is not ProviderKind.SENDGRID else _read_key(stdin=key_stdin),
        on_behalf_of=on_behalf_of,
        webhook_key=webhook_key,
    )
    _show(organization, account, as_json=as_json)


@providers.command(epilog=examples("reprieve providers show acme"))
@click.argument("organization", metavar="ORG")
@json_option
def show(organization: str, *, as_json: bool) -> None:
    """Show an organization's provider account: everything but the key."""
    connect()
    _show(organization, operations.provider_account(organization), as_json=as_json)


@providers.command(epilog=examples("reprieve providers resume acme"))
@click.argument("organization", metavar="ORG")
def resume(organization: str) -> None:
    """End a pause, after what caused it was put right.

    An account is paused for a while when the provider refuses its key. Its removals wait and lose no attempt; each is
    tried again when it is due, a quarter of an hour after its last try at the most.
    """
    connect()
    ended = operations.resume_provider(organization)
    say(f"Resumed {organization}." if ended else f"{organization} was not paused.")


def _read_key(*, stdin: bool) -> str:
    """The API key, from standard input or from somebody at a terminal; in no case is it echoed."""
    if not stdin:
        if not interactive():
            raise click.UsageError("there is no terminal to ask for the API key on: give it with --key-stdin")
        return str(click.prompt("API key", hide_input=True, err=True)).strip()
    key = click.get_text_stream("stdin").read().strip()
    if not key:
        raise InvalidInput("standard input is empty", field="api_key")
    return key


def interactive() -> bool:
    """Whether a key can be typed without being shown."""
    return sys.stdin.isatty()


def _show(organization: str, account: ProviderAccount, *, as_json: bool) -> None:
    record = _record(organization, account)
    if as_json:
        say_json(record)
        return
    shown = {True: "stored", False: "none"}
    say_pairs([(name, shown[value] if isinstance(value, bool) else value or "") for name, value in record.items()])


def _record(organization: str, account: ProviderAccount) -> dict[str, Any]:
    paused = account.paused_until > wiring.now()
    return {
        "organization": organization,
        "kind": account.kind.value,
        "base_url": account.base_url or None,
        "api_key": bool(account.sealed_key),
        "on_behalf_of": account.on_behalf_of or None,
        "webhook_key": account.webhook_key or None,
        "paused_until": moment(account.paused_until) if paused else None,
        "paused_reason": account.paused_reason if paused else None,
    }
