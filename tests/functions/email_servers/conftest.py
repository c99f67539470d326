"""A mail server on loopback that the guard allows, and a client of the routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
import trustme

from tests.support.email_servers import Client
from tests.support.mail_sink import PASSWORD, USERNAME, MailSink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Clock, Gateway


@pytest.fixture(autouse=True)
def frozen(clock: Clock) -> Clock:
    return clock


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def sink(authority: trustme.CA) -> Iterator[MailSink]:
    with MailSink(authority) as sink:
        yield sink


@pytest.fixture(autouse=True)
def environment(dynamodb: DynamoDBClient, sink: MailSink, monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions' environment from the template, with the sink's port among the allowed ones."""
    key = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    for name, value in {
        "SECRETS_KEY": key,
        "MAX_EMAIL_SERVERS": "3",
        "MAIL_PORTS": f"587,{sink.port}",
        "TOKEN_PORTS": "443",
        "PRIVATE_MAIL_NETWORKS": "127.0.0.0/8",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def client(call: Gateway) -> Client:
    return Client(call)


@pytest.fixture
def body(sink: MailSink) -> dict[str, Any]:
    return {
        "alias": "Sink",
        "host": sink.host,
        "port": sink.port,
        "username": USERNAME,
        "password": PASSWORD,
        "privateCa": sink.ca_pem,
    }


@pytest.fixture
def working(client: Client, body: dict[str, Any]) -> str:
    identifier: str = client.create(body).body["id"]
    return identifier
