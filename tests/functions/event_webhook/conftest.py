"""The organization whose provider posts, and its dead letters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from reprieve.access.provider_account import ProviderAccount
from reprieve.runtime import wiring
from tests.support.event_posts import KEY
from tests.support.gateway import DEMO
from tests.support.webhook import public

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def queue(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is in the dead-letter queue, as a function; each letter is returned once."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", url)
    wiring.access().create_organization(DEMO)
    account = ProviderAccount("none", webhook_key=public(KEY))
    assert wiring.access().set_provider_account("demo", account, provider_name="", before=None)
    return lambda: [
        json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]
