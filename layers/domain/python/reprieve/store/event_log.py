"""The system log's entries: written once, never changed, forgotten after 90 days."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from reprieve.removal import DAY, SECOND
from reprieve.store import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.log import LogEntry
    from reprieve.organization import Organization
    from reprieve.store.table import Item, Table

KEPT: Final = 90 * DAY


class EventLog:
    """`ports.EventLog` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def append(self, organization: Organization, entries: Sequence[LogEntry]) -> int:
        """See the port. Entries that are there already are told apart by their key, so a duplicate costs no second."""
        items = {(item["day"], item["entry"]): item for item in (_item(organization, entry) for entry in entries)}
        return len(items) - len(self._table.insert_many(list(items.values())))


def _item(organization: Organization, entry: LogEntry) -> Item:
    return {
        "day": keys.log_day(organization, entry.published),
        "entry": keys.log_entry(entry.published, entry.uuid),
        "target": keys.log_target(organization, entry.target),
        "event": json.dumps(entry.event, separators=(",", ":"), ensure_ascii=False),
        "expires_at": (entry.published + KEPT) // SECOND,
    }
