"""The scheduled job, on the real store with a scripted provider."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.provider_account import ProviderAccount
from reprieve.address import Address
from reprieve.clock import DAY
from reprieve.organization import Organization
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.queue import SECOND_LOOK, Settlement
from reprieve.removals.removal import MAX_ATTEMPTS, RemovalRequest, RemovalState
from reprieve.runtime import wiring
from reprieve.store import pending
from reprieve.store.table import Table
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import Suppression, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support import queue
from tests.support.contexts import context
from tests.support.entries import entry_on
from tests.support.gateway import DEMO, Context, cases, event, function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls, Clock

KEY = "name@company.com"
BOUNCES = SuppressionList.BOUNCES
MANY = tuple(f"n{number}@company.com" for number in range(20))
LIFTED = LiftAnswer(LiftOutcome.LIFTED, "204")
PLACE = {"partition": {"S": "demo#bounces#0"}, "address": {"S": KEY}}


@dataclass
class Provider:
    """A provider that gives the same answer for every address, and records the requests."""

    answer: LiftAnswer = LIFTED
    batch: int = 100
    asked: list[str] = field(default_factory=list)
    put_on: list[str] = field(default_factory=list)
    closed: int = 0
    meanwhile: Callable[[], None] = lambda: None

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        self.asked += emails
        self.meanwhile()
        return [self.answer for _ in emails]

    def put(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        self.put_on += [f"{suppression_list} {email}" for email in emails]
        return [self.answer for _ in emails]

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def provider(dynamodb: object, monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    enrol(DEMO)
    return provider


def enrol(organization: Organization) -> None:
    wiring.access().create_organization(organization)
    assert wiring.access().set_provider_account(organization.id, ProviderAccount("none"), provider_name="", before=None)


def bounce(created: int) -> None:
    wiring.suppressions().record(DEMO, [Suppression(SuppressionList.BOUNCES, KEY, "Name@Company.com", created)])


def request(key: str = KEY, organization: Organization = DEMO, request_id: str = "r") -> None:
    wanted = RemovalRequest(f"{request_id}-0", SuppressionList.BOUNCES, key, key)
    wiring.suppressions().request_removals(
        context(organization, credential="cred-1", request_id=request_id, now=wiring.now()), [wanted]
    )


def tick(remaining: int = 110_000) -> dict[str, Any]:
    return function("removal_job")(event("removal_job", "schedule"), Context(remaining=remaining))


def record(dynamodb: DynamoDBClient) -> dict[str, Any]:
    return {
        name: next(iter(value.values()))
        for name, value in dynamodb.get_item(TableName="Suppressions", Key=PLACE)["Item"].items()
    }


def test_a_removal_is_carried_upstream_in_the_providers_spelling_and_then_lifted_here(
    provider: Provider, dynamodb: DynamoDBClient
) -> None:
    bounce(wiring.now() - 5_000)
    request()
    assert tick()["counts"] == {"lifted": 1}
    assert provider.asked == ["Name@Company.com"]
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, SuppressionList.BOUNCES, KEY) is None
    after = record(dynamodb)
    assert after["removal_state"] == "done"
    assert after["lifts"] == "1"
    assert {"by_time", "queue", "due_at", "lease_until"}.isdisjoint(after)
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


def test_a_bounce_that_arrives_while_the_provider_is_called_keeps_the_address_suppressed(
    provider: Provider, dynamodb: DynamoDBClient
) -> None:
    bounce(wiring.now() - 60_000)
    request()
    provider.meanwhile = lambda: bounce(wiring.now() + 1_000)
    assert tick()["counts"] == {"superseded": 1}
    assert record(dynamodb)["removal_state"] == "superseded"
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, SuppressionList.BOUNCES, KEY) is not None


def test_when_a_newer_bounce_is_known_before_the_call_the_provider_is_not_even_asked(provider: Provider) -> None:
    bounce(wiring.now() - 60_000)
    request()
    bounce(wiring.now() + 1_000)
    assert tick()["counts"] == {"superseded": 1}
    assert provider.asked == []


def test_what_cannot_be_done_now_stays_in_the_queue_until_the_provider_asked_us_back(
    provider: Provider, dynamodb: DynamoDBClient
) -> None:
    request()
    retry_at = wiring.now() + 7_200_000
    provider.answer = LiftAnswer(LiftOutcome.WAIT, "429", retry_at)
    assert tick()["counts"] == {"postponed": 1}
    after = record(dynamodb)
    assert (after["removal_state"], after["attempts"], after["due_at"]) == ("pending", "0", str(retry_at))
    assert "lease_until" not in after


def again(dynamodb: DynamoDBClient, **numbers: int) -> None:
    """Make the row due at once, with these changes to its record."""
    for name, number in {"due_at": 0, **numbers}.items():
        dynamodb.update_item(
            TableName="Suppressions",
            Key=PLACE,
            UpdateExpression="SET #name = :number",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":number": {"N": str(number)}},
        )


def test_an_outage_ends_no_removal_within_a_day_and_what_still_fails_then_is_given_up(
    provider: Provider, dynamodb: DynamoDBClient
) -> None:
    request()
    provider.answer = LiftAnswer(LiftOutcome.RETRY, "503")
    for _ in range(MAX_ATTEMPTS + 2):
        assert tick()["counts"] == {"postponed": 1}
        again(dynamodb)
    again(dynamodb, requested_at=wiring.now() - DAY)
    assert tick()["counts"] == {"failed": 1}


def test_one_adapter_serves_an_organization_for_a_whole_run_and_is_closed(provider: Provider) -> None:
    provider.batch = 1
    for number in range(3):
        request(f"n{number}@company.com")
    assert tick()["counts"] == {"lifted": 3}
    assert provider.closed == 1


def test_rows_that_another_worker_holds_do_not_block_those_behind_them(provider: Provider) -> None:
    provider.batch = 2
    for number in range(5):
        request(f"n{number}@company.com")
    held = wiring.removal_queue().due(DEMO, now=wiring.now(), limit=3)
    wiring.removal_queue().claim(DEMO, held, now=wiring.now(), lease=60_000)
    assert tick()["counts"] == {"lifted": 2}


def test_after_its_attempts_a_removal_fails_visibly(provider: Provider, dynamodb: DynamoDBClient) -> None:
    request()
    provider.answer = LiftAnswer(LiftOutcome.REFUSED, "400: the provider refused the address")
    for _ in range(MAX_ATTEMPTS):
        tick()
        again(dynamodb)
    after = record(dynamodb)
    assert (after["removal_state"], after["queue"]) == ("failed", "demo#failed#0")
    assert len(provider.asked) == MAX_ATTEMPTS


def test_a_broken_account_pauses_its_organization_only_and_burns_no_attempt(
    provider: Provider, dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, healthy = Organization("other", "Other"), Provider()
    enrol(other)
    request()
    request("a@b.co", other)
    provider.answer = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "401")
    monkeypatch.setattr(wiring, "provider_for", lambda organization, _: healthy if organization == other else provider)
    assert tick()["counts"] == {"postponed": 1, "lifted": 1}
    assert record(dynamodb)["attempts"] == "0"
    (account,) = wiring.access().provider_accounts("demo")
    assert account.paused_until > wiring.now()


def request_many(*emails: str, request_id: str = "r") -> None:
    wanted = [RemovalRequest(f"{request_id}-{at}", BOUNCES, email, email) for at, email in enumerate(emails)]
    wiring.suppressions().request_removals(
        context(DEMO, credential="cred-1", request_id=request_id, now=wiring.now()), wanted
    )


def states(request_id: str = "r") -> Counter[str]:
    followed = wiring.following().of_request(DEMO, request_id)
    return Counter(str(one.state) for one in followed)


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


def test_an_address_that_was_asked_for_anew_is_deleted_once_though_its_old_part_is_read_behind(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_many(KEY, "b@company.com")
    table = wiring.table("SUPPRESSIONS")
    old = table.get({"partition": "demo#bounces#0", "address": KEY})
    clock.now += 1_000
    wanted = RemovalRequest("newer-0", SuppressionList.BOUNCES, KEY, KEY)
    wiring.suppressions().request_removals(
        context(DEMO, credential="cred-1", request_id="newer", now=clock.now), [wanted]
    )
    read = Table.get_many

    def behind(self: Table, keys: Sequence[Any], *, consistent: bool = False) -> Iterator[Any]:
        for item in read(self, keys, consistent=consistent):
            yield old if item["address"] == KEY and not consistent else item

    monkeypatch.setattr(Table, "get_many", behind)
    assert tick()["counts"] == {"lifted": 2}
    assert sorted(provider.asked) == ["b@company.com", KEY]


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


def test_no_row_is_claimed_when_little_time_is_left(provider: Provider, dynamodb: DynamoDBClient) -> None:
    request()
    assert tick(remaining=19_000)["counts"] == {}
    assert record(dynamodb)["fence"] == "1"


def test_a_row_that_another_worker_holds_is_left_alone(provider: Provider) -> None:
    request()
    assert len(queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=wiring.now(), lease=60_000)) == 1
    assert tick()["counts"] == {}
    assert provider.asked == []


def test_a_worker_whose_lease_ran_out_can_end_nothing_any_more(provider: Provider) -> None:
    request()
    store, now = wiring.removal_queue(), wiring.now()
    (zombie,) = queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=now, lease=1)
    assert queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=now + 1, lease=60_000)
    for state in RemovalState:
        assert store.settle(DEMO, [Settlement(zombie, state, 1, due_at=now + 2)], now=now + 2) == [False]


def test_a_second_request_takes_the_row_from_a_worker_that_is_under_way(provider: Provider, clock: Clock) -> None:
    request()

    def again() -> None:
        clock.now += 1
        if len(provider.asked) == 1:
            request(request_id="second")

    provider.meanwhile = again
    assert tick()["counts"] == {"lost": 1}
    # an account that was added before the second request would be unknown to the run under way
    assert tick()["counts"] == {"lifted": 1}
    assert len(provider.asked) == 2


#: the result of each event when a removal has waited for five seconds
ANSWERS = {"schedule": {"counts": {"lifted": 1}, "errors": {}, "waiting": 1, "oldest": 5_000}}


def test_every_event_does_the_whole_run(provider: Provider, clock: Clock) -> None:
    request()
    clock.now += 5_000
    handler, context = function("removal_job"), Context(remaining=110_000)
    assert {case: handler(event("removal_job", case), context) for case in cases("removal_job")} == ANSWERS
    assert provider.asked == [KEY]


class Broken(Provider):
    """An adapter with a defect: an exception that is not ours, with an address in its text."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        if self.where == "lift":
            raise RuntimeError(f"unexpected: {emails}")
        return super().lift(suppression_list, emails, budget=budget)

    def close(self) -> None:
        if self.where == "close":
            raise RuntimeError("unexpected")


@pytest.mark.parametrize("where", ["open", "lift", "close"])
def test_a_defect_in_one_adapter_stops_no_other_organization(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    others = [Organization(f"other{number}", "Other") for number in range(5)]
    for organization in others:
        enrol(organization)
        request(organization=organization)
    request()
    broken = Broken(where)

    def provider_for(organization: Organization, _: ProviderAccount) -> Provider:
        if organization.id == "demo" and where == "open":
            raise RuntimeError("unexpected")
        return broken if organization.id == "demo" else provider

    monkeypatch.setattr(wiring, "provider_for", provider_for)
    tally = wiring.removal_job(Context(remaining=110_000)).run()
    assert tally.counts["lifted"] == len(others) + (where == "close")
    assert tally.errors == {"RuntimeError": 1}
    (fault,) = tally.faults
    assert fault.startswith("demo: RuntimeError at test_removal_job.py:")
    assert KEY not in fault


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
