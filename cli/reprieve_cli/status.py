"""`reprieve status`: whether the parts of the stack answer, and which removals wait."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import click
from botocore.exceptions import BotoCoreError, ClientError

from reprieve.access.provider_account import DEFAULT, account_title
from reprieve.removals.removal import RemovalState
from reprieve.runtime import settings, wiring
from reprieve_cli import operations
from reprieve_cli.obstacles import paused, without_account
from reprieve_cli.output import age, examples, json_option, moment, say, say_json, say_table
from reprieve_cli.stack import APIS
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.organization import Organization
    from reprieve_cli.stack import Stack

#: pending removals are counted up to this number per organization
COUNTED: Final = 1_000
TABLES: Final = ("SUPPRESSIONS", "EVENT_LOG", "EMAIL_SERVERS", "RECIPIENTS", "ACCESS", "PROVIDER_ACCOUNTS", "TOKENS")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the stack, its name in AWS, and what it answered; `reachable` is False when it did not."""

    part: str
    name: str
    reachable: bool
    state: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of an organization.

    Attributes:
        credentials: how many are valid.
        provider: the kinds of its accounts, with the names of those that are not the default one; None without one.
        paused_account: the first of them that is paused, and until when and why; None where none is.
        pending: removals that are acknowledged and not carried out, up to COUNTED; `more` if there are others.
        oldest: when the oldest of them was asked for, in milliseconds.
    """

    organization: str
    membership: str
    credentials: int
    provider: str | None
    paused_account: str | None
    paused_until: int | None
    paused_reason: str | None
    pending: int
    more: bool
    oldest: int | None


@click.command(epilog=examples("reprieve status", "reprieve status acme", "reprieve status --json"))
@click.argument("organization", metavar="[ORG]", required=False)
@json_option
def status(organization: str | None, *, as_json: bool) -> None:
    """Show whether everything answers, and what waits.

    Shows the parts of the stack, the base URLs of its APIs, and for each organization (or only ORG) its valid
    credentials, provider account and pause, pending removals and the age of the oldest. The exit code is 1 when a part
    does not answer.
    """
    stack = connect()
    parts = look()
    standings = [_standing(one) for one in _wanted(organization)] if _readable(parts) else []
    if as_json:
        say_json(_record(stack, parts, standings))
    else:
        _show(stack, parts, standings)
    if not all(part.reachable for part in parts):
        raise click.ClickException("a part does not answer")


def look() -> list[Part]:
    """Ask every part of the stack for a sign of life."""
    tables = [_ask(name.lower().replace("_", " "), settings.table(name), _table_state) for name in TABLES]
    key = _ask("secrets key", settings.key_id(), _key_state)
    return [*tables, key, _ask("dead letters", settings.dead_letter_queue(), _queue_state)]


def _ask(part: str, name: str, state: Callable[[str], str]) -> Part:
    try:
        return Part(part, name, reachable=True, state=state(name))
    except ClientError as fault:
        return Part(part, name, reachable=False, state=fault.response["Error"]["Code"])
    except BotoCoreError as fault:
        return Part(part, name, reachable=False, state=type(fault).__name__)


def _table_state(name: str) -> str:
    return str(wiring.client("dynamodb").describe_table(TableName=name)["Table"]["TableStatus"]).lower()


def _key_state(name: str) -> str:
    return str(wiring.client("kms").describe_key(KeyId=name)["KeyMetadata"]["KeyState"]).lower()


def _queue_state(url: str) -> str:
    wanted = "ApproximateNumberOfMessages"
    answer = wiring.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[wanted])
    return f"{answer['Attributes'][wanted]} waiting"


def _readable(parts: list[Part]) -> bool:
    """Whether organizations can be read: they are in the tables of access and of suppressions."""
    return all(part.reachable for part in parts if part.part in {"access", "suppressions"})


def _wanted(organization: str | None) -> list[Organization]:
    if organization is not None:
        return [operations.find_organization(organization)]
    return sorted(wiring.access().organizations(), key=lambda one: one.id)


def _standing(organization: Organization) -> Standing:
    now = wiring.now()
    accounts = wiring.access().provider_accounts(organization.id)
    pausing = next((one for one in accounts if one.is_paused(now)), None)
    pending, more = wiring.following().waiting(organization, RemovalState.PENDING, limit=COUNTED, after=None)
    return Standing(
        organization=organization.id,
        membership=organization.membership.value,
        credentials=sum(one.valid(now) for one in wiring.access().credentials(organization.id)),
        provider=", ".join(one.kind if one.name == DEFAULT else f"{one.kind} ({one.name})" for one in accounts) or None,
        paused_account=pausing.name if pausing else None,
        paused_until=pausing.paused_until if pausing else None,
        paused_reason=pausing.paused_reason if pausing else None,
        pending=len(pending),
        more=more is not None,
        oldest=min((report.followed.requested_at for report in pending), default=None),
    )


def _record(stack: Stack, parts: list[Part], standings: list[Standing]) -> dict[str, Any]:
    return {
        "stack": stack.name,
        "region": stack.region,
        "base_urls": {dialect: stack.base_url(dialect) for dialect in APIS},
        "parts": [asdict(part) for part in parts],
        "organizations": [
            asdict(one) | {"paused_until": moment(one.paused_until), "oldest": moment(one.oldest)} for one in standings
        ],
    }


def _show(stack: Stack, parts: list[Part], standings: list[Standing]) -> None:
    say(f"Stack {stack.name} in {stack.region}\n")
    say_table(("PART", "STATE", "NAME"), [(part.part, part.state, part.name) for part in parts], empty="")
    say("")
    say_table(("API", "BASE URL"), [(dialect, stack.base_url(dialect) or "") for dialect in APIS], empty="")
    say("")
    now = wiring.now()
    say_table(
        ("ORGANIZATION", "MEMBERSHIP", "CREDENTIALS", "PROVIDER", "PENDING", "OLDEST"),
        [
            (
                one.organization,
                one.membership,
                str(one.credentials),
                one.provider or "",
                f"{one.pending}{'+' if one.more else ''}",
                "" if one.oldest is None else age(now - one.oldest),
            )
            for one in standings
        ],
        empty="No organizations to show.",
    )
    for one in standings:
        if one.paused_account and one.paused_until:
            say(paused(account_title(one.organization, one.paused_account), one.paused_until, one.paused_reason))
        if one.pending and one.provider is None:
            say(without_account(one.organization))
