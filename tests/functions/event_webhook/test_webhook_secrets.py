"""The webhooks whose keys are secrets, through the gateway: one route, and the provider that its path names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from reprieve.access.provider_accounts import AccountChanges
from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from tests.support.contexts import context
from tests.support.event_posts import KEY, bounce, listed, public
from tests.support.event_posts import post as sendgrid_post
from tests.support.gateway import DEMO, Answer, Calls, Clock, Gateway, function, problem
from tests.support.webhook_posts import RESEND_SECRET, resend_headers

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REFUSED = problem(401, "Unauthorized", "the webhook's signature does not match")
BOUNCED = {
    "type": "email.bounced",
    "created_at": "2025-12-31T12:00:00.000Z",
    "data": {"email_id": "m-1", "to": ["ann@x.io"], "bounce": {"type": "Permanent", "subType": "NoEmail"}},
}


@pytest.fixture
def resend(queue: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The organization `demo` with an account at Resend."""
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    changes = AccountChanges(kind="resend", api_key="re_key", webhook_key=RESEND_SECRET)
    wiring.provider_accounts().set(context(DEMO, now=clock.now), changes)


def post(
    call: Gateway, clock: Clock, event: object, *, kind: str = "resend", org: str = "demo", tamper: bytes = b""
) -> Answer:
    body = json.dumps(event).encode()
    return call(
        function("event_webhook"),
        "POST",
        "/events/{kind}/{org}",
        path={"kind": kind, "org": org},
        headers=resend_headers(body, clock.now),
        body=body + tamper,
        organization=None,
        stage="reprieve",
        as_base64=True,
    )


@pytest.mark.usefixtures("resend")
def test_a_post_that_its_secret_verifies_is_taken_and_its_repeat_changes_nothing(
    call: Gateway, clock: Clock, calls: Calls, dynamodb: DynamoDBClient
) -> None:
    assert post(call, clock, BOUNCED) == Answer(200, {"events": 1, "listed": 1, "malformed": 0, "ignored": 0})
    # organization, key, whitelist; the entry and its log entry
    assert calls == {"GetItem": 3, "BatchExecuteStatement": 2}
    assert listed(SuppressionList.BOUNCES) == ["ann@x.io"]
    before = [dynamodb.scan(TableName=name)["Items"] for name in ("Suppressions", "EventLog")]
    clock.now += 5_000
    assert post(call, clock, BOUNCED).body["listed"] == 0
    assert [dynamodb.scan(TableName=name)["Items"] for name in ("Suppressions", "EventLog")] == before


@pytest.mark.usefixtures("resend")
@pytest.mark.parametrize("change", [{"tamper": b" "}, {"org": "other"}, {"org": "unknown"}])
def test_a_post_that_its_organizations_secret_does_not_verify_is_401(call: Gateway, clock: Clock, change: Any) -> None:
    wiring.access().create_organization(Organization("other", "Other"))
    assert post(call, clock, BOUNCED, **change) == REFUSED
    assert listed(SuppressionList.BOUNCES) == []


@pytest.mark.usefixtures("resend")
def test_a_provider_that_the_organization_does_not_have_posts_nothing(call: Gateway, clock: Clock) -> None:
    """Not even with a signature that the key of another kind would verify."""
    assert sendgrid_post(call, bounce(), timestamp=str(clock.now // 1000)) == REFUSED


@pytest.mark.usefixtures("queue")
def test_a_public_key_signs_no_post_of_a_webhook_whose_key_is_a_secret(call: Gateway, clock: Clock) -> None:
    assert public(KEY)
    assert post(call, clock, BOUNCED) == REFUSED


@pytest.mark.usefixtures("resend")
@pytest.mark.parametrize("kind", ["ses", "none", "pigeon", "Resend", ""])
def test_a_kind_of_provider_without_a_webhook_is_a_path_that_the_api_does_not_have(
    call: Gateway, clock: Clock, calls: Calls, kind: str
) -> None:
    assert post(call, clock, BOUNCED, kind=kind) == problem(404, "Not Found", "the API has no such path")
    assert calls == {}
