"""A request that queues something asks the removal job to look at once, and its answer does not depend on that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import Millis
from reprieve.removals.prompts import APART
from reprieve.runtime import wiring
from reprieve.store.boto3_transport import Boto3
from reprieve.store.faults import Fault
from reprieve.store.job_runs import JobRuns, LightLambda
from tests.support.cloudwatch import written
from tests.support.gateway import Answer, Context, Gateway, function
from tests.support.suppressions import one, put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import StringIO

    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock

ALIAS = "arn:aws:lambda:eu-west-1:123456789012:function:reprieve-RemovalJobFunction-1A:live"
EMAIL = "ann@example.com"
INVOKED = {"FunctionName": "reprieve-RemovalJobFunction-1A", "Qualifier": "live", "InvocationType": "Event"}

pytestmark = pytest.mark.usefixtures("demo")


class Lambda:
    """Lambda's API, which notes each call with what was durable in Suppressions by then."""

    def __init__(self, dynamodb: Client) -> None:
        self._dynamodb = dynamodb
        self.calls: list[Mapping[str, Any]] = []
        self.durable: list[str] = []
        self.fault: Exception | None = None

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        assert operation == "Invoke"
        self.calls.append(arguments)
        place = {"partition": {"S": "demo#bounces#0"}, "address": {"S": EMAIL}}
        item = self._dynamodb.get_item(TableName="Suppressions", Key=place, ConsistentRead=True).get("Item", {})
        self.durable.append(item.get("removal_state", {}).get("S", ""))
        if self.fault:
            raise self.fault
        return {}


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, dynamodb: Client) -> Lambda:
    service = Lambda(dynamodb)
    monkeypatch.setenv("REMOVAL_JOB", ALIAS)
    monkeypatch.setattr(wiring, "job_service", lambda: service)
    wiring.prompts.cache_clear()
    return service


def delete(call: Gateway) -> Answer:
    return one(call, "DELETE", EMAIL)


def test_the_job_is_asked_once_the_removal_is_durable(call: Gateway, calls: Calls, job: Lambda) -> None:
    put(EMAIL)
    assert delete(call) == Answer(204)
    # one more read than a delete has: the test's own
    assert calls == {"UpdateItem": 1, "BatchExecuteStatement": 1, "GetItem": 1}
    assert job.calls == [INVOKED | {"Payload": b'{"after": 0}'}]
    assert job.durable == ["pending"]


def test_one_process_asks_for_runs_five_seconds_apart(call: Gateway, clock: Clock, job: Lambda) -> None:
    put(EMAIL, "b@example.com", "c@example.com")
    for later, email in ((0, EMAIL), (1_000, "b@example.com"), (2_000, "c@example.com")):
        clock.now += later
        assert one(call, "DELETE", email) == Answer(204)
    assert [json.loads(asked["Payload"]) for asked in job.calls] == [{"after": 0}, {"after": APART - 1_000}]


def test_what_is_refused_asks_for_no_run(call: Gateway, job: Lambda) -> None:
    assert delete(call).status == 404
    assert one(call, "GET", EMAIL).status == 200
    assert job.calls == []


@pytest.mark.parametrize("fault", [Fault("AccessDeniedException", passes=False), RuntimeError(EMAIL)])
def test_a_run_that_cannot_be_had_is_logged_and_counted_and_never_shown(
    call: Gateway, job: Lambda, log: StringIO, capsys: pytest.CaptureFixture[str], fault: Exception
) -> None:
    put(EMAIL)
    job.fault = fault
    assert delete(call) == Answer(204)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (failed,) = [line for line in lines if line["message"] == "prompt run failed"]
    assert failed["level"] == "ERROR"
    assert EMAIL not in failed["detail"]
    assert [line["status"] for line in lines if line["message"] == "request"] == [204]
    assert written(capsys.readouterr().out)["removal-job", "PromptRunsFailed"] == [1]


@pytest.mark.parametrize("variable", [None, "", "RemovalJobFunction.Alias"])
def test_where_no_job_is_named_none_is_asked(
    call: Gateway, job: Lambda, monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    if variable is None:
        monkeypatch.delenv("REMOVAL_JOB")
    else:
        monkeypatch.setenv("REMOVAL_JOB", variable)
    put(EMAIL)
    assert delete(call) == Answer(204)
    assert job.calls == []


@pytest.mark.parametrize(("transport", "service"), [("light", LightLambda), ("boto3", Boto3)])
def test_lambda_is_reached_as_dynamodb_is(monkeypatch: pytest.MonkeyPatch, transport: str, service: type) -> None:
    monkeypatch.setenv("DYNAMODB_TRANSPORT", transport)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert type(wiring.job_service()) is service


def test_boto3s_lambda_takes_the_same_call(job: Lambda) -> None:
    sent: dict[str, Any] = {}
    client = Boto3(wiring.client("lambda"))
    client.client.meta.events.register(
        "before-call.lambda.Invoke", lambda params, **_: sent.update(params) or _answer()
    )
    JobRuns(client, "reprieve-RemovalJobFunction-1A", "live").start(after=Millis(0))
    assert sent["url_path"] == "/2015-03-31/functions/reprieve-RemovalJobFunction-1A/invocations"
    assert (sent["query_string"], sent["body"]) == ({"Qualifier": "live"}, b'{"after": 0}')
    assert sent["headers"]["X-Amz-Invocation-Type"] == "Event"


def _answer() -> tuple[Any, dict[str, Any]]:
    class Http:
        status_code = 202

    return Http(), {"StatusCode": 202}


def test_a_run_that_was_asked_for_waits_as_long_as_it_was_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    monkeypatch.setattr(wiring, "wait", waited.append)
    for event in ({}, {"after": 4_000}):
        function("removal_job")(event, Context())
    assert waited == [0, 4_000]
