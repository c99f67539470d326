"""POST /reprieve/events/sendgrid/{org}, from the signed post to the tables and the dead-letter queue."""

from __future__ import annotations

import base64
import json
import math
import time
import zlib
from dataclasses import replace
from itertools import count, permutations
from random import Random
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reprieve import answer_size
from reprieve import clock as clock_module
from reprieve.access.provider_account import ProviderAccount
from reprieve.organization import Organization
from reprieve.providers.sendgrid import events as sendgrid_events
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.store.table import Table
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import MAX_TEXT, GroupList, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.contexts import context
from tests.support.dynamodb import fault
from tests.support.gateway import DEMO, Answer, Calls, Clock, Gateway, Matching, cases, event, function, problem
from tests.support.tables import tables
from tests.support.webhook import signed

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import StringIO

    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.suppressions.suppression import AnyList
    from tests.support.dynamodb import Client


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


def post(call: Gateway, *events: object, **more: Any) -> Answer:
    return post_body(call, json.dumps(events).encode(), **more)


def post_body(
    call: Gateway, body: bytes, *, organization: str = "demo", tamper: bytes = b"", timestamp: str = "", key: Any = KEY
) -> Answer:
    return call(
        function("event_webhook"),
        "POST",
        "/events/sendgrid/{org}",
        path={"org": organization},
        headers=signed(key, body, timestamp),
        body=body + tamper,
        organization=None,
        stage="reprieve",
        as_base64=True,
    )


def letter(content: bytes, reason: str) -> dict[str, object]:
    """A dead letter of one part, as it is in the queue."""
    return {
        "organization": "demo",
        "provider": "sendgrid",
        "reason": reason,
        "id": Matching("[0-9a-f]{16}"),
        "part": 1,
        "parts": 1,
        "content": base64.b64encode(zlib.compress(content)).decode(),
    }


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


def listed(name: AnyList) -> list[str]:
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


def of_group(kind: str, number: int = 1, *, group: object = 103, at: int = 0, **more: object) -> dict[str, object]:
    return {
        "email": f"u{number}@company.com",
        "event": f"group_{kind}",
        "asm_group_id": group,
        "timestamp": SECONDS + at,
        "sg_message_id": f"message-{number}",
        **more,
    }


@pytest.mark.usefixtures("queue")
def test_a_group_unsubscribe_goes_to_the_list_of_that_group_and_makes_the_group_known(
    call: Gateway, calls: Calls
) -> None:
    news = [of_group("unsubscribe"), of_group("unsubscribe", group="104"), of_group("unsubscribe", 2, group=104)]
    assert post(call, *news) == Answer(200, {"events": 3, "listed": 3, "malformed": 0, "ignored": 0})
    # organization, key, groups, whitelist; the new groups; their log entries, the members, and the members' entries
    assert calls == {"GetItem": 4, "PutItem": 1, "BatchExecuteStatement": 3}
    assert {name: listed(name) for name in (GroupList.of(103), GroupList.of(104), *SuppressionList)} == {
        GroupList.of(103): ["u1@company.com"],
        GroupList.of(104): ["u1@company.com", "u2@company.com"],
        **{name: [] for name in SuppressionList},
    }
    assert wiring.group_store().all(DEMO).groups == (Group(103, "Group 103"), Group(104, "Group 104"))
    assert post(call, *news).body["listed"] == 0
    # nothing is written but what refuses the repeated events
    assert calls["PutItem"] == 0


@pytest.mark.usefixtures("queue")
def test_a_post_without_group_events_reads_no_groups(call: Gateway, calls: Calls) -> None:
    post(call, bounce(1, event="delivered"))
    assert calls == {"GetItem": 2, "BatchExecuteStatement": 1}


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_resubscription_undoes_what_is_older_in_whatever_order_they_arrive(
    call: Gateway, order: tuple[int, ...]
) -> None:
    news = [of_group("unsubscribe", at=1), of_group("resubscribe", at=2), of_group("unsubscribe", at=3)]
    for index in order:
        post(call, news[index])
    (entry,) = wiring.listing().each(DEMO, GroupList.of(103), Selection(), now=wiring.now())
    assert entry.created == (SECONDS + 3) * 1000
    post(call, of_group("resubscribe", at=4), *news)
    assert listed(GroupList.of(103)) == []


@pytest.mark.usefixtures("queue")
def test_a_resubscription_stamped_ahead_undoes_nothing_that_is_yet_to_come(call: Gateway, clock: Clock) -> None:
    now = clock.now // 1000
    post(call, of_group("resubscribe", timestamp=now + 80_000), timestamp=str(now))
    clock.now += 31_000
    post(call, of_group("unsubscribe", timestamp=now + 31), timestamp=str(now + 31))
    assert listed(GroupList.of(103)) == ["u1@company.com"]


@pytest.mark.usefixtures("queue")
def test_an_event_of_a_deleted_group_is_of_all_mail_if_it_is_later_and_ended_with_the_group_if_not(
    call: Gateway,
) -> None:
    group = Groups((Group(103, "News"),), version=1)
    assert wiring.group_store().replace(DEMO, replace(group.without(103, now=(SECONDS + 5) * 1000), version=1))
    assert post(call, of_group("unsubscribe", 1), of_group("unsubscribe", 2, at=6)).body["listed"] == 1
    assert listed(SuppressionList.UNSUBSCRIBES) == ["u2@company.com"]
    assert listed(GroupList.of(103)) == []
    assert wiring.group_store().all(DEMO).groups == ()


@pytest.mark.parametrize("group", [None, "", 0, -1, "x", 1.5, True, [103], 10**15])
def test_a_group_event_that_names_no_group_is_set_aside(call: Gateway, queue: Any, group: object) -> None:
    event_ = of_group("unsubscribe", group=group)
    assert post(call, event_, bounce(2)) == Answer(200, {"events": 1, "listed": 1, "malformed": 1, "ignored": 0})
    assert queue() == [letter(json.dumps([event_]).encode(), "asm_group_id: not the id of a group")]


@pytest.mark.usefixtures("queue")
def test_group_events_are_in_the_system_log_with_their_group(call: Gateway) -> None:
    post(call, of_group("unsubscribe"), of_group("resubscribe", at=1))
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    found = [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=9)]
    assert [
        (one["eventType"], one["outcome"], one["debugContext"]["debugData"].get("unsubscribeGroup")) for one in found
    ] == [
        ("system.email.delivery", {"result": "FAILURE", "reason": "group_unsubscribe"}, "103"),
        ("system.email.delivery", {"result": "SUCCESS", "reason": "group_resubscribe"}, "103"),
        ("reprieve.group.create", {"result": "SUCCESS", "reason": None}, None),
    ]
    assert found[2]["target"][0]["id"] == "103"


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
        letter(json.dumps([{"event": "bounce", "timestamp": SECONDS}]).encode(), "email: missing or empty")
    ]


@pytest.mark.parametrize("body", [b'{"event": "bounce"}', b"\xff", b"[{", b""])
def test_a_body_that_is_not_an_array_is_acknowledged_and_set_aside(call: Gateway, queue: Any, body: bytes) -> None:
    assert post_body(call, body) == Answer(200, {"events": 0, "listed": 0, "malformed": 1, "ignored": 0})
    assert queue() == [letter(body, "the body is not an array of events")]


def test_a_letter_longer_than_a_message_is_set_aside_in_parts(call: Gateway, queue: Any) -> None:
    body = b"[" + Random(1).randbytes(500_000)
    assert post_body(call, body).status == 200
    parts = sorted(queue(), key=lambda one: one["part"])
    assert [(one["part"], one["parts"], one["id"]) for one in parts] == [(at, 3, parts[0]["id"]) for at in (1, 2, 3)]
    assert zlib.decompress(base64.b64decode("".join(one["content"] for one in parts))) == body


@pytest.mark.usefixtures("queue")
def test_text_of_the_greatest_length_is_stored_whatever_it_is(call: Gateway, dynamodb: Client) -> None:
    random = Random(2)
    texts = (
        "".join(chr(random.randrange(0x20, 0xD800)) for _ in range(66_000)),
        "".join(random.choices([chr(code) for code in range(32)] + ['"', "\\"], k=190_000)),
    )
    for number, reason in enumerate(texts):
        assert post(call, bounce(number, reason=reason)).body["listed"] == 1
    kept = [item["reason"]["S"] for item in dynamodb.scan(TableName="Suppressions")["Items"]]
    assert sorted(kept) == sorted(answer_size.cut(reason, MAX_TEXT["reason"]) for reason in texts)
    entries = wiring.log_reader().entries(DEMO, Span(Order.PUBLISHED, "0", LATEST), first=2)
    said = [one.event["debugContext"]["debugData"]["providerMessage"] for one in entries]
    assert sorted(said) == sorted(texts)


@pytest.mark.usefixtures("queue")
def test_a_queue_that_refuses_a_part_of_the_letters_has_not_taken_the_post(
    call: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = {"Failed": [{"Id": "1", "SenderFault": False, "Code": "InternalError"}]}
    monkeypatch.setattr(wiring.client("sqs"), "send_message_batch", lambda **_: refusal)
    assert post(call, bounce(1), "text").status == 503


@pytest.mark.usefixtures("queue")
def test_an_event_that_sendgrid_repeats_under_new_ids_counts_once(call: Gateway, dynamodb: Client) -> None:
    for number in range(5):
        post(call, bounce(1, type="blocked", sg_message_id="m", sg_event_id=f"deferred-{number}"))
    (entry,) = wiring.listing().each(DEMO, SuppressionList.BLOCKS, Selection(), now=wiring.now())
    assert (entry.count, len(dynamodb.scan(TableName="EventLog")["Items"])) == (1, 1)


class Faults:
    """Lets one call of a store or the queue fail, before or after it has done what was asked."""

    def __init__(self, at: int, *, done: bool) -> None:
        self._at, self._done, self._seen = at, done, count()
        self.failed = False

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def one(*arguments: Any, **named: Any) -> Any:
            if next(self._seen) != self._at:
                return call(*arguments, **named)
            self.failed = True
            if self._done:
                call(*arguments, **named)
            raise fault("InternalServerError")

        return one


@pytest.mark.parametrize("done", [False, True])
def test_whichever_call_fails_every_acknowledged_event_is_stored_or_set_aside(
    call: Gateway, dynamodb: Client, queue: Any, monkeypatch: pytest.MonkeyPatch, *, done: bool
) -> None:
    monkeypatch.setattr(Table, "wait", lambda *_: None)
    sqs, execute = wiring.client("sqs"), dynamodb._do
    send, answers = sqs.send_message_batch, []
    for number in count():
        good, bad = bounce(2 * number), {"event": "bounce", "number": number}
        faults = Faults(number, done=done)
        monkeypatch.setattr(dynamodb, "_do", faults.around(execute))
        monkeypatch.setattr(sqs, "send_message_batch", faults.around(send))
        # known to the store from the second post on, so that updates are among what fails
        events = [bounce(0, timestamp=SECONDS + number), good, bounce(2 * number + 1, event="delivered"), bad]
        answers.append(post(call, *events).status)
        if answers[-1] != 200:
            assert post(call, *events).status == 200
        monkeypatch.setattr(dynamodb, "_do", execute)
        monkeypatch.setattr(sqs, "send_message_batch", send)
        assert good["email"] in listed(SuppressionList.BOUNCES)
        entries = [
            json.loads(zlib.decompress(one["event"]["B"])) for one in dynamodb.scan(TableName="EventLog")["Items"]
        ]
        logged = {(entry["target"][0]["displayName"], entry["published"]) for entry in entries}
        at = [clock_module.timestamp(cast("int", one["timestamp"]) * 1000) for one in events[:3]]
        assert {(one["email"], moment) for one, moment in zip(events[:3], at, strict=True)} <= logged
        assert letter(json.dumps([bad]).encode(), "email: missing or empty") in queue()
        if not faults.failed:
            break
    # three reads, an insert, an update, the log, which is tried again, and the queue; then none that failed
    assert answers == [503, 503, 503, 503, 503, 200, 503, 200]


def test_while_keys_are_rotated_a_post_that_either_signed_is_taken_and_afterwards_only_the_new_one(
    call: Gateway, queue: Any
) -> None:
    new = ec.generate_private_key(ec.SECP256R1())
    accounts = [ProviderAccount("none", webhook_key=keys) for keys in (f"{public(KEY)} {public(new)}", public(new))]
    before = wiring.access().provider_account("demo")
    for account, answers in zip(accounts, ([200, 200], [401, 200]), strict=True):
        assert wiring.access().set_provider_account("demo", account, provider_name="", before=before)
        assert [post(call, bounce(number), key=key).status for number, key in enumerate((KEY, new))] == answers
        before = account


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
@pytest.mark.parametrize("organization", ["x" * 3_000, "", "Demo", "demo\n", "d", "demo#x"])
def test_a_path_that_no_organization_has_is_401_and_nothing_is_read(
    call: Gateway, calls: Calls, organization: str
) -> None:
    assert post(call, organization=organization) == unproved("the webhook's signature does not match")
    assert calls == {}


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "the webhook's signature is missing"),
        ({sendgrid_events.TIMESTAMP: "1"}, "the webhook's signature is missing"),
        ({sendgrid_events.SIGNATURE: "x"}, "the webhook's signature is not a signature in base64"),
        ({sendgrid_events.SIGNATURE: "A" * 96}, "the webhook's timestamp is missing or not a number"),
        (
            {sendgrid_events.SIGNATURE: "A" * 96, sendgrid_events.TIMESTAMP: "1"},
            "the webhook's timestamp is outside the accepted window",
        ),
    ],
)
def test_a_post_that_no_key_could_verify_gets_the_reason_before_any_read(
    call: Gateway, calls: Calls, headers: dict[str, str], said: str
) -> None:
    answer = call(
        function("event_webhook"),
        "POST",
        "/events/sendgrid/{org}",
        path={"org": "demo"},
        headers=headers,
        body=b"[]",
        organization=None,
        stage="reprieve",
    )
    assert answer == unproved(said)
    assert calls == {}


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
    "unsigned": unproved("the webhook's signature is missing"),
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
    assert calls == {"GetItem": 3, "BatchExecuteStatement": batches}
    post(call, *events)
    assert calls == {"GetItem": 3, "BatchExecuteStatement": batches, "UpdateItem": 60}


@pytest.mark.usefixtures("queue")
def test_when_the_store_fails_the_provider_gets_an_error(call: Gateway, dynamodb: DynamoDBClient) -> None:
    dynamodb.delete_table(TableName="EventLog")
    answer = post(call, bounce(1))
    assert answer.status == 503
    assert "error_id" in answer.body
