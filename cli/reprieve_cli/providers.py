"""`reprieve providers`: an organization's accounts at its email providers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from reprieve.access.provider_account import DEFAULT, account_title
from reprieve.access.provider_accounts import AccountChanges
from reprieve.errors import InvalidInput
from reprieve.providers.registry import PROVIDERS
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import (
    account_option,
    confirm,
    examples,
    interactive,
    json_option,
    moment,
    say,
    say_json,
    say_pairs,
    say_table,
)
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.access.provider_account import ProviderAccount

#: for the help
_DEFAULTS: Final = ", ".join(one.account.base_url for one in PROVIDERS.values() if one.account.base_url)
#: in place of a webhook's key: ask for it
ASK: Final = "-"


_organization = click.argument("organization", metavar="ORG")
_account = click.option(
    "--account",
    "name",
    metavar="NAME",
    default=DEFAULT,
    show_default=True,
    help="Which of the organization's accounts.",
)


@click.group()
def providers() -> None:
    """Set, list, show, test, resume and remove provider accounts.

    An account is where acknowledged removals are carried out, and whose signed events are accepted. Most organizations
    have one, and need not name it. One that sends by several (regions or tenants of Amazon SES, subusers of SendGrid,
    other providers beside them) gives each a name: a removal is done when all of them have carried it out.
    """


@providers.command(
    "set",
    epilog=examples(
        "reprieve providers set acme --kind sendgrid",
        "reprieve providers set acme --kind sendgrid --key-stdin < key.txt",
        "reprieve providers set acme --webhook-key MFkwEwYHKoZI...",
        "reprieve providers set acme --add-webhook-key MFkwEwYHKoZI...",
        "reprieve providers set mail --kind resend --webhook-key -",
        "reprieve providers set lab --kind ses",
        "reprieve providers set lab --account frankfurt --kind ses --region eu-central-1",
        "reprieve providers set shop --kind none",
    ),
)
@_organization
@_account
@click.option(
    "--kind", type=click.Choice(list(PROVIDERS)), help="With `none`, only Reprieve's own lists are lifted from."
)
@click.option("--base-url", help=f"Where the provider's API is, without a version.  [default: {_DEFAULTS}]")
@click.option("--on-behalf-of", metavar="OTHER", help="The provider's other account (subuser, tenant, domain, stream).")
@click.option("--region", help="Of Amazon SES: the region whose list it is.  [default: that of the deployment]")
@click.option(
    "--webhook-key",
    "webhook_keys",
    metavar="KEY",
    multiple=True,
    help="What verifies the provider's event webhook; give it twice to accept two, - to be asked for it.",
)
@click.option("--add-webhook-key", metavar="KEY", help="Accept this key, too, beside the one that is set.")
@click.option("--key-stdin", is_flag=True, help="Read the API key from standard input instead of asking.")
@click.option("--keep-key", is_flag=True, help="Keep the stored API key instead of asking.")
@click.option("--yes", is_flag=True, help="Delete the stored API key without asking, when the new kind has none.")
@json_option
def set_(
    organization: str,
    *,
    name: str,
    kind: str | None,
    base_url: str | None,
    on_behalf_of: str | None,
    region: str | None,
    webhook_keys: tuple[str, ...],
    add_webhook_key: str | None,
    key_stdin: bool,
    keep_key: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Set a provider account, or change it; with a new --account, add one.

    Settings that no option names stay; an empty value removes one. A pause ends. With --kind the command asks for the
    API key without echoing it, unless the kind has none. The key is stored encrypted under KMS, bound to the
    organization, and no command shows it again. It belongs to its base URL: another base URL needs a new key. At
    SendGrid the key needs the scope suppression.bounces.delete, and those of the other lists and groups that it is to
    change; asm.suppressions.global.create for holds.

    What verifies the webhook depends on the provider: SendGrid's public key, Resend's signing secret (whsec_...),
    Mailgun's HTTP webhook signing key, the user:password in the URL for Postmark. A secret is stored like the API key.
    Give it as -, and it is asked for, or read from the next line of standard input.

    --on-behalf-of is the domain at Mailgun, and the message stream at Postmark (by default outbound).

    To rotate the webhook's key without losing an event: add the new one, let the provider sign with it, then set it
    alone. At most two are accepted.
    """
    if webhook_keys and add_webhook_key:
        raise click.UsageError("--webhook-key and --add-webhook-key exclude each other")
    if key_stdin and keep_key:
        raise click.UsageError("--key-stdin and --keep-key exclude each other")
    connect()
    owner = operations.find_organization(organization)
    keys = list(webhook_keys)
    if add_webhook_key:
        keys = [*wiring.provider_accounts().find(owner, name).webhook_key.split(), add_webhook_key]
    webhook_key = " ".join(keys) if keys else None
    named = AccountChanges(
        kind=kind, base_url=base_url, on_behalf_of=on_behalf_of, webhook_key=webhook_key, region=region
    )
    if named == AccountChanges() and not (key_stdin or keep_key):
        options = "--kind, --base-url, --on-behalf-of, --region, --webhook-key, --add-webhook-key or --key-stdin"
        raise click.UsageError(f"nothing to change: give {options}")
    accounts = wiring.provider_accounts()
    if accounts.loses_key(owner, named, name) and not yes:
        confirm(f"deletes the stored API key of {account_title(organization, name)}")
    asks = kind is not None and PROVIDERS[kind].account.has_key and not keep_key
    typed = _stdin_lines()
    api_key = _read_key(typed, stdin=key_stdin, alone=ASK not in keys) if key_stdin or asks else None
    if ASK in keys:
        webhook_key = " ".join(_read_webhook_key(typed, stdin=key_stdin) if key == ASK else key for key in keys)
    account = accounts.set(operations.asking(owner), replace(named, api_key=api_key, webhook_key=webhook_key), name)
    _show(organization, account, as_json=as_json)


@providers.command("list", epilog=examples("reprieve providers list acme"))
@_organization
@json_option
def list_(organization: str, *, as_json: bool) -> None:
    """List an organization's provider accounts."""
    connect()
    accounts = wiring.provider_accounts().all(operations.find_organization(organization))
    if as_json:
        say_json([_record(organization, one) for one in accounts])
        return
    now = wiring.now()
    rows = [
        (
            one.name,
            one.kind,
            one.base_url or one.region,
            one.on_behalf_of,
            moment(one.paused_until) or "" if one.is_paused(now) else "",
        )
        for one in accounts
    ]
    say_table(("ACCOUNT", "KIND", "WHERE", "ON BEHALF OF", "PAUSED UNTIL"), rows, empty="No provider accounts.")


@providers.command(epilog=examples("reprieve providers show acme", "reprieve providers show acme --account frankfurt"))
@_organization
@_account
@json_option
def show(organization: str, *, name: str, as_json: bool) -> None:
    """Show a provider account: everything but the key."""
    connect()
    account = wiring.provider_accounts().find(operations.find_organization(organization), name)
    _show(organization, account, as_json=as_json)


@providers.command(epilog=examples("reprieve providers remove acme --account frankfurt"))
@_organization
@click.option("--account", "name", metavar="NAME", required=True, help="Which of the organization's accounts.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(organization: str, *, name: str, yes: bool) -> None:
    """Remove a provider account with its API key.

    Removals no longer wait for it, and its signed events are refused. What it has reported stays on the lists, and what
    the provider withholds stays with the provider.
    """
    connect()
    owner = operations.find_organization(organization)
    wiring.provider_accounts().find(owner, name)
    if not yes:
        confirm(f"removes the provider account {name} of {organization}")
    wiring.provider_accounts().remove(operations.asking(owner), name)
    say(f"Removed the provider account {name} of {organization}.")


@providers.command(epilog=examples("reprieve providers resume acme"))
@_organization
@_account
def resume(organization: str, *, name: str) -> None:
    """End a pause, after its cause was repaired.

    An account is paused for a while when the provider refuses its key. Its removals wait without losing attempts; each
    is tried again when it is due, at most a quarter of an hour after its last try.
    """
    connect()
    owner = operations.find_organization(organization)
    title = account_title(organization, name)
    ended = wiring.provider_accounts().resume(operations.asking(owner), name)
    say(f"Resumed {title}." if ended else f"{title} was not paused.")


@providers.command(epilog=examples("reprieve providers test acme"))
@_organization
@_account
@json_option
def test(organization: str, *, name: str, as_json: bool) -> None:
    """Test whether the provider accepts the account.

    It reads the last second of the provider's bounces list, which proves the base URL, the API key and its permission
    to read; nothing is changed, here or there. The exit code is 1 when the provider refuses or does not answer.
    """
    connect()
    owner = operations.find_organization(organization)
    account = wiring.provider_accounts().find(owner, name)
    title = account_title(organization, name)
    answer = operations.test_provider(owner, account)
    if as_json:
        said = {"organization": organization, "account": name, "kind": account.kind}
        say_json({**said, "accepted": answer is None, "answer": answer})
    elif answer is None:
        say(f"The provider ({account.kind}) accepts the account of {title}.")
    paused = account.is_paused(wiring.now())
    if answer is None and paused:
        command = f"reprieve providers resume {organization}{account_option(name)}"
        say(f"It is paused until {moment(account.paused_until)}: `{command}`", err=True)
    if answer is not None:
        raise click.ClickException(answer)


def read_api_key(*, stdin: bool) -> str:
    """The API key of a new account, from standard input or typed at a terminal.

    Raises:
        UsageError: there is no terminal to ask at.
        InvalidInput: standard input is empty.
    """
    return _read_key(_stdin_lines(), stdin=stdin, alone=True)


def _stdin_lines() -> Iterator[str]:
    """The lines of standard input, read at the first one; a stream of click's own reads ahead of what it returns."""
    yield from click.get_text_stream("stdin").read().splitlines()


def _read_key(typed: Iterator[str], *, stdin: bool, alone: bool) -> str:
    """The API key, from standard input (all of it, or a line) or typed at a terminal; in no case is it echoed."""
    if not stdin and not interactive():
        raise click.UsageError("standard input is not a terminal: give the API key with --key-stdin")
    return _read_secret("API key", typed, stdin=stdin, alone=alone, field="api_key")


def _read_webhook_key(typed: Iterator[str], *, stdin: bool) -> str:
    """A key of the webhook, from the next line of standard input or typed at a terminal."""
    return _read_secret("Webhook key", typed, stdin=stdin or not interactive(), alone=False, field="webhook_key")


def _read_secret(name: str, typed: Iterator[str], *, stdin: bool, alone: bool, field: str) -> str:
    if not stdin:
        return str(click.prompt(name, hide_input=True, err=True)).strip()
    secret = ("\n".join(typed) if alone else next(typed, "")).strip()
    if not secret:
        raise InvalidInput("standard input is empty", field=field)
    return secret


def _show(organization: str, account: ProviderAccount, *, as_json: bool) -> None:
    record = _record(organization, account)
    if as_json:
        say_json(record)
        return
    shown = {True: "stored", False: "none"}
    said = {name: " ".join(value) if isinstance(value, list) else value for name, value in record.items()}
    say_pairs([(name, shown[value] if isinstance(value, bool) else value or "") for name, value in said.items()])


def _record(organization: str, account: ProviderAccount) -> dict[str, Any]:
    paused = account.is_paused(wiring.now())
    return {
        "organization": organization,
        "account": account.name,
        "kind": account.kind,
        "base_url": account.base_url or None,
        "api_key": bool(account.sealed_key),
        "on_behalf_of": account.on_behalf_of or None,
        "region": account.region or None,
        "webhook_keys": account.shown_webhook_keys,
        "paused_until": moment(account.paused_until) if paused else None,
        "paused_reason": account.paused_reason if paused else None,
    }
