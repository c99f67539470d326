"""`reprieve connect`: an account and its provider, until the provider's events arrive."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import click

from reprieve.access.provider_account import DEFAULT, ProviderAccount, account_title, named
from reprieve.access.provider_accounts import AccountChanges
from reprieve.clock import SECOND, Millis
from reprieve.providers.registry import PROVIDERS
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import account_option, examples, json_option, printable, say, say_json
from reprieve_cli.providers import read_api_key
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.context import Context
    from reprieve.providers.connecting import Connection, Step, Trial

#: between two looks at the log, in milliseconds
PAUSE: Final = Millis(2 * SECOND)
#: entries of the log that are looked through
LOOKED_AT: Final = 100


class State(StrEnum):
    """How a step ended."""

    DONE = "done"
    SO = "already so"
    WOULD = "would do"


COLOURS: Final = {State.DONE: "green", State.SO: "bright_black", State.WOULD: "yellow"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step's end.

    Attributes:
        step: its title.
        said: what was done, or is not so yet; "" where all is so.
    """

    step: str
    state: State
    said: str


@click.command(
    "connect",
    epilog=examples(
        "reprieve connect acme sendgrid",
        "reprieve connect acme sendgrid --dry-run",
        "reprieve connect acme sendgrid --account newsletter --on-behalf-of news --key-stdin < key.txt",
        "reprieve connect acme ses --configuration-set acme --from news@acme.example",
        "reprieve connect acme postmark",
    ),
)
@click.argument("organization", metavar="ORG")
@click.argument("kind", type=click.Choice([one.kind for one in PROVIDERS.values() if one.connection]))
@click.option(
    "--account",
    "name",
    metavar="NAME",
    default=DEFAULT,
    show_default=True,
    help="Which of the organization's accounts.",
)
@click.option("--base-url", help="Of a new account: where the provider's API is.")
@click.option("--on-behalf-of", metavar="OTHER", help="Of a new account: the provider's other account.")
@click.option("--region", help="Of a new account of Amazon SES: the region whose list it is.")
@click.option("--key-stdin", is_flag=True, help="Read a new account's API key from standard input instead of asking.")
@click.option("--configuration-set", metavar="NAME", default="", help="Of Amazon SES: what mail is sent with.")
@click.option("--from", "sender", metavar="ADDRESS", default="", help="Of Amazon SES: who a test mail is from.")
@click.option("--topic", metavar="ARN", help="Of Amazon SES: a topic to publish to.  [default: the stack's]")
@click.option("--wait", type=click.IntRange(0), default=60, show_default=True, help="Seconds to wait for an event.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@json_option
def connect_(
    organization: str,
    kind: str,
    *,
    name: str,
    base_url: str | None,
    on_behalf_of: str | None,
    region: str | None,
    key_stdin: bool,
    configuration_set: str,
    sender: str,
    topic: str | None,
    wait: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Connect an account to its provider, and wait for an event.

    Each step says whether it is done, was so already or, with --dry-run, would be done. The command can be repeated: it
    changes only what is missing, and leaves webhooks and event destinations of others alone.

    SendGrid: stores the account with its API key, sets an event webhook with its signature, stores the key that
    verifies it beside the one before, switches the webhook on, and asks SendGrid for test events. The API key needs the
    scopes user.webhooks.event.settings.* and user.webhooks.event.test.create besides those for the lists.

    Amazon SES: makes the configuration set where it is missing, claims it, has it publish to the stack's topic, and
    sends a mail to the mailbox simulator.

    Resend, Mailgun, Postmark: stores the account, and prints what to do at the provider.

    The exit code is 1 when no event came.
    """
    stack = connect()
    owner = operations.find_organization(organization)
    context = operations.asking(owner)
    stored = named(wiring.provider_accounts().all(owner), name)
    wanted = AccountChanges(kind=kind, base_url=base_url, on_behalf_of=on_behalf_of, region=region)
    account, api_key = stored or _new(name, wanted), None
    if stored is None:
        api_key = read_api_key(stdin=key_stdin) if PROVIDERS[kind].account.has_key else ""
        wanted = replace(wanted, api_key=api_key or None)
    elif stored.kind != kind or wanted != AccountChanges(kind=kind) or key_stdin:
        raise click.UsageError(
            f"{account_title(organization, name)} is set already, with the kind {stored.kind}:"
            f" change it with `reprieve providers set {organization}{account_option(name)}`"
        )
    wish = operations.wish(stack, owner, account)
    wish = replace(wish, topic=topic or wish.topic, configuration_set=configuration_set, sender=sender)
    plan = wiring.connection(context, account, wish, api_key=api_key)
    assert plan is not None  # noqa: S101  (the kinds to choose from have one)
    outcomes = [_account_step(context, wanted, name, stored=stored is not None, dry_run=dry_run)]
    _show(outcomes[0], as_json=as_json)
    for step in plan.steps:
        outcomes.append(_taken(step, dry_run=dry_run))
        _show(outcomes[-1], as_json=as_json)
    events = [] if dry_run or plan.trial is None else _tried(context, plan.trial, name, wait, as_json=as_json)
    if as_json:
        steps = [asdict(one) for one in outcomes]
        say_json({"steps": steps, "by_hand": list(plan.by_hand), "events": events})
    else:
        _say_rest(organization, kind, name, plan, events)
    if plan.trial and not events and not dry_run:
        raise click.ClickException(
            f"no event came within {wait} s: `reprieve doctor`, docs/runbook/webhooks-refused.md"
        )


def _new(name: str, wanted: AccountChanges) -> ProviderAccount:
    """The account as it is about to be."""
    kind = wanted.kind or ""
    return ProviderAccount(
        kind,
        base_url=(wanted.base_url or PROVIDERS[kind].account.base_url).rstrip("/"),
        on_behalf_of=wanted.on_behalf_of or "",
        name=name,
        region=wanted.region or "",
    )


def _account_step(context: Context, wanted: AccountChanges, name: str, *, stored: bool, dry_run: bool) -> Outcome:
    """The step before a provider's own: the account."""
    if stored:
        return Outcome("account", State.SO, "")
    if dry_run:
        return Outcome("account", State.WOULD, f"{account_title(context.organization.id, name)} is not set")
    wiring.provider_accounts().set(context, wanted, name)
    return Outcome("account", State.DONE, "stored")


def _taken(step: Step, *, dry_run: bool) -> Outcome:
    missing = step.missing()
    if not missing:
        return Outcome(step.title, State.SO, "")
    return Outcome(step.title, State.WOULD, missing) if dry_run else Outcome(step.title, State.DONE, step.apply())


def _show(outcome: Outcome, *, as_json: bool) -> None:
    if not as_json:
        state = click.style(outcome.state.ljust(10), fg=COLOURS[outcome.state])
        say(f"{state}  {outcome.step}{': ' if outcome.said else ''}{outcome.said}")


def _tried(context: Context, trial: Trial, account: str, wait: int, *, as_json: bool) -> list[dict[str, str]]:
    """The events that came, waiting for the first of them."""
    begun = wiring.now()
    asked = trial.trigger()
    if not as_json:
        say(f"{'waiting'.ljust(10)}  {asked}")
    while True:
        events = list(operations.deliveries_since(context.organization, begun, account, trial.recipient, LOOKED_AT))
        if events or wiring.now() >= begun + wait * SECOND:
            return events
        wiring.wait(PAUSE)


def _say_rest(organization: str, kind: str, name: str, plan: Connection, events: list[dict[str, str]]) -> None:
    for event in events:
        said = ", ".join(filter(None, (event["outcome"], event["said"])))
        say(printable(f"{'came'.ljust(10)}  {event['email']}: {said}"))
    for line in plan.by_hand:
        say(line)
    rules = PROVIDERS[kind].account.webhook
    if plan.by_hand and rules.kind == kind:
        say(f"To store that key: reprieve providers set {organization}{account_option(name)} --webhook-key -")
