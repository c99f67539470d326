"""On the local stack: a hook is the event bus, whose rules lead to a queue, and nobody else may put events there."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from botocore.exceptions import ClientError

from local.build import LOCAL_PARAMETERS
from local.deploy import client, function_names
from tests.stack.test_denied import DENIED, Aws

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.place import Place

    Command = Callable[..., str]

pytestmark = [pytest.mark.stack, pytest.mark.slow]
BUS = LOCAL_PARAMETERS["EventBus"]
SECONDS = 60
ORGANIZATION = "event-bus"


class Queue:
    """The events of one organization that a rule on the bus sends to a queue."""

    def __init__(self, place: Place, organization: str) -> None:
        self._sqs = client(place, "sqs")
        self._url = self._sqs.create_queue(QueueName=f"events-of-{organization}")["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        events, bus = client(place, "events"), BUS.rpartition("/")[2]
        pattern = json.dumps({"source": ["reprieve"], "resources": [organization]})
        events.put_rule(Name=organization, EventBusName=bus, EventPattern=pattern)
        target = {"Id": "queue", "Arn": found["Attributes"]["QueueArn"]}
        events.put_targets(Rule=organization, EventBusName=bus, Targets=[target])

    def events(self) -> list[dict[str, Any]]:
        """Take what has arrived since, up to ten."""
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", ())
        for one in found:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=one["ReceiptHandle"])
        return [json.loads(one["Body"]) for one in found]

    def details(self, *ids: str) -> list[dict[str, Any]]:
        """The details with these ids, once all have arrived."""
        found: dict[str, dict[str, Any]] = {}
        deadline = time.monotonic() + SECONDS
        while not found.keys() >= set(ids):
            assert time.monotonic() < deadline, f"not on the bus within {SECONDS} s: {set(ids) - found.keys()}"
            found |= {one["detail"]["id"]: one["detail"] for one in self.events()}
            time.sleep(0.2)
        return [found[identifier] for identifier in ids]


def test_the_bus_is_added_by_the_api_and_a_test_is_led_to_a_queue_by_a_rule(
    place: Place, stack: dict[str, Any], reprieve: Command
) -> None:
    queue = Queue(place, ORGANIZATION)
    reprieve("organizations", "create", ORGANIZATION, "--membership", "anyone")
    scopes = ("--scope", "reprieve.hooks.manage")
    token = json.loads(reprieve("credentials", "issue", ORGANIZATION, "--name", "bus", *scopes, "--json"))["token"]
    hooks, headers = f"{stack['reprieve']['base_url']}/reprieve/hooks", {"Authorization": f"Bearer {token}"}

    refused = requests.post(hooks, json={"url": f"{BUS}2"}, headers=headers, timeout=60)
    assert (refused.status_code, refused.json()["detail"]) == (400, f"the event bus of this deployment is {BUS}")
    made = requests.post(hooks, json={"url": BUS}, headers=headers, timeout=60).json()
    assert (made["form"], made["secret"]) == ("bus", None)
    tried = requests.post(f"{hooks}/{made['id']}/test", headers=headers, timeout=60).json()
    assert tried == {"delivered": True, "status": 200, "problem": None}
    assert reprieve("hooks", "test", ORGANIZATION, made["id"]) == "taken, with the status 200\n"
    first, second = queue.events()
    for event in (first, second):
        assert (event["source"], event["detail-type"], event["resources"]) == (
            *("reprieve", "hook.test"),
            [ORGANIZATION],
        )
        assert event["detail"] == {**event["detail"], "type": "hook.test", "data": {"hook": made["id"]}}
    assert first["detail"]["id"] != second["detail"]["id"]


def test_a_function_may_put_onto_that_bus_alone_as_reprieve_alone_and_others_not_at_all(place: Place) -> None:
    client(place, "events").create_event_bus(Name="another")
    names, lamb = function_names(place), client(place, "lambda")
    may = {"HooksFunction", "HookDeliveryFunction", "ConsoleSettingsFunction"}
    tried = {*may, "EventHooksFunction", "HoldsFunction", "UpkeepFunction", "ConsoleFunction"}
    taken, denials = set(), set()
    for name in tried:
        role = lamb.get_function_configuration(FunctionName=names[name])["Role"]
        credentials = client(place, "sts").assume_role(RoleArn=role, RoleSessionName="probe")["Credentials"]
        events = Aws(place, credentials)("events")
        for bus, source in ((BUS, "reprieve"), (BUS, "aws.s3"), (BUS, "payroll"), (f"{BUS[:-7]}another", "reprieve")):
            entry = {"EventBusName": bus, "Source": source, "DetailType": "probe", "Detail": "{}"}
            try:
                assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
                taken.add((name, bus, source))
            except ClientError as error:
                denials.add(error.response["Error"]["Code"])
    assert taken == {(name, BUS, "reprieve") for name in may}
    assert denials <= DENIED
