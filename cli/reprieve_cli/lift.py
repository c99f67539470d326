"""`reprieve lift`: lift addresses from a list, as its owner."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from reprieve.access.provider_account import account_title
from reprieve.address import comparison_key, is_address
from reprieve.dialects.reprieve import prospects
from reprieve.dialects.reprieve.removals import removal
from reprieve.errors import InvalidInput
from reprieve.removals.follow import ReportedState
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from reprieve_cli import operations
from reprieve_cli.obstacles import paused, without_account
from reprieve_cli.output import (
    examples,
    interactive,
    json_option,
    moment,
    printable,
    progress,
    say,
    say_json,
    say_table,
)
from reprieve_cli.params import List
from reprieve_cli.removals import say_removals
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.addresses.mail_domain import MailDomain
    from reprieve.addresses.prospect import Prospect
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.removals.follow import RemovalReport
    from reprieve.suppressions.suppression import AnyList, Suppression

SECONDS_BETWEEN_POLLS: Final = 2
#: as many as a request to the lists may name
MAX_EMAILS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a lift would do with one address.

    Attributes:
        email: as it was given.
        entry: what the list shows of it; None when it is not there.
        is_address: whether it is an address by RFC 3696; what is not can be on invalid_emails.
        domain: where its domain takes mail; None where that was not looked up.
        prospect: what is to be expected of the lift; None where that was not looked at, or it is not on the list.
    """

    email: str
    entry: Suppression | None
    is_address: bool
    domain: MailDomain | None = None
    prospect: Prospect | None = None

    @property
    def lifts(self) -> bool:
        """Whether its removal is asked for: an address need not be on the list for that."""
        return self.is_address or self.entry is not None

    @property
    def sentence(self) -> str:
        """For people."""
        if self.entry:
            return f"on the list since {moment(self.entry.created)}: {self.entry.reason or 'no reason given'}"
        return "not on the list here; the provider is asked all the same" if self.lifts else "not an email address"


@click.command(
    epilog=examples(
        "reprieve lift acme ann@acme.example --dry-run",
        "reprieve lift acme ann@acme.example bob@acme.example --list blocks --wait",
        "reprieve lift acme ann@acme.example --yes --json",
    )
)
@click.argument("organization", metavar="ORG")
@click.argument("emails", metavar="EMAIL...", nargs=-1, required=True)
@click.option(
    "--list",
    "name",
    metavar="LIST",
    type=List(),
    default=SuppressionList.BOUNCES.value,
    show_default=True,
    help="The list to lift them from; group-ID for an unsubscribe group.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be lifted and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before lifting.")
@click.option("--wait", is_flag=True, help="Follow the removals until each has ended.")
@json_option
def lift(
    organization: str, emails: tuple[str, ...], *, name: AnyList, dry_run: bool, yes: bool, wait: bool, as_json: bool
) -> None:
    """Lift addresses from a list.

    They are gone from the list at once; the removal job then lifts them at the provider, within minutes. An address
    that the list does not show is lifted at the provider all the same. No membership rule applies to the operator.
    A dry run says what is to be expected of each lift, and whether the domain takes mail, by the DNS of this machine.

    The exit code is 1 when an argument is not an address and not on the list, and with --wait when a removal has not
    ended with the address lifted.
    """
    if len(emails) > MAX_EMAILS:
        raise InvalidInput(f"at most {MAX_EMAILS} at a time", field="EMAIL")
    connect()
    owner, suppression_list = operations.find_organization(organization), name
    operations.find_list(owner, suppression_list)
    plans = _plans(owner, suppression_list, emails)
    if dry_run:
        _show_plans(_rehearsed(owner, plans), as_json=as_json)
    elif any(plan.lifts for plan in plans):
        if not yes:
            _confirm(organization, suppression_list, plans)
        _lift(owner, suppression_list, plans, wait=wait, as_json=as_json)
    if strange := [plan.email for plan in plans if not plan.lifts]:
        raise click.ClickException(f"not an email address and not on the list: {printable(', '.join(strange))}")


def _plans(organization: Organization, suppression_list: AnyList, emails: Sequence[str]) -> list[Plan]:
    now = wiring.now()
    spelled: dict[str, str] = {}
    for email in emails:
        spelled.setdefault(comparison_key(email), email)
    return [
        Plan(email, wiring.listing().get(organization, suppression_list, key, now=now), is_address(email))
        for key, email in spelled.items()
    ]


def _rehearsed(organization: Organization, plans: Sequence[Plan]) -> list[Plan]:
    """The plans with what is known before a lift."""
    looking = wiring.prospects()
    entries = [plan.entry for plan in plans if plan.entry]
    found = {entry.key: one for entry, one in zip(entries, looking.of(organization, entries), strict=True)}
    return [
        replace(plan, domain=looking.domain_of(key), prospect=found.get(key))
        for plan, key in ((plan, comparison_key(plan.email)) for plan in plans)
    ]


def _show_plans(plans: Sequence[Plan], *, as_json: bool) -> None:
    if as_json:
        say_json([_as_json(plan) for plan in plans])
        return
    rows = [(printable(plan.email), printable(plan.sentence), printable(_look(plan))) for plan in plans]
    say_table(("EMAIL", "WHAT", "EXPECTED"), rows, empty="")
    say(f"{sum(plan.lifts for plan in plans)} would be lifted (dry run)")


def _as_json(plan: Plan) -> dict[str, object]:
    expected = prospects.members(plan.prospect, plan.entry) if plan.prospect and plan.entry else {}
    known = {"email": plan.email, "listed": plan.entry is not None, "lifts": plan.lifts}
    return known | {"domain": prospects.domain_member(plan.domain)} | expected


def _look(plan: Plan) -> str:
    """What is to be expected, and what is wrong with the domain, in one line."""
    said = prospects.of_prospect(plan.prospect) if plan.prospect else ""
    return " ".join(filter(None, (said, prospects.wrong_with(plan.domain))))


def _confirm(organization: str, suppression_list: AnyList, plans: Sequence[Plan]) -> None:
    count = sum(plan.lifts for plan in plans)
    what = f"{count} {'address' if count == 1 else 'addresses'} from {suppression_list} of {organization}"
    if not interactive():
        raise click.UsageError(f"this lifts {what}: confirm it with --yes")
    for plan in plans:
        say(printable(f"{plan.email}: {plan.sentence}"), err=True)
    click.confirm(f"Lift {what}?", abort=True, err=True)


def _lift(
    organization: Organization, suppression_list: AnyList, plans: Sequence[Plan], *, wait: bool, as_json: bool
) -> None:
    context = operations.asking(organization)
    lifted = [plan for plan in plans if plan.lifts]
    wiring.lists().lift_many(context, suppression_list, [plan.email for plan in lifted])
    found = _follow(context, suppression_list, lifted) if wait else _reports(context, suppression_list, lifted)
    if as_json:
        say_json({"request_id": context.request_id, "removals": [removal(one) for one in found]})
    else:
        say_removals(found)
        if any(one.state is ReportedState.PENDING for one in found):
            say(f"Follow it with: reprieve removals {organization.id} --request {context.request_id}", err=True)
    if wait and any(one.state is not ReportedState.DONE for one in found):
        raise click.ClickException("not every address was lifted")


def _reports(context: Context, suppression_list: AnyList, plans: Sequence[Plan]) -> list[RemovalReport]:
    """How the removals of a request stand; what is not an address is found by its record, because no note has it."""
    following, organization = wiring.following(), context.organization
    found = []
    if any(plan.is_address for plan in plans):
        found += following.of_request(organization, context.request_id)
    for plan in plans:
        if not plan.is_address:
            latest = following.of_address(organization, comparison_key(plan.email))
            found += [one for one in latest if one.followed.list == suppression_list]
    return found


def _follow(context: Context, suppression_list: AnyList, plans: Sequence[Plan]) -> list[RemovalReport]:
    """The removals of a request once each has ended, or as they stand when waiting is in vain or interrupted."""
    shown = -1
    try:
        while True:
            found = _reports(context, suppression_list, plans)
            ended = sum(one.state is not ReportedState.PENDING for one in found)
            if ended > shown:
                progress(ended, len(found), every=1)
                shown = ended
            if ended == len(found):
                return found
            if obstacle := _obstacle(context.organization):
                say(obstacle, err=True)
                return found
            time.sleep(SECONDS_BETWEEN_POLLS)
    except KeyboardInterrupt:
        say("Stopped waiting; the removals go on.", err=True)
        return found


def _obstacle(organization: Organization) -> str | None:
    """Why the removal job does not try an organization's removals now; None when nothing speaks against it."""
    accounts = wiring.access().provider_accounts(organization.id)
    if not accounts:
        return without_account(organization.id)
    pausing = next((one for one in accounts if one.is_paused(wiring.now())), None)
    if pausing is None:
        return None
    return paused(account_title(organization.id, pausing.name), pausing.paused_until, pausing.paused_reason)
