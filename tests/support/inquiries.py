"""Drops that have an account asked about their address, an account that answers, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.clock import Millis
from reprieve.errors import Unavailable
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch
from reprieve.suppressions.suppression import HOLDS, Suppression, SuppressionList
from tests.support.contexts import context
from tests.support.entries import entry_on
from tests.support.gateway import DEMO, Context, event, function

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.suppressions.suppression import AnyList
    from tests.support.gateway import Clock

BOUNCES, SPAM, UNSUBSCRIBES = SuppressionList.BOUNCES, SuppressionList.SPAM_REPORTS, SuppressionList.UNSUBSCRIBES
REASONS = {BOUNCES: "Bounced Address", SPAM: "Spam Reporting Address", UNSUBSCRIBES: "Unsubscribed Address"}
#: the summary of a run that had nothing to do
NOTHING = {"answered": 0, "repaired": 0, "postponed": 0, "given_up": 0, "left": 0}


@dataclass
class Provider:
    """An account that lists the given entries.

    Attributes:
        troubles: raised by the next questions; None lets one pass.
        broken: whether every question raises.
        asked: the addresses that it was asked about.
    """

    listed: list[Suppression] = field(default_factory=list)
    troubles: list[Exception | None] = field(default_factory=list)
    broken: bool = False
    asked: list[str] = field(default_factory=list)

    def kept_with(self, name: AnyList) -> tuple[AnyList, ...]:
        return (HOLDS,) if name is UNSUBSCRIBES else ()

    def entry_of(self, name: SuppressionList, email: str, *, otherwise: int) -> Suppression | None:
        self.asked.append(email)
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble or self.broken:
            raise trouble or Unavailable("SendGrid: 503: the provider failed")
        found = next((one for one in self.listed if one.list is name and one.email == email), None)
        return replace(found, created=found.created or Millis(otherwise)) if found else None

    def close(self) -> None:
        pass


def account(name: str, organization: str = "demo") -> None:
    made = ProviderAccount("none", name=name)
    assert wiring.access().set_provider_account(organization, made, provider_name="", before=None)


def drop(
    clock: Clock,
    *emails: str,
    name: SuppressionList = BOUNCES,
    reason: str | None = None,
    group: int = 0,
    at: int | None = None,
    account: str = DEFAULT,
    organization: Organization = DEMO,
) -> None:
    """Have messages to some addresses dropped by an account, now and for a list, as its webhook reports it."""
    now = Millis(clock.now)
    when = now if at is None else Millis(at)
    why = REASONS[name] if reason is None else reason
    events = [
        DeliveryEvent(f"d{when}-{email}", DeliveryKind.DROPPED, email, email.lower(), when, why, group=group)
        for email in emails
    ]
    wiring.ingest().accept(organization, Batch(events), provider_name="SendGrid", account=account, now=now)


def ask(remaining: int = 900_000) -> dict[str, Any]:
    """Run the inquiries, with some milliseconds left, and return their summary."""
    summary: dict[str, Any] = function("reconciliation")(
        event("reconciliation", "inquiries"), Context(remaining=remaining)
    )
    return summary


def waiting() -> list[str]:
    """The addresses that an account is still to be asked about."""
    return [str(item["email"]) for item in wiring.table("SUPPRESSIONS").items_under("demo#inquiries", "")]


def listed(email: str, created: int, name: SuppressionList = BOUNCES) -> Suppression:
    return Suppression(name, email.lower(), email, Millis(created), reason="550 5.1.1 no such user", status="5.1.1")


def found(key: str, name: AnyList = BOUNCES, organization: Organization = DEMO) -> Suppression | None:
    return entry_on(wiring.table("SUPPRESSIONS"), organization, name, key)


def lift(clock: Clock, email: str) -> None:
    """Ask for the removal of an address from the bounces."""
    asked = context(DEMO, credential="c", request_id="r", now=Millis(clock.now))
    wiring.suppressions().request_removals(asked, [RemovalRequest("r-0", BOUNCES, email, email)])
