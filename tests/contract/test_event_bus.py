"""The event bus of the tests and EventBridge, as moto has it, take and refuse the same events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.events.models import EventsBackend

from reprieve.clock import Millis
from reprieve.hooks.event_bus import SOURCE, Event, Put
from reprieve.store.boto3_transport import Boto3
from reprieve.store.event_bus import EventBus
from tests.support import moto_aws
from tests.support.event_bus import ARN, Bus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprieve.hooks import ports

    Taken = Callable[[], list[Event]]

GOOD = Event("acme", "address.lifted", Millis(1_790_000_000_000), '{"type":"address.lifted","data":{"é":"\\u2028"}}')
OTHER = Event("other", "hook.test", Millis(1_790_000_001_000), '{"type":"hook.test"}')


@pytest.fixture(params=["tests", "moto"])
def bus(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ports.EventBus, Taken]]:
    """A bus, and the events that it has taken."""
    if request.param == "tests":
        double = Bus()
        yield double, lambda: double.taken
        return
    moto_aws.set_credentials(monkeypatch)
    taken: list[Event] = []
    real = EventsBackend.put_events

    def noted(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers = real(self, events)
        for event, answer in zip(events, answers, strict=True):
            if "EventId" in answer:
                assert (event["EventBusName"], event["Source"]) == (ARN, SOURCE)
                at = Millis(event["Time"] * 1000)
                taken.append(Event(*event["Resources"], event["DetailType"], at, event["Detail"]))
        return answers

    monkeypatch.setattr(EventsBackend, "put_events", noted)
    with mock_aws():
        client = boto3.client("events", region_name="eu-west-1")
        client.create_event_bus(Name="mail")
        yield EventBus(Boto3(client), ARN), lambda: taken


def test_events_are_taken_whole_and_as_often_as_they_are_put(bus: tuple[ports.EventBus, Taken]) -> None:
    subject, taken = bus
    assert subject.arn == ARN
    assert [subject.put(one) for one in (GOOD, OTHER, GOOD)] == [Put(200)] * 3
    assert taken() == [GOOD, OTHER, GOOD]
    assert json.loads(taken()[0].detail) == json.loads(GOOD.detail)


def test_an_event_whose_detail_is_not_json_is_refused_and_the_next_is_taken(bus: tuple[ports.EventBus, Taken]) -> None:
    subject, taken = bus
    bad = Event("acme", "hook.test", GOOD.at, "{")
    assert subject.put(bad) == Put(400, problem="EventBridge did not take it: MalformedDetail")
    assert subject.put(GOOD) == Put(200)
    assert taken() == [GOOD]
