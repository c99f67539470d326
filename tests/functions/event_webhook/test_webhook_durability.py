"""Every event of a post that was acknowledged is stored or set aside."""

from __future__ import annotations

import base64
import json
import zlib
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any, cast

import pytest

from reprieve import answer_size
from reprieve import clock as clock_module
from reprieve.runtime import wiring
from reprieve.store.table import Table
from reprieve.suppressions.suppression import MAX_TEXT, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span
from tests.support.dynamodb import fault
from tests.support.event_posts import SECONDS, bounce, letter, listed, post, post_body
from tests.support.gateway import DEMO, Answer, Gateway

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.dynamodb import Client


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
    kept = [one["reason"]["S"] for one in dynamodb.scan(TableName="Suppressions")["Items"] if "reason" in one]
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
    # three reads, an insert, a read of what is known, an update, the log, which is tried again, the queue, and the
    # counts, without which the events are taken all the same; then 200
    assert answers == [503, 503, 503, 503, 503, 503, 200, 503, 200, 200]


@pytest.mark.usefixtures("queue")
def test_when_the_store_fails_the_provider_gets_an_error(call: Gateway, dynamodb: DynamoDBClient) -> None:
    dynamodb.delete_table(TableName="EventLog")
    answer = post(call, bounce(1))
    assert answer.status == 503
    assert "error_id" in answer.body
