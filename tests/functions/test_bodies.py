"""Request bodies: any body is answered below 500, and only values that can be shown again are stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.functions.every_request import EVENT_HOOK
from tests.functions.test_scopes import (
    EVERYTHING,
    GLOBAL,
    GROUP,
    GROUPS,
    MEMBERS,
    MODULE,
    ORGANIZATION,
    PATH,
    PURGE,
    ROUTES,
    SERVER,
    UNBLOCK,
    WEBHOOKS,
)
from tests.support.gateway import Answer, function

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Context, Gateway

BY_NAME = {str(route): route for route in ROUTES}
#: the routes that read a body, each with one in which a text can be replaced
BODIES: dict[str, dict[str, Any]] = {
    "okta POST /v1/org/email/bounces/remove-list": {"emailAddresses": ["TEXT"]},
    "okta POST /v1/users": {"profile": {"login": "a@x.io", "email": "a@x.io", "firstName": "TEXT", "lastName": "b"}},
    "okta POST /v1/users/{id}": {"profile": {"firstName": "TEXT"}},
    "okta PUT /v1/users/{id}": {"profile": {"firstName": "TEXT"}},
    "okta POST /v1/email-servers": {"alias": "TEXT"},
    f"okta PATCH {SERVER}": {"alias": "TEXT"},
    f"okta POST {SERVER}/test": {"fromAddress": "TEXT", "toAddress": "a@x.io"},
    "okta POST /v1/eventHooks": {**EVENT_HOOK, "name": "TEXT"},
    "okta PUT /v1/eventHooks/{eventHookId}": {**EVENT_HOOK, "description": "TEXT"},
    **{f"sendgrid DELETE /suppression/{name}": {"emails": ["TEXT"]} for name in ("bounces", "blocks")},
    **{f"sendgrid DELETE /suppression/{name}": {"emails": ["TEXT"]} for name in ("invalid_emails", "spam_reports")},
    f"sendgrid POST {GLOBAL}": {"recipient_emails": ["TEXT"]},
    f"sendgrid POST {GROUPS}": {"name": "TEXT", "description": "mail"},
    f"sendgrid PATCH {GROUP}": {"name": "TEXT"},
    "sendgrid POST /api_keys": {"name": "TEXT"},
    "sendgrid PATCH /api_keys/{api_key_id}": {"name": "TEXT"},
    "sendgrid PUT /api_keys/{api_key_id}": {"name": "TEXT", "scopes": ["api_keys.read"]},
    f"sendgrid POST {WEBHOOKS}": {"url": "https://x.io/hook", "friendly_name": "TEXT"},
    f"sendgrid PATCH {WEBHOOKS}/{{id}}": {"url": "https://x.io/hook", "friendly_name": "TEXT"},
    f"sendgrid PATCH {WEBHOOKS}/signed/{{id}}": {"enabled": "TEXT"},
    "sendgrid POST /user/webhooks/event/test": {"url": "TEXT"},
    f"sendgrid POST {MEMBERS}": {"recipient_emails": ["TEXT"]},
    f"sendgrid POST {MEMBERS}/search": {"recipient_emails": ["TEXT"]},
    f"sendgrid PATCH {PURGE}": {"enabled": True, "soft_bounces": "TEXT"},
    "sendgrid PATCH /mail_settings/address_whitelist": {"list": ["TEXT"]},
    "reprieve POST /unsubscribe-links": {"emails": ["TEXT"]},
    "reprieve POST /holds": {"email": "a@x.io", "reason": "TEXT"},
    "reprieve PUT /policies": {"enabled": True, "version": 0, "rules": [{"name": "TEXT", "then": "lift"}]},
    "reprieve POST /proofs/{email+}": {"proof": "TEXT"},
    "reprieve POST /confirmation-links": {"emails": ["TEXT"]},
    "reprieve POST /hooks": {"url": "https://x.example/", "description": "TEXT"},
    "reprieve PATCH /hooks/{id}": {"description": "TEXT"},
    "reprieve POST /hooks/{id}/rotate": {"keep_hours": "TEXT"},
    "reprieve POST /hooks/{id}/replay": {"since": "TEXT"},
    f"zoho POST {MODULE}": {"data": [{"Email": "a@x.io", "Name": "TEXT"}]},
    f"zoho POST {MODULE}/upsert": {"data": [{"Email": "a@x.io", "Name": "TEXT"}]},
    f"zoho POST {MODULE}/{UNBLOCK}": {"ids": ["TEXT"], "unblock_fields": ["Email"]},
    f"zoho POST {MODULE}/{{record_id}}/{UNBLOCK}": {"unblock_fields": ["TEXT"]},
}
#: the routes that ignore a body, and those whose body is a provider's or a form
BODILESS = {
    "okta DELETE /v1/users/{id}",
    "okta POST /v1/users/{id}/lifecycle/deactivate",
    f"okta DELETE {SERVER}",
    "okta DELETE /v1/eventHooks/{eventHookId}",
    "okta POST /v1/eventHooks/{eventHookId}/lifecycle/{operation}",
    *(f"sendgrid DELETE /suppression/{name}/{{email+}}" for name in ("bounces", "blocks")),
    *(f"sendgrid DELETE /suppression/{name}/{{email+}}" for name in ("invalid_emails", "spam_reports")),
    f"sendgrid DELETE {GLOBAL}/{{email+}}",
    f"sendgrid DELETE {GROUP}",
    "sendgrid DELETE /api_keys/{api_key_id}",
    f"sendgrid DELETE {WEBHOOKS}/{{id}}",
    f"sendgrid DELETE {MEMBERS}/{{email+}}",
    f"zoho DELETE {MODULE}",
    f"zoho DELETE {MODULE}/{{record_id}}",
    "reprieve POST /removals/{id}/retry",
    "reprieve DELETE /holds/{subject+}",
    "reprieve DELETE /policies",
    "reprieve DELETE /hooks/{id}",
    "reprieve POST /hooks/{id}/test",
    "reprieve POST /events/{kind}/{org}",
    # mails, which test_mail_reports sends
    "reprieve POST /mail-reports",
    # forms, which test_tokens sends
    *("okta POST /v1/token", "zoho POST /v2/token", "zoho POST /v2/token/revoke"),
    "reprieve POST /unsubscribe/{token}",
    "reprieve POST /confirm/{token}",
    # and which console/ sends
    *("console POST /sign-in", "console POST /oidc", "console POST /sign-out", "console POST /address"),
    "console POST /lifts",
    *("console POST /lifts/dry-run", "console POST /removals/{id}/retry", "console POST /lists"),
    *("console POST /log", "console POST /log/newer", "console POST /removals"),
    *("console POST /lists/export", "console POST /lists/file", "console POST /lists/import"),
    *("console POST /holds", "console POST /holds/add", "console POST /holds/lift"),
    *("console POST /lifts/many", "console POST /lifts/many/dry-run"),
    *(f"console POST /email-servers/{{id}}/{verb}" for verb in ("enable", "disable", "delete", "test")),
    *(f"console POST /hooks/{{id}}/{verb}" for verb in ("enable", "disable", "test")),
    *("console POST /people", "console POST /people/{id}/revoke"),
    *("console POST /policy/enable", "console POST /policy/disable"),
}

#: the values that replace "TEXT", quotes included; a number that is too long and too many levels are not text
UNREADABLE = {
    "half of a surrogate pair": r'"\ud800"',
    "half of a surrogate pair in a name": r'{"\udc00": 1}',
    "raw half of a surrogate pair": b'"\xed\xa0\x80"',
    "an invalid byte": b'"\xff"',
    "NaN": "NaN",
    "infinity": "-Infinity",
    "out of range": "1e999",
    "5,000 digits": "9" * 5000,
    "5,000 levels": "[" * 5000 + "]" * 5000,
}


@pytest.fixture(autouse=True)
def no_mail(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that the email server functions need to start; no connection is made."""
    for name in ("MAIL_PORTS", "TOKEN_PORTS"):
        monkeypatch.setenv(name, "443")
    key_id = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    for name, value in {"SECRETS_KEY": key_id, "MAX_EMAIL_SERVERS": "3", "PRIVATE_MAIL_NETWORKS": ""}.items():
        monkeypatch.setenv(name, value)


def send(call: Gateway, name: str, body: object, **more: Any) -> Answer:
    route = BY_NAME[name]
    return call(
        function(route.function),
        route.method,
        route.resource,
        path={word: value for word, value in PATH.items() if f"{{{word}}}" in route.resource},
        body=body,
        scopes=EVERYTHING,
        organization=ORGANIZATION,
        stage=route.dialect.stage,
        **more,
    )


def with_hole(name: str, filling: str | bytes) -> bytes:
    """A route's body with a value in place of its text."""
    raw = filling if isinstance(filling, bytes) else filling.encode()
    return json.dumps(BODIES[name]).encode().replace(b'"TEXT"', raw)


def test_every_route_that_could_have_a_body_is_here() -> None:
    assert {name for name, route in BY_NAME.items() if route.method != "GET"} == BODIES.keys() | BODILESS


@pytest.mark.parametrize("filling", UNREADABLE.values(), ids=list(UNREADABLE))
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_could_not_be_shown_again_is_refused_before_anything_is_read(
    call: Gateway, calls: Calls, name: str, filling: str | bytes
) -> None:
    answer = send(call, name, with_hole(name, filling), as_base64=True)
    unreadable = send(call, name, "{", as_base64=True)
    assert (answer.status, unreadable.status) == (400, 400)
    if not name.startswith(("sendgrid", "reprieve")):
        # these two say what is wrong with it
        assert comparable(answer) == comparable(unreadable)
    assert calls == {}


def comparable(answer: Answer) -> Any:
    return answer.body | {"errorId": None}


@pytest.mark.parametrize("name", BODIES)
def test_half_of_a_surrogate_pair_in_the_text_that_the_gateway_hands_on_is_refused(call: Gateway, name: str) -> None:
    """The gateway hands a body on as text, which can hold half of a pair without an escape."""
    route = BY_NAME[name]
    event = {**captured(call, name), "body": json.dumps(BODIES[name], ensure_ascii=False).replace("TEXT", "\ud800")}
    assert call.send(function(route.function), event).status == 400


def captured(call: Gateway, name: str) -> dict[str, Any]:
    """The Lambda event of a request."""
    events: list[dict[str, Any]] = []
    route = BY_NAME[name]

    def handler(event: Any, context: Context) -> dict[str, Any]:
        events.append(event)
        return function(route.function)(event, context)

    call(
        handler,
        route.method,
        route.resource,
        path={word: value for word, value in PATH.items() if f"{{{word}}}" in route.resource},
        body=BODIES[name],
        scopes=EVERYTHING,
        organization=ORGANIZATION,
        stage=route.dialect.stage,
    )
    (event,) = events
    return event


# ---------------------------------------------------------------- anything

characters = st.characters() | st.sampled_from("\ud800\udfff\0{}'\"\\")
texts = st.text(characters, max_size=12) | st.sampled_from(["a@x.io", "Email", "2423488000000575001", ""])
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -1, 2**64])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    sorted({member for body in BODIES.values() for member in body} | {"delete_all", "hard_bounces", "ids", "port"})
)
bodies = st.dictionaries(names | texts, values, max_size=4) | values


@pytest.mark.parametrize("name", BODIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=bodies, filling=st.none() | values)
def test_any_body_is_answered_below_500(call: Gateway, name: str, body: object, filling: object) -> None:
    sent = json.dumps(body).encode() if filling is None else with_hole(name, json.dumps(filling))
    assert send(call, name, sent).status < 500


#: the request that stores a caller's words -> the request that shows them
SHOWN_BY = {
    "okta POST /v1/users": "okta GET /v1/users",
    f"sendgrid POST {GLOBAL}": "sendgrid GET /suppression/unsubscribes",
    f"zoho POST {MODULE}": f"zoho GET {MODULE}",
    f"zoho POST {MODULE}/upsert": f"zoho GET {MODULE}",
}


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize(("name", "shown_by"), SHOWN_BY.items())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(filling=values, word=texts)
def test_what_was_stored_is_shown_again(call: Gateway, name: str, shown_by: str, filling: object, word: str) -> None:
    body = json.dumps(BODIES[name]).replace('"TEXT"', json.dumps(filling)).replace('"Name"', json.dumps(word))
    stored = send(call, name, body)
    assert stored.status < 500
    answer = send(call, shown_by, None)
    assert answer.status in {200, 204}
    json.dumps(answer.body, allow_nan=False, ensure_ascii=False).encode()
