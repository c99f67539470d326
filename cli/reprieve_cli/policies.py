"""`reprieve policies`: what the evidence about failures would have happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from reprieve import json_body
from reprieve.clock import Millis
from reprieve.dialects.reprieve.policies import parse_rules, policy
from reprieve.policies.brakes import FAILED_SHARE, PER_DAY, PER_DOMAIN, SHARE, WATCH
from reprieve.policies.policy import DEFAULT, Then
from reprieve.policies.verdict import Decision
from reprieve.policies.written import policy_of, rows
from reprieve.runtime import wiring
from reprieve.system_log.span import LOG_RETENTION
from reprieve_cli import operations
from reprieve_cli.output import age, examples, json_option, progress, say, say_json, say_table
from reprieve_cli.params import Duration
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.organization import Organization
    from reprieve.policies.dry_run import Past
    from reprieve.policies.policy import Policy
    from reprieve.suppressions.suppression import AnyList

#: what HubSpot's users found: how many wrongly blocked addresses were active again, in percent, and of how many
HUBSPOT: Final = (34, 4_864)
#: the columns of the present lists
STATES: Final = {
    "LIFT": Decision.LIFT,
    "HOLD": Decision.HOLD,
    "ASK": Decision.ASK,
    "NOTIFY": Decision.NOTIFY,
    "STAY": Decision.STAY,
}
#: the conditions of a rule in the table, by name
NOUN: Final = {
    "lists": "list",
    "permanences": "permanence",
    "classifications": "class",
    "statuses": "status",
    "words": "reason with",
    "domains": "domain",
    "accounts": "account",
}


@click.group()
def policies() -> None:
    """Set what lifts addresses by itself, and rehearse it.

    An organization has the default policy until it sets its own. Neither lifts anything until it is enabled; until then
    only the bounce purge lets entries expire.
    """


@policies.command(
    short_help="Show the rules of a policy.",
    epilog=examples("reprieve policies show", "reprieve policies show acme", "reprieve policies show acme --json"),
)
@click.argument("organization", metavar="[ORG]", required=False)
@json_option
def show(organization: str | None, *, as_json: bool) -> None:
    """Show the rules of an organization's policy, or those of the default one.

    The first rule that matches a failure decides about it. Complaints, unsubscribes and holds by hand are never lifted;
    an address whose mailbox was missing twice, or that failed eight times, is left to a person; and a delivery after
    the latest failure ends a suppression.
    """
    if organization is None:
        _show_rules(DEFAULT, as_json=as_json)
        return
    connect()
    owner = operations.find_organization(organization)
    if as_json:
        say_json(policy(owner))
        return
    setting = owner.policy
    say(f"The {'own' if setting.rules else 'default'} policy, version {setting.version}, {_state(owner)}.")
    _show_rules(policy_of(owner), as_json=False)


@policies.command(
    "set",
    short_help="Replace an organization's policy.",
    epilog=examples("reprieve policies set acme policy.json"),
)
@click.argument("organization", metavar="ORG")
@click.argument("file", type=click.File("rb"))
def set_policy(organization: str, file: BinaryIO) -> None:
    """Replace an organization's policy by that of a file; whether it is enabled stays as it is.

    FILE is JSON: an object with `rules`, or that list alone; `show --json` writes one. A file that was shown is of one
    version: where the policy was changed since, it is refused.
    """
    value = json_body.parse_strictly(file.read())
    wanted = parse_rules(value)
    connect()
    owner = operations.find_organization(organization)
    version = value.get("version", owner.policy.version) if isinstance(value, dict) else owner.policy.version
    changed = wiring.policies().put(operations.asking(owner), wanted, enabled=owner.policy.enabled, version=version)
    say(f"The policy has version {changed.policy.version} and is {_state(changed)}.")


@policies.command(short_help="Have the policy lift addresses.", epilog=examples("reprieve policies enable acme"))
@click.argument("organization", metavar="ORG")
def enable(organization: str) -> None:
    """Have the organization's policy lift addresses from now on. `dry-run` says which those would be."""
    _enable(organization, enabled=True)


@policies.command(short_help="Have the policy lift nothing more.", epilog=examples("reprieve policies disable acme"))
@click.argument("organization", metavar="ORG")
def disable(organization: str) -> None:
    """Have the organization's policy lift nothing more. What it has lifted stays lifted."""
    _enable(organization, enabled=False)


@policies.command(short_help="Go back to the default policy.", epilog=examples("reprieve policies reset acme"))
@click.argument("organization", metavar="ORG")
def reset(organization: str) -> None:
    """Go back to the default policy, which is disabled."""
    connect()
    owner = operations.find_organization(organization)
    changed = wiring.policies().reset(operations.asking(owner), version=owner.policy.version)
    say(f"The policy is the default one, version {changed.policy.version}, and is {_state(changed)}.")


@policies.command(
    "dry-run",
    short_help="Say what a policy would lift.",
    epilog=examples("reprieve policies dry-run acme", "reprieve policies dry-run acme --since 90d --json"),
)
@click.argument("organization", metavar="ORG")
@click.option("--since", type=Duration(), default="30d", show_default=True, help="How much of the system log to play.")
@json_option
def dry_run(organization: str, since: int, *, as_json: bool) -> None:
    """Say what the organization's policy would lift, and what it would have lifted.

    First the present lists of failures: how many entries it would LIFT now, HOLD for longer, ASK a person about, or let
    STAY. `reprieve lists export` says that of each. Then the system log (90 days at most): its failures are played
    under the policy, and what came after each lift is counted. Nothing is changed.
    """
    if since > LOG_RETENTION:
        raise click.BadParameter(f"the system log has {age(LOG_RETENTION)} at most", param_hint="--since")
    connect()
    owner, now, runs = operations.find_organization(organization), wiring.now(), wiring.dry_runs()
    wanted = policy_of(owner)
    present = runs.present(owner, wanted, now=now)
    past = runs.past(owner, wanted, since=Millis(now - since), now=now, progress=_progress)
    if as_json:
        say_json({"present": _counts(present), "past": _outcome(past)})
        return
    rows = [
        (name, *(str(number) for number in (sum(of.values()), *(of[state] for state in STATES.values()))))
        for name, of in present.items()
    ]
    say_table(("LIST", "ENTRIES", *STATES), rows, empty="")
    say("")
    say(f"By the {'own' if owner.policy.rules else 'default'} policy, in {age(since)} of the log:")
    say(f"  entries that failures would have made       {past.entries}")
    say(f"  ended by a delivery                         {past.ended}")
    say(f"  lifted when their time was over             {past.lifted}")
    say(f"    after which a message was delivered       {past.delivered}")
    say(f"    after which one failed                    {past.failed}")
    share, of = HUBSPOT
    own = "-" if past.active is None else f"{past.active * 100:.0f} %"
    say(f"Active again, where it is known: {own} (HubSpot's users: {share} % of {of:,} wrongly blocked addresses).")


def _progress(read: int) -> None:
    progress(read, read + 1, every=100_000)


def _counts(present: Mapping[AnyList, Mapping[Decision, int]]) -> dict[str, dict[str, int]]:
    return {name.value: {state.value: number for state, number in of.items()} for name, of in present.items()}


def _outcome(past: Past) -> dict[str, float | int | None]:
    counts = {name: getattr(past, name) for name in ("entries", "lifted", "ended", "delivered", "failed")}
    return {**counts, "active_share": past.active}


def _enable(organization: str, *, enabled: bool) -> None:
    connect()
    owner = operations.find_organization(organization)
    changed = wiring.policies().enable(operations.asking(owner), enabled=enabled)
    say(f"The policy, version {changed.policy.version}, is {_state(changed)}.")


def _state(organization: Organization) -> str:
    return "enabled" if organization.policy.enabled else "disabled"


def _show_rules(shown: Policy, *, as_json: bool) -> None:
    if as_json:
        say_json(rows(shown))
        return
    say_table(
        ("RULE", "WHEN", "THEN"), [(row["name"], _when(row["when"]), _then(row)) for row in rows(shown)], empty=""
    )
    say("")
    say(f"It lifts at most {PER_DAY} addresses per day, {PER_DOMAIN} of one domain, and {SHARE:.0%} of the entries.")
    say("Of a domain that failed as a whole it lifts one, and the others after a delivery.")
    say(f"It is stopped when more than {FAILED_SHARE:.0%} of its lifts fail again within {age(WATCH)}.")


def _when(when: Mapping[str, Any]) -> str:
    """The conditions of a rule, in words."""
    words = [f"{NOUN[name]} {' or '.join(found)}" for name, found in when.items() if name in NOUN]
    if fewer := when.get("lifted_fewer"):
        words.append(f"lifted fewer than {fewer['times']} times in {fewer['days']} days")
    return ", ".join(words) or "any other failure"


def _then(row: Mapping[str, Any]) -> str:
    match row["then"]:
        case Then.ASK:
            return "ask a person"
        case Then.LIFT:
            return "lift"
        case Then.NOTIFY:
            return "notify"
    days = ", then ".join(map(str, row["hold_days"]))
    return f"hold for {days} days, then lift"
