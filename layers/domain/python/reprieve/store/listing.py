"""Reading the lists: pages, searches and counts, over the index ByTime and the records themselves.

ByTime has one partition per shard, in the order that lists are shown in, so a first page and a range of time cost what
they return. An offset and a search within addresses have to read what they skip; how they do is between here and the
table alone (`page`), so that an index for them can be added without other changes.
"""

from __future__ import annotations

import heapq
from itertools import islice
from math import isqrt
from typing import TYPE_CHECKING, Final, cast

from reprieve.addresses.outlook import AddressRecord
from reprieve.clock import Seconds, to_millis, to_seconds
from reprieve.errors import LimitExceeded
from reprieve.store import keys
from reprieve.store.suppression_item import entry_of, evidence_of, list_of, record_key, removal_of, suppression_of
from reprieve.store.table import side_by_side
from reprieve.suppressions.listing import ANY_ADDRESS, Selection, shown_since

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.store.language import Item, Value
    from reprieve.store.table import Page, Table
    from reprieve.suppressions.listing import Filter, Pattern, Position, Since
    from reprieve.suppressions.suppression import AnyList, Suppression

BY_TIME: Final = "ByTime"
IN_RANGE: Final = "#partition = :partition AND #by_time BETWEEN :newest AND :oldest"
#: a narrow prefix has no more hits in a shard than this; a wider one is found faster in order of time
NARROW: Final = 2_000
#: more than a page of 1 MB ever holds
FULL_PAGE: Final = 20_000
#: of a reader that stops somewhere: little is read that it does not take, and a page costs little beyond its entries
FEW_PAGES: Final = 1_000
SMALL_PAGE: Final = 50
#: entries that one request may read: what fits into a function's time, at some 60 microseconds an entry
MAX_READ: Final = 250_000
#: after every address in the same second
END: Final = "$"


class Listing:
    """`suppressions.ports.ListingStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(
        self, organization: Organization, suppression_list: AnyList, key: str, *, now: Millis
    ) -> Suppression | None:
        """See the port."""
        item = self._table.get(record_key(organization, suppression_list, key), consistent=True)
        found = entry_of(item)
        if found is None:
            return None
        return found if shown_since(organization, suppression_list, now=now).shows(found) else None

    def records(self, organization: Organization, key: str, lists: Sequence[AnyList]) -> list[AddressRecord]:
        """See the port. One BatchGetItem per hundred lists."""
        wanted = [record_key(organization, name, key) for name in lists]
        items = {list_of(item): item for item in self._table.get_many(wanted, consistent=True)}
        return [
            AddressRecord(
                list=name,
                suppression=entry_of(item),
                removal=removal_of(item) if "removal_id" in item else None,
                lifts=cast("int", item.get("lifts", 0)),
                unblocked=cast("int", item.get("unblocks", 0)),
                evidence=evidence_of(item),
            )
            for name in lists
            if (item := items.get(name))
        ]

    def page(
        self,
        organization: Organization,
        suppression_list: AnyList,
        selection: Selection,
        *,
        offset: int,
        limit: int,
        now: Millis,
    ) -> tuple[list[Suppression], bool]:
        """See the port: the seam for offsets and searches."""
        since = shown_since(organization, suppression_list, now=now)
        hits = self._narrow(organization, suppression_list, selection.pattern)
        if hits is not None:
            found = sorted((hit for hit in hits if _meant(hit, selection, since)), key=_order)
            return found[offset : offset + limit], len(found) > offset + limit
        reader = _Reader(self._table, organization, (suppression_list,), selection, since.earliest)
        if selection.pattern == ANY_ADDRESS and since.hard == since.soft:
            entries = reader.behind(offset, limit + 1)
        else:
            meant = (entry for entry in reader.entries(None) if _meant(entry, selection, since))
            entries = islice(meant, offset, offset + limit + 1)
        found = list(entries)
        return found[:limit], len(found) > limit

    def count(self, organization: Organization, suppression_list: AnyList, selection: Selection, *, now: Millis) -> int:
        """See the port."""
        since = shown_since(organization, suppression_list, now=now)
        if selection.pattern == ANY_ADDRESS and since.hard == since.soft:
            return _Reader(self._table, organization, (suppression_list,), selection, since.earliest).count()
        return sum(1 for _ in self.each(organization, suppression_list, selection, now=now))

    def counts(self, organization: Organization, lists: Sequence[AnyList], *, now: Millis) -> list[int]:
        """See the port."""

        def count(name: AnyList) -> int:
            try:
                return self.count(organization, name, Selection(), now=now)
            except LimitExceeded:
                return MAX_READ

        return side_by_side(count, lists)

    def on_lists(
        self, organization: Organization, wanted: Sequence[tuple[AnyList, str]], *, now: Millis
    ) -> set[tuple[AnyList, str]]:
        """See the port. One BatchGetItem per hundred."""
        keys_wanted = [record_key(organization, name, key) for name, key in dict.fromkeys(wanted)]
        entries = map(entry_of, self._table.get_many(keys_wanted, consistent=True))
        return {
            (entry.list, entry.key)
            for entry in entries
            if entry and shown_since(organization, entry.list, now=now).shows(entry)
        }

    def each(
        self, organization: Organization, suppression_list: AnyList, selection: Selection, *, now: Millis
    ) -> Iterator[Suppression]:
        """See the port."""
        since = shown_since(organization, suppression_list, now=now)
        reader = _Reader(self._table, organization, (suppression_list,), selection, since.earliest, most=None)
        return (entry for entry in reader.entries(None) if _meant(entry, selection, since))

    def oldest_first(
        self,
        organization: Organization,
        suppression_list: AnyList,
        *,
        start: Seconds,
        end: Seconds,
        after: Position | None,
        now: Millis,
    ) -> Iterator[Suppression]:
        """See the port."""
        since = shown_since(organization, suppression_list, now=now)
        newest = keys.second(to_millis(end))
        oldest = keys.second(to_millis(Seconds(max(start, since.earliest)))) + END
        mark = keys.by_time(to_millis(after.second), after.key) if after else oldest
        if newest > min(mark, oldest):
            return iter(())

        def stream(shard: int) -> Iterator[Item]:
            values: dict[str, Value] = {
                ":partition": keys.suppressions(organization, suppression_list, shard),
                ":newest": newest,
                ":oldest": min(mark, oldest),
            }
            size = max(SMALL_PAGE, FEW_PAGES // organization.shards)
            return self._table.query_all(IN_RANGE, values, index=BY_TIME, newest_first=True, limit=size)

        items = heapq.merge(*map(stream, range(organization.shards)), key=_by_position, reverse=True)
        return (entry for item in items if item["by_time"] != mark and since.shows(entry := suppression_of(item)))

    def search(
        self, organization: Organization, wanted: Filter, *, after: Position | None, limit: int, now: Millis
    ) -> tuple[list[Suppression], bool]:
        """See the port."""
        chunk = limit + 1 if wanted.only_by_time else None
        found = list(islice(self._matching(organization, wanted, after, now, chunk), limit + 1))
        return found[:limit], len(found) > limit

    def total(self, organization: Organization, wanted: Filter, *, now: Millis) -> tuple[int, bool]:
        """See the port."""
        since = {name: shown_since(organization, name, now=now) for name in wanted.lists}
        counted = 0
        try:
            if wanted.only_by_time and all(one.hard == one.soft for one in since.values()):
                for name in wanted.lists:
                    selection = Selection(wanted.start, wanted.end)
                    counted += _Reader(self._table, organization, (name,), selection, since[name].earliest).count()
            else:
                for _ in self._matching(organization, wanted, None, now, None):
                    counted += 1
        except LimitExceeded:
            return counted, False
        return counted, True

    def hidden(self, organization: Organization, suppression_list: AnyList, *, now: Millis) -> Iterator[Suppression]:
        """See the port."""
        since = shown_since(organization, suppression_list, now=now)
        if since.latest == 0:
            return
        for shard in range(organization.shards):
            values: dict[str, Value] = {
                ":partition": keys.suppressions(organization, suppression_list, shard),
                ":from": keys.second(to_millis(Seconds(since.latest - 1))),
            }
            condition = "#partition = :partition AND #by_time >= :from"
            items = self._table.query_all(condition, values, index=BY_TIME, newest_first=True, limit=500)
            yield from (entry for entry in map(suppression_of, items) if not since.shows(entry))

    def _narrow(
        self, organization: Organization, suppression_list: AnyList, pattern: Pattern
    ) -> list[Suppression] | None:
        """The entries whose address begins with a prefix, by one request per shard; None when that is not enough."""
        if pattern.whole:
            item = self._table.get(record_key(organization, suppression_list, pattern.prefix))
            return [entry] if (entry := entry_of(item)) else []
        if not pattern.narrow:
            return None
        condition = "#partition = :partition AND begins_with(#address, :prefix)"

        def ask(shard: int) -> Page:
            partition = keys.suppressions(organization, suppression_list, shard)
            return self._table.query(condition, {":partition": partition, ":prefix": pattern.prefix}, limit=NARROW)

        pages = side_by_side(ask, range(organization.shards))
        if any(page.after for page in pages):
            return None
        return [entry for page in pages for item in page.items if (entry := entry_of(item))]

    def _matching(
        self, organization: Organization, wanted: Filter, after: Position | None, now: Millis, chunk: int | None
    ) -> Iterator[Suppression]:
        since = {name: shown_since(organization, name, now=now) for name in wanted.lists}
        earliest = min((one.earliest for one in since.values()), default=Seconds(0))
        selection = Selection(wanted.start, wanted.end)
        reader = _Reader(self._table, organization, wanted.lists, selection, earliest, after=after)
        return (entry for entry in reader.entries(chunk) if since[entry.list].shows(entry) and wanted.matches(entry))


class _Reader:
    """The entries of some lists within a range of time, in order, whatever shards they are in.

    Args:
        table: the suppressions.
        organization: whose.
        lists: which.
        selection: only its times matter here.
        earliest: the first second that is shown.
        after: a position after which to begin.
        most: how many entries may be read; None for any number, where no caller waits.
    """

    def __init__(
        self,
        table: Table,
        organization: Organization,
        lists: Sequence[AnyList],
        selection: Selection,
        earliest: Seconds,
        *,
        after: Position | None = None,
        most: int | None = MAX_READ,
    ) -> None:
        self._table = table
        self._left = most
        start = earliest if selection.start is None else max(selection.start, earliest)
        end = keys.LAST_SECOND if selection.end is None else min(selection.end, keys.LAST_SECOND)
        self._ranges: list[dict[str, Value]] = []
        if start > end:
            return
        oldest = keys.second(to_millis(start)) + END
        for name in lists:
            newest = keys.second(to_millis(end))
            if after is not None:
                # of one second and address, the lists come in order of their names
                mark = keys.by_time(to_millis(after.second), after.key)
                newest = max(newest, mark if name > after.list else mark + "\0")
            if newest <= oldest:
                self._ranges += [
                    {":partition": keys.suppressions(organization, name, shard), ":newest": newest, ":oldest": oldest}
                    for shard in range(organization.shards)
                ]

    def entries(self, chunk: int | None) -> Iterator[Suppression]:
        """All of them; `chunk` is how many will probably be wanted, None if that is not known."""
        return (suppression_of(item) for item in self._items(chunk))

    def behind(self, offset: int, limit: int) -> Iterator[Suppression]:
        """At most `limit` entries after the first `offset`. A single shard skips without reading its items."""
        if len(self._ranges) != 1:
            return islice(self.entries(offset + limit), offset, offset + limit)
        after: Item | None = None
        while offset:
            skipped, after = self._count(self._ranges[0], limit=min(offset, FULL_PAGE), after=after)
            offset -= skipped
            if after is None:
                return iter(())
        return islice((suppression_of(item) for item in self._stream(self._ranges[0], limit, after)), limit)

    def count(self) -> int:
        """The number of entries."""
        total = 0
        for values in self._ranges:
            after: Item | None = None
            while True:
                counted, after = self._count(values, limit=None, after=after)
                total += counted
                if after is None:
                    break
        return total

    def _items(self, chunk: int | None) -> Iterator[Item]:
        if len(self._ranges) == 1:
            return self._stream(self._ranges[0], chunk, None)
        if not self._ranges:
            return iter(())
        size = chunk and _share(chunk, len(self._ranges))
        firsts = side_by_side(lambda values: self._query(values, size, None), self._ranges)
        streams = [self._going_on(values, size, page) for values, page in zip(self._ranges, firsts, strict=True)]
        return heapq.merge(*streams, key=_by_position)

    def _stream(self, values: dict[str, Value], size: int | None, after: Item | None) -> Iterator[Item]:
        yield from self._going_on(values, size, self._query(values, size, after))

    def _going_on(self, values: dict[str, Value], size: int | None, page: Page) -> Iterator[Item]:
        yield from page.items
        while page.after is not None:
            page = self._query(values, size, page.after)
            yield from page.items

    def _query(self, values: dict[str, Value], size: int | None, after: Item | None) -> Page:
        limit = size and min(size, FULL_PAGE)
        page = self._table.query(IN_RANGE, values, index=BY_TIME, limit=limit, after=after)
        self._spend(len(page.items))
        return page

    def _count(self, values: dict[str, Value], *, limit: int | None, after: Item | None) -> tuple[int, Item | None]:
        counted, last = self._table.count(IN_RANGE, values, index=BY_TIME, limit=limit, after=after)
        self._spend(counted)
        return counted, last

    def _spend(self, read: int) -> None:
        if self._left is None:
            return
        self._left -= read
        if self._left < 0:
            raise LimitExceeded(
                f"more than {MAX_READ} entries would have to be read; narrow it by start_time and end_time",
                field="offset",
            )


def _share(wanted: int, shards: int) -> int:
    """How many of the first `wanted` entries to read from one shard, so that a second read is rarely needed."""
    share = -(-wanted // shards)
    return min(wanted, share + isqrt(5 * share) + 1)


def _by_position(item: Item) -> tuple[str, str]:
    return cast("str", item["by_time"]), cast("str", item["partition"]).split("#")[1]


def _order(suppression: Suppression) -> str:
    return keys.by_time(suppression.created, suppression.key)


def _meant(suppression: Suppression, selection: Selection, since: Since) -> bool:
    second = to_seconds(suppression.created)
    return (
        since.shows(suppression)
        and (selection.start is None or selection.start <= second)
        and (selection.end is None or second <= selection.end)
        and selection.pattern.matches(suppression)
    )
