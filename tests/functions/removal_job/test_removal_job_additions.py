"""Additions to the lists of a provider, carried out by the removal job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.address import Address
from reprieve.clock import DAY
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import MAX_ATTEMPTS, RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.removal_job import Provider, tick

if TYPE_CHECKING:
    from tests.support.gateway import Clock


def unsubscribe(*emails: str) -> None:
    asked = context(DEMO, credential="cred-1", request_id="r", now=wiring.now())
    wiring.unsubscribes().add(asked, [Address.parse(email) for email in emails])


def unsubscribed() -> list[str]:
    return [
        one.email for one in wiring.listing().each(DEMO, SuppressionList.UNSUBSCRIBES, Selection(), now=wiring.now())
    ]


def logged() -> list[tuple[str, str, str]]:
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    entries = [dict(stored.event) for stored in wiring.log_reader().entries(DEMO, span, first=100)]
    return [(one["eventType"], one["outcome"]["result"], one["target"][0]["displayName"]) for one in entries]


def test_an_unsubscribe_by_hand_is_carried_to_the_provider_and_stays_on_the_list(
    provider: Provider, clock: Clock
) -> None:
    provider.answer = LiftAnswer(LiftOutcome.LISTED, "201")
    unsubscribe("Ann@x.io", "b@x.io")
    clock.now += 1
    assert tick()["counts"] == {"listed": 2}
    assert sorted(provider.put_on) == ["unsubscribes Ann@x.io", "unsubscribes b@x.io"]
    assert provider.asked == []
    assert sorted(unsubscribed()) == ["Ann@x.io", "b@x.io"]
    assert tick()["counts"] == {}
    assert [(kind, result) for kind, result, _ in logged()] == [
        ("reprieve.suppression.add", "SUCCESS"),
        ("reprieve.addition.done", "SUCCESS"),
    ]


def test_an_addition_that_the_provider_keeps_refusing_fails_visibly_and_can_be_retried(
    provider: Provider, clock: Clock
) -> None:
    unsubscribe("ann@x.io")
    provider.answer = LiftAnswer(LiftOutcome.REFUSED, "400: the provider refused the address")
    for _ in range(MAX_ATTEMPTS):
        tick()
        clock.now += DAY
    assert logged()[-1] == ("reprieve.addition.failed", "FAILURE", "ann@x.io")
    ((report,), _) = wiring.following().waiting(DEMO, RemovalState.FAILED, limit=9, after=None)
    assert report.record
    assert (report.record.adds, report.record.last_answer) == (True, "400: the provider refused the address")
    assert unsubscribed() == ["ann@x.io"]
    provider.answer = LiftAnswer(LiftOutcome.LISTED, "201")
    wiring.following().retry(context(DEMO, now=wiring.now(), request_id="again"), report.followed.id)
    assert tick()["counts"] == {"listed": 1}


def test_additions_and_removals_of_one_list_are_calls_of_their_own(provider: Provider, clock: Clock) -> None:
    unsubscribe("ann@x.io", "b@x.io")
    clock.now += 60_000
    asked = context(DEMO, request_id="d", now=wiring.now())
    wiring.lists().lift_many(asked, SuppressionList.UNSUBSCRIBES, ["b@x.io"])
    tick()
    assert provider.put_on == ["unsubscribes ann@x.io"]
    assert provider.asked == ["b@x.io"]
    assert unsubscribed() == ["ann@x.io"]
