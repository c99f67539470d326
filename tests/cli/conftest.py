"""The operator's command, run in process against a stack in moto: the template's tables, a key, a queue, outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.access import credential
from reprieve.dialects.registry import DIALECTS
from reprieve.runtime import wiring
from tests.cli.running import Clock, Ran, deploy, invoke
from tests.support import moto_aws
from tests.support.mail_hosts import NoDns
from tests.support.tables import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: table of the template -> output of the stack
OUTPUTS = {
    "SUPPRESSIONS_TABLE": "SuppressionsTable",
    "EVENT_LOG_TABLE": "EventLogTable",
    "EMAIL_SERVERS_TABLE": "EmailServersTable",
    "RECIPIENTS_TABLE": "RecipientsTable",
    "ACCESS_TABLE": "AccessTable",
    "TOKENS_TABLE": "TokensTable",
    "PROVIDER_ACCOUNTS_TABLE": "ProviderAccountsTable",
}
APIS = {dialect.api: f"{dialect.name}1" for dialect in DIALECTS}


@pytest.fixture(autouse=True, scope="module")
def moto() -> Iterator[None]:
    """AWS as moto has it."""
    with moto_aws.running():
        yield


@pytest.fixture(autouse=True)
def aws(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in AWS yet, and none of this machine's own settings."""
    moto_aws.set_credentials(monkeypatch)
    # set and taken away, so that what a command sets is taken away after the test, too
    words = ["AWS_PROFILE", "AWS_ENDPOINT_URL", "REPRIEVE_STACK", "REPRIEVE_LOCAL", "NO_COLOR"]
    for word in [
        *words,
        *OUTPUTS,
        "EVENT_BUS",
        "TOKEN_PORTS",
        "PRIVATE_MAIL_NETWORKS",
        "SECRETS_KEY",
        "DEAD_LETTER_QUEUE_URL",
        "AWS_REGION",
    ]:
        monkeypatch.setenv(word, "")
        monkeypatch.delenv(word)
    moto_aws.empty(monkeypatch)


@pytest.fixture(autouse=True)
def dns(monkeypatch: pytest.MonkeyPatch) -> NoDns:
    """A DNS that says nothing, until a test sets what it says."""
    names = NoDns()
    monkeypatch.setattr(wiring, "mail_hosts", lambda: names)
    return names


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    monkeypatch.setattr(wiring, "now", standing)
    return standing


@pytest.fixture
def stack(aws: None, clock: Clock) -> dict[str, str]:
    """The stack `reprieve`; its outputs."""
    outputs = {OUTPUTS[variable]: table for variable, table in environment().items()}
    outputs["SecretsKey"] = wiring.client("kms").create_key()["KeyMetadata"]["KeyId"]
    outputs["DeadLetterQueueUrl"] = wiring.client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"]
    outputs |= {name: f"https://{api}.execute-api.{moto_aws.REGION}.amazonaws.com" for name, api in APIS.items()}
    deploy("reprieve", outputs)
    return outputs


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials get the ids 0...01, 0...02 and so on."""
    numbers = iter(range(1, 100))
    monkeypatch.setattr(credential.secrets, "token_hex", lambda size: f"{next(numbers):0{2 * size}}")


@pytest.fixture
def run() -> Callable[..., Ran]:
    return invoke


@pytest.fixture
def acme(stack: dict[str, str], run: Callable[..., Ran]) -> None:
    """The organization acme."""
    run("organizations", "create", "acme")
