"""How removals end: each end is in the system log before it is in the record, under one id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import Millis
from reprieve.errors import Unavailable
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import LEASE, MAX_ATTEMPTS, RemovalRequest
from reprieve.runtime import wiring
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.system_log import EventLog
from reprieve.suppressions.group import Groups
from reprieve.suppressions.suppression import GroupList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.removal_job import LIFTED, Provider, again, bounce, record, request, states, tick

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.system_log.entry import LogEntry
    from tests.support.gateway import Calls, Clock

REFUSED = LiftAnswer(LiftOutcome.REFUSED, "400: the provider refused the address")
ENDS = ("reprieve.removal.failed", "reprieve.removal.superseded")


def logged(*types: str) -> list[tuple[str, str]]:
    """The type and the id of each of these log entries."""
    span = Span(Order.PUBLISHED, position(Millis(0)), LATEST, newest_first=False)
    entries = [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=100)]
    return [(str(one["eventType"]), str(one["uuid"])) for one in entries if one["eventType"] in types]


def about_to_fail(provider: Provider, dynamodb: DynamoDBClient) -> str:
    """A removal that the provider refuses for the last time."""
    bounce(wiring.now() - 60_000)
    request()
    again(dynamodb, attempts=MAX_ATTEMPTS - 1)
    provider.answer = REFUSED
    return "failed"


def about_to_be_superseded(provider: Provider, _: DynamoDBClient) -> str:
    """A removal that a newer bounce overtakes while the provider is called."""
    bounce(wiring.now() - 60_000)
    request()
    provider.meanwhile = lambda: bounce(wiring.now() + 1_000)
    return "superseded"


about_to_end = pytest.mark.parametrize("begin", [about_to_fail, about_to_be_superseded])


def losing(monkeypatch: pytest.MonkeyPatch, where: type, name: str, lost: Callable[..., bool]) -> None:
    """Have a step of the job fail where its arguments say so."""
    step = getattr(where, name)

    def fails(self: object, organization: object, values: Any, **more: Any) -> Any:
        if lost(values):
            raise Unavailable("lost")
        return step(self, organization, values, **more)

    monkeypatch.setattr(where, name, fails)


def is_end(entries: Sequence[LogEntry]) -> bool:
    return any(one.event["eventType"] in ENDS for one in entries)


@about_to_end
@pytest.mark.parametrize("lost_at", ["log", "end"])
def test_an_end_that_a_lost_run_has_noted_is_logged_and_written_by_the_next_one_and_no_provider_is_asked(
    provider: Provider,
    dynamodb: DynamoDBClient,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[..., str],
    lost_at: str,
) -> None:
    state = begin(provider, dynamodb)
    with monkeypatch.context() as lost:
        if lost_at == "log":
            losing(lost, EventLog, "append", is_end)
        else:
            losing(lost, RemovalQueue, "settle", lambda ends: any(one.state == state for one in ends))
        assert tick()["errors"].get("Unavailable") == 1
    before = record(dynamodb)
    assert (before["removal_state"], before["ending"]) == ("pending", state)
    assert len(logged(*ENDS)) == (lost_at == "end")

    asked = list(provider.asked)
    provider.answer, provider.meanwhile = LIFTED, lambda: None
    clock.now += LEASE + 1
    assert tick()["counts"] == {state: 1}
    assert provider.asked == asked
    after = record(dynamodb)
    assert after["removal_state"] == state
    assert {"ending", "lease_until"}.isdisjoint(after)
    assert {kind for kind, _ in logged(*ENDS)} == {f"reprieve.removal.{state}"}
    assert len({uuid for _, uuid in logged(*ENDS)}) == 1


@about_to_end
def test_what_another_request_has_replaced_is_not_logged_as_an_end(
    provider: Provider, dynamodb: DynamoDBClient, clock: Clock, begin: Callable[..., str]
) -> None:
    begin(provider, dynamodb)
    meanwhile = provider.meanwhile

    def replaced() -> None:
        meanwhile()
        clock.now += 60_000
        request(request_id="newer")

    provider.meanwhile = replaced
    assert tick()["counts"] == {"lost": 1}
    assert logged(*ENDS) == []


def test_a_new_request_forgets_how_the_one_before_was_to_end(
    provider: Provider, dynamodb: DynamoDBClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    about_to_fail(provider, dynamodb)
    with monkeypatch.context() as lost:
        losing(lost, EventLog, "append", is_end)
        tick()
    assert record(dynamodb)["ending"] == "failed"
    clock.now += 60_000
    request(request_id="newer")
    assert "ending" not in record(dynamodb)
    provider.answer = LIFTED
    assert tick()["counts"] == {"lifted": 1}


def test_the_marks_of_accounts_that_have_carried_it_out_stay_with_an_end_that_is_written_later(
    provider: Provider, dynamodb: DynamoDBClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry asks only the others."""
    about_to_fail(provider, dynamodb)
    dynamodb.update_item(
        TableName="Suppressions",
        Key={"partition": {"S": "demo#bounces#0"}, "address": {"S": "name@company.com"}},
        UpdateExpression="SET #ending = :ending, #carried = :carried",
        ExpressionAttributeNames={"#ending": "ending", "#carried": "carried"},
        ExpressionAttributeValues={":ending": {"S": "failed"}, ":carried": {"SS": ["frankfurt mark"]}},
    )
    assert tick()["counts"] == {"failed": 1}
    assert record(dynamodb)["carried"] == ["frankfurt mark"]
    assert provider.asked == []


def test_an_end_that_is_not_done_costs_one_write_more(provider: Provider, calls: Calls) -> None:
    bounce(wiring.now() - 60_000)
    request()
    bounce(wiring.now() + 1_000)
    calls.clear()
    assert tick()["counts"] == {"superseded": 1}
    # after the look, the organization, its accounts and the claim: the note, the log entry, and the end
    assert calls == {"Query": 16 + 1 + 2, "GetItem": 1, "UpdateItem": 1, "BatchExecuteStatement": 3}


def test_a_removal_from_a_group_that_was_deleted_is_done_without_a_call_and_logged(provider: Provider) -> None:
    gone = Groups(deleted={7: wiring.now()}, last_id=7, version=1)
    assert wiring.group_store().replace(DEMO, gone)
    wanted = RemovalRequest("r-0", GroupList.of(7), "ann@x.io", "ann@x.io")
    wiring.suppressions().request_removals(context(DEMO, request_id="r", now=wiring.now()), [wanted])
    assert tick()["counts"] == {"lifted": 1}
    assert (provider.asked, states()) == ([], {"done": 1})
    assert [kind for kind, _ in logged("reprieve.removal.done")] == ["reprieve.removal.done"]


def test_a_removal_that_fails_again_after_a_retry_has_failed_under_another_id(
    provider: Provider, dynamodb: DynamoDBClient
) -> None:
    """Hooks hear of both: a receiver takes what has one id for one notice."""
    about_to_fail(provider, dynamodb)
    assert tick()["counts"] == {"failed": 1}
    wiring.following().retry(context(DEMO, request_id="again", now=wiring.now()), "r-0")
    again(dynamodb, attempts=MAX_ATTEMPTS - 1)
    assert tick()["counts"] == {"failed": 1}
    ends = logged(*ENDS)
    assert [kind for kind, _ in ends] == ["reprieve.removal.failed"] * 2
    assert len({uuid for _, uuid in ends}) == 2


def test_a_new_request_has_not_been_retried(provider: Provider, dynamodb: DynamoDBClient) -> None:
    about_to_fail(provider, dynamodb)
    tick()
    wiring.following().retry(context(DEMO, request_id="again", now=wiring.now()), "r-0")
    assert record(dynamodb)["retries"] == "1"
    request(request_id="newer")
    assert "retries" not in record(dynamodb)
