"""POST /reprieve/events/sendgrid/{org}, from the signed post to the tables and the dead-letter queue."""

from __future__ import annotations

import base64
import json
import math
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reprieve.access.provider_account import ProviderAccount
from reprieve.organization import Organization
from reprieve.providers.sendgrid import events as sendgrid_events
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Calls, Clock, Gateway, Matching, cases, event, function
from tests.support.tables import tables

if TYPE_CHECKING:
    from io import StringIO

    from mypy_boto3_dynamodb import DynamoDBClient


def public(key: ec.EllipticCurvePrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


KEY = ec.generate_private_key(ec.SECP256R1())
SECONDS = int(time.time()) - 60


@pytest.fixture
def queue(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", url)
    wiring.access().create_organization(DEMO)
    account = ProviderAccount("none", webhook_key=public(KEY))
    assert wiring.access().set_provider_account("demo", account, provider_name="", before=None)
    return lambda: [
        json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]


def post(
    call: Gateway, *events: object, organization: str = "demo", tamper: bytes = b"", timestamp: str = ""
) -> Answer:
    body, timestamp = json.dumps(events).encode(), timestamp or str(int(time.time()))
    signature = base64.b64encode(KEY.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    headers = {sendgrid_events.SIGNATURE: signature, sendgrid_events.TIMESTAMP: timestamp}
    return call(
        function("event_webhook"),
        "POST",
        "/events/sendgrid/{org}",
        path={"org": organization},
        headers=headers,
        body=body + tamper,
        organization=None,
        stage="reprieve",
    )


def bounce(number: int = 0, **fields: object) -> dict[str, object]:
    return {
        "email": f"u{number}@company.com",
        "event": "bounce",
        "type": "bounce",
        "reason": "550 5.1.1 no such user ",
        "status": "5.1.1",
        "sg_event_id": f"event-{number}",
        "timestamp": SECONDS,
        **fields,
    }


def listed(name: SuppressionList) -> list[str]:
    return [entry.email for entry in wiring.listing().each(DEMO, name, Selection(), now=wiring.now())]


@pytest.mark.usefixtures("queue")
def test_each_event_goes_to_the_list_it_belongs_to_and_only_there(call: Gateway) -> None:
    answer = post(
        call,
        bounce(1),
        bounce(2, type="blocked"),
        bounce(3, event="spamreport", ip="192.0.2.9"),
        bounce(4, event="unsubscribe"),
        bounce(5, event="dropped", reason="Invalid"),
        bounce(6, event="dropped", reason="Bounced Address"),
        bounce(7, event="dropped", reason="Invalid SMTPAPI header"),
        bounce(8, event="deferred"),
        bounce(9, event="delivered"),
        bounce(10, event="open"),
    )
    assert answer == Answer(200, {"events": 9, "listed": 5, "malformed": 0, "ignored": 1})
    assert {name: listed(name) for name in SuppressionList} == {
        SuppressionList.BOUNCES: ["u1@company.com"],
        SuppressionList.BLOCKS: ["u2@company.com"],
        SuppressionList.SPAM_REPORTS: ["u3@company.com"],
        SuppressionList.UNSUBSCRIBES: ["u4@company.com"],
        SuppressionList.INVALID_EMAILS: ["u5@company.com"],
    }


@pytest.mark.usefixtures("queue")
def test_the_same_post_again_changes_nothing(call: Gateway, dynamodb: DynamoDBClient) -> None:
    first = post(call, bounce(1), bounce(2, event="delivered"))
    before = dynamodb.scan(TableName="Suppressions")["Items"], dynamodb.scan(TableName="EventLog")["Items"]
    second = post(call, bounce(1), bounce(2, event="delivered"))
    after = dynamodb.scan(TableName="Suppressions")["Items"], dynamodb.scan(TableName="EventLog")["Items"]
    assert (first.body["listed"], second.body["listed"]) == (1, 0)
    assert before == after


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_newest_bounce_counts_whatever_the_order_of_arrival(call: Gateway, order: tuple[int, int]) -> None:
    events = [
        bounce(1, reason="older", sg_event_id="a"),
        bounce(1, reason="newer", sg_event_id="b", timestamp=SECONDS + 1),
    ]
    for index in order:
        post(call, events[index])
    (entry,) = wiring.listing().each(DEMO, SuppressionList.BOUNCES, Selection(), now=wiring.now())
    assert (entry.reason, entry.created) == ("newer", (SECONDS + 1) * 1000)


@pytest.mark.usefixtures("queue")
def test_an_event_stamped_ahead_is_listed_no_later_than_clocks_may_differ(call: Gateway, clock: Clock) -> None:
    """Else lifting it would forgive every bounce until then."""
    now, key = clock.now, "u1@company.com"
    verified = {"timestamp": str(now // 1000)}
    assert post(call, bounce(1, timestamp=now // 1000 + 80_000), **verified).status == 200
    (entry,) = wiring.listing().each(DEMO, SuppressionList.BOUNCES, Selection(), now=now)
    assert entry.created == now + 30_000
    request = RemovalRequest("r-0", SuppressionList.BOUNCES, key, key, hide=True)
    wiring.suppressions().request_removals(context(DEMO, now=now), [request])
    assert listed(SuppressionList.BOUNCES) == []
    clock.now += 31_000
    post(call, bounce(1, timestamp=clock.now // 1000, sg_event_id="later"), timestamp=str(clock.now // 1000))
    assert listed(SuppressionList.BOUNCES) == [key]


@pytest.mark.usefixtures("queue")
def test_a_bounce_from_before_an_acknowledged_removal_does_not_come_back(call: Gateway) -> None:
    request = RemovalRequest("r-0", SuppressionList.BOUNCES, "u1@company.com", "u1@company.com")
    wiring.suppressions().request_removals(context(DEMO, credential="c", request_id="r", now=wiring.now()), [request])
    assert post(call, bounce(1)).body["listed"] == 0
    assert listed(SuppressionList.BOUNCES) == []


def test_one_malformed_event_goes_to_the_dead_letters_and_the_others_are_kept(call: Gateway, queue: Any) -> None:
    answer = post(call, bounce(1), {"event": "bounce", "timestamp": SECONDS}, bounce(2))
    assert answer == Answer(200, {"events": 2, "listed": 2, "malformed": 1, "ignored": 0})
    assert queue() == [
        {
            "organization": "demo",
            "kind": "event",
            "reason": "email: missing or empty",
            "event": {"event": "bounce", "timestamp": SECONDS},
        }
    ]


def problem(status: int, title: str, detail: str) -> Answer:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Answer(status, body | {"error_id": Matching(".{22}")})


def unproved(detail: str) -> Answer:
    return problem(401, "Unauthorized", detail)


#: other organizations, with the key of each; None means no account
OTHERS = {"other": public(ec.generate_private_key(ec.SECP256R1())), "keyless": "", "unconnected": None}


@pytest.mark.parametrize("change", [*({"organization": name} for name in ("unknown", *OTHERS)), {"tamper": b" "}])
def test_a_post_that_its_organizations_key_does_not_verify_is_401_and_changes_nothing(
    call: Gateway, dynamodb: DynamoDBClient, queue: Any, change: dict
) -> None:
    for name, key in OTHERS.items():
        wiring.access().create_organization(Organization(name, name))
        if key is not None:
            account = ProviderAccount("none", webhook_key=key)
            assert wiring.access().set_provider_account(name, account, provider_name="", before=None)
    before = [dynamodb.scan(TableName=name)["Items"] for name in tables()]
    answer = post(call, bounce(1), bounce(2, event="delivered"), {"event": "bounce"}, **change)
    assert answer == unproved("the webhook's signature does not match")
    assert [dynamodb.scan(TableName=name)["Items"] for name in tables()] == before
    assert queue() == []


@pytest.mark.usefixtures("queue")
def test_only_a_refused_post_that_names_an_organization_with_an_account_is_counted_as_refused(
    call: Gateway, capsys: pytest.CaptureFixture[str], log: StringIO
) -> None:
    """A key that was rotated at one end only would lose every event silently; scanners are not counted."""
    for change in ({"organization": "unknown"}, {}, {"tamper": b" "}):
        post(call, bounce(), **change)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [one["WebhooksRefused"] for one in metrics if "WebhooksRefused" in one] == [[1.0]]
    warned = [one for line in log.getvalue().splitlines() if (one := json.loads(line))["message"] == "webhook refused"]
    assert [(one["organization"], one["detail"]) for one in warned] == [
        ("demo", "the webhook's signature does not match")
    ]


#: the whole answer to each event
ANSWERS = {
    "forged_signature": unproved("the webhook's signature does not match"),
    "no_such_path": problem(404, "Not Found", "the API has no such path"),
    "unsigned": unproved("the webhook's timestamp is missing or no number"),
}


@pytest.mark.usefixtures("queue")
def test_every_event_is_answered_whole(call: Gateway, clock: Clock) -> None:
    clock.now = 1_700_000_000_000  # the timestamp of the forged post
    handler = function("event_webhook")
    assert {case: call.send(handler, event("event_webhook", case)) for case in cases("event_webhook")} == ANSWERS


@pytest.mark.usefixtures("queue")
def test_new_events_cost_batches_of_25_and_known_ones_a_conditional_write_each(call: Gateway, calls: Calls) -> None:
    events = [bounce(number) for number in range(60)]
    post(call, *events)
    batches = 2 * math.ceil(60 / 25)
    assert calls == {"GetItem": 2, "BatchExecuteStatement": batches}
    post(call, *events)
    assert calls == {"GetItem": 2, "BatchExecuteStatement": batches, "UpdateItem": 60}


@pytest.mark.usefixtures("queue")
def test_when_the_store_fails_the_provider_gets_an_error(call: Gateway, dynamodb: DynamoDBClient) -> None:
    dynamodb.delete_table(TableName="EventLog")
    answer = post(call, bounce(1))
    assert answer.status == 503
    assert "error_id" in answer.body
