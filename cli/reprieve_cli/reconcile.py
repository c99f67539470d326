"""`reprieve reconcile`: compare an organization's lists with its provider's, now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reprieve.access.provider_account import account_title
from reprieve.clock import Millis
from reprieve.providers.registry import provider_of
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.obstacles import paused
from reprieve_cli.output import examples, json_option, moment, say, say_json, say_table
from reprieve_cli.params import Duration
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.suppressions.reconcile import Differences


@click.command(
    epilog=examples(
        "reprieve reconcile acme --dry-run",
        "reprieve reconcile acme --since 30d",
    )
)
@click.argument("organization", metavar="ORG")
@click.option("--since", type=Duration(), default="2d", show_default=True, help="How far back to compare.")
@click.option("--dry-run", is_flag=True, help="Print the differences and change nothing.")
@json_option
def reconcile(organization: str, since: int, *, dry_run: bool, as_json: bool) -> None:
    """Record what a missed webhook left out.

    What the provider lists and Reprieve does not is recorded, unless a removal forgave it. What only Reprieve lists
    stays. The same runs once a day on its own. The exit code is 1 when a list could not be read, or an account is
    paused.
    """
    connect()
    context = operations.asking(operations.find_organization(organization))
    accounts = wiring.access().provider_accounts(organization)
    pausing = [
        paused(account_title(organization, one.name), one.paused_until, one.paused_reason)
        for one in accounts
        if one.is_paused(context.now)
    ]
    if pausing and len(pausing) == len(accounts):
        raise click.ClickException("; ".join(pausing))
    comparable = any(provider_of(one.kind).keeps_lists for one in accounts)
    if not comparable:
        lack = f"a provider account of kind {accounts[0].kind}" if accounts else "no provider account"
        say(f"{organization} has {lack}, so there is nothing to compare with", err=True)
    found = wiring.reconciliation().run(context, start=Millis(context.now - since), end=context.now, dry_run=dry_run)
    if as_json:
        say_json(_record(found))
    elif comparable:
        _show(found, dry_run=dry_run)
    if found.unread or pausing:
        raise click.ClickException("; ".join(["not every list could be read", *pausing]))


def _record(found: Differences) -> dict[str, object]:
    return {
        "compared": found.compared,
        "missing": [
            {"list": entry.list.value, "email": entry.email, "created": moment(entry.created), "reason": entry.reason}
            for entry in found.missing
        ],
        "repaired": found.repaired,
        "unread": {str(name): problem for name, problem in found.unread.items()},
    }


def _show(found: Differences, *, dry_run: bool) -> None:
    rows = [(entry.list.value, moment(entry.created) or "", entry.email) for entry in found.missing]
    say_table(("LIST", "CREATED", "EMAIL"), rows, empty="Nothing is missing here.")
    say(f"{found.compared} compared, {len(found.missing)} missing, {found.repaired} recorded" + " (dry run)" * dry_run)
    for name, problem in found.unread.items():
        say(f"{name} could not be read: {problem}", err=True)
