"""Okta's System Log as its clients see it: whole answers, links, and the DynamoDB calls of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, HOUR, MINUTE
from reprieve.suppressions.delivery import DeliveryKind
from tests.support.gateway import DEMO
from tests.support.system_log import FAILURES, MIDNIGHT, OTHER, Log, delivery, ids_of, links, parameters, uuids

if TYPE_CHECKING:
    from reprieve.system_log.entry import LogEntry
    from tests.support.gateway import Calls


def test_a_bounded_query_ends(logs: Log, hourly: list[LogEntry]) -> None:
    since, until = "2025-12-31T14:00:00Z", "2026-01-01T00:00:00Z"
    first = logs.ask(since=since, until=until, limit="6")
    second = logs.follow(first)
    assert uuids(first) + uuids(second) == ids_of(hourly)
    assert list(links(second)) == ["self"]


def test_a_page_that_is_just_full_is_the_last_one(logs: Log, hourly: list[LogEntry]) -> None:
    answer = logs.ask(since="2025-12-31T14:00:00Z", until="2026-01-01T00:00:00Z", limit="10")
    assert (len(answer.body), list(links(answer))) == (10, ["self"])


def test_a_bounded_query_goes_by_the_time_of_the_event(logs: Log) -> None:
    late, early = delivery(1, at=MIDNIGHT - HOUR), delivery(2, at=MIDNIGHT - 2 * HOUR)
    logs.write(late, arrived=MIDNIGHT - HOUR)
    logs.write(early, arrived=MIDNIGHT)
    assert logs.ids(until="2026-01-01T00:00:00Z") == [early.uuid, late.uuid]


def test_since_is_within_the_period_and_until_is_not(logs: Log, hourly: list[LogEntry]) -> None:
    found = logs.ids(since="2025-12-31T15:00:00Z", until="2025-12-31T17:00:00+00:00")
    assert found == ids_of(hourly[1:3])


def test_descending_reverses_the_period_page_by_page(logs: Log, hourly: list[LogEntry]) -> None:
    first = logs.ask(sortOrder="DESCENDING", limit="7")
    second = logs.follow(first)
    assert uuids(first) + uuids(second) == ids_of(hourly)[::-1]
    assert list(links(second)) == ["self"]


def test_a_period_begins_a_week_before_its_end(logs: Log) -> None:
    inside, outside = delivery(1, at=MIDNIGHT - 8 * DAY), delivery(2, at=MIDNIGHT - 15 * DAY)
    logs.write(inside, outside)
    assert logs.ids(until="2025-12-25T00:00:00Z") == [inside.uuid]


def test_entries_of_one_moment_are_paged_without_loss(logs: Log) -> None:
    entries = [delivery(number, at=MIDNIGHT - HOUR) for number in range(5)]
    logs.write(*entries)
    answer = logs.ask(until="2026-01-01T00:00:00Z", limit="2")
    seen = uuids(answer)
    while "next" in links(answer):
        answer = logs.follow(answer)
        seen += uuids(answer)
    assert sorted(seen) == sorted(ids_of(entries))


@pytest.mark.parametrize("until", ["2025-12-01T00:00:00Z", "2030-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_period_without_entries_is_empty(logs: Log, until: str) -> None:
    answer = logs.ask(since="2025-12-31T00:00:00Z", until=until)
    assert (answer.body, list(links(answer))) == ([], ["self"])


def test_what_is_older_than_90_days_is_left_out_at_once(logs: Log) -> None:
    kept, gone = delivery(1, at=MIDNIGHT - 90 * DAY), delivery(2, at=MIDNIGHT - 90 * DAY - 1)
    logs.write(kept, gone, arrived=MIDNIGHT - 90 * DAY)
    assert logs.ids(since="2025-09-01T00:00:00Z", until="2026-01-01T00:00:00Z") == [kept.uuid]
    assert logs.ids(since="2025-09-01T00:00:00Z", until="2026-01-01T00:00:00Z", sortOrder="DESCENDING") == [kept.uuid]
    logs.clock.now += 1
    assert logs.ids(since="2025-09-01T00:00:00Z", until="2026-01-01T00:00:00Z") == []


@pytest.mark.parametrize("asked", [{}, {"until": "2026-01-01T00:00:00Z"}])
def test_the_reference_query_is_one_read_of_one_targets_entries(
    logs: Log, hourly: list[LogEntry], calls: Calls, asked: dict[str, str]
) -> None:
    delivered = delivery(70, at=MIDNIGHT - HOUR, kind=DeliveryKind.DELIVERED)
    stranger = delivery(71, at=MIDNIGHT - HOUR, email="stranger@domain.com")
    logs.write(delivered, stranger, arrived=MIDNIGHT - HOUR)
    assert logs.ids(filter=FAILURES.format("user@domain.com"), **asked) == ids_of(hourly)
    assert calls == {"Query": 1}
    assert logs.ids(filter=FAILURES.format("unknown@domain.com"), **asked) == []


def test_two_targets_that_no_entry_has_both_find_nothing(logs: Log, hourly: list[LogEntry]) -> None:
    assert logs.ids(filter='target.id eq "user@domain.com" and target.id eq "other@domain.com"') == []


def test_either_target_is_found_by_reading_the_period(logs: Log, hourly: list[LogEntry]) -> None:
    assert logs.ids(filter='target.id eq "x" or target.id eq "user@domain.com"') == ids_of(hourly)


def test_a_target_longer_than_any_key_is_found_nowhere(logs: Log) -> None:
    assert logs.ids(filter=f'target.id eq "{"x" * 2_100}"') == []


def test_keywords_are_looked_for_in_every_value(logs: Log) -> None:
    found = delivery(1, at=MIDNIGHT - HOUR, message="452 mailbox full")
    logs.write(found, delivery(2, at=MIDNIGHT - HOUR), arrived=MIDNIGHT - HOUR)
    assert logs.ids(q="Mailbox bounce") == [found.uuid]


def test_a_page_is_filled_across_many_that_do_not_match(logs: Log, calls: Calls) -> None:
    noise = [delivery(number, at=MIDNIGHT - HOUR + number) for number in range(60)]
    wanted = delivery(1_000, at=MIDNIGHT - MINUTE, kind=DeliveryKind.DELIVERED)
    logs.write(*noise, wanted, arrived=MIDNIGHT - HOUR)
    answer = logs.ask(filter='outcome.result eq "SUCCESS"', limit="1", until="2026-01-01T00:00:00Z")
    assert (uuids(answer), list(links(answer))) == ([wanted.uuid], ["self"])
    # pages of 2, 8, 32 and 128 entries
    assert calls == {"Query": 4}


SPELLINGS = ["u@bücher.example", "U@BÜCHER.example", '"u"@xn--bcher-kva.example', "U@XN--BCHER-KVA.example"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_address_is_found_by_every_spelling_of_it(logs: Log, calls: Calls, spelling: str) -> None:
    entry = delivery(1, at=MIDNIGHT - HOUR, email="u@xn--bcher-kva.example")
    logs.write(entry, delivery(2, at=MIDNIGHT - HOUR, email="other@example.com"), arrived=MIDNIGHT - HOUR)
    text = spelling.replace('"', '\\"')
    for expression in (f'target.id eq "{text}"', f'eventType pr and target.id eq "{text}"'):
        assert logs.ids(filter=expression) == [entry.uuid]
        assert calls == {"Query": 1}
        assert logs.ids(filter=expression, until="2026-01-01") == [entry.uuid]
    assert logs.ids(filter=f'not (target.id ne "{text}")') == [entry.uuid]


def test_a_domain_is_found_by_every_spelling_of_it(logs: Log) -> None:
    entry = delivery(1, at=MIDNIGHT - HOUR, email="u@xn--bcher-kva.example")
    logs.write(entry, delivery(2, at=MIDNIGHT - HOUR, email="other@example.com"), arrived=MIDNIGHT - HOUR)
    for domain in ("@bücher.example", "@XN--BCHER-KVA.Example", "example"):
        assert entry.uuid in logs.ids(filter=f'target.id ew "{domain}"')
    assert logs.ids(filter='target.id ew "@bücher.example"') == [entry.uuid]
    assert logs.ids(filter='target.id ew "@"') == []


def test_no_organization_sees_anothers_entries(logs: Log, hourly: list[LogEntry]) -> None:
    assert logs.ask(OTHER).body == []
    assert logs.ask(OTHER, filter='target.id eq "user@domain.com"').body == []
    assert logs.ask(OTHER, until="2026-01-01T00:00:00Z").body == []


def test_a_log_spread_over_shards_is_read_in_one_order(logs: Log, calls: Calls) -> None:
    large = replace(DEMO, shards=4)
    entries = [delivery(number, at=MIDNIGHT - HOUR + number, email=f"u{number}@x.org") for number in range(40)]
    logs.write(*entries, organization=large, arrived=MIDNIGHT - HOUR)
    first = logs.ask(large, until="2026-01-01T00:00:00Z", limit="25")
    assert uuids(first) + uuids(logs.ask(large, **parameters(first))) == ids_of(entries)
    assert sorted(uuids(logs.ask(large))) == sorted(ids_of(entries))
    assert calls == {"Query": 4}
