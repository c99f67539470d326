"""An event bus as a hook: its ARN, what EventBridge is asked and answers, and that nothing is lost on the way there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reprieve.clock import MINUTE, SECOND, Millis
from reprieve.hooks.event_bus import Event, Put, problem_of, region_of
from reprieve.hooks.hook import Form, Result
from reprieve.store.event_bus import EventBus
from reprieve.store.faults import Fault
from tests.support.event_bus import ARN, Bus
from tests.support.tables import template
from tests.unit.test_hooks import NOW, World

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER = ARN + "2"
parts = st.text("abz019-._/:*A", max_size=8)
arns = st.builds(
    "arn:{}:events:{}:{}:event-bus/{}".format,
    st.sampled_from(["aws", "aws-cn", "aws-us-gov", "amazon"]),
    parts,
    st.from_regex(r"\d{11,13}", fullmatch=True) | parts,
    parts,
)


# ------------------------------------------------------------------------------------------------ the ARN


def test_the_region_of_a_bus_is_read_from_its_arn() -> None:
    assert region_of(ARN) == "eu-west-1"
    assert region_of("arn:aws-cn:events:cn-north-1:123456789012:event-bus/a.b_C-9") == "cn-north-1"


@given(arns | st.text(max_size=60))
@example(ARN)
@example(ARN + "\n")
@example("arn:aws:events:eu-west-1:123456789012:event-bus/aws.partner/acme.example/1")
@example("arn:aws:events:eu-west-1:１２３４５６７８９０１２:event-bus/mail")
@example("")
def test_the_template_takes_the_arns_whose_region_is_read_and_no_others(arn: str) -> None:
    pattern = template()["Parameters"]["EventBus"]["AllowedPattern"]
    taken = bool(re.fullmatch(pattern, arn)) and bool(arn)
    try:
        region = region_of(arn)
    except ValueError:
        assert not taken
    else:
        assert taken
        assert arn.split(":")[3] == region


@pytest.mark.parametrize(
    ("url", "bus", "problem"),
    [
        (ARN, ARN, ""),
        (ARN, "", "this deployment has no event bus"),
        (OTHER, ARN, f"the event bus of this deployment is {ARN}"),
        (ARN.upper(), ARN, f"the event bus of this deployment is {ARN}"),
        ("arn:", "", "this deployment has no event bus"),
    ],
)
def test_only_the_bus_that_the_deployment_names_is_put_onto(url: str, bus: str, problem: str) -> None:
    assert problem_of(url, bus) == problem


# ------------------------------------------------------------------------------------------------ EventBridge


class EventBridge:
    """Notes the calls, and answers each likewise."""

    def __init__(self, answer: Mapping[str, Any] | Fault) -> None:
        self.answer, self.calls = answer, list[Any]()

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls.append((operation, arguments))
        if isinstance(self.answer, Fault):
            raise self.answer
        return self.answer


EVENT = Event("acme", "address.lifted", Millis(1_790_000_000_500), '{"type":"address.lifted"}')
TAKEN = {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}


def test_an_event_names_its_organization_type_and_time_and_goes_to_the_bus_by_its_arn() -> None:
    aws = EventBridge(TAKEN)
    assert EventBus(aws, ARN).put(EVENT) == Put(200)
    entry = {
        "EventBusName": ARN,
        "Source": "reprieve",
        "DetailType": "address.lifted",
        "Detail": '{"type":"address.lifted"}',
        "Resources": ["acme"],
        "Time": 1_790_000_000.5,
    }
    assert aws.calls == [("PutEvents", {"Entries": [entry]})]


def refused(code: str) -> dict[str, Any]:
    """EventBridge's answer, with status 200, for an event that it did not take."""
    return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "about ann@example.com"}]}


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (refused("InternalFailure"), 0, "InternalFailure"),
        (refused("ThrottlingException"), 0, "ThrottlingException"),
        (refused("NotAuthorizedForSourceException"), 0, "NotAuthorizedForSourceException"),
        (refused("MalformedDetail"), 400, "MalformedDetail"),
        (refused("InvalidArgument"), 400, "InvalidArgument"),
        ({"FailedEntryCount": 1, "Entries": [{}]}, 0, "no reason"),
        (Fault("ValidationException", passes=False), 400, "ValidationException"),
        (Fault("AccessDeniedException", passes=False), 0, "AccessDeniedException"),
        (Fault("ReadTimeoutError", passes=True), 0, "ReadTimeoutError"),
    ],
)
def test_an_event_that_was_not_taken_failed_whatever_the_status_and_the_reason_quotes_nothing(
    answer: Any, status: int, code: str
) -> None:
    assert EventBus(EventBridge(answer), ARN).put(EVENT) == Put(status, problem=f"EventBridge did not take it: {code}")


# ------------------------------------------------------------------------------------------------ delivery


def world_with_a_bus(arn: str = ARN) -> World:
    world = World()
    world.hook("acme", url=arn, secrets=())
    assert world.hooks["acme-h"].form is Form.BUS
    return world


def ids(bus: Bus) -> list[str]:
    return [json.loads(one.detail)["id"] for one in bus.taken]


def test_a_notice_is_put_onto_the_bus_once_as_its_body_at_the_time_of_the_change() -> None:
    world = world_with_a_bus()
    one = world.write("acme", 1)
    world.minute()
    world.minute()
    (event,) = world.bus.taken
    assert (event.organization_id, event.type, event.at) == ("acme", "address.suppressed", NOW)
    detail = json.loads(event.detail)
    assert (detail["id"], detail["type"]) == (one, event.type)
    assert detail["data"]["emails"] == ["1@acme.org"]
    assert world.posts == []  # nothing goes to a URL


def test_a_bus_that_takes_nothing_now_is_left_alone_for_a_minute_and_nothing_is_lost() -> None:
    world = world_with_a_bus()
    written = [world.write("acme", number) for number in range(3)]
    world.bus.trouble = [Put(0, problem="EventBridge did not take it: ThrottlingException")]
    tally = world.minute()
    assert (tally.counts, tally.failing) == ({"waiting": 1}, ["acme/acme-h"])
    assert world.bus.taken == []
    assert world.hooks["acme-h"].progress.due == world.now + MINUTE
    world.now += MINUTE
    world.run()
    world.now += 5 * SECOND
    world.run()
    assert sorted(ids(world.bus)) == sorted(written)


def test_an_event_that_the_bus_refuses_delays_no_other_and_is_put_again_by_the_schedule() -> None:
    world = world_with_a_bus()
    written = [world.write("acme", number) for number in range(3)]
    world.bus.trouble = [Put(400, problem="EventBridge did not take it: MalformedDetail")]
    world.minute()
    assert len(ids(world.bus)) == 2
    (line,) = [one for one in world.lines if one.result is not Result.DELIVERED]
    assert (line.result, line.status, line.problem) == (
        *(Result.WAITING, 400),
        "EventBridge did not take it: MalformedDetail",
    )
    world.now += 6 * SECOND
    world.run()
    assert sorted(ids(world.bus)) == sorted(written)


@pytest.mark.parametrize(
    ("bus", "problem"),
    [("", "this deployment has no event bus"), (OTHER, f"the event bus of this deployment is {OTHER}")],
)
def test_after_the_deployment_names_another_bus_its_hooks_wait_and_nothing_is_put(bus: str, problem: str) -> None:
    world = world_with_a_bus()
    world.bus.arn = bus
    world.write("acme", 1)
    world.minute()
    assert world.bus.taken == []
    (line,) = world.lines
    assert (line.result, line.status, line.problem) == (Result.WAITING, 0, problem)
