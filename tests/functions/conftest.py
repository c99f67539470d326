"""What a test of a function needs: the template's tables in moto, a gateway, and a count of what DynamoDB was asked.

    def test_a_user_that_is_not_there_is_not_found(call: Gateway, calls: Calls) -> None:
        answer = call(function("recipients"), "GET", "/v1/users/{id}", path={"id": "00u1"}, scopes=["okta.users.read"])
        assert answer == Answer(404, {...})
        assert calls == {"GetItem": 1}

`function`, `event` and the classes are in `tests.support.gateway`. Nothing outlives a test: not the tables, not what
`wiring` keeps for the life of a process.
"""

from __future__ import annotations

import time
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from reprieve.runtime import http, telemetry, wiring
from tests.support.gateway import Calls, Clock, Gateway
from tests.support.moto_partiql import inserting
from tests.support.tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient


def _forget() -> None:
    """Forget what `wiring` keeps: its clients would go on talking to the moto of another test."""
    for thing in vars(wiring).values():
        if hasattr(thing, "cache_clear"):
            thing.cache_clear()


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS as moto has it, with credentials that no real AWS would take."""
    for word in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(word, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    for word in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(word, raising=False)
    _forget()
    with mock_aws(), inserting():
        yield
    _forget()


@pytest.fixture(autouse=True)
def dynamodb(aws: None, monkeypatch: pytest.MonkeyPatch) -> DynamoDBClient:
    """The template's tables, empty, and the environment that names them. The functions' own client."""
    client: DynamoDBClient = wiring.client("dynamodb")
    for word, table in create_tables(client).items():
        monkeypatch.setenv(word, table)
    return client


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time stands still, at midnight of 2026-01-01 UTC until the test sets it."""
    standing = Clock()
    frozen = SimpleNamespace(time_ns=lambda: standing.now * 1_000_000, perf_counter=time.perf_counter)
    for module in (http, wiring):
        monkeypatch.setattr(module, "time", frozen)
    return standing


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What the functions log from here on: JSON, a line each."""
    written = StringIO()
    monkeypatch.setattr(telemetry.logger().registered_handler, "stream", written)
    return written


@pytest.fixture
def calls(dynamodb: DynamoDBClient) -> Calls:
    """Counts DynamoDB operations by name; `call` starts it anew for each request. A repeated attempt counts once."""
    counted = Calls()
    # the log has a client of its own
    for client in (dynamodb, wiring.client("dynamodb", attempts=1)):
        client.meta.events.register("before-call.dynamodb", lambda model, **_: counted.update([model.name]))
    return counted


@pytest.fixture
def call(calls: Calls) -> Gateway:
    """API Gateway."""
    return Gateway(calls)
