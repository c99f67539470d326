"""Connections to mail servers, friendly and hostile: real SMTP on loopback."""

from __future__ import annotations

import json
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.organization import Organization
from reprieve.smtp import courier
from tests.smtp.servers import SERVER_WORDS, STEPS, Server, Talk, spoiled, stopwatch
from tests.support.email_servers import ADDRESSES, RATE_LIMITED, Client, invalid, types, unauthenticated, unconnected
from tests.support.gateway import Answer
from tests.support.mail_sink import PASSWORD, MailSink
from tests.support.okta import refusal

if TYPE_CHECKING:
    from io import StringIO

    import trustme
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls, Clock

# for aiosmtpd only STARTTLS is TLS
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


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
def test_a_test_mail_needs_plain_addresses_or_is_refused_before_anything_else(
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


def test_a_refused_mail_reports_the_codes_and_not_the_words(client: Client, working: str) -> None:
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


def test_a_server_gets_five_connections_per_minute_and_fifty_per_day(
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


def test_an_enabled_server_is_tried_when_its_password_changes(
    client: Client, body: dict[str, Any], sink: MailSink
) -> None:
    identifier = client.create(body | {"enabled": True}).body["id"]
    assert client.update(identifier, password="wrong").body["errorCode"] == "E0000224"
    assert client.update(identifier, password=PASSWORD).status == 200
    assert sink.logins == [("PLAIN", PASSWORD), ("PLAIN", "wrong"), ("PLAIN", PASSWORD)]


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
    """The client's own tests cover many more; this test checks the answer and the log."""
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
    shown = json.dumps(tested.body) + log.getvalue()
    assert "canary" not in shown
    assert SERVER_WORDS.decode() not in shown


def test_the_deployment_s_name_introduces_it(
    client: Client, body: dict[str, Any], authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_CLIENT_NAME", "reprieve.example.net")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Server(spoiled("mail", Talk.hang_up), context) as server:
        monkeypatch.setenv("MAIL_PORTS", str(server.port))
        assert client.create(body | {"port": server.port, "enabled": True}).status == 201
    assert [line for line in server.heard if line.startswith(b"EHLO")] == [b"EHLO reprieve.example.net"] * 2


def test_a_silent_server_is_left_at_the_deadline(
    client: Client, body: dict[str, Any], authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "DEADLINE_S", 0.5)
    with Server(lambda talk: talk.drip(b"220-still at it\r\n" * 100, 0.1)) as server, stopwatch() as watch:
        monkeypatch.setenv("MAIL_PORTS", str(server.port))
        assert client.create(body | {"port": server.port, "enabled": True}) == unconnected(
            "the server took longer than the time allowed"
        )
    assert watch.seconds < 2
