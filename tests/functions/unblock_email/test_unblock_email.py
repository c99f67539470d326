"""POST /crm/{version}/{module}/actions/unblock_email: the lifted addresses, and the answer for each record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reprieve.address import Address
from reprieve.clock import DAY
from reprieve.recipients.recipient import Recipient
from reprieve.runtime import wiring
from reprieve.store.unblocks import Unblocks
from reprieve.suppressions.suppression import Permanence, SuppressionList
from tests.support import queue
from tests.support.entries import entry_on
from tests.support.gateway import DEMO, Answer, Gateway
from tests.support.unblock_email import (
    EXHAUSTED,
    FREE,
    LATER,
    MUCH_LATER,
    PERMANENT,
    THRESHOLD,
    UNKNOWN,
    ask,
    block,
    bounce,
    enrol,
    left,
    lift,
    one,
    refusal,
    refused,
    rid,
    success,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_a_soft_bounce_is_unblocked_and_its_removal_is_pending(call: Gateway, dynamodb: DynamoDBClient) -> None:
    bounce("ann@example.org")
    answer = ask(call, [enrol(1, "Ann@example.org")])
    assert answer == Answer(200, {"data": [success(rid(1))]})
    key = {"partition": {"S": "demo#bounces#0"}, "address": {"S": "ann@example.org"}}
    item = dynamodb.get_item(TableName="Suppressions", Key=key)["Item"]
    assert item["removal_state"] == {"S": "pending"}
    assert item["slot"] == {"S": "pending#0"}
    assert item["email"] == {"S": "ann@example.org"}
    assert "by_time" not in item
    assert left("ann@example.org") == 4


def test_soft_bounces_at_the_threshold_are_unblocked_and_counted_anew(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org")
    assert ask(call, [rid(1)]).status == 200
    block("ann@example.org", THRESHOLD - 1, at=LATER)
    assert ask(call, [rid(1)]) == Answer(400, {"data": [refused(0, rid(1), *FREE)]})
    block("ann@example.org", 1, at=MUCH_LATER)
    assert ask(call, [rid(1)]).status == 200


def test_below_the_threshold_no_address_is_blocked(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org", THRESHOLD - 1)
    assert ask(call, [rid(1)]) == Answer(400, {"data": [refused(0, rid(1), *FREE)]})
    assert ask(call, [rid(1)], organization=replace(DEMO, soft_bounce_threshold=THRESHOLD - 1)).status == 200


def test_an_address_on_both_lists_leaves_both_and_counts_once(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org")
    bounce("ann@example.org")
    assert ask(call, [rid(1)]).status == 200
    assert left("ann@example.org") == 4
    for place in (SuppressionList.BOUNCES, SuppressionList.BLOCKS):
        assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, place, "ann@example.org") is None
    assert len(queue.waiting(wiring.table("SUPPRESSIONS"), DEMO)) == 2


def test_a_hard_bounce_cannot_be_unblocked_whatever_else_is_there(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org")
    bounce("ann@example.org", hard=True)
    assert ask(call, [rid(1)]) == Answer(400, {"data": [refused(0, rid(1), *PERMANENT)]})
    assert left("ann@example.org") == 5


def test_an_undetermined_bounce_is_unblocked_like_a_soft_one(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org", permanence=Permanence.UNDETERMINED)
    assert ask(call, [rid(1)]).status == 200
    assert left("ann@example.org") == 4
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, SuppressionList.BOUNCES, "ann@example.org") is None


def test_an_address_is_unblocked_five_times_whatever_lifts_and_deletes_it(call: Gateway) -> None:
    for turn in range(5):
        number = enrol(turn, "ann@example.org")
        at = LATER + turn * DAY
        (block if turn % 2 else bounce)("ann@example.org", at=at)
        assert ask(call, [number]).status == 200
        lift(at)
        wiring.recipients().change(DEMO, "Leads", number, lambda _: None)
    enrol(9, "ANN@example.org", module="Contacts")
    bounce("ann@example.org", at=LATER + 9 * DAY)
    answer = ask(call, [rid(9)], module="Contacts", scopes=["ZohoCRM.modules.ALL"])
    assert answer == Answer(400, {"data": [refused(0, rid(9), *EXHAUSTED)]})
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, SuppressionList.BOUNCES, "ann@example.org") is not None


def test_a_record_that_holds_a_count_does_not_expire(call: Gateway, dynamodb: DynamoDBClient) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org")
    ask(call, [rid(1)])
    lift(LATER)
    key = {"partition": {"S": "demo#blocks#0"}, "address": {"S": "ann@example.org"}}
    assert dynamodb.get_item(TableName="Suppressions", Key=key)["Item"]["expires_at"] == {"N": "253402300799"}


def test_an_operator_can_reset_the_count(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    ask(call, [rid(1)])
    assert Unblocks(wiring.table("SUPPRESSIONS")).reset(DEMO, "ann@example.org") == 1
    assert left("ann@example.org") == 5


def test_another_organization_is_not_touched(call: Gateway) -> None:
    other = replace(DEMO, id="other")
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    wiring.recipients().add(other, Recipient(rid(2), "Leads", Address.parse("ann@example.org"), None, 1, 1))
    expected = [refused(0, rid(1), *UNKNOWN), refused(1, rid(2), *FREE)]
    assert ask(call, [rid(1), rid(2)], organization=other) == Answer(400, {"data": expected})
    assert left("ann@example.org") == 5
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, SuppressionList.BOUNCES, "ann@example.org") is not None
    assert queue.waiting(wiring.table("SUPPRESSIONS"), DEMO) == []


def test_some_unblocked_is_207_in_the_order_of_the_ids(call: Gateway) -> None:
    for number, name in enumerate(("free", "soft", "hard")):
        enrol(number, f"{name}@example.org")
    bounce("soft@example.org")
    bounce("hard@example.org", hard=True)
    ids = [rid(0), rid(77), rid(1), "no-id", rid(2), ""]
    answer = ask(call, ids)
    nameless = {"api_name": "ids", "json_path": "$.ids[3]"}
    assert answer == Answer(
        207,
        {
            "data": [
                refused(0, rid(0), *FREE),
                refused(1, rid(77), *UNKNOWN),
                success(rid(1)),
                refusal(*UNKNOWN, **nameless),
                refused(4, rid(2), *PERMANENT),
                refusal(*UNKNOWN, **{**nameless, "json_path": "$.ids[5]"}),
            ]
        },
    )


def test_an_id_that_comes_twice_is_answered_twice_and_unblocked_once(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    enrol(2, "ANN@example.org")
    bounce("ann@example.org")
    assert ask(call, [rid(1), rid(2), rid(1)]) == Answer(200, {"data": [success(rid(n)) for n in (1, 2, 1)]})
    assert left("ann@example.org") == 4


def test_unblocking_again_says_that_it_is_done(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    ask(call, [rid(1)])
    assert ask(call, [rid(1)]) == Answer(400, {"data": [refused(0, rid(1), *FREE)]})


def test_one_of_two_fields_makes_a_success_that_mentions_the_other(call: Gateway) -> None:
    enrol(1, "soft@example.org", "hard@example.org")
    bounce("soft@example.org")
    bounce("hard@example.org", hard=True)
    fields = [
        {
            "api_name": "Email",
            "code": "SUCCESS",
            "message": "Unblocked successfully",
            "block": "temporary",
            "remaining": 4,
        },
        {
            "api_name": "Secondary_Email",
            "code": "NOT_ALLOWED",
            "message": PERMANENT[1],
            "block": "permanent",
            "remaining": 5,
        },
    ]
    entry = success(rid(1))
    entry["details"]["fields"] = fields
    assert ask(call, [rid(1)], ["Email", "Secondary_Email"]) == Answer(200, {"data": [entry]})


def test_of_two_refusals_the_more_serious_one_is_reported(call: Gateway) -> None:
    enrol(1, "free@example.org", "hard@example.org")
    bounce("hard@example.org", hard=True)
    (entry,) = ask(call, [rid(1)], ["Email", "Secondary_Email"]).body["data"]
    assert (entry["code"], entry["message"]) == PERMANENT
    assert [field["message"] for field in entry["details"]["fields"]] == [FREE[1], PERMANENT[1]]


def test_a_field_without_an_address_has_nothing_to_unblock(call: Gateway) -> None:
    enrol(1, "soft@example.org")
    enrol(2, None)
    bounce("soft@example.org")
    assert ask(call, [rid(1), rid(2)], ["Secondary_Email", "Email"]) == Answer(
        207, {"data": [success(rid(1)), refused(1, rid(2), *FREE)]}
    )


def test_only_the_field_that_is_asked_for_is_unblocked(call: Gateway) -> None:
    enrol(1, "one@example.org", "two@example.org")
    bounce("one@example.org")
    bounce("two@example.org")
    assert ask(call, [rid(1)], ["Secondary_Email"]).status == 200
    assert (left("one@example.org"), left("two@example.org")) == (5, 4)


def test_one_record_by_its_path(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    assert one(call, rid(1), {"unblock_fields": ["Email"]}) == Answer(200, {"data": [success(rid(1))]})
    again = refusal(*FREE, id=rid(1), resource_path_index=1)
    assert one(call, rid(1), {"unblock_fields": ["Email"]}) == Answer(400, {"data": [again]})
    unknown = refusal(*UNKNOWN, id=rid(2), resource_path_index=1)
    assert one(call, rid(2), {"unblock_fields": ["Email"]}) == Answer(400, {"data": [unknown]})
    nonsense = refusal(*UNKNOWN, resource_path_index=1)
    assert one(call, "x#y", {"unblock_fields": ["Email"]}) == Answer(400, {"data": [nonsense]})


def test_ids_beside_a_path_must_be_the_paths(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    wrong = {"unblock_fields": ["Email"], "ids": [rid(1), rid(2)]}
    expected = refusal(*UNKNOWN, api_name="ids", json_path="$.ids[1]")
    assert one(call, rid(1), wrong) == Answer(400, expected)
    assert left("ann@example.org") == 5
    assert one(call, rid(1), {**wrong, "ids": [rid(1)]}).status == 200
