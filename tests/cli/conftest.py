"""The operator's command, run in process against a stack in moto: the template's tables, a key, a queue, outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from reprieve.runtime import wiring
from reprieve_cli import importing, operations
from tests.cli.running import Clock, Ran, deploy, invoke
from tests.support.moto_partiql import inserting
from tests.support.tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION = "eu-west-1"
#: table of the template -> output of the stack
OUTPUTS = {
    "SUPPRESSIONS_TABLE": "SuppressionsTable",
    "EVENT_LOG_TABLE": "EventLogTable",
    "EMAIL_SERVERS_TABLE": "EmailServersTable",
    "RECIPIENTS_TABLE": "RecipientsTable",
    "ACCESS_TABLE": "AccessTable",
}
APIS = {"OktaApi": "okta1", "SendGridApi": "sendgrid1", "ZohoApi": "zoho1", "ReprieveApi": "reprieve1"}


def _forget(*, clients: bool) -> None:
    """Forget what `wiring` keeps; clients are slow to make, and moto answers the same ones in every test."""
    for name, thing in vars(wiring).items():
        if hasattr(thing, "cache_clear") and (clients or name != "client"):
            thing.cache_clear()


@pytest.fixture(autouse=True, scope="module")
def clients() -> Iterator[None]:
    """Clients of this module alone."""
    _forget(clients=True)
    yield
    _forget(clients=True)


@pytest.fixture(autouse=True)
def aws(clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS as moto has it, and none of this machine's own settings."""
    for word in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(word, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    # set and taken away, so that what a command sets is taken away after the test, too
    words = ["AWS_PROFILE", "AWS_ENDPOINT_URL", "REPRIEVE_STACK", "REPRIEVE_LOCAL", "NO_COLOR"]
    for word in [*words, *OUTPUTS, "SECRETS_KEY", "DEAD_LETTER_QUEUE_URL"]:
        monkeypatch.setenv(word, "")
        monkeypatch.delenv(word)
    # moto answers one call at a time
    monkeypatch.setattr(importing, "WORKERS", 1)
    _forget(clients=False)
    with mock_aws(), inserting():
        yield


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    monkeypatch.setattr(wiring, "now", standing)
    return standing


@pytest.fixture
def stack(aws: None, clock: Clock) -> dict[str, str]:
    """The stack `reprieve`; its outputs."""
    names = create_tables(wiring.client("dynamodb"))
    outputs = {OUTPUTS[variable]: table for variable, table in names.items()}
    outputs["SecretsKey"] = wiring.client("kms").create_key()["KeyMetadata"]["KeyId"]
    outputs["DeadLetterQueueUrl"] = wiring.client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"]
    outputs |= {name: f"https://{api}.execute-api.{REGION}.amazonaws.com" for name, api in APIS.items()}
    deploy("reprieve", outputs)
    return outputs


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials get the ids 0...01, 0...02 and so on."""
    numbers = iter(range(1, 100))
    monkeypatch.setattr(operations.secrets, "token_hex", lambda size: f"{next(numbers):0{2 * size}}")


@pytest.fixture
def run() -> Callable[..., Ran]:
    return invoke
