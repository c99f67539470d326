"""Each type of log entry whole, against the recorded ones in tests/unit/log_entries.json.

`PYTHONPATH=layers/domain/python:. python -m tests.unit.test_log_golden` writes it anew; read what has changed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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
from reprieve.address import Address
from reprieve.email_servers.email_server import AuthType, EmailServer, Settings
from reprieve.email_servers.log_entries import MESSAGE, server_entry
from reprieve.exports import log_entries as export_entries
from reprieve.organization import Organization
from reprieve.recipients import log_entries as recipient_entries
from reprieve.recipients.log_entries import recipient_changed
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.removals.log_entries import (
    held,
    hold_lifted,
    list_cleared,
    removal_done,
    removal_failed,
    removal_requested,
    removal_retried,
    removal_superseded,
    removals_done,
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
from reprieve.system_log.entry import EventType, LogEntry
from tests.support.contexts import context

GOLDEN = Path(__file__).with_name("log_entries.json")
NOW = 1_767_225_600_123
WHO = context(Organization("acme", "Acme", provider_name="Sendgrid"), now=NOW, credential="cred-1", request_id="r1")


def a_removal(number: int = 0) -> Removal:
    email = f"Name{number}@Company.com"
    return Removal(
        id=f"r1-{number}",
        list=SuppressionList.BOUNCES,
        key=email.casefold(),
        email=email,
        state=RemovalState.PENDING,
        requested_at=NOW - 60_000,
        requested_by="cred-1",
        request_id="r1",
        forgiven_until=0,
        forgiven_bounce=0,
        bounced_at=None,
        attempts=1,
        fence=2,
        due_at=NOW,
    )


def entries() -> dict[str, LogEntry]:
    """One entry of each type, and of each kind within a type, by name."""
    delivery = DeliveryEvent(
        "event-1",
        DeliveryKind.BOUNCE,
        "Name@Company.com",
        "name@company.com",
        NOW,
        "550 5.1.1 no such user ",
        "5.1.1",
        provider="sendgrid",
        message_id="m1",
    )
    user = Recipient(
        "00u1", USERS, Address.parse("ann@x.org"), None, 1, 2, {"firstName": "Ann", "lastName": "Lee", "login": "ann"}
    )
    settings = Settings(
        alias="Mail", host="mail.x.org", port=587, username="ann", auth_type=AuthType.BASIC, enabled=False
    )
    server = EmailServer(id="ces1", settings=settings, sealed=b"")
    changed = replace(server, settings=replace(server.settings, alias="Post", enabled=True))
    found = {
        f"{EventType.EMAIL_DELIVERY} {kind}": delivery_entry(replace(delivery, kind=kind), provider_name="Sendgrid")
        for kind in DeliveryKind
        if "group" not in kind
    }
    for kind in (DeliveryKind.GROUP_UNSUBSCRIBE, DeliveryKind.GROUP_RESUBSCRIBE):
        found[f"{EventType.EMAIL_DELIVERY} {kind}"] = delivery_entry(
            replace(delivery, kind=kind, group=7, message="", status=""), provider_name="Sendgrid"
        )
    (found[EventType.BOUNCE_REMOVAL],) = removal_requested(["a@x.org", "B@x.org"], SuppressionList.BOUNCES, context=WHO)
    (found[EventType.SUPPRESSION_REMOVAL],) = removal_requested(["a@x.org"], SuppressionList.BLOCKS, context=WHO)
    found[EventType.LIST_CLEARED] = list_cleared(SuppressionList.SPAM_REPORTS, context=WHO)
    (found[f"{EventType.REMOVAL_DONE} one"],) = removals_done([a_removal()], now=NOW)
    (found[f"{EventType.REMOVAL_DONE} several"],) = removals_done([a_removal(), a_removal(1)], now=NOW)
    found[EventType.REMOVAL_FAILED] = removal_failed(a_removal(), now=NOW, reason="400: refused")
    hold = Suppression(HOLDS, "a@x.org", "A@x.org", NOW, "asked by phone", author="operator", until=NOW + 1)
    found[EventType.HOLD_CREATE] = held(hold, context=WHO)
    found[EventType.HOLD_LIFT] = hold_lifted(hold, context=WHO)
    found[EventType.ADDITION_DONE] = removal_done(replace(a_removal(), adds=True), now=NOW)
    found[EventType.ADDITION_FAILED] = removal_failed(replace(a_removal(), adds=True), now=NOW, reason="400: refused")
    found[EventType.REMOVAL_SUPERSEDED] = removal_superseded(a_removal(), now=NOW)
    for event_type in (EventType.TOKEN_CREATE, EventType.TOKEN_REVOKE):
        credential = Credential("cred-2", "acme", "0" * 64, "for a test", frozenset(), NOW)
        found[event_type] = credential_changed(event_type, credential, context=WHO)
    limited = replace(credential, name="for another", scopes=frozenset({"okta.logs.read"}))
    found[EventType.TOKEN_UPDATE] = credential_changed(EventType.TOKEN_UPDATE, limited, context=WHO, before=credential)
    client = Client("rpc_acme_1", "acme", ClientKind.REFRESH, "CRM", frozenset({"ZohoCRM.org.READ"}), NOW)
    for event_type in (EventType.CLIENT_CREATE, EventType.CLIENT_REVOKE):
        found[event_type] = client_changed(event_type, client, context=WHO)
    token = AccessToken("t1", "acme", client.id, ("ZohoCRM.org.READ",), NOW, NOW + 3_600_000)
    found[EventType.TOKEN_GRANT] = token_granted(client, token, context=WHO)
    refresh = RefreshToken("f1", "acme", "0" * 64, client.id, client.scopes, NOW)
    found[EventType.REFRESH_REVOKE] = token_revoked(refresh, context=WHO)
    found[EventType.KEY_ROTATE] = signing_key_rotated(SigningKey("kid-1", "{}", NOW, NOW), context=WHO)
    for event_type in (EventType.ORGANIZATION_CREATE, EventType.ORGANIZATION_UPDATE, EventType.PURGE_UPDATE):
        found[event_type] = organization_changed(event_type, {"name": ("Acme", "Acme Inc.")}, context=WHO)
    for event_type in export_entries.MESSAGE:
        found[event_type] = export_entries.organization_moved(event_type, context=WHO, debug={"recipients": "3"})
    found[EventType.WHITELIST_UPDATE] = whitelist_changed(
        {"enabled": True, "entries": []}, {"enabled": True, "entries": ["x.org"]}, context=WHO
    )
    group = Group(7, "News", "monthly")
    found[EventType.GROUP_CREATE] = group_created(group, context=WHO)
    (found[EventType.GROUP_UPDATE],) = groups_changed(
        Groups((group,)), Groups((replace(group, name="Offers"),)), context=WHO
    )
    found[EventType.GROUP_DELETE] = group_deleted(group, context=WHO)
    account = ProviderAccount("sendgrid", "https://api.sendgrid.com", b"sealed", "", "key")
    found[EventType.PROVIDER_UPDATE] = provider_account_changed(None, account, context=WHO)
    found[EventType.PROVIDER_PAUSE] = provider_paused(WHO.organization, "401: unauthorized", now=NOW)
    found[EventType.PROVIDER_RESUME] = provider_resumed(context=WHO)
    for event_type in (EventType.SENDER_CLAIM, EventType.SENDER_RELEASE):
        found[event_type] = sender_changed(event_type, "ses", "configuration-set/news", context=WHO)
    (found[EventType.SUPPRESSION_ADD],) = addresses_listed(
        ["a@x.org", "B@x.org"], SuppressionList.UNSUBSCRIBES, "api", context=WHO
    )
    found[EventType.REMOVAL_RETRY] = removal_retried(a_removal(), context=WHO)
    found[EventType.UNBLOCKS_RESET] = unblocks_reset("a@x.org", 3, context=WHO)
    for event_type in recipient_entries.MESSAGE:
        found[event_type] = recipient_changed(event_type, user, context=WHO)
    for event_type in MESSAGE:
        found[event_type] = server_entry(event_type, server, context=WHO)
    found[f"{EventType.EMAIL_SERVER_UPDATE} changed"] = server_entry(
        EventType.EMAIL_SERVER_UPDATE, changed, context=WHO, before=server
    )
    found[f"{EventType.EMAIL_SERVER_TEST} failed"] = server_entry(
        EventType.EMAIL_SERVER_TEST, server, context=WHO, failure="the server did not answer"
    )
    return found


def golden() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text())
    return found


@pytest.mark.parametrize("name", entries())
def test_an_entry_is_as_it_was_written_down(name: str) -> None:
    entry = entries()[name]
    assert {"uuid": entry.uuid, "published": entry.published, "target": entry.target, "event": entry.event} == golden()[
        name
    ]


def test_every_type_of_entry_is_written_down_and_nothing_else() -> None:
    assert set(golden()) == set(entries())
    assert {entry.event["eventType"] for entry in entries().values()} == {one.value for one in EventType}


if __name__ == "__main__":
    written = {
        name: {"uuid": one.uuid, "published": one.published, "target": one.target, "event": one.event}
        for name, one in entries().items()
    }
    GOLDEN.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")
