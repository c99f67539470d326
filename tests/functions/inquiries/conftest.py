"""The organization whose account is asked, with a dead-letter queue, on a clock that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.runtime import wiring
from tests.support.gateway import DEMO
from tests.support.inquiries import Provider, account

if TYPE_CHECKING:
    from tests.support.gateway import Clock


@pytest.fixture
def provider(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Provider:
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", boto3.client("sqs").create_queue(QueueName="letters")["QueueUrl"])
    wiring.access().create_organization(DEMO)
    provider = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    account(DEFAULT)
    return provider
