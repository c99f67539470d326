"""The dead-letter queue: what could not be read, kept for a person with the reason beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from reprieve.errors import Unavailable
from reprieve.store.faults import unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_sqs import SQSClient

#: SQS takes ten messages a call, 256 kB in all; a body is cut so that ten always fit
MESSAGES_A_CALL: Final = 10
MAX_BODY: Final = 24_000


class DeadLetters:
    """`system_log.ports.DeadLetters` on SQS."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, organization_id: str, kind: str, bodies: Sequence[Mapping[str, object]]) -> None:
        """See the port.

        Raises:
            Unavailable: the queue did not take all of them.
        """
        for group in _groups(bodies):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": json.dumps({"organization": organization_id, "kind": kind, **body})[:MAX_BODY],
                }
                for number, body in enumerate(group)
            ]
            try:
                answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)  # type: ignore[arg-type]
            except (BotoCoreError, ClientError) as fault:
                raise unavailable("the dead-letter queue took nothing", fault) from fault
            if answer.get("Failed"):
                raise Unavailable("the dead-letter queue refused messages")


def _groups(bodies: Sequence[Mapping[str, object]]) -> Iterator[Sequence[Mapping[str, object]]]:
    return (bodies[start : start + MESSAGES_A_CALL] for start in range(0, len(bodies), MESSAGES_A_CALL))
