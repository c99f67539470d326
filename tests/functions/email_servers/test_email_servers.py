"""Okta's Email Servers API: the life of a server, whole answers, and the DynamoDB calls of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.organization import Organization
from reprieve.runtime import wiring
from tests.support.email_servers import (
    ANOTHER,
    CLIENT_CREDENTIALS,
    FROM_TERRAFORM,
    ID,
    JWT_BEARER,
    MANAGE,
    TOO_MANY,
    Client,
    invalid,
    logged,
    types,
    unconnected,
)
from tests.support.gateway import Answer, cases, event, function
from tests.support.mail_sink import PASSWORD, MailSink
from tests.support.okta import forbidden, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls, Gateway

# for aiosmtpd only STARTTLS is TLS
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


NO_METHOD = refusal(405, "E0000022", "The endpoint does not support the provided HTTP method")


def unknown(identifier: str) -> Answer:
    return refusal(404, "E0000007", f"Not found: Resource not found: {identifier} (EmailServer)")


def test_a_disabled_server_is_kept_as_terraform_sends_it_without_a_connection(client: Client, calls: Calls) -> None:
    created = client.create(FROM_TERRAFORM)
    assert calls == {"TransactWriteItems": 1, "BatchExecuteStatement": 1}
    shown = {
        "id": ID,
        "alias": "tf",
        "enabled": False,
        "authType": "BASIC_SMTP_AUTH",
        "host": "192.168.2.0",
        "port": 8086,
        "username": "u",
    }
    assert created == Answer(201, shown)
    assert list(created.body) == list(shown)
    identifier = created.body["id"]
    assert client.get(identifier) == Answer(200, shown | {"email-servers": [shown]})
    assert calls == {"GetItem": 1}
    assert client.list() == Answer(200, {"email-servers": [shown]})
    assert calls == {"Query": 1}
    assert client.delete(identifier) == Answer(204)
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "BatchExecuteStatement": 1}
    assert client.list() == Answer(200, {"email-servers": []})
    assert client.get(identifier) == unknown(identifier)


@pytest.mark.parametrize(
    ("sent", "hidden"),
    [(CLIENT_CREDENTIALS, {"clientSecret"}), (JWT_BEARER, {"privateKey", "keyId"})],
    ids=["client credentials", "JWT bearer"],
)
def test_what_okta_s_samples_send_is_shown_without_its_secret(
    client: Client, sent: dict[str, Any], hidden: set[str]
) -> None:
    shown = {"id": ID} | {name: value for name, value in sent.items() if name not in hidden}
    created = client.create(sent)
    assert created == Answer(201, shown)
    assert client.get(created.body["id"]) == Answer(200, shown | {"email-servers": [shown]})
    assert client.list() == Answer(200, {"email-servers": [shown]})


def test_a_server_that_works_can_be_created_enabled(
    client: Client, body: dict[str, Any], sink: MailSink, calls: Calls, dynamodb: DynamoDBClient
) -> None:
    created = client.create(body | {"enabled": True})
    assert calls == {"Query": 1, "UpdateItem": 2, "TransactWriteItems": 1, "BatchExecuteStatement": 2}
    assert (created.status, created.body["enabled"]) == (201, True)
    assert re.fullmatch("[0-9a-f]{64}", created.body["privateCaFingerprint"])
    assert sink.logins == [("PLAIN", PASSWORD)]
    assert types(dynamodb) == [("activate", "SUCCESS"), ("create", "SUCCESS")]


def test_one_server_at_a_time_is_enabled(client: Client, body: dict[str, Any], sink: MailSink) -> None:
    first = client.create(body | {"enabled": True}).body["id"]
    second = client.create(body).body["id"]
    attempts = len(sink.logins)
    assert client.create(body | {"enabled": True}) == ANOTHER
    assert client.update(second, enabled=True) == ANOTHER
    assert len(sink.logins) == attempts
    assert client.update(first, enabled=False).body["enabled"] is False
    assert client.update(second, enabled=True).body["enabled"] is True
    assert client.delete(second) == Answer(204)
    assert client.update(first, enabled=True).body["enabled"] is True


def test_two_that_are_enabled_at_the_same_moment_do_not_both_succeed(
    client: Client, working: str, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list that was read before the connection is stale at the time of the write."""
    client.create(body | {"enabled": True})
    monkeypatch.setattr(type(wiring.email_servers()), "_refuse_another", lambda *_: None)
    assert client.update(working, enabled=True) == ANOTHER
    assert client.create(body | {"enabled": True}) == ANOTHER
    assert [server["enabled"] for server in client.list().body["email-servers"]].count(True) == 1


def test_a_change_that_another_overtook_is_refused(
    client: Client, working: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = wiring.email_servers().store
    stale = store.get(client.organization, working)
    client.update(working, alias="first")
    monkeypatch.setattr(type(store), "get", lambda *_: stale)
    refused = client.update(working, alias="second")
    assert refused.body["errorCauses"] == [{"errorSummary": "the server was changed meanwhile: try again"}]
    assert client.delete(working).status == 400
    monkeypatch.undo()


def test_servers_are_limited_to_the_maximum(client: Client, body: dict[str, Any], sink: MailSink) -> None:
    ids = [client.create(FROM_TERRAFORM).body["id"] for _ in range(3)]
    assert client.create(FROM_TERRAFORM) == TOO_MANY
    assert client.create(body | {"enabled": True}) == TOO_MANY
    assert sink.logins == []
    client.delete(ids[0])
    assert client.create(FROM_TERRAFORM).status == 201


def test_an_alias_changes_without_a_connection_and_is_logged(
    client: Client, body: dict[str, Any], sink: MailSink, dynamodb: DynamoDBClient, calls: Calls
) -> None:
    identifier = client.create(body | {"enabled": True}).body["id"]
    attempts = len(sink.logins)
    changed = client.update(identifier, alias="New", host=sink.host, port=sink.port)
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "BatchExecuteStatement": 1}
    assert (changed.status, changed.body["alias"]) == (200, "New")
    assert len(sink.logins) == attempts
    (update,) = [entry for entry in logged(dynamodb) if entry["eventType"].endswith(".update")]
    assert update["target"] == [
        {
            "id": identifier,
            "type": "CustomEmailServer",
            "alternateId": "New",
            "displayName": "New",
            "detailEntry": None,
            "changeDetails": {"from": {"alias": "Sink"}, "to": {"alias": "New"}},
        }
    ]


@pytest.mark.parametrize(
    ("send", "resource"),
    [
        (lambda client, other: client.get(other), "get"),
        (lambda client, other: client.update(other, alias="x"), "update"),
        (lambda client, other: client.delete(other), "delete"),
        (lambda client, other: client.test(other), "test"),
    ],
)
def test_another_organization_s_server_is_not_there(
    client: Client, working: str, send: Callable[[Client, str], Answer], resource: str, sink: MailSink
) -> None:
    client.organization = Organization(id="other", name="Other")
    assert send(client, working) == unknown(working)
    strange = send(client, "unknown@example.com")
    assert strange.body["errorSummary"] == "Not found: Resource not found: unknown@example.com (EmailServer)"
    assert client.list() == Answer(200, {"email-servers": []})
    assert sink.logins == []


MADE = {
    "id": ID,
    "alias": "CustomServer1",
    "enabled": False,
    "authType": "BASIC_SMTP_AUTH",
    "host": "smtp.example.com",
    "port": 587,
    "username": "user@example.com",
}


#: the events of each function in an order that makes sense, with the whole answer to each
STORY: dict[str, dict[str, Answer]] = {
    "email_servers": {
        "create_disabled": Answer(201, MADE),
        "create_without_password": invalid("password", "The field cannot be left blank"),
        "create_enabled_on_a_private_host": unconnected(
            "this host and port are not among those that may be connected to"
        ),
        "list": Answer(200, {"email-servers": [MADE]}),
        "get_unknown": unknown("cesNobodyHasThisOne0"),
        "update_unknown": unknown("cesNobodyHasThisOne0"),
        "delete_unknown": unknown("cesNobodyHasThisOne0"),
        "no_scope": forbidden("okta.emailServers.manage"),
        "wrong_method": NO_METHOD,
    },
    "email_server_test": {
        "no_addresses": invalid("fromAddress", "The field cannot be left blank"),
        "unknown": unknown("cesNobodyHasThisOne0"),
    },
}


@pytest.mark.parametrize("name", STORY)
def test_every_event_is_answered_whole(name: str, call: Gateway) -> None:
    answers = {case: call.send(function(name), event(name, case)) for case in STORY[name]}
    assert answers == STORY[name]
    assert sorted(STORY[name]) == cases(name)
    assert all("x-okta-request-id" in answer.headers for answer in answers.values())


def test_reading_is_allowed_to_readers_and_changing_to_managers(call: Gateway, calls: Calls) -> None:
    def send(method: str, resource: str, *scopes: str) -> Answer:
        name = "email_server_test" if resource.endswith("/test") else "email_servers"
        path = {"emailServerId": "ces00000000000000000"} if "{" in resource else {}
        return call(function(name), method, resource, path=path, body={}, scopes=scopes)

    one = "/v1/email-servers/{emailServerId}"
    reads = [("GET", "/v1/email-servers"), ("GET", one)]
    changes = [("POST", "/v1/email-servers"), ("PATCH", one), ("DELETE", one), ("POST", f"{one}/test")]
    read = "okta.emailServers.read"
    assert [send(*route, read) for route in reads] == [
        Answer(200, {"email-servers": []}),
        unknown("ces00000000000000000"),
    ]
    for route in changes:
        assert (send(*route, read), calls) == (forbidden("okta.emailServers.manage"), {})
    for routes, scope in ((reads, read), (changes, "okta.emailServers.manage")):
        for route in routes:
            assert (send(*route, "okta.orgs.manage", "okta.users.manage"), calls) == (forbidden(scope), {})


def test_a_wrong_method_is_answered_with_the_methods_of_the_path(call: Gateway) -> None:
    path = {"emailServerId": "ces00000000000000000"}
    answer = call(function("email_servers"), "PUT", "/v1/email-servers/{emailServerId}", path=path, scopes=MANAGE)
    assert answer == NO_METHOD
    assert answer.headers["allow"] == ["DELETE, GET, PATCH"]
