"""Okta's event hooks: set by Okta's API, verified by one request, and nothing that no event hook can have."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.net import connection
from reprieve.runtime import wiring
from tests.support import upstream
from tests.support.event_hooks import (
    ALL,
    AUTH,
    CHALLENGE,
    HEADERS,
    ID,
    ONE,
    VALUE,
    Endpoint,
    ask,
    body,
    lifecycle,
    made,
    verified,
)
from tests.support.gateway import CREDENTIAL, DEMO, Answer, cases, event, function
from tests.support.hooks import NOON, OTHER, logged
from tests.support.hooks import ONE as OURS
from tests.support.hooks import ask as ask_ours
from tests.support.okta import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.hooks.event_hook import EventHook
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("settings")

URI = "https://crm.acme.example/okta"
BASE = "https://reprieve.example.com/api/v1/eventHooks"
BLANK = "The field cannot be left blank"


def link(url: str, method: str) -> dict[str, Any]:
    return {"href": url, "hints": {"allow": [method]}}


def shown(identifier: str, uri: str = URI, **more: object) -> dict[str, Any]:
    url = f"{BASE}/{identifier}"
    return {
        "id": identifier,
        "status": "ACTIVE",
        "verificationStatus": "UNVERIFIED",
        "name": "CRM",
        "description": None,
        "created": NOON,
        "createdBy": CREDENTIAL,
        "lastUpdated": NOON,
        "events": {"type": "EVENT_TYPE", "items": ["system.email.delivery"], "filter": None},
        "channel": {
            "type": "HTTP",
            "version": "1.0.0",
            "config": {
                "uri": uri,
                "headers": HEADERS,
                "method": "POST",
                "authScheme": {"type": "HEADER", "key": "Authorization"},
            },
        },
        "_links": {
            "self": {"href": url},
            "verify": link(f"{url}/lifecycle/verify", "POST"),
            "deactivate": link(f"{url}/lifecycle/deactivate", "POST"),
        },
        **more,
    }


def missing(identifier: str) -> Answer:
    return refusal(404, "E0000007", f"Not found: Resource not found: {identifier} (Webhook)")


def invalid(field: str, problem: str) -> Answer:
    return refusal(400, "E0000001", f"Api validation failed: {field}", f"{field}: {problem}")


def stored() -> EventHook:
    (hook,) = wiring.hook_store().hooks(DEMO)
    assert hook.event_hook is not None
    return hook.event_hook


def test_the_events_in_the_repository_are_answered(call: Gateway) -> None:
    handler = function("event_hooks")
    created = call.send(handler, event("event_hooks", "create"))
    items = ["system.email.delivery", "reprieve.removal.done"]
    events = {"type": "EVENT_TYPE", "items": items, "filter": None}
    assert created == Answer(200, {**shown(ID), "_links": created.body["_links"], "events": events})
    assert call.send(handler, event("event_hooks", "list")) == Answer(200, [created.body])
    assert call.send(handler, event("event_hooks", "verify_unknown")) == missing("who0123456789ABCDEFG")
    problem = "user.session.begin is not an event type of this system log"
    assert call.send(handler, event("event_hooks", "unknown_event_type")) == invalid("events.items", problem)
    assert set(cases("event_hooks")) == {"create", "list", "verify_unknown", "unknown_event_type"}


def test_an_event_hook_is_created_shown_replaced_deactivated_and_deleted(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    identifier = made(call, URI)
    assert calls == {"Query": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    assert ask(call, "GET", ONE, identifier=identifier) == Answer(200, shown(identifier))
    assert calls == {"Query": 1}
    assert ask(call, "GET") == Answer(200, [shown(identifier)])
    assert calls == {"Query": 1}
    clock.now += 1_000
    later = {"lastUpdated": "2026-01-01T00:00:01.000Z", "name": "ERP", "description": "of the shop"}
    wanted = {**body(URI), "name": "ERP", "description": "of the shop"}
    assert ask(call, "PUT", ONE, wanted, identifier) == Answer(200, shown(identifier, **later))
    assert calls == {"Query": 2, "UpdateItem": 1, "BatchExecuteStatement": 1}
    active = "an active event hook cannot be deleted; deactivate it first"
    refused = refusal(400, "E0000001", f"Api validation failed: {active}", active)
    assert ask(call, "DELETE", ONE, identifier=identifier) == refused
    url = f"{BASE}/{identifier}"
    links = {
        "self": {"href": url},
        "activate": link(f"{url}/lifecycle/activate", "POST"),
        "delete": link(url, "DELETE"),
    }
    expected = shown(identifier, **later, status="INACTIVE", _links=links)
    assert lifecycle(call, identifier, "deactivate") == Answer(200, expected)
    assert calls == {"Query": 2, "UpdateItem": 1, "BatchExecuteStatement": 1}
    assert lifecycle(call, identifier, "activate").body["status"] == "ACTIVE"
    assert lifecycle(call, identifier, "deactivate") == Answer(200, expected)
    assert ask(call, "DELETE", ONE, identifier=identifier) == Answer(204)
    assert calls == {"Query": 2, "DeleteItem": 1, "BatchExecuteStatement": 1}
    assert ask(call, "DELETE", ONE, identifier=identifier) == missing(identifier)
    assert sorted(logged()) == [
        ("reprieve.hook.create", identifier),
        ("reprieve.hook.delete", identifier),
        *[("reprieve.hook.update", identifier)] * 4,
    ]


def test_what_a_client_was_shown_may_be_sent_back_and_the_secret_stays(call: Gateway, receiver: Endpoint) -> None:
    identifier = verified(call, receiver.url)
    found = ask(call, "GET", ONE, identifier=identifier).body
    assert ask(call, "PUT", ONE, found, identifier) == Answer(200, found)
    lifecycle(call, identifier, "verify")
    assert [one.headers["authorization"] for one in receiver.seen] == [VALUE, VALUE]


@pytest.mark.parametrize(
    ("uri", "config"),
    [
        ("/elsewhere", {}),
        ("", {"headers": []}),
        ("", {"headers": [{"key": "X-Source", "value": "another"}]}),
        ("", {"authScheme": {**AUTH, "value": "another"}}),
        ("", {"authScheme": {**AUTH, "key": "X-Key"}}),
        ("", {"authScheme": None}),
    ],
)
def test_a_changed_channel_must_be_verified_again(
    call: Gateway, receiver: Endpoint, uri: str, config: dict[str, Any]
) -> None:
    identifier = verified(call, receiver.url)
    answer = ask(call, "PUT", ONE, body(receiver.url + uri, **config), identifier)
    assert (answer.status, answer.body["verificationStatus"]) == (200, "UNVERIFIED")
    assert list(wiring.hook_store().enabled()) == []


def test_another_name_or_other_events_need_no_other_proof(call: Gateway, receiver: Endpoint) -> None:
    identifier = verified(call, receiver.url)
    wanted = {**body(receiver.url, "system.email.delivery", "reprieve.hold.create"), "name": "ERP"}
    assert ask(call, "PUT", ONE, wanted, identifier).body["verificationStatus"] == "VERIFIED"
    assert [one.id for one in wiring.hook_store().enabled()] == [identifier]


@pytest.mark.parametrize("changed", ["uri", "key"])
def test_a_secret_does_not_follow_to_another_receiver_unless_it_is_given(call: Gateway, changed: str) -> None:
    identifier = made(call, URI)
    before = ask(call, "GET", ONE, identifier=identifier)
    auth = {"type": "HEADER", "key": "X-Key" if changed == "key" else "Authorization"}
    wanted = body("https://evil.example/" if changed == "uri" else URI, authScheme=auth)
    field = "channel.config.authScheme.value"
    assert ask(call, "PUT", ONE, wanted, identifier) == invalid(field, "needed again for another URI or header")
    assert ask(call, "GET", ONE, identifier=identifier) == before


def test_a_secret_is_sealed_for_its_organization_and_never_shown(call: Gateway) -> None:
    identifier = made(call, URI)
    (hook,) = wiring.hook_store().hooks(DEMO)
    assert VALUE.encode() not in hook.secrets[0].sealed
    assert wiring.vault().unseal(hook.secrets[0].sealed, {"organization": "demo", "purpose": "hook"}) == VALUE
    assert VALUE not in json.dumps(ask(call, "GET", ONE, identifier=identifier).body)
    assert VALUE not in repr(hook)
    assert VALUE not in json.dumps(ask_ours(call, "GET", "/hooks").body)


def test_the_verification_is_one_request_with_the_hooks_headers(call: Gateway, receiver: Endpoint) -> None:
    identifier = made(call, receiver.url)
    answer = lifecycle(call, identifier, "verify")
    assert answer == Answer(200, shown(identifier, receiver.url, verificationStatus="VERIFIED"))
    (asked,) = receiver.seen
    sent = {name: asked.headers[name] for name in ("authorization", "x-source", "accept")}
    assert (asked.method, asked.body) == ("GET", b"")
    assert sent == {"authorization": VALUE, "x-source": "reprieve", "accept": "application/json"}
    assert len(asked.headers[CHALLENGE]) == 40
    assert stored().verified
    lifecycle(call, identifier, "verify")
    assert receiver.seen[1].headers[CHALLENGE] != asked.headers[CHALLENGE]


def said(content: object, status: int = 200) -> Callable[[upstream.Handler], None]:
    return lambda handler: handler.answer(status, content)


WRONG = 'the answer is not {"verification": the value of the header X-Okta-Verification-Challenge}'
UNREACHABLE = "the server could not be reached, or hung up"
OVERSIZED = "the server sent more than is accepted"
LATE = "the server took longer than the time allowed"


@pytest.mark.parametrize(
    ("trouble", "problem", "times"),
    [
        (said({"verification": "another"}), WRONG, 1),
        (said({"challenge": "x"}), WRONG, 1),
        (said(["verification"]), WRONG, 1),
        (upstream.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"), WRONG, 1),
        (upstream.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + b"[" * 20_000), WRONG, 1),
        (upstream.status(302, Location="http://169.254.169.254/latest/meta-data"), "the server answered 302", 1),
        (upstream.status(404), "the server answered 404", 1),
        (upstream.status(503), "the server answered 503", 2),
        (upstream.reset, UNREACHABLE, 2),
        (upstream.silence, LATE, 2),
        (upstream.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", *[b"x" * 100_000] * 100), OVERSIZED, 2),
    ],
)
def test_an_endpoint_that_proves_nothing_is_not_verified(
    call: Gateway, receiver: Endpoint, monkeypatch: pytest.MonkeyPatch, trouble: Any, problem: str, times: int
) -> None:
    monkeypatch.setattr("reprieve.hooks.event_hook.SECONDS", 0.4)
    identifier = made(call, receiver.url)
    receiver.always = trouble
    sentence = f"Unable to verify event hook. Hook CRM execution failed: {problem}"
    refused = refusal(400, "E0000001", "Api validation failed: eventHook", sentence)
    assert lifecycle(call, identifier, "verify") == refused
    assert len(receiver.seen) == times
    assert not stored().verified


def test_a_second_chance_is_enough(call: Gateway, receiver: Endpoint) -> None:
    identifier = made(call, receiver.url)
    receiver.trouble.append(upstream.status(500))
    assert lifecycle(call, identifier, "verify").body["verificationStatus"] == "VERIFIED"


def test_a_verification_counts_for_the_channel_that_was_asked_alone(call: Gateway, receiver: Endpoint) -> None:
    identifier = made(call, receiver.url)

    def meanwhile(handler: upstream.Handler) -> None:
        assert ask(call, "PUT", ONE, body("https://evil.example/"), identifier).status == 200
        handler.answer(*handler.work())

    receiver.trouble.append(meanwhile)
    problem = "the event hook was changed while it was verified"
    assert lifecycle(call, identifier, "verify") == refusal(
        400, "E0000001", f"Api validation failed: {problem}", problem
    )
    assert not stored().verified


def test_an_organization_has_at_most_25_event_hooks_beside_its_others(call: Gateway) -> None:
    ask_ours(call, "POST", "/hooks", {"url": URI})
    for _ in range(25):
        made(call, URI)
    full = "an organization has at most 25 event hooks"
    refused = refusal(400, "E0000001", f"Api validation failed: {full}", full)
    assert ask(call, "POST", sent=body(URI)) == refused
    assert len(ask(call, "GET").body) == 25
    assert ask_ours(call, "POST", "/hooks", {"url": f"{URI}/2"}).status == 201


def changed(path: str, value: object) -> dict[str, Any]:
    """A good body with one member replaced, or left out for None."""
    whole: dict[str, Any] = json.loads(json.dumps(body(URI)))
    *outer, last = path.split(".")
    at = whole
    for name in outer:
        at = at[name]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return whole


CONFIG = "channel.config"
PLAIN = "must be a plain https URL"
VALUES = "the value of a header has 1 to 1000 printable ASCII characters, no space around them"
NAMES = "the name of a header has 1 to 100 letters, digits and hyphens"


@pytest.mark.parametrize(
    ("path", "value", "field", "problem"),
    [
        ("name", None, "name", BLANK),
        ("name", " ", "name", BLANK),
        ("name", "x" * 256, "name", "String should have at most 255 characters"),
        ("description", [], "description", "Input should be a valid string"),
        ("events", None, "events", BLANK),
        ("events.type", "FLOW", "events.type", "Input should be 'EVENT_TYPE'"),
        ("events.items", [], "events.items", "List should have at least 1 item after validation, not 0"),
        ("events.items", ["x.y"], "events.items", "x.y is not an event type of this system log"),
        ("events.items", ["reprieve.hold.lift"] * 2, "events.items", "an event type is there twice"),
        ("events.filter", {"eventFilterMap": [{}]}, "events.filter", "filters of event hooks are not supported"),
        ("channel.type", "SMTP", "channel.type", "Input should be 'HTTP'"),
        ("channel.version", "2.0.0", "channel.version", "Input should be '1.0.0'"),
        (f"{CONFIG}.uri", None, f"{CONFIG}.uri", BLANK),
        (f"{CONFIG}.uri", "http://crm.acme.example/", f"{CONFIG}.uri", PLAIN),
        (f"{CONFIG}.uri", "http://169.254.169.254/latest/meta-data", f"{CONFIG}.uri", PLAIN),
        (f"{CONFIG}.uri", "https://user:key@crm.acme.example/", f"{CONFIG}.uri", PLAIN),
        (f"{CONFIG}.authScheme.key", None, f"{CONFIG}.authScheme.key", BLANK),
        (f"{CONFIG}.authScheme.value", None, f"{CONFIG}.authScheme.value", BLANK),
        (f"{CONFIG}.authScheme.type", "BASIC", f"{CONFIG}.authScheme.type", "Input should be 'HEADER'"),
        (f"{CONFIG}.authScheme.value", "a\r\nHost: b", f"{CONFIG}.authScheme.value", VALUES),
        (f"{CONFIG}.authScheme.value", "a" * 1001, f"{CONFIG}.authScheme.value", VALUES),
        (f"{CONFIG}.authScheme.key", "Host", f"{CONFIG}.authScheme.key", "the header Host cannot be set"),
        (f"{CONFIG}.headers", [{"key": "X: y", "value": "z"}], f"{CONFIG}.headers.key", NAMES),
        (f"{CONFIG}.headers", [{"key": "X", "value": ""}], f"{CONFIG}.headers.value", VALUES),
        (f"{CONFIG}.headers", [{"key": "X", "value": "ä"}], f"{CONFIG}.headers.value", VALUES),
        (
            *(f"{CONFIG}.headers", [{"key": "transfer-encoding", "value": "chunked"}]),
            *(f"{CONFIG}.headers.key", "the header transfer-encoding cannot be set"),
        ),
        (
            *(f"{CONFIG}.headers", [{"key": "AUTHORIZATION", "value": "x"}]),
            *(f"{CONFIG}.headers", "a header is there twice"),
        ),
        (
            *(f"{CONFIG}.headers", [{"key": f"x{number}", "value": "x"} for number in range(21)]),
            *(f"{CONFIG}.headers", "at most 20 headers"),
        ),
    ],
)
def test_what_no_event_hook_can_have_is_refused_by_name(
    call: Gateway, path: str, value: object, field: str, problem: str
) -> None:
    assert ask(call, "POST", sent=changed(path, value)) == invalid(field, problem)
    assert ask(call, "GET") == Answer(200, [])


@pytest.mark.parametrize("sent", ["", "[]", '"x"', "{"])
def test_a_body_that_is_no_object_is_unreadable(call: Gateway, sent: str) -> None:
    assert ask(call, "POST", sent=sent) == refusal(400, "E0000003", "The request body was not well-formed.")


def test_there_is_no_other_operation(call: Gateway) -> None:
    identifier = made(call, URI)
    assert lifecycle(call, identifier, "pause") == refusal(404, "E0000008", "The requested path was not found")


def test_another_organization_does_not_find_an_event_hook_nor_okta_a_hook_of_ours(call: Gateway) -> None:
    identifier = made(call, URI)
    ours = ask_ours(call, "POST", "/hooks", {"url": URI}).body["id"]
    for name, organization in ((identifier, OTHER), (ours, DEMO)):
        for method, path, sent in (("GET", ONE, None), ("PUT", ONE, body(URI)), ("DELETE", ONE, None)):
            assert ask(call, method, path, sent, name, organization=organization) == missing(name)
        for operation in ("verify", "activate", "deactivate"):
            assert lifecycle(call, name, operation, organization=organization) == missing(name)
    assert ask(call, "GET", ALL, organization=OTHER) == Answer(200, [])


def test_our_own_api_lists_disables_and_tests_an_event_hook_and_sets_nothing_that_okta_sets(
    call: Gateway, receiver: Endpoint
) -> None:
    identifier = made(call, receiver.url)
    found = ask_ours(call, "GET", OURS, identifier=identifier).body
    assert (found["form"], found["verified"], found["types"]) == ("okta", False, ["system.email.delivery"])
    tested = ask_ours(call, "POST", f"{OURS}/test", identifier=identifier)
    assert tested.body == {"delivered": True, "status": 200, "problem": None}
    assert not stored().verified
    for field, value in (("url", URI), ("types", ["address.lifted"])):
        answer = ask_ours(call, "PATCH", OURS, {field: value}, identifier)
        assert (answer.status, answer.body["field"]) == (400, field)
    assert ask_ours(call, "POST", f"{OURS}/rotate", identifier=identifier).status == 409
    assert ask_ours(call, "PATCH", OURS, {"enabled": False}, identifier).body["enabled"] is False
    assert ask(call, "GET", ONE, identifier=identifier).body["status"] == "INACTIVE"


def test_an_event_hook_without_a_secret_or_headers_is_verified_without_them(call: Gateway, receiver: Endpoint) -> None:
    identifier = verified(call, receiver.url, headers=None, authScheme=None)
    assert not {"authorization", "x-source"} & set(receiver.seen[0].headers)
    config = ask(call, "GET", ONE, identifier=identifier).body["channel"]["config"]
    assert config == {"uri": receiver.url, "headers": [], "method": "POST"}


def test_a_name_that_leads_into_a_private_network_is_not_asked(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(connection.socket, "getaddrinfo", lambda *_, **__: inside)
    identifier = made(call, URI)
    problem = "this host and port are not among those that may be connected to"
    sentence = f"Unable to verify event hook. Hook CRM execution failed: {problem}"
    refused = refusal(400, "E0000001", "Api validation failed: eventHook", sentence)
    assert lifecycle(call, identifier, "verify") == refused
