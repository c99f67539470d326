"""The webhooks whose keys are secrets, through the gateway: one route, and the provider that its path names."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import pytest

from reprieve.access.provider_accounts import AccountChanges
from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from tests.support.contexts import context
from tests.support.event_posts import KEY, bounce, listed
from tests.support.event_posts import post as sendgrid_post
from tests.support.gateway import DEMO, Answer, Calls, Clock, Gateway, function, problem
from tests.support.webhook import public
from tests.support.webhook_posts import (
    MAILGUN_KEY,
    POSTMARK_KEY,
    RESEND_SECRET,
    mailgun_body,
    postmark_headers,
    resend_headers,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

REFUSED = problem(401, "Unauthorized", "the webhook's signature does not match")
BOUNCED = {
    "type": "email.bounced",
    "created_at": "2025-12-31T12:00:00.000Z",
    "data": {"email_id": "m-1", "to": ["ann@x.io"], "bounce": {"type": "Permanent", "subType": "NoEmail"}},
}


@pytest.fixture
def account(queue: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the account of the organization `demo`."""
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])

    def set_(kind: str, webhook_key: str, **more: str) -> None:
        changes = AccountChanges(kind=kind, api_key="api-key", webhook_key=webhook_key, **more)
        wiring.provider_accounts().set(context(DEMO, now=clock.now), changes)

    return set_


@pytest.fixture
def resend(account: Callable[..., None]) -> None:
    """The organization `demo` with an account at Resend."""
    account("resend", RESEND_SECRET)


def post(
    call: Gateway, clock: Clock, event: object, *, kind: str = "resend", org: str = "demo", tamper: bytes = b""
) -> Answer:
    body = json.dumps(event).encode()
    return post_signed(call, kind, resend_headers(body, clock.now), body + tamper, org=org)


def post_signed(call: Gateway, kind: str, headers: dict[str, str], body: bytes, *, org: str = "demo") -> Answer:
    return call(
        function("event_webhook"),
        "POST",
        "/events/{kind}/{org}",
        path={"kind": kind, "org": org},
        headers=headers,
        body=body,
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
    assert calls == {"GetItem": 2, "Query": 1, "BatchExecuteStatement": 2, "UpdateItem": 1}
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


def failed(email: str, at: int) -> dict[str, Any]:
    return {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "recipient": email,
        "timestamp": at,
        "id": "e",
    }


def test_mailguns_token_proves_one_post_and_its_repeats_and_no_other(
    call: Gateway, clock: Clock, calls: Calls, account: Callable[..., None]
) -> None:
    """The signature does not cover the event, so a signature that was seen could be put before any other event."""
    account("mailgun", MAILGUN_KEY, on_behalf_of="acme.test")
    at = clock.now // 1000 - 60
    body = mailgun_body(failed("ann@x.io", at), clock.now)
    assert post_signed(call, "mailgun", {}, body).body["listed"] == 1
    # organization, key, whitelist; the token; the entry and its log entry
    assert calls == {"GetItem": 2, "Query": 1, "PutItem": 1, "BatchExecuteStatement": 2, "UpdateItem": 1}
    assert post_signed(call, "mailgun", {}, body).status == 200
    stolen = json.loads(body) | {"event-data": failed("victim@x.io", at)}
    refused = post_signed(call, "mailgun", {}, json.dumps(stolen).encode())
    assert refused == problem(401, "Unauthorized", "the webhook's token has proved another post")
    assert listed(SuppressionList.BOUNCES) == ["ann@x.io"]
    clock.now += 60_000
    another = mailgun_body(failed("bob@x.io", at), clock.now, token="u" * 50)
    assert post_signed(call, "mailgun", {}, another).body["listed"] == 1


def test_a_post_that_could_not_be_stored_is_taken_when_it_comes_again(
    call: Gateway, clock: Clock, account: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    account("mailgun", MAILGUN_KEY, on_behalf_of="acme.test")
    body = mailgun_body(failed("ann@x.io", clock.now // 1000 - 60), clock.now)
    with monkeypatch.context() as patch:
        patch.setattr(wiring.suppressions(), "record", mock.Mock(side_effect=Unavailable("throttled")))
        assert post_signed(call, "mailgun", {}, body).status == 503
    assert post_signed(call, "mailgun", {}, body).body["listed"] == 1


def test_postmarks_post_is_believed_for_its_password(call: Gateway, clock: Clock, account: Callable[..., None]) -> None:
    account("postmark", POSTMARK_KEY)
    stamp = {"BouncedAt": "2025-12-31T12:00:00Z", "Email": "ann@x.io", "Details": "smtp;550 5.1.1 user unknown"}
    body = json.dumps({"RecordType": "Bounce", "ID": 7, "Type": "HardBounce", "Inactive": True, **stamp}).encode()
    wrong = problem(401, "Unauthorized", "the webhook's key does not match")
    assert post_signed(call, "postmark", postmark_headers(f"{POSTMARK_KEY}x"), body) == wrong
    missing = problem(401, "Unauthorized", "the webhook's user name and password, or its key, are missing")
    assert post_signed(call, "postmark", {}, body) == missing
    for news in (1, 0):
        assert post_signed(call, "postmark", postmark_headers(), body).body["listed"] == news
    assert listed(SuppressionList.BOUNCES) == ["ann@x.io"]


def held(letters: list[Any]) -> bytes:
    """All that letters of one part hold."""
    contents = [zlib.decompress(base64.b64decode(one.pop("content"))) for one in letters]
    return json.dumps(letters).encode() + b"".join(contents)


@pytest.mark.parametrize("kind", ["resend", "mailgun", "postmark"])
def test_a_letter_about_an_event_holds_nothing_that_proved_its_sender(
    call: Gateway, clock: Clock, queue: Any, account: Callable[..., None], kind: str
) -> None:
    """Mailgun's own signature is in the body, and proves no other post."""
    key = {"resend": RESEND_SECRET, "mailgun": MAILGUN_KEY, "postmark": POSTMARK_KEY}[kind]
    account(kind, key, **({"on_behalf_of": "acme.test"} if kind == "mailgun" else {}))
    bad = {"type": "email.bounced", "data": {}, "RecordType": "Bounce", "Type": "HardBounce", "event": "failed"}
    body = mailgun_body(bad, clock.now) if kind == "mailgun" else json.dumps(bad).encode()
    proofs = {"resend": resend_headers(body, clock.now), "mailgun": {}, "postmark": postmark_headers()}[kind]
    proofs |= {"cookie": "session=canary", "x-api-key": "canary"}
    assert post_signed(call, kind, proofs, body).body["malformed"] == 1
    letters = held(queue())
    assert body in letters
    secret = key.removeprefix("whsec_")
    assert [one for one in [secret, "api-key", *proofs.values()] if one.encode() in letters] == []
