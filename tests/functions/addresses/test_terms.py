"""Until when an entry stays by itself, and why: in the answer about an address, and in the one about all lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import SECOND
from reprieve.dialects.reprieve.terms import SENTENCE
from reprieve.organization import BouncePurge
from reprieve.policies.verdict import Decision, Ground
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.suppression import Classification, Permanence, SuppressionList
from tests.support.addresses import KEY, NOW, explain, put, search
from tests.support.gateway import DEMO, Gateway

if TYPE_CHECKING:
    from reprieve.organization import Organization

pytestmark = pytest.mark.usefixtures("demo")

WEEK_AGO = NOW - 8 * 86_400
TERM = ("until", "why_until", "until_is_advice")


def terms(body: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(one[name] for name in TERM) for one in body["suppressions"]]


def both(call: Gateway, organization: Organization = DEMO) -> list[tuple[Any, ...]]:
    """The terms of the address's entries, of which both answers say the same."""
    found = terms(explain(call, organization=organization).body)
    assert terms(search(call, organization).body) == found
    return found


def test_a_first_hard_bounce_is_advised_to_end_after_a_week(call: Gateway) -> None:
    put(classification=Classification.INVALID_ADDRESS)
    assert both(call) == [("2026-01-07T23:59:00.000Z", "The rule 'hard bounce' holds it for a first failure.", True)]


def test_what_is_over_is_not_lifted_by_itself(call: Gateway) -> None:
    put(at=WEEK_AGO)
    over = "The rule 'hard bounce' held it for a first failure; that time is over."
    assert both(call) == [("2025-12-31T00:00:00.000Z", over, True)]
    assert explain(call).body["mailed"] is False


def test_a_mailbox_that_was_missing_twice_is_left_to_a_person(call: Gateway) -> None:
    for at in (WEEK_AGO, NOW - 60):
        put(at=at, event_id=f"e{at}")
    ((until, why, is_advice),) = both(call)
    assert (until, why.split(",")[0], is_advice) == (
        None,
        "Its mailbox did not exist at two attempts",
        True,
    )


def test_the_bounce_purge_is_not_advice(call: Gateway) -> None:
    put(at=WEEK_AGO)
    purged = replace(DEMO, purge=BouncePurge(enabled=True, hard_days=10))
    assert both(call, purged) == [("2026-01-03T00:00:00.000Z", "The bounce purge takes it off then.", False)]


def test_a_complaint_has_no_end_and_no_advice(call: Gateway) -> None:
    put(name=SuppressionList.SPAM_REPORTS)
    assert both(call) == [(None, "It is there by the recipient's or an operator's wish, which no policy lifts.", False)]


def test_a_delivery_after_the_failure_ends_it_in_the_answer_about_the_address(call: Gateway) -> None:
    put(name=SuppressionList.BLOCKS, permanence=Permanence.SOFT)

    def deliver(seconds: int) -> None:
        at = (NOW - 60 + seconds) * SECOND
        event = DeliveryEvent(f"d{seconds}", DeliveryKind.DELIVERED, KEY, KEY, at, provider="sendgrid")
        wiring.event_log().append(DEMO, [delivery_entry(event, provider_name="Sendgrid")])

    held = ("2026-01-01T23:59:00.000Z", "The rule 'passing failure' holds it for a first failure.", True)
    deliver(-1)
    assert both(call) == [held]
    deliver(1)
    delivered = (None, "A message was delivered after its latest failure, so it can be lifted.", True)
    assert terms(explain(call).body) == [delivered]
    assert terms(search(call).body) == [held]


def test_every_verdict_has_a_sentence_of_its_own() -> None:
    held = {Ground.FIRST, Ground.REPEATED, Ground.RELAPSED}
    assert set(SENTENCE) == {
        *((decision, ground) for decision in (Decision.HOLD, Decision.LIFT) for ground in held),
        *((Decision.LIFT, ground) for ground in (Ground.DELIVERED, Ground.RULE)),
        *((Decision.ASK, ground) for ground in (Ground.SPAM_TRAP, Ground.OFTEN, Ground.NO_RULE, Ground.RULE)),
        (Decision.NOTIFY, Ground.RULE),
        *((Decision.STAY, ground) for ground in (Ground.WISH, Ground.NO_RULE)),
    }
    assert len(set(SENTENCE.values())) == len(SENTENCE)
