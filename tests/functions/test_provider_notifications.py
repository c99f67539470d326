"""The queue of a provider's notifications, from its messages to the tables and the dead-letter queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from reprieve.clock import DAY
from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.store.dead_letters import DeadLetters
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from tests.support.contexts import context
from tests.support.gateway import DEMO, Calls, Clock, event, function

if TYPE_CHECKING:
    from io import StringIO

    from tests.support.dynamodb import Client

OTHER = Organization("other", "Other")
NOW = 1_767_225_660_000
SENDER = "configuration-set/demo"


@pytest.fixture(autouse=True)
def queue(dynamodb: Client, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    url = boto3.client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"]
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", url)
    monkeypatch.setenv("PROVIDER_KIND", "ses")
    clock.now = NOW
    for organization in (DEMO, OTHER):
        wiring.access().create_organization(organization)
    wiring.senders().claim(context(DEMO, now=wiring.now()), "ses", SENDER)


def invoke(messages: dict[str, Any]) -> Any:
    return function("provider_notifications")(messages, None)


def invoked(*bodies: str) -> Any:
    return invoke({"Records": [{"messageId": f"m-{at}", "body": body} for at, body in enumerate(bodies)]})


def bounce(*, sender: str = "demo", email: str = "u@company.com", feedback: str = "f-1") -> dict[str, Any]:
    about = {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": email, "status": "5.1.1", "diagnosticCode": "smtp; 550 user unknown"}],
        "timestamp": "2026-01-01T00:00:00.000Z",
        "feedbackId": feedback,
    }
    mail = {"messageId": "m", "source": "news@shop.example", "tags": {"ses:configuration-set": [sender]}}
    return {"eventType": "Bounce", "bounce": about, "mail": mail}


def listed(organization: Organization = DEMO, of: SuppressionList = SuppressionList.BOUNCES) -> list[tuple[str, int]]:
    entries = wiring.listing().each(organization, of, Selection(), now=wiring.now())
    return [(entry.email, entry.count) for entry in entries]


def letters() -> list[tuple[str, str, bytes]]:
    held = wiring.dead_letters().hold()
    wiring.dead_letters().release(held)
    return [(one.organization_id, one.reason, one.letter.content) for one in held if one.letter]


def test_the_events_in_the_repository_are_taken_in() -> None:
    assert invoke(event("provider_notifications", "bounce_and_complaint")) == {"batchItemFailures": []}
    assert listed() == [("gone@company.com", 1)]
    assert listed(of=SuppressionList.SPAM_REPORTS) == [("gone@company.com", 1)]
    assert invoke(event("provider_notifications", "new_topic")) == {"batchItemFailures": []}
    assert letters() == []


def test_a_notification_is_its_senders_organizations_and_no_others(calls: Calls) -> None:
    wiring.senders().claim(context(OTHER, now=wiring.now()), "ses", "configuration-set/theirs")
    calls.clear()
    assert invoked(json.dumps(bounce())) == {"batchItemFailures": []}
    assert (listed(), listed(OTHER)) == ([("u@company.com", 1)], [])


def test_a_bounce_takes_a_read_of_its_claim_its_organization_and_the_whitelist(calls: Calls) -> None:
    calls.clear()
    invoked(json.dumps(bounce()))
    assert calls == {"GetItem": 3, "BatchExecuteStatement": 2, "UpdateItem": 1}


def test_what_is_not_kept_is_not_looked_up(calls: Calls) -> None:
    calls.clear()
    assert invoked('{"eventType":"Open","mail":{}}', "Successfully validated") == {"batchItemFailures": []}
    assert calls == {}


def test_a_notification_that_comes_twice_counts_once() -> None:
    invoked(json.dumps(bounce()), json.dumps(bounce()))
    invoked(json.dumps(bounce()))
    assert listed() == [("u@company.com", 1)]


def test_a_notification_without_an_owner_is_set_aside_and_taken_in_once_it_is_claimed() -> None:
    body = json.dumps(bounce(sender="theirs"))
    assert invoked(body) == {"batchItemFailures": []}
    assert letters() == [("", "no organization has claimed its sender", body.encode())]
    verbs = wiring.dead_letter_verbs()
    assert [one.outcome.value for one in verbs.redrive(None, now=wiring.now())] == ["no organization"]
    wiring.senders().claim(context(OTHER, now=wiring.now()), "ses", "configuration-set/theirs")
    assert [one.outcome.value for one in verbs.redrive(None, now=wiring.now())] == ["taken"]
    assert (letters(), listed(), listed(OTHER)) == ([], [], [("u@company.com", 1)])


def test_a_notification_comes_again_while_its_organization_is_being_replaced(dynamodb: Client) -> None:
    dynamodb.delete_item(TableName="Access", Key={"partition": {"S": "demo"}, "sort": {"S": "organization"}})
    assert invoked(json.dumps(bounce())) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert letters() == []


def test_an_old_notification_is_not_taken_in_later_than_a_removal_is_remembered() -> None:
    invoked(json.dumps(bounce(sender="theirs")))
    wiring.senders().claim(context(OTHER, now=wiring.now()), "ses", "configuration-set/theirs")
    late = wiring.now() + 7 * DAY
    assert [one.outcome.value for one in wiring.dead_letter_verbs().redrive(None, now=late)] == ["too old"]


@pytest.mark.parametrize(
    ("body", "organization", "reason"),
    [
        ("{", "", "notification: not JSON in UTF-8, or more digits or levels than can be read"),
        ('{"Type":"Notification"}', "", "Message: missing"),
        (json.dumps(bounce(email="")), "demo", "emailAddress: missing or empty"),
    ],
)
def test_what_cannot_be_read_is_set_aside_whole(body: str, organization: str, reason: str) -> None:
    assert invoked(body) == {"batchItemFailures": []}
    assert letters() == [(organization, reason, body.encode())]


def test_a_message_that_cannot_be_stored_comes_again_and_the_others_do_not(
    monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    def refused(*_: object) -> None:
        raise OSError("user@company.com")

    monkeypatch.setattr(DeadLetters, "put", refused)
    bodies = (json.dumps(bounce(email="a@company.com")), "{", json.dumps(bounce(email="b@company.com", feedback="f")))
    assert invoked(*bodies) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert {email for email, _ in listed()} == {"a@company.com", "b@company.com"}
    assert "company.com" not in log.getvalue()


def test_metrics_count_what_was_taken_and_what_could_not_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    invoked(json.dumps(bounce()))
    line = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (line["service"], line["EventsTaken"], line["EventsMalformed"]) == ("provider-notifications", [1.0], [0.0])
