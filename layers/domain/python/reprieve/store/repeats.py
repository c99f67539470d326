"""The answers of requests that came with an idempotency key, beside the suppression records.

The partition is `{org}#repeat#{0 to 15}`, the sort key the SHA-256 of the caller's key; with them are `fingerprint`,
`status`, `answer`, `free_at` in milliseconds, when the key may be taken again, and `expires_at` in seconds.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, cast

from reprieve.access.repeat import ANSWER_RETENTION, UNDER_WAY, Answer, Kept
from reprieve.clock import Millis, to_seconds
from reprieve.store import keys
from reprieve.store.language import Update

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.store.language import Item, Value
    from reprieve.store.table import Table

#: the key is free, or free again
FREE: Final = "(attribute_not_exists(#partition) OR #free_at <= :now)"
#: the key stands for nothing yet, or for the same
SAME: Final = "(attribute_not_exists(#partition) OR #fingerprint = :fingerprint)"


class Repeats:
    """`access.ports.RepeatStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, organization: Organization, key: str, fingerprint: str, *, now: Millis) -> Kept | None:
        """See the port. It reads only when the key is taken."""
        stored_at = _answer_key(organization, key)
        values: Item = {
            "fingerprint": fingerprint,
            "free_at": now + UNDER_WAY,
            "expires_at": to_seconds(Millis(now + ANSWER_RETENTION)),
        }
        if self._table.put(stored_at | values, condition=FREE, values={":now": now}):
            return None
        item = self._table.get(stored_at, consistent=True) or values
        body = cast("str | None", item.get("answer"))
        answer = None if body is None else Answer(cast("int", item["status"]), body)
        return Kept(cast("str", item["fingerprint"]), answer)

    def finish(self, organization: Organization, key: str, answer: Answer, *, now: Millis) -> None:
        """See the port."""
        update = Update(set=["#status = :status", "#answer = :answer", "#free_at = :free_at"])
        values: dict[str, Value] = {
            ":status": answer.status,
            ":answer": answer.body,
            ":free_at": now + ANSWER_RETENTION,
        }
        self._table.update(_answer_key(organization, key), update, values)

    def forget(self, organization: Organization, key: str) -> None:
        """See the port."""
        self._table.delete(_answer_key(organization, key))

    def spend(self, organization: Organization, key: str, fingerprint: str, *, until: Millis) -> bool:
        """See the port. One PutItem."""
        item = _answer_key(organization, key) | {"fingerprint": fingerprint, "expires_at": to_seconds(until)}
        return self._table.put(item, condition=SAME, values={":fingerprint": fingerprint})


def _answer_key(organization: Organization, key: str) -> Item:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return {"partition": keys.repeats(organization, digest), "address": digest}
