"""Fixtures for the tests of functions: the template's tables, a gateway, and a count of DynamoDB calls.

    def test_a_user_that_is_not_there_is_not_found(call: Gateway, calls: Calls) -> None:
        answer = call(function("recipients"), "GET", "/v1/users/{id}", path={"id": "00u1"}, scopes=["okta.users.read"])
        assert answer == Answer(404, {...})
        assert calls == {"GetItem": 1}

`function`, `event` and the classes are in `tests.support.gateway`. Nothing outlives a test but clients: not what is
in AWS, and not what `wiring` keeps for the life of a process.
"""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from reprieve import clock as clock_module
from reprieve.access import quota
from reprieve.organization import MAX_LIMIT
from reprieve.runtime import telemetry, wiring
from tests.support import moto_aws
from tests.support.gateway import DEMO, Calls, Clock, Gateway
from tests.support.mail_hosts import NoDns
from tests.support.tables import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dynamodb import Client

#: settings of single functions; a test that needs another value sets it
SETTINGS = {
    "SECRETS_KEY": "no-key",
    "DEAD_LETTER_QUEUE_URL": "no-queue",
    "MAX_EMAIL_SERVERS": "10",
    "MAIL_CLIENT_NAME": "",
    "MAIL_PORTS": "587",
    "TOKEN_PORTS": "443",
    "PRIVATE_MAIL_NETWORKS": "",
    "METRICS_NAMESPACE": "Reprieve/test",
    "TOKEN_ISSUER": "urn:reprieve:test",
}


@pytest.fixture(autouse=True, scope="module")
def moto() -> Iterator[None]:
    """Moto's AWS."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        moto_aws.set_credentials(monkeypatch)
        for word in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            monkeypatch.delenv(word, raising=False)
        with moto_aws.running():
            yield


@pytest.fixture(autouse=True)
def dynamodb(moto: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The template's tables, empty, and the environment that the template gives the functions; their own client."""
    for word, value in (environment() | SETTINGS).items():
        monkeypatch.setenv(word, value)
    return moto_aws.empty(monkeypatch)


@pytest.fixture(autouse=True)
def dns(monkeypatch: pytest.MonkeyPatch) -> NoDns:
    """A DNS that says nothing, until a test sets what it says."""
    names = NoDns()
    monkeypatch.setattr(wiring, "mail_hosts", lambda: names)
    return names


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still, at midnight of 2026-01-01 UTC until the test sets it."""
    standing = Clock()
    monkeypatch.setattr(clock_module, "time", SimpleNamespace(time_ns=lambda: standing.now * 1_000_000))
    return standing


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """More requests per minute than any test makes."""
    monkeypatch.setattr(quota, "PER_MINUTE", dict.fromkeys(quota.Bucket, MAX_LIMIT))


@pytest.fixture
def demo(clock: Clock) -> None:
    """The organization that calls, stored, on a clock that stands still."""
    wiring.access().create_organization(DEMO)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """The functions' log from now on: one JSON object per line."""
    written = StringIO()
    monkeypatch.setattr(telemetry.logger().registered_handler, "stream", written)
    return written


@pytest.fixture
def calls(dynamodb: Client) -> Calls:
    """The count of DynamoDB operations by name; `call` resets it for each request. A retry counts once."""
    counted = Calls()
    dynamodb.observe = counted.note
    return counted


@pytest.fixture
def call(calls: Calls) -> Gateway:
    """API Gateway."""
    return Gateway(calls)
