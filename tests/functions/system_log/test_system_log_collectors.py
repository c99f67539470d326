"""Log collectors that read to the end: they stop, miss no entry and get none twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, HOUR, SECOND
from reprieve.system_log.query import MAX_REREAD
from reprieve.system_log.span import SETTLING
from tests.support import log_collectors
from tests.support.log_collectors import COLLECTORS, Page
from tests.support.system_log import BASE, FAILURES, MIDNIGHT, Log, delivery, ids_of, links, parameters, uuids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reprieve.system_log.entry import LogEntry

SINCE = "2025-12-30T00:00:00Z"
#: long enough for entries to settle between two requests
PAUSE = SETTLING + SECOND


def collect(logs: Log, loop: Callable[..., Iterator[list[dict[str, str]]]], since: str) -> tuple[list[str], int]:
    """The uuids that a collector got, and the number of requests, with a pause between two of them."""
    requests = 0

    def send(query: Mapping[str, str]) -> Page:
        nonlocal requests
        requests += 1
        logs.clock.now += PAUSE
        answer = logs.ask(**query)
        assert answer.status == 200
        return Page(answer.body, links(answer))

    return [entry["uuid"] for entries in loop(send, since) for entry in entries], requests


@pytest.mark.parametrize("loop", COLLECTORS, ids=lambda loop: loop.__name__)
def test_a_collector_stops_when_it_has_everything(
    logs: Log, hourly: list[LogEntry], loop: Callable[..., Iterator[list[dict[str, str]]]]
) -> None:
    # the entries, and a page to see that there are no more
    assert collect(logs, loop, SINCE) == (ids_of(hourly), 2)


@pytest.mark.parametrize("loop", COLLECTORS, ids=lambda loop: loop.__name__)
def test_a_collector_of_an_empty_log_stops(logs: Log, loop: Callable[..., Iterator[list[dict[str, str]]]]) -> None:
    assert collect(logs, loop, SINCE) == ([], 2)


def test_a_collector_reads_page_after_page(logs: Log) -> None:
    entries = [delivery(number, at=MIDNIGHT - HOUR + number) for number in range(450)]
    for entry in entries:
        logs.write(entry, arrived=entry.published)
    assert collect(logs, log_collectors.airbyte, SINCE) == (ids_of(entries), 4)


def test_a_collector_stops_although_other_entries_than_its_own_keep_arriving(logs: Log) -> None:
    logs.clock.now += HOUR
    first = logs.ask(since=SINCE, q="nowhere")
    here = logs.follow(first)
    number = 0
    for _ in range(3):
        for _ in range(MAX_REREAD // 4):
            number += 1
            logs.write(delivery(number, at=MIDNIGHT), arrived=logs.clock.now)
        logs.clock.now += PAUSE
        here = logs.open(links(here)["next"])
        assert links(here)["next"] == links(here)["self"]


def test_a_page_that_has_caught_up_repeats_itself_until_there_is_something_new(
    logs: Log, hourly: list[LogEntry]
) -> None:
    caught_up = logs.follow(logs.ask(since=SINCE))
    url = links(caught_up)["self"]
    assert links(caught_up) == {"self": url, "next": url}
    for _ in range(3):
        logs.clock.now += 100 * DAY
        again = logs.open(url)
        assert (again.body, links(again)) == ([], {"self": url, "next": url})
    new = delivery(70, at=logs.clock.now)
    logs.write(new)
    logs.clock.now += PAUSE
    answer = logs.open(url)
    assert uuids(answer) == [new.uuid]
    assert links(answer)["self"] == url
    assert links(answer)["next"] != url


def test_a_page_that_has_caught_up_repeats_its_cursor_beside_another_limit_too(
    logs: Log, hourly: list[LogEntry]
) -> None:
    caught_up = logs.follow(logs.ask(since=SINCE, limit="20"), limit="5")
    assert links(caught_up)["next"] == links(caught_up)["self"]


QUESTIONS: list[dict[str, str]] = [
    {},
    {"limit": "5"},
    {"sortOrder": "ASCENDING", "since": "2025-12-30"},
    {"until": ""},
    {
        "q": "bounce  user@domain.com",
        "filter": FAILURES.format("user@domain.com"),
        "since": "2025-12-30T00:00:00+00:00",
    },
]


@pytest.mark.parametrize("query", QUESTIONS, ids=str)
def test_next_repeats_what_was_asked_beside_its_cursor(
    logs: Log, hourly: list[LogEntry], query: dict[str, str]
) -> None:
    first = logs.ask(**query)
    asked = {name: text for name, text in query.items() if text}
    cursor = parameters(first)["after"]
    assert parameters(first) == {**asked, "after": cursor}
    caught_up = logs.open(links(first)["next"])
    while caught_up.body:
        caught_up = logs.open(links(caught_up)["next"])
    assert links(caught_up)["next"] == links(caught_up)["self"]


def test_a_bounded_query_repeats_what_was_asked_too(logs: Log, hourly: list[LogEntry]) -> None:
    query = {"since": "2025-12-30T00:00:00Z", "until": "2026-01-01T00:00:00Z", "sortOrder": "DESCENDING", "limit": "6"}
    first = logs.ask(**query)
    assert parameters(first) == {**query, "after": parameters(first)["after"]}
    second = logs.open(links(first)["next"])
    assert uuids(first) + uuids(second) == ids_of(hourly)[::-1]
    assert list(links(second)) == ["self"]


def test_a_link_is_the_same_in_whatever_order_its_parameters_arrive(logs: Log, hourly: list[LogEntry]) -> None:
    forth = {"since": SINCE, "limit": "3", "filter": "target pr"}
    back = dict(reversed(forth.items()))
    assert links(logs.ask(**forth)) == links(logs.ask(**back))
    assert links(logs.ask(**forth))["self"] == f"{BASE}?since=2025-12-30T00%3A00%3A00Z&filter=target%20pr&limit=3"


def test_a_link_that_would_be_too_long_has_the_cursor_alone(logs: Log, hourly: list[LogEntry]) -> None:
    comparisons = " or ".join(f'target.id eq "user{number}@domain.com"' for number in range(97))
    first = logs.ask(filter=comparisons, limit="5")
    assert links(first) == {"next": f"{BASE}?after={parameters(first)['after']}&limit=5"}
    assert uuids(logs.open(links(first)["next"])) == []
    # beside the filter the same cursor leads to the same page, under its short name
    again = logs.follow(first, filter=comparisons)
    assert links(again) == {"self": links(first)["next"], "next": links(first)["next"]}
