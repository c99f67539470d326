"""Okta's Email Servers API, from the request to the mail that arrives: real SMTP on the loopback, AWS by moto."""

from __future__ import annotations

import itertools
import json
import re
import socket
import ssl
import zlib
from base64 import b64encode, urlsafe_b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

import boto3
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.smtp import courier
from tests.smtp.servers import SERVER_WORDS, STEPS, Server, Talk, spoiled, stopwatch
from tests.support.gateway import Answer, Matching, cases, event, function
from tests.support.mail_sink import PASSWORD, TOKEN, USERNAME, MailSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import StringIO
    from pathlib import Path

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls, Clock, Gateway

# for aiosmtpd only STARTTLS is TLS
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

MANAGE = ["okta.emailServers.manage"]
ID = Matching("ces[0-9A-Za-z]{17}")
FROM_TERRAFORM = {"alias": "tf", "host": "192.168.2.0", "port": 8086, "username": "u", "password": "p"}
CLIENT_CREDENTIALS = {
    "alias": "OAuthServer1",
    "enabled": False,
    "authType": "OAUTH2_CLIENT_CREDENTIALS",
    "host": "smtp.oauth.com",
    "port": 587,
    "username": "user@oauth.com",
    "clientId": "oauth-client-id",
    "clientSecret": "canary-client-secret",
    "tokenEndpoint": "https://oauth.example.com/token",
    "tokenEndpointAuthMethod": "CLIENT_SECRET_BASIC",
    "scopes": ["send_email"],
}
JWT_BEARER = {
    "alias": "OAuthServer2",
    "enabled": False,
    "authType": "OAUTH2_JWT_BEARER_GRANT",
    "host": "smtp.oauth.com",
    "port": 587,
    "username": "user@oauth.com",
    "clientId": "oauth-client-id",
    "tokenEndpoint": "https://oauth.example.com/token",
    "signingAlgorithm": "RS256",
    "keyId": "oauth-key-id",
    "issuer": "https://oauth.example.com",
    "subject": "user@oauth.com",
    "audience": "https://smtp.oauth.com",
    "scopes": ["org.email.send"],
    "privateKey": "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
}
ADDRESSES = {"fromAddress": "sender@example.com", "toAddress": "receiver@example.org"}


@pytest.fixture(autouse=True)
def frozen(clock: Clock) -> Clock:
    return clock


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def sink(authority: trustme.CA) -> Iterator[MailSink]:
    with MailSink(authority) as sink:
        yield sink


@pytest.fixture(autouse=True)
def environment(dynamodb: DynamoDBClient, sink: MailSink, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the template tells these functions; the sink's port is one that may be connected to."""
    key = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    for name, value in {
        "SECRETS_KEY": key,
        "MOST_EMAIL_SERVERS": "3",
        "MAIL_PORTS": f"587,{sink.port}",
        "TOKEN_PORTS": "443",
        "PRIVATE_MAIL_NETWORKS": "127.0.0.0/8",
    }.items():
        monkeypatch.setenv(name, value)


class Client:
    """The routes, by what they do."""

    def __init__(self, call: Gateway) -> None:
        self._call = call
        self.organization = Organization(id="demo", name="Demo")

    def _send(self, method: str, resource: str, **arguments: Any) -> Answer:
        name = "email_server_test" if resource.endswith("/test") else "email_servers"
        arguments.setdefault("scopes", MANAGE)
        return self._call(function(name), method, resource, organization=self.organization, **arguments)

    def list(self) -> Answer:
        return self._send("GET", "/v1/email-servers")

    def create(self, body: object) -> Answer:
        return self._send("POST", "/v1/email-servers", body=body)

    def get(self, identifier: str) -> Answer:
        return self._send("GET", "/v1/email-servers/{emailServerId}", path={"emailServerId": identifier})

    def update(self, identifier: str, **body: object) -> Answer:
        path = {"emailServerId": identifier}
        return self._send("PATCH", "/v1/email-servers/{emailServerId}", path=path, body=body)

    def delete(self, identifier: str) -> Answer:
        return self._send("DELETE", "/v1/email-servers/{emailServerId}", path={"emailServerId": identifier})

    def test(self, identifier: str, body: object = ADDRESSES) -> Answer:
        path = {"emailServerId": identifier}
        return self._send("POST", "/v1/email-servers/{emailServerId}/test", path=path, body=body)


@pytest.fixture
def client(call: Gateway) -> Client:
    return Client(call)


@pytest.fixture
def body(sink: MailSink) -> dict[str, Any]:
    return {
        "alias": "Sink",
        "host": sink.host,
        "port": sink.port,
        "username": USERNAME,
        "password": PASSWORD,
        "privateCa": sink.ca_pem,
    }


@pytest.fixture
def working(client: Client, body: dict[str, Any]) -> str:
    identifier: str = client.create(body).body["id"]
    return identifier


def refusal(status: int, code: str, summary: str, *causes: str) -> Answer:
    return Answer(
        status,
        {
            "errorCode": code,
            "errorSummary": summary,
            "errorLink": code,
            "errorId": Matching("oae[A-Za-z0-9_-]{22}"),
            "errorCauses": [{"errorSummary": cause} for cause in causes],
        },
    )


def invalid(field: str, problem: str) -> Answer:
    return refusal(400, "E0000001", f"Api validation failed: {field}", f"{field}: {problem}")


NEEDS_SECRET = "a change of where or how to log in needs the secret again, in the same request"
ANOTHER = refusal(
    400, "E0000222", "You can enable only one SMTP server at a time. Another SMTP server is already enabled."
)
TOO_MANY = refusal(
    400,
    "E0000225",
    "You reached the maximum number of enrolled SMTP servers. An org can't have more than 3 enrolled servers.",
)
RATE_LIMITED = refusal(429, "E0000047", "API call exceeded rate limit due to too many requests.")


def unconnected(reason: str) -> Answer:
    return refusal(400, "E0000223", "Connection with the specified SMTP server failed.", reason)


def unauthenticated(reason: str) -> Answer:
    return refusal(400, "E0000224", "Authentication with the specified SMTP server failed.", reason)


def logged(dynamodb: DynamoDBClient) -> list[dict[str, Any]]:
    items = dynamodb.scan(TableName="EventLog")["Items"]
    return [json.loads(zlib.decompress(item["event"]["B"])) for item in items]


def types(dynamodb: DynamoDBClient) -> list[tuple[str, str]]:
    prefix = "system.custom_email_server.lifecycle."
    return sorted((told["eventType"].removeprefix(prefix), told["outcome"]["result"]) for told in logged(dynamodb))


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
    assert client.get(identifier) == refusal(
        404, "E0000007", f"Not found: Resource not found: {identifier} (EmailServer)"
    )


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


def test_a_test_mail_arrives_whatever_generation_the_client_is_of(
    client: Client, working: str, sink: MailSink, calls: Calls, dynamodb: DynamoDBClient
) -> None:
    assert client.test(working) == Answer(204)
    assert calls == {"GetItem": 1, "UpdateItem": 2, "BatchExecuteStatement": 1}
    assert client.test(working, {"from": "Old@example.com", "to": "new@example.org"}) == Answer(204)
    assert [(mail["From"], mail["To"]) for mail in sink.mails] == [
        ("sender@example.com", "receiver@example.org"),
        ("Old@example.com", "new@example.org"),
    ]
    assert types(dynamodb).count(("reprieve.email_server.test", "SUCCESS")) == 2


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({}, invalid("fromAddress", "The field cannot be left blank")),
        ({"fromAddress": "a@example.com"}, invalid("toAddress", "The field cannot be left blank")),
        (
            {"fromAddress": "a@example.com", "toAddress": "b@example.com\r\nRCPT TO:<c@example.com>"},
            invalid("toAddress", "is not an email address by RFC 3696"),
        ),
        (
            {"fromAddress": '"a b"@example.com', "toAddress": "b@example.com"},
            invalid("fromAddress", "a test mail goes from and to plain addresses in ASCII"),
        ),
        (
            {"fromAddress": "a@example.com", "toAddress": ["b@example.com", "c@example.com"]},
            invalid("toAddress", "Input should be a valid string"),
        ),
        ("[]", refusal(400, "E0000003", "The request body was not well-formed.")),
        ("{", refusal(400, "E0000003", "The request body was not well-formed.")),
        (None, refusal(400, "E0000003", "The request body was not well-formed.")),
    ],
)
def test_a_test_from_or_to_what_is_no_plain_address_is_refused_before_anything(
    client: Client, working: str, sink: MailSink, calls: Calls, *, sent: object, answer: Answer
) -> None:
    refused = client.test(working, sent)
    assert refused.status == answer.status
    assert refused.body["errorSummary"] == answer.body["errorSummary"]
    assert [cause["errorSummary"].split(":")[0] for cause in refused.body["errorCauses"]] == [
        cause["errorSummary"].split(":")[0] for cause in answer.body["errorCauses"]
    ]
    assert calls == {}
    assert sink.logins == []


def test_a_refused_mail_tells_the_codes_and_not_the_words(client: Client, working: str) -> None:
    refused = client.test(working, ADDRESSES | {"toAddress": "unknown@example.org"})
    assert refused == unconnected("the server did not accept the mail (550 5.1.1)")


def test_a_wrong_password_enables_nothing(
    client: Client, body: dict[str, Any], working: str, dynamodb: DynamoDBClient
) -> None:
    wrong = unauthenticated("the server did not accept the login (535 5.7.8)")
    assert client.create(body | {"enabled": True, "password": "wrong"}) == wrong
    assert client.update(working, enabled=True, password="wrong") == wrong
    assert [server["enabled"] for server in client.list().body["email-servers"]] == [False]
    assert types(dynamodb) == [("activate", "FAILURE"), ("create", "FAILURE"), ("create", "SUCCESS")]
    assert client.test(working) == Answer(204)  # the old one is still there


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"host": "localhost"}, "the server's certificate could not be verified"),
        ({"privateCa": None}, "the server's certificate could not be verified"),
        ({"host": "169.254.169.254"}, "this host and port are not among those that may be connected to"),
        ({"host": "10.0.0.1"}, "this host and port are not among those that may be connected to"),
        ({"port": 22}, "this host and port are not among those that may be connected to"),
        ({"port": 587}, "the server could not be reached, or hung up"),
    ],
)
def test_a_server_that_may_not_be_or_cannot_be_reached_is_not_enabled(
    client: Client, body: dict[str, Any], changes: dict[str, Any], reason: str, sink: MailSink
) -> None:
    assert client.create(body | {"enabled": True} | changes) == unconnected(reason)
    assert sink.logins == []
    identifier = client.create(body | changes).body["id"]
    assert client.update(identifier, enabled=True) == unconnected(reason)
    assert client.test(identifier) == unconnected(reason)
    assert sink.logins == []


#: each fact that the secret is bound to, changed
CHANGES: dict[str, Any] = {
    "host": "127.0.0.2",
    "port": 587,
    "username": "other@example.com",
    "privateCa": None,
}
OAUTH_CHANGES = CHANGES | {
    "port": 2525,
    "tokenEndpoint": "https://evil.example.com/token",
    "privateCa": "a certificate",
}
PAIRS = [names for size in (1, 2) for names in itertools.combinations(CHANGES, size)]
OAUTH_PAIRS = [names for size in (1, 2) for names in itertools.combinations(OAUTH_CHANGES, size)]


@pytest.mark.parametrize("names", PAIRS, ids="+".join)
@pytest.mark.parametrize("enabled", [{}, {"enabled": True}], ids=["", "enabling"])
def test_nothing_that_the_password_is_bound_to_changes_without_it(
    client: Client, working: str, sink: MailSink, names: tuple[str, ...], enabled: dict[str, bool]
) -> None:
    before = client.get(working)
    assert client.update(working, **{name: CHANGES[name] for name in names}, **enabled) == invalid(
        "password", NEEDS_SECRET
    )
    assert client.get(working) == before
    assert sink.logins == []


@pytest.mark.parametrize("names", OAUTH_PAIRS, ids="+".join)
@pytest.mark.parametrize("sent", [CLIENT_CREDENTIALS, JWT_BEARER], ids=lambda sent: sent["authType"])
def test_nothing_that_a_key_is_bound_to_changes_without_it(
    client: Client, sink: MailSink, names: tuple[str, ...], sent: dict[str, Any]
) -> None:
    created = client.create(sent).body
    changes = OAUTH_CHANGES | {"privateCa": sink.ca_pem}
    secret = "clientSecret" if sent is CLIENT_CREDENTIALS else "privateKey"
    assert client.update(created["id"], **{name: changes[name] for name in names}) == invalid(secret, NEEDS_SECRET)
    assert client.list().body == {"email-servers": [created]}


@pytest.mark.parametrize("name", CHANGES)
def test_another_way_to_log_in_needs_its_own_secret_whatever_else_changes(
    client: Client, working: str, name: str
) -> None:
    oauth = {
        word: value
        for word, value in CLIENT_CREDENTIALS.items()
        if word not in {"clientSecret", "alias", "host", "port", "username"}
    }
    wanted = invalid("clientSecret", "The field cannot be left blank")
    assert client.update(working, **oauth) == wanted
    assert client.update(working, **oauth, **{name: CHANGES[name]}) == wanted
    stray = client.update(working, **oauth, password=PASSWORD)
    assert stray == invalid("password", "is not used with OAUTH2_CLIENT_CREDENTIALS")
    changed = client.update(working, **oauth, clientSecret="s")
    assert (changed.status, changed.body["authType"]) == (200, "OAUTH2_CLIENT_CREDENTIALS")


def test_with_the_secret_everything_may_change_at_once(client: Client, body: dict[str, Any], sink: MailSink) -> None:
    identifier = client.create(FROM_TERRAFORM).body["id"]
    changed = client.update(identifier, **body, enabled=True)
    assert (changed.status, changed.body["host"], changed.body["enabled"]) == (200, sink.host, True)
    assert client.test(identifier) == Answer(204)
    assert len(sink.mails) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", {"S": "127.0.0.2"}),
        ("port", {"N": "587"}),
        ("username", {"S": "other@example.com"}),
        ("private_ca", {"S": ""}),
        ("sealed", {"B": b"forged"}),
    ],
)
def test_a_record_edited_in_the_table_does_not_open(
    client: Client, working: str, sink: MailSink, dynamodb: DynamoDBClient, *, name: str, value: Any
) -> None:
    dynamodb.update_item(
        TableName="EmailServers",
        Key={"partition": {"S": "demo#servers"}, "sort": {"S": working}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )
    assert client.test(working) == refusal(503, "E0000009", "Internal Server Error")
    assert sink.logins == []


def test_a_record_copied_to_another_organization_does_not_open(
    client: Client, working: str, sink: MailSink, dynamodb: DynamoDBClient
) -> None:
    key = {"partition": {"S": "demo#servers"}, "sort": {"S": working}}
    item = dynamodb.get_item(TableName="EmailServers", Key=key)["Item"]
    dynamodb.put_item(TableName="EmailServers", Item=item | {"partition": {"S": "other#servers"}})
    client.organization = Organization(id="other", name="Other")
    assert client.test(working).status == 503
    assert sink.logins == []


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
    """What the list said before the connection is out of date by the time of the write."""
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


def test_there_is_a_most_servers(client: Client, body: dict[str, Any], sink: MailSink) -> None:
    ids = [client.create(FROM_TERRAFORM).body["id"] for _ in range(3)]
    assert client.create(FROM_TERRAFORM) == TOO_MANY
    assert client.create(body | {"enabled": True}) == TOO_MANY
    assert sink.logins == []
    client.delete(ids[0])
    assert client.create(FROM_TERRAFORM).status == 201


def test_five_connections_a_minute_and_fifty_a_day(
    client: Client, working: str, clock: Clock, sink: MailSink, body: dict[str, Any]
) -> None:
    bad = ADDRESSES | {"toAddress": "unknown@example.org"}
    for _minute in range(10):
        assert [client.test(working, bad).status for _ in range(5)] == [400] * 5
        limited = client.test(working)
        assert limited == RATE_LIMITED
        assert limited.headers["x-rate-limit-reset"] == [str(clock.now // 60_000 * 60 + 60)]
        clock.now += 60_000
    attempts = len(sink.logins)
    limited = client.test(working)
    assert limited == RATE_LIMITED
    assert limited.headers["x-rate-limit-reset"] == [str(clock.now // 86_400_000 * 86_400 + 86_400)]
    assert client.create(body | {"enabled": True}) == RATE_LIMITED
    assert client.update(working, enabled=True) == RATE_LIMITED
    assert len(sink.logins) == attempts
    client.organization = Organization(id="other", name="Other")
    assert client.create(body | {"enabled": True}).status == 201
    client.organization = Organization(id="demo", name="Demo")
    clock.now += 86_400_000
    assert client.test(working) == Answer(204)


def test_an_alias_changes_without_a_connection_and_is_told(
    client: Client, body: dict[str, Any], sink: MailSink, dynamodb: DynamoDBClient, calls: Calls
) -> None:
    identifier = client.create(body | {"enabled": True}).body["id"]
    attempts = len(sink.logins)
    changed = client.update(identifier, alias="New", host=sink.host, port=sink.port)
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "BatchExecuteStatement": 1}
    assert (changed.status, changed.body["alias"]) == (200, "New")
    assert len(sink.logins) == attempts
    (update,) = [told for told in logged(dynamodb) if told["eventType"].endswith(".update")]
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


def test_an_enabled_server_is_tried_when_its_password_changes(
    client: Client, body: dict[str, Any], sink: MailSink
) -> None:
    identifier = client.create(body | {"enabled": True}).body["id"]
    assert client.update(identifier, password="wrong").body["errorCode"] == "E0000224"
    assert client.update(identifier, password=PASSWORD).status == 200
    assert sink.logins == [("PLAIN", PASSWORD), ("PLAIN", "wrong"), ("PLAIN", PASSWORD)]


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
    assert send(client, working) == refusal(404, "E0000007", f"Not found: Resource not found: {working} (EmailServer)")
    strange = send(client, "somebody@example.com")
    assert strange.body["errorSummary"] == "Not found: Resource not found: somebody@example.com (EmailServer)"
    assert client.list() == Answer(200, {"email-servers": []})
    assert sink.logins == []


def test_no_secret_and_no_word_of_the_server_is_answered_or_logged(
    client: Client, body: dict[str, Any], log: StringIO, dynamodb: DynamoDBClient
) -> None:
    answers = [client.create(body | {"enabled": True})]
    identifier = answers[0].body["id"]
    answers += [
        client.create(CLIENT_CREDENTIALS),
        client.create(JWT_BEARER),
        client.list(),
        client.get(identifier),
        client.test(identifier),
        client.test(identifier, ADDRESSES | {"toAddress": "unknown@example.org"}),
        client.update(identifier, host="evil.example.com"),
        client.update(identifier, password="canary-wrong"),
        client.update(identifier, password=["canary-in-a-list"]),
        client.update(identifier, port="canary-port"),
        client.create("{canary"),
        client.get("canary@example.com"),
    ]
    told = log.getvalue() + json.dumps(logged(dynamodb))
    answered = json.dumps([answer.body for answer in answers[:-1]])
    stored = repr(dynamodb.scan(TableName="EmailServers")["Items"])
    for text in (told, answered, stored):
        assert "canary" not in text
    assert "evil.example.com" not in answered
    assert "@" not in log.getvalue()


@pytest.mark.parametrize("name", ["email_servers", "email_server_test"])
def test_every_event_of_the_folder_is_answered_in_the_dialect(name: str, call: Gateway) -> None:
    assert cases(name)
    for case in cases(name):
        answer = call.send(function(name), event(name, case))
        assert answer.status in {200, 201, 400, 403, 404, 405}, case
        assert "x-okta-request-id" in answer.headers


def test_reading_is_allowed_to_readers_and_changing_to_managers(call: Gateway) -> None:
    def send(method: str, resource: str, *scopes: str) -> int:
        name = "email_server_test" if resource.endswith("/test") else "email_servers"
        path = {"emailServerId": "ces00000000000000000"} if "{" in resource else {}
        return call(function(name), method, resource, path=path, body={}, scopes=scopes).status

    one = "/v1/email-servers/{emailServerId}"
    read = "okta.emailServers.read"
    assert [send("GET", "/v1/email-servers", read), send("GET", one, read)] == [200, 404]
    changes = [("POST", "/v1/email-servers"), ("PATCH", one), ("DELETE", one), ("POST", f"{one}/test")]
    assert [send(*change, read) for change in changes] == [403] * 4


class TokenEndpoint:
    """An https server that gives the sink's token to whoever asks as it expects to be asked."""

    def __init__(self, authority: trustme.CA, answer: tuple[int, bytes]) -> None:
        self.asked: list[tuple[str | None, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.asked.append((self.headers["Authorization"], dict(parse_qsl(form))))
                status, said = answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def endpoint(
    request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TokenEndpoint]:
    trusted = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    good = 200, json.dumps({"access_token": TOKEN, "token_type": "Bearer"}).encode()
    with TokenEndpoint(authority, getattr(request, "param", good)) as endpoint:
        monkeypatch.setenv("TOKEN_PORTS", str(endpoint.port))
        yield endpoint


def through(endpoint: TokenEndpoint, sink: MailSink, sent: dict[str, Any]) -> dict[str, Any]:
    return sent | {
        "host": sink.host,
        "port": sink.port,
        "username": USERNAME,
        "privateCa": sink.ca_pem,
        "tokenEndpoint": f"https://127.0.0.1:{endpoint.port}/token",
        "enabled": True,
    }


def test_a_server_is_logged_in_to_with_a_token_for_client_credentials(
    client: Client, endpoint: TokenEndpoint, sink: MailSink
) -> None:
    created = client.create(through(endpoint, sink, CLIENT_CREDENTIALS))
    assert (created.status, created.body["enabled"]) == (201, True)
    assert client.test(created.body["id"]) == Answer(204)
    assert sink.mails[0]["To"] == "receiver@example.org"
    basic = "Basic " + b64encode(b"oauth-client-id:canary-client-secret").decode()
    assert endpoint.asked == [(basic, {"grant_type": "client_credentials", "scope": "send_email"})] * 2


def test_a_server_is_logged_in_to_with_a_token_for_a_signed_assertion(
    client: Client, endpoint: TokenEndpoint, sink: MailSink
) -> None:
    """With an RSA key of 4,096 bits: sealing has to have room for it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=4096)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    created = client.create(through(endpoint, sink, JWT_BEARER) | {"privateKey": pem})
    assert (created.status, created.body["enabled"]) == (201, True)
    assert client.test(created.body["id"]) == Answer(204)
    header, claims, _ = endpoint.asked[1][1]["assertion"].split(".")
    decoded = [json.loads(urlsafe_b64decode(part + "==")) for part in (header, claims)]
    assert decoded[0] == {"alg": "RS256", "typ": "JWT", "kid": "oauth-key-id"}
    assert (decoded[1]["iss"], decoded[1]["aud"]) == ("https://oauth.example.com", "https://smtp.oauth.com")
    assert len(sink.mails) == 1


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        ((401, b'{"error":"invalid_client"}'), "the token endpoint answered invalid_client (401)"),
        ((302, b""), "the token endpoint answered with a redirect (302)"),
        ((400, b"canary-words"), "the token endpoint did not give a token (400)"),
    ],
    indirect=["endpoint"],
)
def test_without_a_token_nothing_is_enabled(
    client: Client, endpoint: TokenEndpoint, sink: MailSink, problem: str
) -> None:
    summary = f"Failed to get access token for SMTP server configuration. Failure details: {problem}."
    assert client.create(through(endpoint, sink, CLIENT_CREDENTIALS)) == refusal(400, "E0000266", summary, problem)
    assert sink.logins == []


def test_a_key_that_is_none_is_told_when_it_is_to_be_used(
    client: Client, endpoint: TokenEndpoint, sink: MailSink
) -> None:
    problem = "the key or the credentials cannot be used to ask for a token"
    summary = f"Failed to get access token for SMTP server configuration. Failure details: {problem}."
    assert client.create(through(endpoint, sink, JWT_BEARER)) == refusal(400, "E0000266", summary, problem)
    assert endpoint.asked == []


def test_one_deadline_is_over_the_token_and_the_mail(
    client: Client, sink: MailSink, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the token took is not given to the server again."""
    given = []
    monkeypatch.setattr(courier.token, "fetch", lambda *_, **__: passing.__setitem__(0, passing[0] + 7) or TOKEN)
    monkeypatch.setattr(courier.client, "probe", lambda *_, deadline_s, **__: given.append(deadline_s))
    passing = [0.0]
    monkeypatch.setattr(courier.time, "monotonic", lambda: passing[0])
    sent = CLIENT_CREDENTIALS | {"host": sink.host, "port": sink.port, "enabled": True}
    assert client.create(sent).status == 201
    assert given == [3.0]


def test_the_answer_of_a_resolver_is_checked_again_at_every_connection(
    client: Client, body: dict[str, Any], working: str, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that led to a good address when it was saved leads to the metadata service later."""
    answers = iter(["127.0.0.1", "169.254.169.254"])
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, port, **_: [(socket.AF_INET, 1, 6, "", (next(answers), port))]
    )
    named = client.update(working, **body | {"host": "mail.example.com", "enabled": True})
    assert named == unconnected("the server's certificate could not be verified")
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, port, **_: [(socket.AF_INET, 1, 6, "", ("169.254.169.254", port))]
    )
    named = client.create(body | {"host": "mail.example.com"}).body["id"]
    assert client.test(named) == unconnected("this host and port are not among those that may be connected to")
    assert sink.logins == []


def test_a_method_that_a_path_does_not_have_is_told_which_it_has(call: Gateway) -> None:
    path = {"emailServerId": "ces00000000000000000"}
    answer = call(function("email_servers"), "PUT", "/v1/email-servers/{emailServerId}", path=path, scopes=MANAGE)
    assert answer == refusal(405, "E0000022", "The endpoint does not support the provided HTTP method")
    assert answer.headers["allow"] == ["DELETE, GET, PATCH"]


@pytest.mark.parametrize(
    ("step", "how", "code"),
    [
        ("greeting", b"554 canary goes away\r\n", "E0000223"),
        ("ehlo", b"250-canary\r\n250 AUTH PLAIN\r\n", "E0000223"),
        ("ehlo", b"250-" + b"canary" * 20_000 + b"\r\n", "E0000223"),
        ("starttls", b"220 go on\r\n250 canary was here before\r\n", "E0000223"),
        ("ehlo again", b"250-canary\r\n250 AUTH CRAM-MD5\r\n", "E0000224"),
        ("auth", f"535 5.7.8 {PASSWORD} is wrong\r\n".encode(), "E0000224"),
        ("rcpt", f"550 5.1.1 {PASSWORD}\r\n".encode(), "E0000223"),
        *((step, Talk.hang_up, "E0000223") for step in STEPS),
    ],
)
def test_a_server_that_means_harm_gets_its_code_and_is_not_quoted(
    client: Client,
    body: dict[str, Any],
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    log: StringIO,
    *,
    step: str,
    how: Any,
    code: str,
) -> None:
    """The client's own tests know many more; this is what becomes of them in the answer and the log."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Server(spoiled(step, how), context) as server:
        monkeypatch.setenv("MAIL_PORTS", str(server.port))
        identifier = client.create(body | {"port": server.port}).body["id"]
        tested = client.test(identifier)
        assert (tested.status, tested.body["errorCode"]) == (400, code)
        if step not in {"mail", "rcpt", "data", "body"}:
            enabled = client.update(identifier, enabled=True)
            assert (enabled.status, enabled.body) == (400, tested.body | {"errorId": enabled.body["errorId"]})
    told = json.dumps(tested.body) + log.getvalue()
    assert "canary" not in told
    assert SERVER_WORDS.decode() not in told


def test_a_silent_server_is_left_at_the_deadline(
    client: Client, body: dict[str, Any], authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier.client, "DEADLINE_S", 0.5)
    with Server(lambda talk: talk.drip(b"220-still at it\r\n" * 100, 0.1)) as server, stopwatch() as watch:
        monkeypatch.setenv("MAIL_PORTS", str(server.port))
        assert client.create(body | {"port": server.port, "enabled": True}) == unconnected(
            "the server took longer than the time allowed"
        )
    assert watch.seconds < 2
