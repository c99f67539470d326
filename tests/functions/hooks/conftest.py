"""The organization whose hooks they are, and a server that they post to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from tests.support.event_hooks import Endpoint
from tests.support.hooks import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import Clock


@pytest.fixture
def settings(demo: None, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """The organization stored, a key for secrets, and a guard that lets a receiver on this machine be connected to."""
    clock.now = NOW
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    monkeypatch.setenv("PRIVATE_MAIL_NETWORKS", "127.0.0.0/8")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """A receiver at a port that may be connected to."""
    with Endpoint() as running:
        monkeypatch.setenv("TOKEN_PORTS", running.url.rpartition(":")[2])
        yield running
