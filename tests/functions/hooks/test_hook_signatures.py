"""The standard's own verifier accepts what is posted to hooks, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from reprieve.clock import SECOND, Millis, to_seconds
from reprieve.hooks import signature
from reprieve.hooks.notice import Notice, NoticeType

SECRET = signature.spelled(bytes(range(32)))
OLDER = signature.spelled(bytes(32))


def signed(secrets: list[str], body: bytes) -> dict[str, str]:
    at = to_seconds(Millis(int(datetime.now(UTC).timestamp()) * SECOND))
    return dict(signature.headers(secrets, identifier="msg_1", at=at, body=body))


@given(st.text(max_size=50))
def test_the_standards_own_verifier_accepts_what_is_posted(text: str) -> None:
    notice = Notice("n1", NoticeType.TEST, "2026-01-01T00:00:00.000Z", {"text": text})
    verified = Webhook(SECRET).verify(notice.body, signed([SECRET], notice.body))
    assert verified == {"type": "hook.test", "timestamp": notice.timestamp, "id": "n1", "data": {"text": text}}


@pytest.mark.parametrize("secret", [SECRET, OLDER])
def test_during_a_rotation_either_secret_verifies(secret: str) -> None:
    assert Webhook(secret).verify(b"{}", signed([SECRET, OLDER], b"{}")) == {}


def test_another_secret_and_other_bytes_do_not_verify() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(OLDER).verify(b"{}", signed([SECRET], b"{}"))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b"{ }", signed([SECRET], b"{}"))
