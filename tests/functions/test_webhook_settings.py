"""SendGrid's settings of event webhooks: kept per organization, signed by keys of their own, and tried by a post."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from reprieve.access.event_webhook import EVENTS, EventWebhookSet
from reprieve.organization import Organization
from reprieve.providers.sendgrid import events
from reprieve.runtime import wiring
from reprieve.store.event_webhooks import EventWebhooks
from reprieve.suppressions.ingest import Post
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.gateway import DEMO, Answer, Gateway, Matching, cases, event, function
from tests.support.upstream import Seen, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import Calls, Clock

NOW = 1_767_225_600_000
SETTINGS = "/user/webhooks/event/settings"
HOOK = "https://example.com/webhook-endpoint"
ID = Matching("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SCOPES = (*(f"user.webhooks.event.settings.{action}" for action in ("create", "read", "update", "delete")),)
OTHER = Organization("other", "Other")
NOT_ALLOWED = "this host and port are not among those that may be connected to"


@pytest.fixture(autouse=True)
def settings(demo: None, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    clock.now = NOW
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    monkeypatch.setenv("TOKEN_PORTS", "443")
    monkeypatch.setenv("PRIVATE_MAIL_NETWORKS", "127.0.0.0/8")


class Receiver(Upstream):
    """What a webhook posts to."""

    status = 200

    def work(self, request: Seen) -> tuple[int, Any]:
        return self.status, {"seen": request.method}

    def refusal(self, status: int, message: str) -> Any:
        return {"status": status, "message": message}


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as running:
        monkeypatch.setenv("TOKEN_PORTS", running.url.rpartition(":")[2])
        yield running


def ask(
    call: Gateway, method: str, path: str, body: object = None, identifier: str = "", organization: Organization = DEMO
) -> Answer:
    where = {"id": identifier} if identifier else {}
    scopes = [*SCOPES, "user.webhooks.event.test.create"]
    return call(
        *(function("webhook_settings"), method, path),
        path=where,
        body=body,
        scopes=scopes,
        stage="v3",
        organization=organization,
    )


def made(call: Gateway, **body: object) -> str:
    answer = ask(call, "POST", SETTINGS, {"url": HOOK, **body})
    assert answer.status == 201
    return str(answer.body["id"])


def shown(**more: object) -> dict[str, object]:
    kinds = dict.fromkeys(EVENTS, False)
    return {"enabled": False, "url": HOOK, **kinds, "friendly_name": None, "id": ID, **more}


DATES = {"created_date": "2026-01-01T00:00:00Z", "updated_date": "2026-01-01T00:00:00Z"}


def refusal(status: int, message: str, field: str | None = None) -> Answer:
    error = {"field": field, "message": message}
    return Answer(status, {"errors": [error], "id": Matching(".{22}")})


def test_the_events_in_the_repository_are_answered(call: Gateway) -> None:
    created = call.send(function("webhook_settings"), event("webhook_settings", "create"))
    assert created == Answer(201, shown(enabled=True, bounce=True, dropped=True, friendly_name="Ours", **DATES))
    listed = call.send(function("webhook_settings"), event("webhook_settings", "all"))
    assert listed == Answer(200, {"max_allowed": 5, "webhooks": [created.body]})
    assert call.send(function("webhook_settings"), event("webhook_settings", "not_a_url")) == refusal(
        400, "is not a valid url", "url"
    )
    missing = call.send(function("webhook_settings"), event("webhook_settings", "no_such_webhook"))
    assert missing == refusal(404, "Invalid id provided.")
    assert set(cases("webhook_settings")) == {"all", "create", "no_such_webhook", "not_a_url"}


def test_a_webhook_is_made_changed_member_by_member_and_deleted(call: Gateway, calls: Calls, clock: Clock) -> None:
    identifier = made(call, bounce=True)
    assert calls == {"GetItem": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    clock.now += 1_000
    changed = ask(call, "PATCH", f"{SETTINGS}/{{id}}", {"url": HOOK, "dropped": True, "enabled": True}, identifier)
    updated = {**DATES, "updated_date": "2026-01-01T00:00:01Z"}
    assert changed == Answer(200, shown(enabled=True, bounce=True, dropped=True, **updated))
    assert calls == {"GetItem": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    # what is so already is not written again
    assert ask(call, "PATCH", f"{SETTINGS}/{{id}}", {"url": HOOK, "dropped": True}, identifier) == changed
    assert calls == {"GetItem": 1}
    one = ask(call, "GET", f"{SETTINGS}/{{id}}", identifier=identifier)
    assert one == Answer(200, shown(enabled=True, bounce=True, dropped=True))
    assert calls == {"GetItem": 1}
    clock.now += 1_000
    assert ask(call, "DELETE", f"{SETTINGS}/{{id}}", identifier=identifier) == Answer(204)
    assert calls == {"GetItem": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    assert ask(call, "DELETE", f"{SETTINGS}/{{id}}", identifier=identifier) == refusal(404, "Invalid id provided.")
    assert ask(call, "GET", f"{SETTINGS}/all") == Answer(200, {"max_allowed": 5, "webhooks": []})
    span = Span(Order.PUBLISHED, position(0), LATEST)
    logged = [one.event["eventType"] for one in wiring.log_reader().entries(DEMO, span, first=10)]
    assert logged == [f"reprieve.event_webhook.{verb}" for verb in ("create", "update", "delete")]


def test_no_two_webhooks_have_a_url_and_there_are_five_at_most(call: Gateway) -> None:
    first = made(call)
    taken = refusal(400, f"Webhook at '{HOOK}' already exists. Please provide a unique URL.")
    assert ask(call, "POST", SETTINGS, {"url": HOOK}) == taken
    others = [made(call, url=f"{HOOK}/{number}") for number in range(4)]
    full = refusal(400, "You have reached the maximum number of webhooks per your current billing plan.")
    assert ask(call, "POST", SETTINGS, {"url": f"{HOOK}/5"}) == full
    assert ask(call, "PATCH", f"{SETTINGS}/{{id}}", {"url": HOOK}, others[0]) == taken
    assert ask(call, "PATCH", f"{SETTINGS}/{{id}}", {"url": HOOK}, first).status == 200


def test_two_changes_at_once_both_take_effect(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    honest, raced = EventWebhooks.replace_event_webhooks, []

    def replace_(store: EventWebhooks, organization: Organization, after: EventWebhookSet) -> bool:
        if not raced:
            raced.append(True)
            made(call, url=f"{HOOK}/faster")
        return honest(store, organization, after)

    monkeypatch.setattr(EventWebhooks, "replace_event_webhooks", replace_)
    made(call, url=f"{HOOK}/slower")
    assert [one.url for one in wiring.event_webhooks().all(DEMO)] == [f"{HOOK}/faster", f"{HOOK}/slower"]


@pytest.mark.parametrize(
    ("body", "message", "field"),
    [
        ({}, "must be set, as text", "url"),
        ({"url": 1}, "must be set, as text", "url"),
        ({"url": "ftp://example.com"}, "is not a valid url", "url"),
        ({"url": "https://user@example.com"}, "is not a valid url", "url"),
        ({"url": HOOK, "bounce": 1}, "must be true or false", "bounce"),
        ({"url": HOOK, "enabled": "yes"}, "must be true or false", "enabled"),
        ({"url": HOOK, "friendly_name": 1}, "must be text", "friendly_name"),
        ({"url": HOOK, "friendly_name": " "}, "1 to 100 printable characters, no space around them", "friendly_name"),
        ({"url": HOOK, "oauth_client_id": "a"}, "is not supported: posts are signed", "oauth_client_id"),
    ],
)
def test_what_cannot_be_set_is_named_and_changes_nothing(
    call: Gateway, body: dict[str, object], message: str, field: str
) -> None:
    assert ask(call, "POST", SETTINGS, body) == refusal(400, message, field)
    assert wiring.event_webhooks().all(DEMO) == ()


def test_each_signature_has_a_new_key_that_no_answer_and_no_item_shows(call: Gateway) -> None:
    identifier = made(call)
    signed, keys = f"{SETTINGS}/signed/{{id}}", []
    for enabled in (True, True, False, True):
        answer = ask(call, "PATCH", signed, {"enabled": enabled}, identifier)
        assert (answer.status, bool(answer.body["public_key"])) == (200, enabled)
        assert ask(call, "GET", signed, identifier=identifier) == answer
        keys.append(answer.body["public_key"])
    # what signs already goes on with its key
    assert keys[0] == keys[1] != keys[3]
    assert events.usable_key(keys[3]) is not None
    assert ask(call, "GET", f"{SETTINGS}/all").body["webhooks"][0]["public_key"] == keys[3]
    assert "PRIVATE" not in json.dumps(wiring.client("dynamodb").scan(TableName="Suppressions")["Items"], default=str)


def test_a_test_posts_signed_events_that_our_own_webhook_believes(call: Gateway, receiver: Receiver) -> None:
    identifier = made(call, url=f"{receiver.url}/hook")
    key = ask(call, "PATCH", f"{SETTINGS}/signed/{{id}}", {"enabled": True}, identifier).body["public_key"]
    asked = {"id": identifier, "url": f"{receiver.url}/hook"}
    assert ask(call, "POST", "/user/webhooks/event/test", asked) == Answer(204)
    (seen,) = receiver.seen
    post = Post(seen.headers, seen.body, wiring.now())
    events.check_headers(post)
    events.verify(post, key)
    batch = events.parse_events(post)
    assert {one.email for one in batch.events} == {"example@test.com"}
    assert (len(batch.events), batch.ignored, batch.unreadable) == (8, 3, [])


def test_a_test_without_an_id_is_not_signed(call: Gateway, receiver: Receiver) -> None:
    assert ask(call, "POST", "/user/webhooks/event/test", {"url": receiver.url}) == Answer(204)
    assert "x-twilio-email-event-webhook-signature" not in receiver.seen[0].headers


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://example.com/hook", "must be a plain https URL"),
        ("http://10.0.0.1/hook", "must be a plain https URL"),
        ("https://169.254.169.254/latest", NOT_ALLOWED),
        ("https://127.0.0.1:9/hook", NOT_ALLOWED),
        ("file:///etc/passwd", "must be a plain https URL"),
    ],
)
def test_what_may_not_be_posted_to_is_refused_before_a_connection_is_made(
    call: Gateway, url: str, message: str
) -> None:
    answer = ask(call, "POST", "/user/webhooks/event/test", {"url": url})
    assert (answer.status, answer.body["errors"][0]["field"]) == (400, "url")
    assert answer.body["errors"][0]["message"] == message


def test_a_receiver_that_refuses_is_named_by_its_status_alone(call: Gateway, receiver: Receiver) -> None:
    receiver.status = 401
    answer = ask(call, "POST", "/user/webhooks/event/test", {"url": receiver.url})
    assert answer == refusal(400, "the server answered 401", "url")


def test_another_organizations_webhook_is_as_one_that_is_not_there(call: Gateway) -> None:
    wiring.access().create_organization(OTHER)
    identifier = made(call)
    asked = {"id": identifier, "url": HOOK}
    for method, path, body in (
        ("GET", f"{SETTINGS}/{{id}}", None),
        ("PATCH", f"{SETTINGS}/signed/{{id}}", {"enabled": True}),
        ("DELETE", f"{SETTINGS}/{{id}}", None),
    ):
        answer = ask(call, method, path, body, identifier, OTHER)
        assert answer == refusal(404, "Invalid id provided.")
    assert ask(call, "POST", "/user/webhooks/event/test", asked, organization=OTHER).status == 404
