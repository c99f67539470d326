"""Every kind of log entry, read by the strict models of Okta's Python SDK 3.x."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from okta.models import LogEvent

from reprieve.access.access_token import AccessToken
from reprieve.access.client import Client, ClientKind, RefreshToken
from reprieve.access.credential import Credential
from reprieve.access.log_entries import (
    client_changed,
    credential_changed,
    organization_changed,
    provider_account_changed,
    provider_paused,
    provider_resumed,
    sender_changed,
    signing_key_rotated,
    token_granted,
    token_revoked,
)
from reprieve.access.provider_account import ProviderAccount
from reprieve.access.signing_key import SigningKey
from reprieve.email_servers.email_server import AuthType, EmailServer, Settings
from reprieve.email_servers.log_entries import MESSAGE, server_entry
from reprieve.exports import log_entries as export_entries
from reprieve.organization import Organization
from reprieve.recipients.log_entries import OF_RECORDS, recipient_changed
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.removals.log_entries import (
    held,
    hold_lifted,
    removal_done,
    removal_failed,
    removal_requested,
    removal_retried,
    removal_superseded,
    unblocks_reset,
)
from reprieve.removals.removal import Removal, RemovalState
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.log_entries import (
    addresses_listed,
    delivery_entry,
    group_created,
    group_deleted,
    groups_changed,
    whitelist_changed,
)
from reprieve.suppressions.suppression import HOLDS, Suppression, SuppressionList
from reprieve.system_log import entry as log
from reprieve.system_log.entry import EventType, LogEntry, Result, Severity, Target
from tests.support.contexts import context
from tests.unit.test_log_golden import entries as written_down

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = context(Organization("demo", "Demo"), now=5, credential="cred-1", request_id="request-1")
LONG = "5.7.1 " + "déjà vu " * 200


def of_access() -> Iterator[LogEntry]:
    """The entries of clients, their tokens and keys, and senders."""
    client = Client("rpc_demo_1", "demo", ClientKind.REFRESH, "SDK", frozenset({"okta.logs.read"}), created=1)
    yield client_changed(EventType.CLIENT_CREATE, client, context=CONTEXT)
    yield client_changed(EventType.CLIENT_REVOKE, client, context=CONTEXT)
    token = AccessToken("t1", "demo", client.id, ("okta.logs.read",), issued=1, expires_at=2)
    yield token_granted(client, token, context=CONTEXT)
    yield token_revoked(RefreshToken("f1", "demo", "0" * 64, client.id, client.scopes, created=1), context=CONTEXT)
    yield signing_key_rotated(SigningKey("k1", "{}", created=1, signs_from=1), context=CONTEXT)
    for event_type in (EventType.SENDER_CLAIM, EventType.SENDER_RELEASE):
        yield sender_changed(event_type, "ses", "tenant/demo", context=CONTEXT)


def entries() -> Iterator[LogEntry]:
    for kind in DeliveryKind:
        for message in ("", LONG):
            event = DeliveryEvent("e", kind, "A@b.example", "a@b.example", 5, message, provider="ses")
            yield delivery_entry(event, provider_name="SES")
    yield from removal_requested(["a@b.example"], SuppressionList.BOUNCES, context=CONTEXT)
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
    yield removal_done(removal, now=5)
    yield removal_superseded(removal, now=5)
    hold = Suppression(HOLDS, "@b.example", "@b.example", 5, LONG)
    yield held(hold, context=CONTEXT)
    yield hold_lifted(hold, context=CONTEXT)
    yield removal_done(replace(removal, adds=True), now=5)
    yield removal_failed(replace(removal, adds=True), now=5, reason=LONG)
    yield removal_failed(removal, now=5, reason=LONG)
    yield removal_failed(removal, now=5, reason="")
    credential = Credential("cred-2", "demo", "0" * 64, "SDK", frozenset(), created=1)
    person = Recipient("00u1", USERS, None, None, 1, 1)
    for event_type in EventType:
        if event_type in {EventType.SUPPRESSION_REMOVAL, EventType.LIST_CLEARED}:
            yield log.entry(
                event_type,
                identity="r",
                published=5,
                message="Remove everything from the blocks list",
                outcome=(Result.SUCCESS, None),
                severity=Severity.WARN,
                target=Target("blocks", "SuppressionList", "blocks"),
                debug={"list": "blocks"},
                context=CONTEXT,
            )
        if "api_token" in event_type:
            yield credential_changed(event_type, credential, context=CONTEXT)
        if event_type.startswith("user."):
            yield recipient_changed(event_type, person, context=CONTEXT)
    for event_type in OF_RECORDS:
        yield recipient_changed(event_type, replace(person, id="4711", module="Leads"), context=CONTEXT)
    yield removal_retried(removal, context=CONTEXT)
    yield unblocks_reset("a@b.example", 5, context=CONTEXT)
    yield from addresses_listed(["a@b.example"], SuppressionList.UNSUBSCRIBES, "api", context=CONTEXT)
    yield from of_access()
    yield organization_changed(EventType.ORGANIZATION_CREATE, {}, context=CONTEXT)
    names = frozenset({"a.example"}), frozenset({"b.example"})
    yield organization_changed(EventType.ORGANIZATION_UPDATE, {"domains": names}, context=CONTEXT)
    yield organization_changed(EventType.PURGE_UPDATE, {"purge.soft_days": (None, 5)}, context=CONTEXT)
    yield from (export_entries.organization_moved(one, context=CONTEXT) for one in export_entries.MESSAGE)
    yield whitelist_changed({"entries": []}, {"entries": ["a.example"]}, context=CONTEXT)
    group = Group(7, "News")
    yield group_created(group, context=CONTEXT)
    yield from groups_changed(Groups((group,)), Groups((replace(group, name="n", is_default=True),)), context=CONTEXT)
    yield group_deleted(group, context=CONTEXT)
    account = ProviderAccount("ses")
    yield provider_account_changed(None, account, context=CONTEXT)
    yield provider_account_changed(account, replace(account, sealed_key=b"sealed"), context=CONTEXT)
    yield provider_paused(CONTEXT.organization, LONG, now=5)
    yield provider_resumed(context=CONTEXT)
    settings = Settings(
        alias="Main", host="smtp.example.com", port=587, username="u", auth_type=AuthType.BASIC, enabled=False
    )
    server = EmailServer(id="ces1", settings=settings, sealed=b"")
    before = replace(server, settings=replace(settings, port=25))
    for event_type in MESSAGE:
        for failure in (None, LONG):
            yield server_entry(event_type, server, context=CONTEXT, failure=failure, before=before)
    yield from written_down().values()


@pytest.mark.parametrize("entry", list(entries()), ids=lambda entry: entry.event["eventType"])
def test_okta_s_model_reads_the_entry(entry: LogEntry) -> None:
    read = LogEvent.from_dict(json.loads(json.dumps(entry.event)))
    assert (read.uuid, read.event_type, read.version) == (entry.uuid, entry.event["eventType"], "0")
    assert [target.id for target in read.target] == [entry.target]
    assert read.outcome.result == entry.event["outcome"]["result"]


def test_no_type_of_entry_is_forgotten_here() -> None:
    assert {entry.event["eventType"] for entry in entries()} == {event_type.value for event_type in EventType}
