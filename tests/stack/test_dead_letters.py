"""A signed post that is not UTF-8 passes the gateway unchanged, and is kept byte for byte."""

from __future__ import annotations

import json
import time
import uuid
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.deploy import client, outputs
from reprieve.store.boto3_transport import Boto3
from reprieve.store.dead_letters import DeadLetters
from reprieve.system_log.dead_letter import DeadLetter
from tests.support.webhook import signed, signing_key

if TYPE_CHECKING:
    from local.place import Place

pytestmark = pytest.mark.stack
Stack = dict[str, Any]


def post(stack: Stack, body: bytes) -> requests.Response:
    headers = {**signed(signing_key(stack), body), "Content-Type": "application/json"}
    return requests.post(stack["webhook"]["url"], data=body, headers=headers, timeout=60)


def test_what_is_not_utf_8_is_set_aside_with_its_own_bytes_and_the_rest_is_taken(stack: Stack, place: Place) -> None:
    stamp, seconds = uuid.uuid4().hex, int(time.time()) - 60
    good = json.dumps({"event": "bounce", "email": f"{stamp}@example.com", "timestamp": seconds}).encode()
    bad = b'{"event":"bounce","email":"%b","timestamp":%d,"reason":"\xff"}' % (stamp.encode(), seconds)
    answer = post(stack, b"[" + good + b",\r\n" + bad + b"]\r\n")
    assert (answer.status_code, answer.json()) == (200, {"events": 1, "listed": 1, "malformed": 1, "ignored": 0})
    queue = DeadLetters(Boto3(client(place, "sqs")), outputs(place)["DeadLetterQueueUrl"])
    held = queue.hold()
    (mine,) = [one for one in held if one.letter and bad in one.letter.content]
    queue.release(one for one in held if one is not mine)
    assert mine.letter == DeadLetter(mine.organization_id, "sendgrid", mine.reason, b"[" + bad + b"]")
    queue.delete(mine)
    again = queue.hold()
    queue.release(again)
    assert mine.letter not in [one.letter for one in again]


def test_a_letter_that_sqs_takes_only_in_parts_comes_back_whole(place: Place) -> None:
    queue = DeadLetters(Boto3(client(place, "sqs")), outputs(place)["DeadLetterQueueUrl"])
    letter = DeadLetter("demo", "sendgrid", "x" * 40, Random(3).randbytes(700_000))
    queue.put([letter])
    held = queue.hold()
    (mine,) = [one for one in held if one.letter == letter]
    queue.release(one for one in held if one is not mine)
    assert len(mine.receipts) == 4
    queue.delete(mine)
