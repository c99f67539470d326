"""Every entry that we write, read by the models of Okta's Python SDK 3.x, which raise on sloppy ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from okta.models import LogEvent

from reprieve import change_log, delivery_log, email_server_log, log, removal_log
from reprieve.delivery import DeliveryEvent, DeliveryKind
from reprieve.email_server import AuthType, EmailServer, Settings
from reprieve.organization import Caller, Organization
from reprieve.recipient import USERS, Recipient
from reprieve.removal import Removal, RemovalState
from reprieve.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterator

CAUSE = log.by_credential("cred-1", "request-1")
LONG = "5.7.1 " + "déjà vu " * 200


def entries() -> Iterator[log.LogEntry]:
    for kind in DeliveryKind:
        for message in ("", LONG):
            yield delivery_log.delivery(
                DeliveryEvent("e", kind, "A@b.example", "a@b.example", 5, message, provider="ses")
            )
    yield from removal_log.removal_requested(["a@b.example"], actor=CAUSE.actor, request_id="r", provider="ses", now=5)
    removal = Removal(
        id="r-0",
        list=SuppressionList.BOUNCES,
        key="a@b.example",
        email="A@b.example",
        state=RemovalState.PENDING,
        requested_at=1,
        requested_by="cred-1",
        request_id="r",
        due_at=1,
        attempts=0,
        forgiven_until=1,
        forgiven_bounce=0,
        bounced_at=None,
        fence=1,
    )
    yield removal_log.removal_done(removal, now=5)
    yield removal_log.removal_superseded(removal, now=5)
    yield removal_log.removal_failed(removal, now=5, reason=LONG)
    yield removal_log.removal_failed(removal, now=5, reason="")
    person = Recipient("00u1", USERS, None, None, 1, 1)
    for event_type in log.EventType:
        if event_type.startswith("reprieve.suppression."):
            yield log.entry(
                event_type,
                identity="r",
                published=5,
                message="Remove everything from the blocks list",
                outcome=(log.Result.SUCCESS, None),
                severity=log.Severity.WARN,
                target=log.Target("blocks", "SuppressionList", "blocks"),
                debug={"list": "blocks"},
                actor=CAUSE.actor,
                transaction=("WEB", "r"),
            )
        if "api_token" in event_type:
            yield change_log.credential_changed(event_type, "cred-2", "SDK", cause=CAUSE, now=5)
        if event_type.startswith("user."):
            yield change_log.recipient_changed(event_type, person, cause=CAUSE, now=5)
    settings = Settings(
        alias="Main", host="smtp.example.com", port=587, username="u", auth_type=AuthType.BASIC, enabled=False
    )
    server = EmailServer(id="ces1", settings=settings, sealed=b"")
    before = replace(server, settings=replace(settings, port=25))
    caller = Caller(Organization("acme", "Acme"), "cred-1", frozenset())
    for event_type in email_server_log.MESSAGE:
        for failure in (None, LONG):
            yield email_server_log.told(
                event_type, server, caller=caller, request_id="r", now=5, failure=failure, before=before
            )


@pytest.mark.parametrize("entry", list(entries()), ids=lambda entry: entry.event["eventType"])
def test_okta_s_model_reads_the_entry(entry: log.LogEntry) -> None:
    read = LogEvent.from_dict(json.loads(json.dumps(entry.event)))
    assert (read.uuid, read.event_type, read.version) == (entry.uuid, entry.event["eventType"], "0")
    assert [target.id for target in read.target] == [entry.target]
    assert read.outcome.result == entry.event["outcome"]["result"]


def test_no_type_of_entry_is_forgotten_here() -> None:
    assert {entry.event["eventType"] for entry in entries()} == {event_type.value for event_type in log.EventType}
