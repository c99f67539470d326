"""The system log's entries, as Okta's clients will read them."""

from hypothesis import given
from hypothesis import strategies as st

from reprieve import log
from reprieve.delivery import DeliveryEvent, DeliveryKind


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
    entry = log.delivery(an_event())
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
    assert set(log.OUTCOME) == set(DeliveryKind)


def test_the_same_event_makes_the_same_entry_and_another_makes_another() -> None:
    assert log.delivery(an_event()) == log.delivery(an_event())


@given(st.text(max_size=600))
def test_whatever_a_server_said_the_outcome_stays_within_oktas_bounds(message: str) -> None:
    outcome = log.delivery(an_event(message=message)).event["outcome"]
    assert 1 <= len(outcome["reason"]) <= 255


def test_a_removal_request_lists_at_most_fifty_addresses_a_target() -> None:
    actor = log.Actor("cred-1", "User", "credential cred-1")
    emails = [f"u{number}@company.com" for number in range(101)]
    entries = log.removal_requested(emails, actor=actor, request_id="req", provider="ses", now=5)
    names = [entry.event["target"][0]["displayName"].split(", ") for entry in entries]
    assert [len(group) for group in names] == [50, 50, 1]
    assert [email for group in names for email in group] == emails
    assert {entry.event["target"][0]["type"] for entry in entries} == {"EmailList"}
    assert {entry.event["debugContext"]["debugData"]["bounceEmailProvider"] for entry in entries} == {"SES"}
    assert {entry.event["transaction"]["detail"]["requestApiTokenId"] for entry in entries} == {"cred-1"}
