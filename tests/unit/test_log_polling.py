"""Polling while entries arrive: with any timing each is seen exactly once, and none appears behind a cursor."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.organization import Organization
from reprieve.system_log.query import MAX_REREAD, Page, Query, SystemLog
from reprieve.system_log.span import LOG_RETENTION, SETTLING, Order, Stored, position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.system_log.span import Span

ACME = Organization("acme", "Acme")
BEGIN = 1_790_000_000_000
#: the most that a write takes, by what its client allows it: see `runtime.wiring`
MAX_WRITE = 7_000


@dataclass
class Store:
    """Entries by arrival and by publication, each visible from its own time on."""

    now: int = BEGIN
    entries: list[tuple[int, int, int, int]] = field(default_factory=list)

    def write(self, number: int, *, arrived: int, visible: int) -> None:
        published = arrived - (number * 7_919) % 50_000
        self.entries.append((number, published, arrived, visible))

    def entries_(self, order: Order) -> list[Stored]:
        moment = 2 if order is Order.ARRIVED else 1
        found = [
            Stored(f"{position(entry[moment])}#{entry[0]:036d}", json.dumps({"uuid": entry[0], "target": []}))
            for entry in self.entries
            if entry[3] <= self.now
        ]
        return sorted(found, key=lambda stored: stored.position)


@dataclass
class Reader:
    """The log as the service sees it: the entries that are visible now."""

    store: Store

    def entries(self, _organization: Organization, span: Span, *, first: int) -> Iterator[Stored]:
        assert first > 0
        found = [stored for stored in self.store.entries_(span.order) if span.after < stored.position < span.before]
        return iter(found[::-1] if span.newest_first else found)


writes = st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, MAX_WRITE)), max_size=30)
polls = st.lists(st.integers(0, 4_000), min_size=1, max_size=30)


@given(writes, polls, st.integers(1, 5))
def test_every_entry_is_polled_exactly_once_however_slowly_it_was_stored(
    written: list[tuple[int, int]], pauses: list[int], limit: int
) -> None:
    store = Store()
    for number, (sent, taken) in enumerate(written):
        store.write(number, arrived=BEGIN + sent, visible=BEGIN + sent + taken)
    system_log = SystemLog(Reader(store), lambda: store.now)
    query, after, seen = Query(BEGIN - 1, None, limit=limit), None, []
    # and then often enough for everything to have settled and been read
    for pause in [*pauses, 60_000, *[1] * 40]:
        store.now += pause
        page = system_log.page(ACME, query, after=after, now=store.now)
        assert page.after is not None
        assert page.after >= (after or "")
        seen += [event["uuid"] for event in page.events]
        after = page.after
    assert seen == [entry[0] for entry in sorted(store.entries, key=lambda entry: (entry[2], entry[0]))]


def test_the_window_is_what_makes_it_so() -> None:
    """A poller misses a write that is slower than the window, so the bound on writes is necessary."""
    store = Store()
    store.write(1, arrived=BEGIN, visible=BEGIN + SETTLING + 3)
    store.write(2, arrived=BEGIN + 1, visible=BEGIN + 1)
    system_log = SystemLog(Reader(store), lambda: store.now)
    store.now = BEGIN + SETTLING + 2
    first = system_log.page(ACME, Query(BEGIN - 1, None), after=None, now=store.now)
    assert [event["uuid"] for event in first.events] == [2]
    store.now += 60_000
    assert system_log.page(ACME, Query(BEGIN - 1, None), after=first.after, now=store.now).events == []


@pytest.mark.parametrize(("asked", "parsed"), [({}, False), ({"keywords": ("one",)}, True)])
def test_an_entry_is_parsed_only_if_the_query_looks_into_it(asked: dict[str, tuple[str]], parsed: bool) -> None:
    store = Store()
    store.write(1, arrived=BEGIN, visible=BEGIN)
    (entry,) = Reader(store).store.entries_(Order.ARRIVED)
    reader = SimpleNamespace(entries=lambda *_, **__: iter([entry]))
    SystemLog(reader, lambda: store.now).page(ACME, Query(BEGIN - 1, None, **asked), after=None, now=store.now)
    assert ("event" in vars(entry)) is parsed


@given(writes, st.integers(1, 5), st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_a_poller_that_has_caught_up_gets_its_position_back_however_much_time_passes(
    written: list[tuple[int, int]], limit: int, pauses: list[int]
) -> None:
    store = Store()
    for number, (sent, taken) in enumerate(written):
        store.write(number, arrived=BEGIN + sent, visible=BEGIN + sent + taken)
    system_log = SystemLog(Reader(store), lambda: store.now)
    query, store.now = Query(BEGIN - 1, None, limit=limit), BEGIN + 100_000
    page = system_log.page(ACME, query, after=None, now=store.now)
    while page.events:
        page = system_log.page(ACME, query, after=page.after, now=store.now)
    # the position stays even when all that it could point at is too old to be read
    for pause in pauses:
        store.now += pause
        assert system_log.page(ACME, query, after=page.after, now=store.now) == Page([], page.after)


def test_a_poller_whose_filter_passes_over_many_entries_does_not_read_them_for_ever() -> None:
    store = Store()
    nothing = Query(BEGIN - 1, None, keywords=("nowhere",))
    system_log = SystemLog(Reader(store), lambda: store.now)
    for number in range(MAX_REREAD):
        store.write(number, arrived=BEGIN + number, visible=0)
    store.now += 60_000
    first = system_log.page(ACME, nothing, after=None, now=store.now)
    assert first == Page([], position(BEGIN - 1))
    store.write(MAX_REREAD, arrived=BEGIN + MAX_REREAD, visible=0)
    last = f"{position(BEGIN + MAX_REREAD)}#{MAX_REREAD:036d}"
    assert system_log.page(ACME, nothing, after=first.after, now=store.now) == Page([], last)


@given(writes, st.integers(1, 7), st.booleans())
def test_pages_of_a_period_join_to_the_whole(written: list[tuple[int, int]], limit: int, newest_first: bool) -> None:
    store = Store(now=BEGIN + 100_000)
    for number, (sent, _) in enumerate(written):
        store.write(number, arrived=BEGIN + sent, visible=0)
    system_log = SystemLog(Reader(store), lambda: store.now)
    query = Query(BEGIN - 20_000, BEGIN + 20_000, newest_first, limit=limit)
    page = system_log.page(ACME, query, after=None, now=store.now)
    seen = list(page.events)
    while page.after:
        page = system_log.page(ACME, query, after=page.after, now=store.now)
        seen += page.events
    whole = system_log.page(ACME, replace(query, limit=1_000), after=None, now=store.now)
    assert (seen, whole.after) == (whole.events, None)
    assert len(seen) == sum(BEGIN - 20_000 <= entry[1] < BEGIN + 20_000 for entry in store.entries)


def test_what_is_older_than_90_days_is_not_even_read() -> None:
    asked: list[Span] = []

    class Spy(Reader):
        def entries(self, organization: Organization, span: Span, *, first: int) -> Iterator[Stored]:
            asked.append(span)
            return super().entries(organization, span, first=first)

    system_log = SystemLog(Spy(Store()), lambda: BEGIN)
    for query in (Query(0, None), Query(0, BEGIN), Query(0, BEGIN, newest_first=True)):
        system_log.page(ACME, query, after=None, now=BEGIN)
    assert [span.after for span in asked] == [position(BEGIN - LOG_RETENTION)] * 3
