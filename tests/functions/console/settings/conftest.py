"""A key for secrets, and an email server on loopback that the guard allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
import trustme

from tests.support.mail_sink import MailSink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import Clock


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A key for secrets, and a guard that lets servers on this machine be connected to."""
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    monkeypatch.setenv("PRIVATE_MAIL_NETWORKS", "127.0.0.0/8")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def sink(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    with MailSink(authority) as sink:
        monkeypatch.setenv("MAIL_PORTS", str(sink.port))
        yield sink
