"""The removal job: what is due is deleted upstream, and then lifted here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, Millis
from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.removals.queue import SECOND_LOOK
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.store import pending
from reprieve.store.removal_queue import RemovalQueue
from reprieve.suppressions.suppression import HOLDS, Suppression
from tests.support import queue
from tests.support.contexts import context
from tests.support.entries import entry_on
from tests.support.gateway import DEMO, Context, cases, event, function
from tests.support.removal_job import (
    BOUNCES,
    KEY,
    MANY,
    Provider,
    bounce,
    enrol,
    record,
    request,
    request_many,
    states,
    tick,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls, Clock


def test_a_removal_is_carried_upstream_in_the_providers_spelling_and_then_lifted_here(
    provider: Provider, dynamodb: DynamoDBClient
) -> None:
    bounce(wiring.now() - 5_000)
    request()
    assert tick()["counts"] == {"lifted": 1}
    assert provider.asked == ["Name@Company.com"]
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, KEY) is None
    after = record(dynamodb)
    assert after["removal_state"] == "done"
    assert after["lifts"] == "1"
    assert {"by_time", "slot", "rank", "due_at", "lease_until"}.isdisjoint(after)
    assert tick()["counts"] == {}


def test_the_key_of_an_account_is_opened_only_where_a_removal_is_due(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(wiring, "provider_for", lambda organization, _: opened.append(organization.id) or provider)
    tick()
    assert opened == []
    bounce(wiring.now() - 60_000)
    request()
    tick()
    assert opened == ["demo"]


@pytest.mark.parametrize("others", [0, 30])
def test_an_idle_run_costs_16_queries_however_many_organizations_there_are(
    provider: Provider, calls: Calls, others: int
) -> None:
    for number in range(others):
        enrol(Organization(f"other{number}", "Other", shards=4))
    calls.clear()
    assert tick()["counts"] == {}
    assert calls == {"Query": 16}


def test_what_is_due_next_year_costs_an_idle_run_nothing_more(provider: Provider, calls: Calls) -> None:
    for number in range(30):
        organization = Organization(f"other{number}", "Other")
        enrol(organization)
        hold = Suppression(HOLDS, KEY, KEY, Millis(wiring.now()), until=Millis(wiring.now() + 365 * DAY), event_id="h")
        wiring.hold_store().hold(context(organization, now=wiring.now(), request_id=f"h{number}"), hold)
    assert tick()["counts"] == {"listed": 30}
    calls.clear()
    assert tick()["counts"] == {}
    assert calls == {"Query": 16}


def test_an_organization_that_has_something_due_costs_a_known_number_of_calls(provider: Provider, calls: Calls) -> None:
    bounce(wiring.now() - 60_000)
    request()
    calls.clear()
    assert tick()["counts"] == {"lifted": 1}
    # the look; the organization; its accounts; what is due of it, twice; the claim; the log entry and the end
    assert calls == {"Query": 16 + 1 + 2, "GetItem": 1, "UpdateItem": 1, "BatchExecuteStatement": 2}


def test_a_slot_that_cannot_be_read_is_reported_and_stops_no_organization_of_another(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    request()
    look = RemovalQueue.due_organizations

    def fails(self: RemovalQueue, slot: int, *, now: Millis) -> dict[str, Millis]:
        if slot:
            raise Unavailable("throttled")
        return look(self, slot, now=now)

    monkeypatch.setattr(RemovalQueue, "due_organizations", fails)
    summary = tick()
    assert (summary["counts"], summary["errors"]) == ({"lifted": 1}, {"Unavailable": 15})


def test_what_waits_for_an_organization_that_is_not_there_is_left_alone(provider: Provider) -> None:
    request(organization=Organization("gone", "Gone"))
    assert tick() == {"counts": {}, "errors": {}, "waiting": 0, "oldest": 0}
    assert provider.asked == []


def test_a_bounce_that_arrives_while_the_provider_is_called_keeps_the_address_suppressed(
    provider: Provider, dynamodb: DynamoDBClient
) -> None:
    bounce(wiring.now() - 60_000)
    request()
    provider.meanwhile = lambda: bounce(wiring.now() + 1_000)
    assert tick()["counts"] == {"superseded": 1}
    assert record(dynamodb)["removal_state"] == "superseded"
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, KEY) is not None


def test_when_a_newer_bounce_is_known_before_the_call_the_provider_is_not_even_asked(provider: Provider) -> None:
    bounce(wiring.now() - 60_000)
    request()
    bounce(wiring.now() + 1_000)
    assert tick()["counts"] == {"superseded": 1}
    assert provider.asked == []


def test_one_adapter_serves_an_organization_for_a_whole_run_and_is_closed(provider: Provider) -> None:
    provider.batch = 1
    for number in range(3):
        request(f"n{number}@company.com")
    assert tick()["counts"] == {"lifted": 3}
    assert provider.closed == 1


def test_a_part_is_claimed_by_a_write_and_its_removals_are_read_and_settled_in_batches(
    provider: Provider, calls: Calls
) -> None:
    request_many(*MANY)
    before = calls.copy()
    assert tick()["counts"] == {"lifted": 20}
    assert provider.asked == list(MANY)
    # two parts are claimed and leave the queue; one batch settles their removals, one writes the log
    taken = calls - before
    assert (taken["UpdateItem"], taken["BatchGetItem"], taken["BatchExecuteStatement"]) == (4, 1, 2)
    assert states() == {"done": 20}
    assert queue.waiting(wiring.table("SUPPRESSIONS"), DEMO) == []
    assert tick()["counts"] == {}


def test_what_a_provider_that_is_called_for_each_address_does_not_reach_waits_in_its_part(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_many(*MANY[:16])
    provider.batch = 8
    # a lift takes 16 s
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: 110_000 - 2_000 * len(provider.asked))
    assert tick()["counts"] == {"lifted": 8}
    assert states() == {"done": 8, "pending": 8}
    clock.now += SECOND_LOOK
    assert tick()["counts"] == {"lifted": 8}
    assert provider.asked == list(MANY[:16])


def test_a_part_without_records_is_looked_at_again_until_nothing_can_come_any_more(
    provider: Provider, clock: Clock
) -> None:
    """Its request is still running, or was killed before the acknowledgement."""
    table = wiring.table("SUPPRESSIONS")
    wanted = [RemovalRequest(f"r-{at}", BOUNCES, email, email) for at, email in enumerate(MANY[:2])]
    pending.enqueue(table, context(DEMO, request_id="r", now=clock.now), wanted)
    began, looks = clock.now, []
    while wiring.removal_queue().due(DEMO, now=clock.now, limit=1):
        assert tick()["counts"] == {}
        looks.append((clock.now - began) // SECOND_LOOK)
        clock.now += max(SECOND_LOOK, clock.now - began)
    assert (looks, provider.asked) == ([0, 1, 2, 4, 8, 16, 32, 64], [])


def test_a_removal_that_was_replaced_is_carried_out_once_by_its_newer_request(provider: Provider) -> None:
    request_many(*MANY[:3])
    request_many(*MANY[:2], request_id="s")
    assert tick()["counts"] == {"lifted": 3}
    assert sorted(provider.asked) == sorted(MANY[:3])
    assert (states(), states("s")) == ({"replaced": 2, "done": 1}, {"done": 2})


def test_every_event_does_the_whole_run(provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "wait", lambda _: None)
    assert cases("removal_job") == ["prompt", "schedule"]
    for number, case in enumerate(cases("removal_job")):
        request(f"{number}@company.com", request_id=f"r{number}")
        clock.now += 5_000
        answer = function("removal_job")(event("removal_job", case), Context(remaining=110_000))
        assert answer == {"counts": {"lifted": 1}, "errors": {}, "waiting": 1, "oldest": 5_000}
    assert provider.asked == ["0@company.com", "1@company.com"]
