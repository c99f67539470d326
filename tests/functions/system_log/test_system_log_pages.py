"""Cursors, and the end of a page by its limit, by time or by size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, HOUR
from reprieve.organization import Organization
from reprieve.removals.log_entries import removal_requested
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from reprieve.system_log import query as system_log
from tests.support.contexts import context
from tests.support.okta import refusal
from tests.support.system_log import FAILURES, MIDNIGHT, OTHER, Log, delivery, ids_of, links, parameters, uuids

if TYPE_CHECKING:
    from reprieve.system_log.entry import LogEntry
    from tests.support.gateway import Calls


def test_a_cursor_alone_carries_the_whole_query(logs: Log, hourly: list[LogEntry]) -> None:
    logs.write(delivery(80, at=MIDNIGHT - HOUR, email="other@domain.com"), arrived=MIDNIGHT - HOUR)
    first = logs.ask(filter=FAILURES.format("user@domain.com"), q="bounce", limit="3")
    following = logs.ask(after=parameters(first)["after"])
    assert uuids(following) == ids_of(hourly[3:6])


def test_the_same_query_may_be_said_beside_the_cursor_with_another_limit(logs: Log, hourly: list[LogEntry]) -> None:
    query = {"since": "2025-12-31T00:00:00Z", "until": "2026-01-01T00:00:00Z", "filter": 'eventType sw "system"'}
    first = logs.ask(**query, limit="2")
    assert uuids(logs.ask(**query, limit="5", after=parameters(first)["after"])) == ids_of(hourly[2:7])


def test_a_page_has_its_entries_as_they_are_stored(logs: Log) -> None:
    sent = [
        delivery(number, at=MIDNIGHT, message=message) for number, message in enumerate(["é \u2028", '"\\', "\x00<"])
    ]
    logs.write(*sent, arrived=MIDNIGHT)
    logs.clock.now = MIDNIGHT + HOUR
    found = logs.ask(since="2025-12-31T00:00:00Z", until="2026-01-02T00:00:00Z").body
    assert sorted(found, key=lambda event: event["uuid"]) == sorted(
        (one.event for one in sent), key=lambda e: e["uuid"]
    )


@pytest.mark.parametrize(
    "other",
    [
        {"since": "2025-12-30T00:00:00Z"},
        {"until": "2026-01-02T00:00:00Z"},
        {"filter": "target pr"},
        {"q": "x"},
        {"sortOrder": "DESCENDING"},
    ],
)
def test_another_query_beside_the_cursor_is_refused(logs: Log, hourly: list[LogEntry], other: dict[str, str]) -> None:
    first = logs.ask(since="2025-12-31T00:00:00Z", limit="1")
    assert logs.follow(first, **other) == INVALID_CURSOR


INVALID_CURSOR = refusal(400, "E0000029", "Invalid paging request.", "Invalid cursor.")


@pytest.mark.usefixtures("unlimited")
def test_a_foreign_or_altered_cursor_is_refused(logs: Log, hourly: list[LogEntry]) -> None:
    after = parameters(logs.ask(limit="2"))["after"]
    assert logs.ask(OTHER, after=after) == INVALID_CURSOR
    altered = [after[:spot] + ("A" if after[spot] != "A" else "B") + after[spot + 1 :] for spot in range(len(after))]
    for text in [
        *altered,
        after[:-1],
        f"{after}=",
        f"{after}A",
        f"{after} ",
        f"{after}!",
        "1627500044869_1",
        "é",
        "==",
    ]:
        assert logs.ask(after=text) == INVALID_CURSOR, text


def test_a_cursor_outlives_what_it_points_at(logs: Log, hourly: list[LogEntry]) -> None:
    first = logs.ask(limit="2", since="2025-12-31T00:00:00Z")
    logs.clock.now += 200 * DAY
    young = delivery(90, at=logs.clock.now - HOUR)
    logs.write(young, arrived=logs.clock.now - HOUR)
    assert uuids(logs.follow(first)) == [young.uuid]


@pytest.mark.parametrize("query", [{}, {"until": "2026-01-01T00:00:00Z"}])
def test_a_limit_of_zero_reads_nothing(logs: Log, hourly: list[LogEntry], calls: Calls, query: dict[str, str]) -> None:
    answer = logs.ask(limit="0", **query)
    assert (answer.body, calls) == ([], {})
    if not query:
        assert uuids(logs.follow(answer, limit="100")) == ids_of(hourly)


def test_a_page_that_takes_too_long_ends_where_it_was(
    logs: Log, hourly: list[LogEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_log, "BUDGET", -1)
    for query in ({"until": "2026-01-01T00:00:00Z"}, {"sortOrder": "DESCENDING"}, {}):
        answer = logs.ask(**query)
        assert (answer.status, answer.body, "next" in links(answer)) == (200, [], True)


def test_a_scan_goes_on_where_time_ran_out(logs: Log, hourly: list[LogEntry], monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(10_000))
    monkeypatch.setattr(wiring, "now", lambda: next(ticks))
    monkeypatch.setattr(system_log, "BUDGET", 3)
    answer, seen, pages = logs.ask(until="2026-01-01T00:00:00Z"), [], 1
    seen += uuids(answer)
    while "next" in links(answer):
        answer, pages = logs.follow(answer), pages + 1
        seen += uuids(answer)
    assert seen == ids_of(hourly)
    assert pages > 2


def test_a_thousand_large_entries_are_answered_in_parts_that_fit(logs: Log) -> None:
    entries = [
        removal_requested(
            [f"{'x' * 60}{number}.{part}@{'y' * 150}.example.com" for part in range(50)],
            SuppressionList.BOUNCES,
            context=context(Organization("demo", "Demo"), request_id=f"r{number}", now=MIDNIGHT - HOUR + number),
        )[0]
        for number in range(400)
    ]
    logs.write(*entries)
    answer = logs.ask(limit="1000", until="2026-01-01T00:00:00Z")
    seen = uuids(answer)
    assert len(seen) < 400
    while "next" in links(answer):
        answer = logs.follow(answer)
        seen += uuids(answer)
    assert seen == ids_of(entries)


def test_the_longest_filter_comes_back_in_links_that_a_gateway_lets_through(logs: Log, hourly: list[LogEntry]) -> None:
    comparisons = " or ".join(f'target.id eq "user{number * 7919 % 100003}@domain{number}.com"' for number in range(97))
    answer = logs.ask(filter=comparisons, limit="0")
    assert 3_700 < len(comparisons) <= 4_000
    assert answer.status == 200
    assert sum(len(name) + len(value) for name, values in answer.headers.items() for value in values) < 10_000
    assert logs.follow(answer).status == 200
