"""Polling: by arrival, once settled, each entry exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.clock import DAY, HOUR, MINUTE, SECOND
from reprieve.runtime import wiring
from reprieve.store.transport import Retrying
from reprieve.system_log.span import SETTLING
from tests.support.system_log import BASE, MIDNIGHT, Log, delivery, ids_of, links, uuids

if TYPE_CHECKING:
    from reprieve.system_log.entry import LogEntry
    from tests.support.gateway import Calls


def test_polling_begins_a_week_ago_and_always_names_a_next_page(logs: Log, hourly: list[LogEntry]) -> None:
    logs.write(delivery(99, at=MIDNIGHT - 8 * DAY), arrived=MIDNIGHT - 8 * DAY)
    first = logs.ask()
    assert first.body == [entry.event for entry in hourly]
    assert list(links(first)) == ["self", "next"]
    assert links(first)["self"] == BASE
    empty = logs.follow(first)
    assert (empty.status, empty.body) == (200, [])
    assert list(links(empty)) == ["self", "next"]


def test_a_poller_sees_a_late_entry_late_and_everything_once(logs: Log, hourly: list[LogEntry]) -> None:
    first = logs.ask(limit="4")
    late = delivery(50, at=MIDNIGHT - 9 * HOUR)
    logs.write(late)
    logs.clock.now += SETTLING + 1
    second = logs.follow(first)
    third = logs.follow(second)
    assert uuids(first) + uuids(second) + uuids(third) == [*ids_of(hourly), late.uuid]


def test_an_entry_is_polled_only_once_it_has_settled(logs: Log) -> None:
    entry = delivery(1, at=MIDNIGHT)
    logs.write(entry)
    logs.clock.now = MIDNIGHT + SETTLING
    early = logs.ask()
    assert early.body == []
    logs.clock.now += 1
    assert uuids(logs.follow(early)) == [entry.uuid]


def test_an_entry_that_was_stored_slowly_does_not_appear_behind_a_cursor(logs: Log) -> None:
    """An entry that is sent before another but visible after it: a client that polls in between still gets both."""
    slow, quick = delivery(1, at=MIDNIGHT), delivery(2, at=MIDNIGHT)
    logs.write(quick, arrived=MIDNIGHT + 1)
    logs.clock.now = MIDNIGHT + 7 * SECOND
    meanwhile = logs.ask()
    logs.write(slow, arrived=MIDNIGHT)
    logs.clock.now = MIDNIGHT + 12 * SECOND
    assert uuids(meanwhile) + uuids(logs.follow(meanwhile)) == [slow.uuid, quick.uuid]


def test_no_write_takes_as_long_as_an_entry_settles() -> None:
    config = wiring.client.__wrapped__("dynamodb").meta.config  # type: ignore[attr-defined]
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout, config.read_timeout) == (wiring.CONNECT_TIMEOUT, wiring.READ_TIMEOUT)
    assert (wiring.CONNECT_TIMEOUT + wiring.READ_TIMEOUT) * SECOND < SETTLING
    assert not isinstance(wiring.event_log()._table._transport, Retrying)


def test_a_duplicate_stays_as_it_was_first_written_and_is_polled_once(logs: Log) -> None:
    entry = delivery(1, at=MIDNIGHT - HOUR)
    assert [logs.write(entry, arrived=MIDNIGHT - HOUR), logs.write(entry)] == [1, 0]
    first = logs.ask()
    logs.clock.now += HOUR
    assert uuids(first) + uuids(logs.follow(first)) == [entry.uuid]


def test_polling_starts_at_since_by_arrival(logs: Log) -> None:
    early = delivery(1, at=MIDNIGHT - HOUR)
    late = delivery(2, at=MIDNIGHT - 2 * DAY)
    logs.write(early, arrived=MIDNIGHT - HOUR)
    logs.write(late, arrived=MIDNIGHT - MINUTE)
    assert logs.ids(since="2025-12-31T23:30:00Z") == [late.uuid]


def test_an_empty_until_polls(logs: Log) -> None:
    assert "next" in links(logs.ask(until="", since="2025-12-31T00:00:00Z"))


def test_the_target_of_a_polling_query_is_read_from_its_own_index(
    logs: Log, hourly: list[LogEntry], calls: Calls
) -> None:
    other = delivery(60, at=MIDNIGHT - HOUR, email="other@domain.com")
    logs.write(other, arrived=MIDNIGHT - HOUR)
    answer = logs.ask(filter='target.id eq "OTHER@domain.com"')
    assert uuids(answer) == [other.uuid]
    assert calls == {"Query": 1}
    assert logs.follow(answer).body == []
