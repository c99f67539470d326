"""POST /reprieve/events/{kind}/{org}: which event puts an address on which list, in whatever order they arrive."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from tests.support.contexts import context
from tests.support.event_posts import SECONDS, bounce, listed, post
from tests.support.gateway import DEMO, Answer, Calls, Clock, Gateway

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.dynamodb import Client


@pytest.mark.usefixtures("queue")
def test_each_event_goes_to_the_list_it_belongs_to_and_only_there(call: Gateway) -> None:
    answer = post(
        call,
        bounce(1),
        bounce(2, type="blocked"),
        bounce(3, event="spamreport", ip="192.0.2.9"),
        bounce(4, event="unsubscribe"),
        bounce(5, event="dropped", reason="Invalid"),
        bounce(6, event="dropped", reason="Bounced Address"),
        bounce(7, event="dropped", reason="Invalid SMTPAPI header"),
        bounce(8, event="deferred"),
        bounce(9, event="delivered"),
        bounce(10, event="open"),
    )
    assert answer == Answer(200, {"events": 9, "listed": 5, "malformed": 0, "ignored": 1})
    assert {name: listed(name) for name in SuppressionList} == {
        SuppressionList.BOUNCES: ["u1@company.com"],
        SuppressionList.BLOCKS: ["u2@company.com"],
        SuppressionList.SPAM_REPORTS: ["u3@company.com"],
        SuppressionList.UNSUBSCRIBES: ["u4@company.com"],
        SuppressionList.INVALID_EMAILS: ["u5@company.com"],
    }


@pytest.mark.usefixtures("queue")
def test_the_same_post_again_changes_nothing(call: Gateway, dynamodb: DynamoDBClient) -> None:
    first = post(call, bounce(1), bounce(2, event="delivered"))
    before = dynamodb.scan(TableName="Suppressions")["Items"], dynamodb.scan(TableName="EventLog")["Items"]
    second = post(call, bounce(1), bounce(2, event="delivered"))
    after = dynamodb.scan(TableName="Suppressions")["Items"], dynamodb.scan(TableName="EventLog")["Items"]
    assert (first.body["listed"], second.body["listed"]) == (1, 0)
    assert before == after


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_newest_bounce_counts_whatever_the_order_of_arrival(call: Gateway, order: tuple[int, int]) -> None:
    events = [
        bounce(1, reason="older", sg_event_id="a"),
        bounce(1, reason="newer", sg_event_id="b", timestamp=SECONDS + 1),
    ]
    for index in order:
        post(call, events[index])
    (entry,) = wiring.listing().each(DEMO, SuppressionList.BOUNCES, Selection(), now=wiring.now())
    assert (entry.reason, entry.created) == ("newer", (SECONDS + 1) * 1000)


@pytest.mark.usefixtures("queue")
def test_an_event_stamped_ahead_is_listed_no_later_than_clocks_may_differ(call: Gateway, clock: Clock) -> None:
    """Else lifting it would forgive every bounce until then."""
    now, key = clock.now, "u1@company.com"
    verified = {"timestamp": str(now // 1000)}
    assert post(call, bounce(1, timestamp=now // 1000 + 80_000), **verified).status == 200
    (entry,) = wiring.listing().each(DEMO, SuppressionList.BOUNCES, Selection(), now=now)
    assert entry.created == now + 30_000
    request = RemovalRequest("r-0", SuppressionList.BOUNCES, key, key, hide=True)
    wiring.suppressions().request_removals(context(DEMO, now=now), [request])
    assert listed(SuppressionList.BOUNCES) == []
    clock.now += 31_000
    post(call, bounce(1, timestamp=clock.now // 1000, sg_event_id="later"), timestamp=str(clock.now // 1000))
    assert listed(SuppressionList.BOUNCES) == [key]


@pytest.mark.usefixtures("queue")
def test_a_bounce_from_before_an_acknowledged_removal_does_not_come_back(call: Gateway) -> None:
    request = RemovalRequest("r-0", SuppressionList.BOUNCES, "u1@company.com", "u1@company.com")
    wiring.suppressions().request_removals(context(DEMO, credential="c", request_id="r", now=wiring.now()), [request])
    assert post(call, bounce(1)).body["listed"] == 0
    assert listed(SuppressionList.BOUNCES) == []


@pytest.mark.usefixtures("queue")
def test_an_event_that_sendgrid_repeats_under_new_ids_counts_once(call: Gateway, dynamodb: Client) -> None:
    for number in range(5):
        post(call, bounce(1, type="blocked", sg_message_id="m", sg_event_id=f"deferred-{number}"))
    (entry,) = wiring.listing().each(DEMO, SuppressionList.BLOCKS, Selection(), now=wiring.now())
    assert (entry.count, len(dynamodb.scan(TableName="EventLog")["Items"])) == (1, 1)


@pytest.mark.usefixtures("queue")
def test_new_events_cost_batches_of_25_repeated_ones_a_read_and_news_of_an_address_a_write_each(
    call: Gateway, calls: Calls
) -> None:
    events = [bounce(number) for number in range(60)]
    post(call, *events)
    batches = 2 * math.ceil(60 / 25)
    assert calls == {"GetItem": 2, "Query": 1, "BatchExecuteStatement": batches, "UpdateItem": 1}
    # what is not new is not counted again
    post(call, *events)
    assert calls == {"GetItem": 2, "Query": 1, "BatchExecuteStatement": batches, "BatchGetItem": 1}
    later = [event | {"timestamp": SECONDS + 1} for event in events]
    post(call, *events[:50], *later[50:])
    assert calls == {"GetItem": 2, "Query": 1, "BatchExecuteStatement": batches, "BatchGetItem": 1, "UpdateItem": 11}
