"""Resend, Mailgun and Postmark, and mails that SES received, on the local stack: from a post or a bucket to a list."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from local.deploy import client, outputs
from tests.support.mail_reports import RECEIPT, group, status_mail
from tests.support.webhook_posts import MAILGUN_KEY, POSTMARK_KEY, RESEND_SECRET, mailgun_body, postmark_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.place import Place

    Command = Callable[..., str]

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SECONDS = 60
ORGANIZATION = "others"


@pytest.fixture(scope="module")
def organization() -> list[bool]:
    """Whether the organization is there."""
    return []


@pytest.fixture
def others(reprieve: Command, organization: list[bool]) -> Command:
    """The organization of these tests, without an account."""
    if not organization:
        reprieve("organizations", "create", ORGANIZATION)
        organization.append(True)
    return reprieve


def lists_of(reprieve: Command, email: str) -> list[str]:
    answer = json.loads(reprieve("why", ORGANIZATION, email, "--json"))
    return [one["list"] for one in answer["suppressions"]]


def resend(email: str) -> tuple[bytes, dict[str, str]]:
    """A bounce at Resend, signed by Svix's own library."""
    now = datetime.now(UTC)
    bounced = {"type": "Permanent", "subType": "NoEmail", "message": "550 5.1.1 user unknown"}
    data = {"email_id": f"m-{email}", "to": [email], "bounce": bounced}
    body = json.dumps({"type": "email.bounced", "created_at": now.isoformat(), "data": data})
    signature = Webhook(RESEND_SECRET).sign("msg_1", now, body)
    stamp = str(int(now.timestamp()))
    return body.encode(), {"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": signature}


def mailgun(email: str) -> tuple[bytes, dict[str, str]]:
    """A bounce at Mailgun, signed as it signs."""
    now = time.time()
    status = {"code": 550, "message": "5.1.1 user unknown", "enhanced-code": "5.1.1"}
    event = {"event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": status}
    about = {"id": f"id-{email}", "recipient": email, "timestamp": now, "message": {"headers": {"message-id": email}}}
    return mailgun_body(event | about, int(now * 1000), token=f"{hash(email) & 0xFFFF:050d}"), {}


def postmark(email: str) -> tuple[bytes, dict[str, str]]:
    """A bounce at Postmark, with its password."""
    stamp = datetime.now(UTC).isoformat()
    event = {"RecordType": "Bounce", "Type": "HardBounce", "Email": email, "BouncedAt": stamp, "MessageID": email}
    return json.dumps({**event, "ID": 42, "Details": "smtp;550 5.1.1 user unknown"}).encode(), postmark_headers()


@pytest.mark.parametrize(
    ("kind", "key", "post", "more"),
    [
        ("resend", RESEND_SECRET, resend, ()),
        ("mailgun", MAILGUN_KEY, mailgun, ("--on-behalf-of", "mg.acme.example")),
        ("postmark", POSTMARK_KEY, postmark, ()),
    ],
)
def test_a_signed_post_is_listed_and_one_that_was_changed_is_refused(
    stack: dict[str, Any], others: Command, kind: str, key: str, post: Callable[..., Any], more: tuple[str, ...]
) -> None:
    account = ("--kind", kind, "--key-stdin", "--webhook-key", "-", *more)
    others("providers", "set", ORGANIZATION, *account, stdin=f"api-key\n{key}\n")
    url, email = f"{stack['reprieve']['base_url']}/reprieve/events/{kind}/{ORGANIZATION}", f"{kind}@bounced.example"
    body, headers = post(email)
    sent = {"Content-Type": "application/json", **headers}
    wrong = {"authorization": "Basic d3Jvbmc6d3Jvbmc="} if kind == "postmark" else {}
    forged = body if wrong else body.replace(b"unknown", b"unkown!").replace(b'"signature": "', b'"signature": "0')
    try:
        assert requests.post(url, data=forged, headers=sent | wrong, timeout=60).status_code == 401
        taken = requests.post(url, data=body, headers=sent, timeout=60)
        assert (taken.status_code, taken.json()["listed"]) == (200, 1), taken.text
        assert lists_of(others, email) == ["bounces"]
    finally:
        others("providers", "remove", ORGANIZATION, "--account", "default", "--yes")


def test_a_mail_that_ses_put_into_the_bucket_is_listed(place: Place, others: Command) -> None:
    others("senders", "claim", ORGANIZATION, "identity/bounces.example", "--kind", "mail")
    email = "gone@receiver.example"
    today = format_datetime(datetime.now(UTC)).encode()
    octets = status_mail(group(email), headers=RECEIPT).replace(b"Thu, 1 Jan 2026 00:00:05 +0000", today)
    client(place, "s3").put_object(Bucket=outputs(place)["Mailbox"], Key="bounces/0a1b2c3d", Body=octets)
    deadline = time.monotonic() + SECONDS
    while not (lists := lists_of(others, email)) and time.monotonic() < deadline:
        time.sleep(1)
    assert lists == ["bounces"]
