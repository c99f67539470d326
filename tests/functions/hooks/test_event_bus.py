"""An event bus as a hook: set, refused, put onto and tried, with EventBridge as moto has it."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from moto.events.models import EventsBackend

from reprieve.hooks.hook import Changes
from reprieve.runtime import wiring
from tests.support.contexts import context
from tests.support.event_hooks import body as event_hook
from tests.support.event_hooks import lifecycle
from tests.support.event_hooks import made as made_event_hook
from tests.support.gateway import DEMO, Answer, Calls, Clock, Gateway, Matching, problem
from tests.support.hooks import (
    ID,
    NOON,
    NOW,
    ONE,
    OTHER,
    SETTLED,
    URL,
    ask,
    bounced,
    logged,
    notice,
    refusal,
    run,
    shown,
)

#: another one than the functions', as a bus of the operator's may be
REGION = "ap-southeast-2"
ARN = f"arn:aws:events:{REGION}:123456789012:event-bus/mail"
pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The deployment's bus; the events that it has taken."""
    monkeypatch.setenv("EVENT_BUS", ARN)
    boto3.client("events", region_name=REGION).create_event_bus(Name="mail")
    taken: list[dict[str, Any]] = []
    real = EventsBackend.put_events

    def noted(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers = real(self, events)
        taken.extend(event for event, answer in zip(events, answers, strict=True) if "EventId" in answer)
        return answers

    monkeypatch.setattr(EventsBackend, "put_events", noted)
    return taken


def shown_bus(**more: object) -> dict[str, object]:
    return shown(form="bus", url=ARN, **more)


def made(call: Gateway, **body: object) -> str:
    answer = ask(call, "POST", "/hooks", {"url": ARN, **body})
    assert answer.status == 201, answer
    return str(answer.body["id"])


def test_a_bus_is_added_without_a_secret_shown_changed_and_removed(call: Gateway, calls: Calls, bus: list[Any]) -> None:
    added = ask(call, "POST", "/hooks", {"url": ARN, "description": "warehouse", "types": ["address.lifted"]})
    expected = shown_bus(description="warehouse", types=["address.lifted"])
    assert added == Answer(201, {**expected, "secret": None})
    assert calls == {"Query": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    identifier = added.body["id"]
    assert ask(call, "GET", ONE, identifier=identifier) == Answer(200, expected)
    changed = ask(call, "PATCH", ONE, {"url": ARN, "types": ["removal.failed"]}, identifier)
    assert changed == Answer(200, {**expected, "types": ["removal.failed"]})
    (hook,) = wiring.hook_store().hooks(DEMO)
    assert hook.secrets == ()
    assert ask(call, "DELETE", ONE, identifier=identifier) == Answer(204)
    assert sorted(logged()) == [(f"reprieve.hook.{verb}", identifier) for verb in ("create", "delete", "update")]


@pytest.mark.parametrize(
    ("bus", "url", "detail"),
    [
        ("", ARN, "this deployment has no event bus"),
        (ARN, f"{ARN}2", f"the event bus of this deployment is {ARN}"),
        (ARN, "arn:aws:events:eu-west-1:999999999999:event-bus/mail", f"the event bus of this deployment is {ARN}"),
        (ARN, "arn:aws:sqs:eu-west-1:123456789012:queue", f"the event bus of this deployment is {ARN}"),
        (ARN, "mail", "must be a plain https URL"),
    ],
)
def test_no_bus_is_added_but_that_of_the_deployment(
    call: Gateway, monkeypatch: pytest.MonkeyPatch, bus: str, url: str, detail: str
) -> None:
    monkeypatch.setenv("EVENT_BUS", bus)
    assert ask(call, "POST", "/hooks", {"url": url}) == refusal("url", detail)
    assert ask(call, "GET", "/hooks") == Answer(200, {"hooks": []})


def test_an_organization_has_the_bus_once_among_its_five_hooks(call: Gateway, bus: list[Any]) -> None:
    made(call)
    assert ask(call, "POST", "/hooks", {"url": ARN}) == problem(409, "Conflict", "another hook has this URL")
    for number in range(4):
        assert ask(call, "POST", "/hooks", {"url": f"{URL}/{number}"}).status == 201
    full = problem(409, "Conflict", "an organization has at most 5 hooks")
    assert ask(call, "POST", "/hooks", {"url": URL}) == full


def test_a_hook_keeps_its_form(call: Gateway, bus: list[Any]) -> None:
    bus, server = made(call), ask(call, "POST", "/hooks", {"url": URL}).body["id"]
    refused = refusal("url", "a hook keeps its form; add another one")
    assert ask(call, "PATCH", ONE, {"url": f"{URL}/2"}, bus) == refused
    assert ask(call, "PATCH", ONE, {"url": ARN}, server) == refused
    assert ask(call, "GET", ONE, identifier=bus).body["url"] == ARN
    assert ask(call, "GET", ONE, identifier=server).body["url"] == URL


def test_a_bus_has_no_secret_to_rotate(call: Gateway, bus: list[Any]) -> None:
    identifier = made(call)
    detail = "an event bus has no secret: AWS itself verifies who puts events onto it"
    assert ask(call, "POST", f"{ONE}/rotate", None, identifier) == problem(409, "Conflict", detail)
    (hook,) = wiring.hook_store().hooks(DEMO)
    assert hook.secrets == ()


def test_okta_s_api_takes_no_bus_and_does_not_find_one(call: Gateway, bus: list[Any]) -> None:
    from tests.support import event_hooks

    answer = event_hooks.ask(call, "POST", sent=event_hook(ARN))
    assert answer.status == 400
    cause = answer.body["errorCauses"][0]["errorSummary"]
    assert cause == "channel.config.uri: must be a plain https URL"
    identifier = made_event_hook(call, URL)
    assert event_hooks.ask(call, "PUT", event_hooks.ONE, event_hook(ARN), identifier).status == 400
    assert lifecycle(call, made(call), "verify").status == 404


def test_a_bounce_is_on_the_bus_with_its_organization_and_another_s_is_apart(
    call: Gateway, clock: Clock, calls: Calls, bus: list[Any]
) -> None:
    identifier = made(call)
    wiring.access().create_organization(OTHER)
    by = context(OTHER, credential="c", request_id="another", now=NOW)
    wiring.hooks().add(by, Changes(ARN))
    bounced("Ann@x.org")
    bounced("bob@y.org", organization=OTHER)
    clock.now += SETTLED
    calls.clear()
    assert run() == {"delivered": 2, "waiting": 0, "given_up": 0, "hooks": 2, "failing": [], "finished": True}
    assert calls == {"Query": 3, "BatchGetItem": 1, "GetItem": 2, "BatchExecuteStatement": 2, "UpdateItem": 2}
    events = {one["Resources"][0]: one for one in bus}
    assert events.keys() == {"demo", "other"}
    details = {organization: json.loads(one.pop("Detail")) for organization, one in events.items()}
    assert events["demo"] == {
        "EventBusName": ARN,
        "Source": "reprieve",
        "DetailType": "address.suppressed",
        "Resources": ["demo"],
        "Time": NOW // 1000 - 1,
    }
    assert details["demo"] == notice("Ann@x.org", details["demo"]["id"])
    assert details["other"]["data"]["emails"] == ["bob@y.org"]
    (line,) = ask(call, "GET", f"{ONE}/deliveries", identifier=identifier).body["deliveries"]
    assert line == {
        "at": Matching(".*"),
        "notice": details["demo"]["id"],
        "type": "address.suppressed",
        "attempt": 1,
        "result": "delivered",
        "status": 200,
        "problem": None,
    }


def test_a_replay_puts_the_same_event_once_more(call: Gateway, clock: Clock, bus: list[Any]) -> None:
    identifier = made(call)
    bounced("Ann@x.org")
    clock.now += SETTLED
    run()
    assert ask(call, "POST", f"{ONE}/replay", {"since": NOON}, identifier).status == 202
    clock.now += SETTLED
    run()
    first, again = bus
    assert first == again


def test_a_test_is_put_at_once_and_says_what_became_of_it(
    call: Gateway, bus: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = made(call)
    tried = ask(call, "POST", f"{ONE}/test", None, identifier)
    assert tried == Answer(200, {"delivered": True, "status": 200, "problem": None})
    (event,) = bus
    assert (event["DetailType"], event["Resources"]) == ("hook.test", ["demo"])
    assert json.loads(event["Detail"])["data"] == {"hook": identifier}
    monkeypatch.setenv("EVENT_BUS", "")
    gone = {"delivered": False, "status": None, "problem": "this deployment has no event bus"}
    assert ask(call, "POST", f"{ONE}/test", None, identifier) == Answer(200, gone)
    assert len(bus) == 1


def test_a_bus_that_was_deleted_takes_nothing_and_the_notice_waits(call: Gateway, clock: Clock, bus: list[Any]) -> None:
    identifier = made(call)
    boto3.client("events", region_name=REGION).delete_event_bus(Name="mail")
    bounced("Ann@x.org")
    clock.now += SETTLED
    assert run()["waiting"] == 1
    (line,) = ask(call, "GET", f"{ONE}/deliveries", identifier=identifier).body["deliveries"]
    code = "ResourceNotFoundException"
    assert (line["result"], line["status"], line["problem"]) == (
        *("waiting", None),
        f"EventBridge did not take it: {code}",
    )


def test_hooks_that_are_not_a_bus_never_make_a_client_of_eventbridge(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_BUS", ARN)
    monkeypatch.setattr(wiring, "provider_client", lambda *_: pytest.fail("made"))
    assert ask(call, "POST", "/hooks", {"url": URL}).body["id"] == ID
    bounced("Ann@x.org")
    clock.now += SETTLED
    assert run()["hooks"] == 1
