"""Policies, the addresses that they are about, and the hourly run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from reprieve.clock import DAY, HOUR, Millis
from reprieve.policies.policy import DEFAULT, Policy, Rule, Then
from reprieve.runtime import wiring
from reprieve.store.system_log import EventLog
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support import queue
from tests.support.contexts import context
from tests.support.gateway import DEMO, Context, event, function

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.organization import Organization
    from tests.support.gateway import Clock

BOUNCES, BLOCKS, INVALID = SuppressionList.BOUNCES, SuppressionList.BLOCKS, SuppressionList.INVALID_EMAILS
START = Millis(1_767_225_600_000)
WEEK = Policy((Rule("week", Then.HOLD, hold_days=(7,)),))


def stored(organization: Organization = DEMO) -> Organization:
    found = wiring.access().organization(organization.id)
    assert found is not None
    return found


def enable(policy: Policy = DEFAULT, organization: Organization = DEMO) -> None:
    by = context(stored(organization), now=START)
    wiring.policies().put(by, policy, enabled=True, version=by.organization.policy.version)


def put(
    email: str,
    at: int,
    name: SuppressionList = BOUNCES,
    permanence: Permanence = Permanence.HARD,
    status: str = "5.1.1",
    organization: Organization = DEMO,
) -> None:
    one = Suppression(
        name, email.casefold(), email, Millis(at), "said so", status, permanence, event_id=f"{email} {at}"
    )
    wiring.suppressions().record(organization, [one])


def deliver(email: str, at: int, organization: Organization = DEMO, *, arrived: int | None = None) -> None:
    """Log that a message to an address was delivered, as the webhook does: now or when it happened, or at `arrived`."""
    stored_at = Millis(max(at, wiring.now()) if arrived is None else arrived)
    event_log = EventLog(wiring.table("EVENT_LOG"), lambda: stored_at)
    event = DeliveryEvent(f"{email} {at}", DeliveryKind.DELIVERED, email, email.casefold(), Millis(at))
    event_log.append(organization, [delivery_entry(event, provider_name="SendGrid")])


def put_on_domains(numbers: Iterable[int], at: int) -> None:
    """Put one address of each domain with these numbers on the bounces."""
    for number in numbers:
        put(f"a@{number}.io", at)


def hold_past_due(subject: str) -> Millis:
    """Put `a@x.io` on the bounces, long due, with a hold of it or its domain, and enable the policy; the hold's end."""
    put("a@x.io", START - 20 * DAY)
    end = Millis(START + 3 * DAY + HOUR)
    wiring.holds().add(context(DEMO, now=START), subject, reason="asked", until=end)
    enable()
    return end


def run(remaining: int = 110_000) -> dict[str, Any]:
    return function("upkeep")(event("upkeep", "policies"), Context(remaining=remaining))


def run_short(*remaining: int) -> dict[str, Any]:
    """Run with so many milliseconds left at one look after the other; a look beyond these fails."""
    left = iter(remaining)
    with pytest.MonkeyPatch.context() as cut:
        cut.setattr(Context, "get_remaining_time_in_millis", lambda _: next(left))
        return run()


def run_broken(subject: object, verb: str, error: Exception | None = None) -> dict[str, Any]:
    """Run while a verb of a subject's raises."""

    def fail(*_: object) -> NoReturn:
        raise error or OSError

    with pytest.MonkeyPatch.context() as cut:
        cut.setattr(type(subject), verb, fail)
        return run()


def lifted() -> dict[str, int]:
    found: dict[str, int] = run()["lifted"]
    return found


def daily(clock: Clock) -> int:
    """Run at the same hour of the next day."""
    clock.now += DAY
    return sum(lifted().values())


def pending(organization: Organization = DEMO) -> dict[str, str]:
    return {one.key: one.requested_by for one in queue.waiting(wiring.table("SUPPRESSIONS"), organization)}


def on(name: SuppressionList = BOUNCES) -> list[str]:
    return sorted(one.key for one in wiring.listing().each(DEMO, name, Selection(), now=wiring.now()))


def logged(event_type: str = "reprieve.policy.lift") -> list[Any]:
    span = Span(Order.PUBLISHED, position(Millis(0)), LATEST)
    entries = [one.event for one in wiring.log_reader().entries(DEMO, span, first=1000)]
    return [one for one in entries if one["eventType"] == event_type]
