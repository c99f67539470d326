"""Dead letters on SQS: within its limits, whole, and read to the end whatever the queue does."""

from __future__ import annotations

import base64
import json
import zlib
from itertools import groupby
from random import Random
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from reprieve.store.boto3_transport import Boto3
from reprieve.store.dead_letters import BYTES_PER_CALL, MESSAGES_PER_CALL, DeadLetters
from reprieve.system_log.dead_letter import DeadLetter


class Queue:
    """A queue that records its calls, and returns one message repeatedly, as if without a visibility timeout."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == "url"
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        self.calls.append([entry["MessageBody"] for entry in Entries])
        return {}

    def receive_message(self, **_: object) -> dict[str, Any]:
        (message,) = self.calls[0]
        attributes = {"SentTimestamp": "1700000000000"}
        return {"Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": message, "Attributes": attributes}]}


def sent(*letters: DeadLetter) -> list[list[str]]:
    queue = Queue()
    DeadLetters(Boto3(cast("Any", queue)), "url").put(letters)
    return queue.calls


@given(st.lists(st.integers(0, 600_000), max_size=3) | st.lists(st.integers(0, 100), max_size=30))
def test_any_letters_are_sent_whole_in_calls_that_sqs_takes(lengths: list[int]) -> None:
    contents = (bytes([at]) + Random(at).randbytes(length) for at, length in enumerate(lengths))
    letters = [DeadLetter("o", "sendgrid", "why", content) for content in contents]
    calls = sent(*letters)
    for call in calls:
        assert len(call) <= MESSAGES_PER_CALL
        assert sum(len(message.encode()) for message in call) <= BYTES_PER_CALL
    messages = [json.loads(message) for call in calls for message in call]
    found = []
    for identifier, group in groupby(messages, key=lambda one: one["id"]):
        parts = list(group)
        assert [(one["part"], one["parts"]) for one in parts] == [(at + 1, len(parts)) for at in range(len(parts))]
        content = zlib.decompress(base64.b64decode("".join(one["content"] for one in parts)))
        found.append(DeadLetter(parts[0]["organization"], parts[0]["provider"], parts[0]["reason"], content))
        assert found[-1].id == identifier
    assert found == letters


def test_the_same_content_has_an_id_of_its_own_in_each_organization() -> None:
    one, other = (DeadLetter(name, "sendgrid", "why", b"[1]") for name in ("one", "other"))
    assert one.id != other.id
    assert one.id == DeadLetter("one", "sendgrid", "another reason", b"[1]").id


def test_a_queue_that_gives_a_message_again_is_read_to_the_end_all_the_same() -> None:
    queue, letter = Queue(), DeadLetter("o", "sendgrid", "why", b"[1]")
    letters = DeadLetters(Boto3(cast("Any", queue)), "url")
    letters.put([letter])
    (held,) = letters.hold()
    assert (held.letter, held.since, held.receipts) == (letter, 1_700_000_000_000, ("r",))
