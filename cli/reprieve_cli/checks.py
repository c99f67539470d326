"""The checks of `reprieve doctor`: each asks one part of a deployment, changes nothing, and says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from reprieve.access.provider_account import account_title
from reprieve.clock import DAY, HOUR, MINUTE, SECOND, SKEW_ALLOWANCE
from reprieve.errors import Unavailable
from reprieve.providers.none import NONE
from reprieve.providers.registry import PROVIDERS
from reprieve.removals.removal import RemovalState
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.obstacles import paused, without_account
from reprieve_cli.output import account_option, age
from reprieve_cli.status import COUNTED, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.access.provider_account import ProviderAccount
    from reprieve.organization import Organization
    from reprieve_cli.stack import Stack
    from reprieve_cli.status import Part


class State(StrEnum):
    """How a check went. A warning can wait; a fault keeps the deployment from doing its work."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: what was looked at.
        found: one sentence.
        advice: what to do; "" where there is nothing to do.
    """

    check: str
    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What runs by a schedule, and how its runs are found.

    Attributes:
        name: in a sentence.
        logs: the output with its log group.
        within: how long ago the latest run may be, in milliseconds.
        metric: one that each such run writes, whatever the log level is.
        page: of the runbook.
    """

    name: str
    logs: str
    within: int
    metric: str
    page: str


SCHEDULED: Final = (
    Scheduled("removal job", "RemovalJobLogs", 10 * MINUTE, "RemovalsPending", "removal-job-silent"),
    Scheduled("upkeep", "UpkeepLogs", 10 * MINUTE, "UpkeepSwept", "upkeep-silent"),
    Scheduled("policies", "UpkeepLogs", 3 * HOUR, "PolicyLooks", "upkeep-silent"),
    Scheduled("reconciliation", "ReconciliationLogs", DAY + HOUR, "ReconciliationCompared", "reconciliation-silent"),
    Scheduled("hook delivery", "HookDeliveryLogs", 10 * MINUTE, "UndeliveredAge", "hook-delivery-errors"),
)
#: in a part's own words, what it says when all is well
HEALTHY: Final = frozenset({"active", "enabled", "0 waiting"})
#: how long a removal may wait; the alarm OldestPending has the same
MAX_AGE: Final = 15 * MINUTE


def every(stack: Stack) -> Iterator[Finding]:
    """All checks, in the order in which their faults explain each other."""
    described = wiring.client("cloudformation").describe_stacks(StackName=stack.name)
    yield stack_state(described["Stacks"][0])
    yield clock(described)
    parts = look()
    yield from (part_state(part) for part in parts)
    if not all(part.reachable for part in parts):
        return
    yield secrets_key()
    yield signing_keys()
    created = int(described["Stacks"][0]["CreationTime"].timestamp() * SECOND)
    yield from (ran_lately(stack, it, created) for it in SCHEDULED)
    for organization in sorted(wiring.access().organizations(), key=lambda one: one.id):
        yield from organization_state(stack, organization)


def stack_state(described: dict[str, Any]) -> Finding:
    """Whether the stack was deployed as a whole."""
    status = str(described["StackStatus"])
    if status.endswith("_IN_PROGRESS"):
        return Finding("stack", State.WARNING, f"it is being changed ({status})", "ask again when that is finished")
    if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}:
        return Finding("stack", State.OK, f"deployed ({status})")
    return Finding(
        "stack", State.FAULT, f"its last deployment failed ({status})", "read the stack's events, and deploy it again"
    )


def clock(answer: dict[str, Any]) -> Finding:
    """Whether this machine's clock agrees with AWS's; what the command imports and lifts is judged by time."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if not date:
        return Finding("clock", State.WARNING, "the answer of AWS has no time to compare it with")
    apart = abs(wiring.now() - int(parsedate_to_datetime(date).timestamp() * SECOND))
    if apart <= SKEW_ALLOWANCE:
        return Finding("clock", State.OK, "this machine's agrees with AWS's")
    return Finding(
        "clock",
        State.FAULT,
        f"this machine's is {age(apart)} away from AWS's",
        "set this machine's clock: what the command imports and lifts is judged by time",
    )


def part_state(part: Part) -> Finding:
    """Whether a table, the key or the queue answers and is in order."""
    if not part.reachable:
        return Finding(
            part.part,
            State.FAULT,
            f"{part.name} does not answer: {part.state}",
            "for AccessDenied, attach the stack's OperatorPolicy to your role; otherwise restore it:"
            " docs/how-to/restore-from-a-backup.md",
        )
    if part.state in HEALTHY:
        return Finding(part.part, State.OK, part.state)
    if part.state.endswith("waiting"):
        return Finding(
            part.part,
            State.WARNING,
            part.state,
            "`reprieve dead-letters list --all` has the reasons, `redrive` takes them in again",
        )
    return Finding(
        part.part, State.FAULT, f"{part.name} is {part.state}", "wait if it is being changed, else restore or enable it"
    )


def secrets_key() -> Finding:
    """Whether the key seals and unseals."""
    context = {"purpose": "doctor"}
    try:
        vault = wiring.vault()
        vault.unseal(vault.seal("doctor", context), context)
    except Unavailable as problem:
        return Finding(
            "sealing", State.FAULT, str(problem), "enable the key, and check that its policy allows the account's roles"
        )
    return Finding("sealing", State.OK, "the key seals and unseals")


def signing_keys() -> Finding:
    """Whether access tokens can be signed."""
    keys = wiring.tokens().signing_keys()
    if keys:
        return Finding("signing keys", State.OK, f"{len(keys)}, the newest is {keys[-1].kid}")
    return Finding("signing keys", State.OK, "none, because no OAuth client was created yet")


def ran_lately(stack: Stack, scheduled: Scheduled, created: int) -> Finding:
    """Whether what runs by a schedule has run within its time, by its log.

    Args:
        stack: has the log group as an output.
        scheduled: one of SCHEDULED.
        created: when the stack was created, in milliseconds; before its time is over a function may not have run yet.
    """
    name, within = scheduled.name, scheduled.within
    group = stack.outputs.get(scheduled.logs)
    if group is None:
        advice = "deploy this version of the template"
        return Finding(name, State.WARNING, f"the stack has no output {scheduled.logs}", advice)
    now = wiring.now()
    pages = (
        wiring.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=group,
            startTime=now - within,
            filterPattern=f'"{scheduled.metric}"',
            PaginationConfig={"PageSize": 1},
        )
    )
    try:
        ran = any(page["events"] for page in pages)
    except (ClientError, BotoCoreError) as fault:
        return Finding(name, State.WARNING, f"its log cannot be read: {fault}", "attach the stack's OperatorPolicy")
    if ran:
        return Finding(name, State.OK, f"ran within {age(within)}")
    if now - created < within:
        return Finding(name, State.OK, f"has not run yet; the stack is {age(now - created)} old")
    return Finding(name, State.FAULT, f"has not run for {age(within)}", f"see docs/runbook/{scheduled.page}.md")


def organization_state(stack: Stack, organization: Organization) -> Iterator[Finding]:
    """An organization's accounts, their webhooks' keys, and what waits."""
    accounts, now = wiring.access().provider_accounts(organization.id), wiring.now()
    pending, _ = wiring.following().waiting(organization, RemovalState.PENDING, limit=COUNTED, after=None)
    failed, more = wiring.following().waiting(organization, RemovalState.FAILED, limit=100, after=None)
    oldest = min((report.followed.requested_at for report in pending), default=now)
    if not accounts:
        state = State.FAULT if pending else State.WARNING
        found = without_account(organization.id) if pending else f"{organization.id} has no provider account"
        yield Finding("provider", state, found, f"`reprieve providers set {organization.id} --kind ...`")
    for account in accounts:
        yield account_state(organization, account)
        yield webhook_state(organization, account)
        yield from connection_state(stack, organization, account)
    if accounts and now - oldest > MAX_AGE:
        yield Finding(
            "removals",
            State.FAULT,
            f"{organization.id}: the oldest has waited for {age(now - oldest)}",
            "see docs/runbook/oldest-pending.md",
        )
    if failed:
        yield Finding(
            "removals",
            State.WARNING,
            f"{organization.id}: {len(failed)}{'+' if more else ''} have failed",
            f"`reprieve removals {organization.id} --failed` has the reasons, `removals retry` tries again",
        )


def account_state(organization: Organization, account: ProviderAccount) -> Finding:
    """Whether the provider takes the account: by a read of one second of its bounces."""
    title, command = account_title(organization.id, account.name), _setting(organization, account)
    if account.is_paused(wiring.now()):
        said = paused(title, account.paused_until, account.paused_reason)
        resume = f"reprieve providers resume {organization.id}{account_option(account.name)}"
        advice = f"correct it with `{command}`, then `{resume}`"
        return Finding("provider", State.FAULT, said, advice)
    if account.kind == NONE.kind:
        return Finding("provider", State.OK, f"{title}: none is behind its account")
    problem = operations.test_provider(organization, account)
    if problem is None:
        return Finding("provider", State.OK, f"{title}: {account.kind} answers")
    return Finding(
        "provider",
        State.FAULT,
        f"{title}: {problem}",
        f"check the API key and its scopes, set it with `{command}`",
    )


def webhook_state(organization: Organization, account: ProviderAccount) -> Finding:
    """Whether events of the provider's webhook can be verified."""
    title, command = account_title(organization.id, account.name), _setting(organization, account)
    if PROVIDERS[account.kind].webhook is None:
        return Finding("webhook", State.OK, f"{title}: its provider has none")
    if account.webhook_key:
        return Finding("webhook", State.OK, f"{title}: its key is set")
    return Finding(
        "webhook",
        State.FAULT,
        f"{title}: without a key each event is refused",
        f"turn the signature on at the provider, and `{command} --webhook-key ...`",
    )


def connection_state(stack: Stack, organization: Organization, account: ProviderAccount) -> Iterator[Finding]:
    """Whether what `reprieve connect` sets is still so, by the checks of its steps; nothing of a paused account."""
    if account.is_paused(wiring.now()):
        return
    title = account_title(organization.id, account.name)
    command = f"reprieve connect {organization.id} {account.kind}{account_option(account.name)}"
    try:
        plan = wiring.connection(
            operations.asking(organization), account, operations.wish(stack, organization, account)
        )
        if plan is None or not plan.steps:
            return
        missing = [f"{step.title}: {said}" for step in plan.steps if (said := step.missing())]
    except Unavailable as problem:
        yield Finding(
            "connection", State.WARNING, f"{title}: it cannot be looked at: {problem}", f"`{command} --dry-run`"
        )
        return
    if missing:
        advice = f"`{command} --dry-run` shows what would change, `{command}` changes it"
        yield Finding("connection", State.FAULT, f"{title}: {'; '.join(missing)}", advice)
    else:
        yield Finding("connection", State.OK, f"{title}: its events are sent to this stack")


def _setting(organization: Organization, account: ProviderAccount) -> str:
    """The command that changes an account."""
    return f"reprieve providers set {organization.id}{account_option(account.name)}"
