"""The system log's entries: written once, never changed, forgotten after 90 days.

    index            partition            sort               answers
    (the table)      {org}#{shard}        published#uuid     bounded queries
    ByTarget         {org}#{target id}    published#uuid     bounded queries about one target
    ByArrival        {org}#{shard}        arrived#uuid       polling
    ByTargetArrival  {org}#{target id}    arrived#uuid       polling about one target

Each kind of query reads one of the four, from a position onwards, and nothing else. The event is compressed JSON, so
that an entry of the usual size is below 1 KB: four write units instead of eight.

Within a partition sort keys are all of one length, and so are their times: `{time}` alone comes before every entry of
that millisecond, which makes it a position, too.
"""

from __future__ import annotations

import heapq
import json
import zlib
from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import Millis, to_seconds
from reprieve.errors import Unavailable
from reprieve.store import keys
from reprieve.system_log.span import LOG_RETENTION, Order, Stored, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table
    from reprieve.system_log.entry import LogEntry
    from reprieve.system_log.span import Span

#: how often entries are sent before the caller gets an error, and the pause in between, in seconds
ATTEMPTS: Final = 4
PAUSE: Final = 0.2
#: pages grow by this factor up to what one call can carry, so that both few and many matches take few calls
GROWTH: Final = 4
MAX_PAGE: Final = 4_000
#: bytes; DynamoDB refuses a longer partition key, so no entry has one
MAX_KEY: Final = 2_048

#: index, or None for the table itself, and the names of its keys
_BY_TARGET: Final = {
    Order.PUBLISHED: ("ByTarget", "#target", "#entry"),
    Order.ARRIVED: ("ByTargetArrival", "#target", "#arrival"),
}
_BY_TIME: Final = {
    Order.PUBLISHED: (None, "#log", "#entry"),
    Order.ARRIVED: ("ByArrival", "#log", "#arrival"),
}


class EventLog:
    """`system_log.ports.EventLog` on DynamoDB.

    Args:
        table: over a client that does not repeat calls by itself: an entry says when it was sent, and pollers
            would miss one that AWS stored much later than that.
        clock: the time in milliseconds.
    """

    def __init__(self, table: Table, clock: Callable[[], Millis]) -> None:
        self._table = table
        self._clock = clock

    def append(self, organization: Organization, entries: Sequence[LogEntry]) -> frozenset[str]:
        """See the port. A duplicate is detected by its key, so it is not stored twice."""
        items = {(item["log"], item["entry"]): item for item in (_item(organization, entry) for entry in entries)}
        for _ in range(ATTEMPTS - 1):
            try:
                return self._insert(list(items.values()))
            except Unavailable:
                self._table.wait(PAUSE)
        return self._insert(list(items.values()))

    def _insert(self, items: Sequence[Item]) -> frozenset[str]:
        taken = {item["entry"] for item in self._table.insert_many(items, stamp=self._stamped)}
        return frozenset(_uuid(item) for item in items if item["entry"] not in taken)

    def _stamped(self, item: Item) -> Item:
        return {**item, "arrival": keys.log_position(self._clock(), _uuid(item))}


class LogReader:
    """`system_log.ports.LogReader` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def entries(self, organization: Organization, span: Span, *, first: int) -> Iterator[Stored]:
        """See the port."""
        index, partition, sort = (_BY_TIME if span.target is None else _BY_TARGET)[span.order]
        # with "!" a position is just after itself and before whatever follows it; see `_before` for the other side
        low, high = span.after + "!", _before(span.before)
        if low > high:
            return iter(())
        condition = f"{partition} = :partition AND {sort} BETWEEN :low AND :high"
        streams = [
            self._stream(condition, {":partition": key, ":low": low, ":high": high}, index, span, first)
            for key in _partitions(organization, span.target)
        ]
        return heapq.merge(*streams, key=lambda stored: stored.position, reverse=span.newest_first)

    def _stream(self, condition: str, values: Item, index: str | None, span: Span, first: int) -> Iterator[Stored]:
        name = "arrival" if span.order is Order.ARRIVED else "entry"
        size, after = first, None
        while True:
            page = self._table.query(
                condition, values, index=index, newest_first=span.newest_first, limit=size, after=after
            )
            for item in page.items:
                text = zlib.decompress(cast("bytes", item["event"])).decode()
                yield Stored(cast("str", item[name]), text)
            if page.after is None:
                return
            size, after = min(size * GROWTH, MAX_PAGE), page.after


def _uuid(item: Item) -> str:
    return cast("str", item["entry"]).partition("#")[2]


def _partitions(organization: Organization, target: str | None) -> list[str]:
    if target is None:
        return keys.logs(organization)
    key = keys.log_target(organization, target)
    return [key] if len(key.encode()) <= MAX_KEY else []


def _before(position: str) -> str:
    """A text after every position that comes before this one: BETWEEN includes its ends."""
    return f"{position[:-1]}{chr(ord(position[-1]) - 1)}~"


def _item(organization: Organization, entry: LogEntry) -> Item:
    event = json.dumps(entry.event, separators=(",", ":"), ensure_ascii=False)
    return {
        "log": keys.log(organization, entry.uuid),
        "entry": keys.log_position(entry.published, entry.uuid),
        "target": keys.log_target(organization, fold(entry.target)),
        "event": zlib.compress(event.encode()),
        "expires_at": to_seconds(Millis(entry.published + LOG_RETENTION)),
    }
