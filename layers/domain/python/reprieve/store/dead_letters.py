"""The dead-letter queue: what could not be read, kept whole.

A message is JSON: `organization`, `account` if it is not the default one, `provider`, `reason`, and the `content` as
base64 of zlib. A letter has an `id` and is in `parts` messages, each with its `part` from 1 on: one, unless SQS's limit
of a message does not let it. The queue also has what Lambda and EventBridge put there, invocations that failed; they
are shown and never touched.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import MINUTE, SECOND, Millis
from reprieve.errors import Unavailable
from reprieve.store.faults import Fault, unavailable
from reprieve.system_log.dead_letter import DeadLetter, HeldLetter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reprieve.store.transport import Transport

#: SQS takes ten messages per call, and this many bytes per message and per call
MESSAGES_PER_CALL: Final = 10
BYTES_PER_CALL: Final = 262_144
#: what is left of a message for its content beside the other members, which are ours and short
CONTENT_PER_MESSAGE: Final = BYTES_PER_CALL - 2_000
#: how long a held message is kept from other readers, in seconds, unless it is released
HELD: Final = 15 * MINUTE // SECOND
#: seconds that SQS waits for messages: from 1 on it asks all of its servers, so that an empty answer is an empty queue
WAIT: Final = 1


class DeadLetters:
    """`system_log.ports.DeadLetters` and `DeadLetterQueue` on SQS."""

    def __init__(self, sqs: Transport, queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def put(self, letters: Sequence[DeadLetter]) -> None:
        """See the port."""
        for group in _groups(text for letter in letters for text in _messages(letter)):
            entries = [{"Id": str(number), "MessageBody": text} for number, text in enumerate(group)]
            self._call("SendMessageBatch", Entries=entries)

    def hold(self) -> list[HeldLetter]:
        """See the port."""
        found: dict[str, _Message] = {}
        while True:
            answer = self._call(
                "ReceiveMessage",
                AttributeNames=["SentTimestamp"],
                MaxNumberOfMessages=MESSAGES_PER_CALL,
                VisibilityTimeout=HELD,
                WaitTimeSeconds=WAIT,
            )
            received = {one["MessageId"]: _message(one) for one in answer.get("Messages", ())}
            if received.keys() <= found.keys():
                return _letters(found.values())
            found |= received

    def release(self, held: Iterable[HeldLetter]) -> None:
        """See the port."""
        for entries in self._receipts(held):
            with suppress(Unavailable):
                self._call(
                    "ChangeMessageVisibilityBatch", Entries=[{**entry, "VisibilityTimeout": 0} for entry in entries]
                )

    def delete(self, held: HeldLetter) -> None:
        """See the port."""
        for entries in self._receipts([held]):
            self._call("DeleteMessageBatch", Entries=entries)

    def _receipts(self, held: Iterable[HeldLetter]) -> Iterator[list[dict[str, Any]]]:
        receipts = [receipt for one in held for receipt in one.receipts]
        for start in range(0, len(receipts), MESSAGES_PER_CALL):
            group = receipts[start : start + MESSAGES_PER_CALL]
            yield [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(group)]

    def _call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:  # noqa: ANN401  (passed on to SQS)
        """A call of SQS; a batch of which a part failed has failed."""
        try:
            answer = self._sqs.call(operation, {"QueueUrl": self._queue_url, **arguments})
        except Fault as fault:
            raise unavailable(f"the dead-letter queue did not complete {operation}", fault) from fault
        if answer.get("Failed"):
            raise Unavailable(f"the dead-letter queue refused a part of {operation}")
        return answer


@dataclass(frozen=True, slots=True)
class _Message:
    """A message that was received: its receipt, when it was sent, and what its JSON has."""

    receipt: str
    sent: Millis
    content: dict[str, Any]

    @property
    def letter_key(self) -> tuple[str, str, int]:
        """What all parts and copies of one letter have in common; what is not a letter stands alone."""
        letter = {"id": str, "parts": int, "part": int, "provider": str, "content": str, "organization": str}
        if all(isinstance(self.content.get(name), kind) for name, kind in letter.items()):
            return self.content["organization"], self.content["id"], self.content["parts"]
        return "", self.receipt, 0


def _messages(letter: DeadLetter) -> Iterator[str]:
    text = base64.b64encode(zlib.compress(letter.content)).decode()
    pieces = [text[start : start + CONTENT_PER_MESSAGE] for start in range(0, len(text), CONTENT_PER_MESSAGE)]
    for number, piece in enumerate(pieces, start=1):
        yield json.dumps(
            {
                "organization": letter.organization_id,
                "provider": letter.provider,
                "reason": letter.reason,
                "id": letter.id,
                "part": number,
                "parts": len(pieces),
                "content": piece,
                **({"account": letter.account} if letter.account else {}),
            }
        )


def _groups(messages: Iterable[str]) -> Iterator[list[str]]:
    """Messages by the call that sends them: as many as one call takes. They are ASCII, so a character is a byte."""
    group: list[str] = []
    for message in messages:
        if len(group) == MESSAGES_PER_CALL or sum(map(len, group)) + len(message) > BYTES_PER_CALL:
            yield group
            group = []
        group.append(message)
    if group:
        yield group


def _message(received: dict[str, Any]) -> _Message:
    try:
        content = json.loads(received["Body"])
    except (ValueError, RecursionError):
        content = None
    sent = Millis(int(received["Attributes"]["SentTimestamp"]))
    return _Message(received["ReceiptHandle"], sent, content if isinstance(content, dict) else {})


def _letters(messages: Iterable[_Message]) -> list[HeldLetter]:
    by_letter: dict[tuple[str, str, int], list[_Message]] = defaultdict(list)
    for message in messages:
        by_letter[message.letter_key].append(message)
    return [_letter(parts, copies) for (_, _, parts), copies in by_letter.items()]


def _letter(parts: int, messages: Sequence[_Message]) -> HeldLetter:
    """One letter from its messages, which are one or more copies of each part."""
    first = messages[0].content
    pieces = {message.content.get("part"): message.content.get("content", "") for message in messages}
    letter, reason = None, first.get("reason")
    if not isinstance(reason, str):
        about = first.get("requestContext")
        condition = about.get("condition") if isinstance(about, dict) else None
        reason = f"not from a webhook: {condition or 'unknown'}"
    elif parts and pieces.keys() != set(range(1, parts + 1)):
        reason = f"{len(pieces)} of {parts} parts are there: {reason}"
    elif parts:
        with suppress(ValueError, zlib.error):
            content = zlib.decompress(base64.b64decode("".join(pieces[part] for part in range(1, parts + 1))))
            letter = DeadLetter(
                first["organization"], first["provider"], reason, content, str(first.get("account", ""))
            )
    owner = first.get("organization")
    return HeldLetter(
        letter=letter,
        since=min(message.sent for message in messages),
        organization_id=owner if isinstance(owner, str) else "",
        reason=reason,
        receipts=tuple(message.receipt for message in messages),
    )
