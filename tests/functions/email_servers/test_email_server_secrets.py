"""The binding of a secret to its server, and the places where it never appears."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.organization import Organization
from tests.support.email_servers import (
    ADDRESSES,
    CLIENT_CREDENTIALS,
    FROM_TERRAFORM,
    JWT_BEARER,
    NEEDS_SECRET,
    Client,
    invalid,
    logged,
)
from tests.support.gateway import Answer
from tests.support.mail_sink import PASSWORD, MailSink
from tests.support.okta import refusal

if TYPE_CHECKING:
    from io import StringIO

    from mypy_boto3_dynamodb import DynamoDBClient


# for aiosmtpd only STARTTLS is TLS
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


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


def test_a_server_that_an_import_left_without_a_secret_asks_for_it(
    client: Client, body: dict[str, Any], dynamodb: DynamoDBClient
) -> None:
    identifier = client.create(body).body["id"]
    (item,) = (one for one in dynamodb.scan(TableName="EmailServers")["Items"] if one["sort"]["S"] == identifier)
    dynamodb.put_item(TableName="EmailServers", Item=item | {"sealed": {"B": b""}})
    needed = invalid("password", "none is stored, because imports leave it out: set it first")
    assert client.update(identifier, enabled=True) == needed
    assert client.test(identifier) == needed
    assert client.update(identifier, alias="Another").status == 200
    assert client.update(identifier, enabled=True, password=PASSWORD).status == 200
    assert client.test(identifier).status == 204


def test_a_record_copied_to_another_organization_does_not_open(
    client: Client, working: str, sink: MailSink, dynamodb: DynamoDBClient
) -> None:
    key = {"partition": {"S": "demo#servers"}, "sort": {"S": working}}
    item = dynamodb.get_item(TableName="EmailServers", Key=key)["Item"]
    dynamodb.put_item(TableName="EmailServers", Item=item | {"partition": {"S": "other#servers"}})
    client.organization = Organization(id="other", name="Other")
    assert client.test(working).status == 503
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
    written = log.getvalue() + json.dumps(logged(dynamodb))
    answered = json.dumps([answer.body for answer in answers[:-1]])
    stored = repr(dynamodb.scan(TableName="EmailServers")["Items"])
    for text in (written, answered, stored):
        assert "canary" not in text
    assert "evil.example.com" not in answered
    assert "@" not in log.getvalue()
