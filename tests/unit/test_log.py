"""The system log's entries, as Okta's clients read them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.access import log_entries as access_entries
from reprieve.access.client import Client, ClientKind
from reprieve.access.credential import Credential
from reprieve.access.event_webhook import EventWebhook
from reprieve.access.issuer import Issuer
from reprieve.access.log_entries import (
    client_changed,
    credential_changed,
    event_webhook_changed,
    issuer_changed,
    organization_changed,
    provider_account_changed,
    provider_account_removed,
    provider_resumed,
    sender_changed,
    session_changed,
    sign_in_changed,
)
from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.access.sign_in import SignIn
from reprieve.address import Address
from reprieve.context import OPERATOR
from reprieve.organization import Organization, PolicySetting
from reprieve.policies.log_entries import policy_changed
from reprieve.recipients import log_entries as recipient_entries
from reprieve.recipients.log_entries import recipient_changed
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.removals.log_entries import removal_requested
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import OUTCOME, delivery_entry, whitelist_changed
from reprieve.suppressions.suppression import SuppressionList
from reprieve.system_log.entry import NAMESPACE, EventType, LogEntry, derived
from tests.support.contexts import context

if TYPE_CHECKING:
    from collections.abc import Callable


def an_event(kind: DeliveryKind = DeliveryKind.BOUNCE, message: str = "550 5.1.1 no such user ") -> DeliveryEvent:
    return DeliveryEvent(
        "event-1",
        kind,
        "Name@Company.com",
        "name@company.com",
        1_700_000_000_123,
        message,
        "5.1.1",
        provider="sendgrid",
        message_id="m",
    )


def test_a_bounce_makes_a_delivery_entry_about_the_address() -> None:
    entry = delivery_entry(an_event(), provider_name="Sendgrid")
    assert (entry.target, entry.published) == ("name@company.com", 1_700_000_000_123)
    assert entry.event == {
        "uuid": entry.uuid,
        "published": "2023-11-14T22:13:20.123Z",
        "eventType": "system.email.delivery",
        "version": "0",
        "severity": "WARN",
        "legacyEventType": None,
        "displayMessage": "Email delivery",
        "actor": {
            "id": "unknown",
            "type": "SystemPrincipal",
            "alternateId": "system@okta.com",
            "displayName": "Okta System",
            "detailEntry": None,
        },
        "client": {"userAgent": None, "zone": None, "device": None, "id": None, "ipAddress": None},
        "outcome": {"result": "FAILURE", "reason": "bounce"},
        "target": [
            {
                "id": "name@company.com",
                "type": "email",
                "alternateId": "Name@Company.com",
                "displayName": "Name@Company.com",
                "detailEntry": None,
            }
        ],
        "transaction": {"type": "JOB", "id": entry.uuid, "detail": {}},
        "debugContext": {
            "debugData": {
                "providerMessage": "550 5.1.1 no such user ",
                "emailProvider": "Sendgrid",
                "emailRequestId": "m",
                "enhancedStatusCode": "5.1.1",
            }
        },
        "authenticationContext": {"externalSessionId": "unknown", "authenticationStep": 0},
        "securityContext": {},
        "request": {"ipChain": []},
    }


def test_every_kind_of_delivery_has_an_outcome() -> None:
    assert set(OUTCOME) == set(DeliveryKind)


def test_the_same_event_makes_the_same_entry_and_another_makes_another() -> None:
    assert delivery_entry(an_event(), provider_name="Sendgrid") == delivery_entry(an_event(), provider_name="Sendgrid")


@given(st.text(max_size=600))
def test_whatever_a_server_said_the_outcome_stays_within_oktas_bounds(message: str) -> None:
    outcome = delivery_entry(an_event(message=message), provider_name="Sendgrid").event["outcome"]
    assert 1 <= len(outcome["reason"]) <= 255


def test_a_removal_request_lists_at_most_fifty_addresses_per_target() -> None:
    emails = [f"u{number}@company.com" for number in range(101)]
    entries = removal_requested(emails, SuppressionList.BOUNCES, context=CONTEXT)
    names = [entry.event["target"][0]["displayName"].split(", ") for entry in entries]
    assert [len(group) for group in names] == [50, 50, 1]
    assert [email for group in names for email in group] == emails
    assert {entry.event["target"][0]["type"] for entry in entries} == {"EmailList"}
    assert {entry.event["debugContext"]["debugData"]["bounceEmailProvider"] for entry in entries} == {"SES"}
    assert {entry.event["transaction"]["detail"]["requestApiTokenId"] for entry in entries} == {"cred-1"}


CONTEXT = context(Organization("demo", "Demo", provider_name="SES"), now=5, credential="cred-1", request_id="request-1")
CREDENTIAL = Credential("cred-2", "demo", "0" * 64, "SDK", frozenset({"okta.logs.read"}), created=1)
CLIENT = Client("rpc_demo_1", "demo", ClientKind.SECRET, "SDK", frozenset({"okta.logs.read"}), created=1)
OUTSIDE = Issuer("demo", "https://a.okta.com", "api://r", "https://a.okta.com/keys", "groups", ())
ACCOUNT = ProviderAccount("ses")
LOGIN = "ada@example.com"
ADA = Recipient("00u1", USERS, Address.parse(LOGIN), None, 1, 1, {"login": LOGIN, "firstName": "Ada"})
LEAD = Recipient("4711", "Leads", ADA.email, None, 1, 1)
WEBHOOK = EventWebhook("1", "https://x.example/hook", True, frozenset({"bounce"}), "", 1, 1)
CHANGES: dict[EventType, Callable[[EventType], LogEntry]] = {
    **dict.fromkeys(
        (EventType.TOKEN_CREATE, EventType.TOKEN_UPDATE, EventType.TOKEN_REVOKE),
        lambda event_type: credential_changed(event_type, CREDENTIAL, context=CONTEXT),
    ),
    **dict.fromkeys(
        (EventType.SESSION_START, EventType.SESSION_END),
        lambda event_type: session_changed(event_type, context=CONTEXT),
    ),
    **dict.fromkeys(
        (EventType.CLIENT_CREATE, EventType.CLIENT_UPDATE, EventType.CLIENT_REVOKE),
        lambda event_type: client_changed(event_type, CLIENT, context=CONTEXT),
    ),
    **dict.fromkeys(
        (EventType.ISSUER_TRUST, EventType.ISSUER_DISTRUST),
        lambda event_type: issuer_changed(event_type, OUTSIDE, context=CONTEXT),
    ),
    **dict.fromkeys(
        (EventType.SIGN_IN_SET, EventType.SIGN_IN_REMOVE),
        lambda event_type: sign_in_changed(event_type, SignIn(OUTSIDE, "", ""), None, context=CONTEXT),
    ),
    **dict.fromkeys(
        (
            EventType.USER_CREATE,
            EventType.USER_UPDATE,
            EventType.USER_DEACTIVATE,
            EventType.USER_DELETE,
        ),
        lambda event_type: recipient_changed(event_type, ADA, context=CONTEXT),
    ),
    **dict.fromkeys(
        (EventType.ORGANIZATION_CREATE, EventType.ORGANIZATION_UPDATE, EventType.PURGE_UPDATE),
        lambda event_type: organization_changed(event_type, {"name": ("Demo", "Other")}, context=CONTEXT),
    ),
    EventType.POLICY_UPDATE: lambda _: policy_changed(PolicySetting(), PolicySetting("", 1), context=CONTEXT),
    EventType.WHITELIST_UPDATE: lambda _: whitelist_changed({"enabled": False}, {"enabled": True}, context=CONTEXT),
    EventType.PROVIDER_UPDATE: lambda _: provider_account_changed(None, ACCOUNT, context=CONTEXT),
    EventType.PROVIDER_RESUME: lambda _: provider_resumed(DEFAULT, context=CONTEXT),
    EventType.PROVIDER_REMOVE: lambda _: provider_account_removed(ACCOUNT, context=CONTEXT),
    **dict.fromkeys(
        (EventType.EVENT_WEBHOOK_CREATE, EventType.EVENT_WEBHOOK_UPDATE, EventType.EVENT_WEBHOOK_DELETE),
        lambda event_type: event_webhook_changed(event_type, WEBHOOK, context=CONTEXT),
    ),
    **dict.fromkeys(
        (EventType.SENDER_CLAIM, EventType.SENDER_RELEASE),
        lambda event_type: sender_changed(event_type, "ses", "identity/x.example", context=CONTEXT),
    ),
    **{
        event_type: lambda _, of_users=of_users: recipient_changed(of_users, LEAD, context=CONTEXT)
        for of_users, event_type in recipient_entries.OF_RECORDS.items()
    },
}


@pytest.mark.parametrize("event_type", CHANGES)
def test_a_change_names_its_actor_its_request_and_its_target(event_type: EventType) -> None:
    entry = CHANGES[event_type](event_type)
    assert entry.event["eventType"] == event_type.value
    assert entry.event["displayMessage"]
    assert entry.event["outcome"] == {"result": "SUCCESS", "reason": None}
    assert entry.event["transaction"] == {
        "type": "WEB",
        "id": "request-1",
        "detail": {"requestApiTokenId": "cred-1"},
    }
    (target,) = entry.event["target"]
    assert target["id"] == entry.target
    assert (target["type"], target["displayName"], target["alternateId"]) in {
        ("Token", "SDK", "SDK"),
        ("PublicClientApp", "SDK", "SDK"),
        ("User", "Ada", "ada@example.com"),
        # who opened a session
        ("User", CONTEXT.actor.name, CONTEXT.actor.name),
        ("Leads", "ada@example.com", "ada@example.com"),
        ("Organization", "Demo", "demo"),
        ("ProviderAccount", "Demo", "demo"),
        ("IdentityProvider", "https://a.okta.com", "https://a.okta.com"),
        ("Sender", "identity/x.example", "identity/x.example"),
        ("EventWebhook", "https://x.example/hook", "https://x.example/hook"),
    }


def test_every_type_of_change_has_a_sentence() -> None:
    assert {
        *access_entries.MESSAGE,
        *recipient_entries.MESSAGE,
        EventType.WHITELIST_UPDATE,
        EventType.POLICY_UPDATE,
    } == set(CHANGES)


def test_an_operators_change_names_no_token() -> None:
    entry = credential_changed(
        EventType.TOKEN_CREATE, CREDENTIAL, context=replace(CONTEXT, actor=OPERATOR, request_id="r")
    )
    assert entry.event["transaction"] == {"type": "JOB", "id": "r", "detail": {}}


def test_a_record_without_a_name_is_shown_by_its_address_or_id() -> None:
    entries = [
        recipient_changed(EventType.USER_CREATE, one, context=CONTEXT) for one in (LEAD, replace(LEAD, email=None))
    ]
    assert [entry.event["target"][0]["displayName"] for entry in entries] == ["ada@example.com", "4711"]
    assert entries[0].event["target"][0]["type"] == "Leads"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_id_is_the_uuid_of_version_5_of_its_name(name: str) -> None:
    assert derived(name) == str(uuid.uuid5(uuid.UUID(bytes=NAMESPACE), name))
