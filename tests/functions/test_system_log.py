"""Okta's System Log, as its clients see it: whole answers, links, and what each costs in DynamoDB calls."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from reprieve import delivery_log, log, removal_log
from reprieve.delivery import DeliveryEvent, DeliveryKind
from reprieve.organization import Organization
from reprieve.removal import DAY
from reprieve.runtime import wiring
from reprieve.service import system_log
from tests.support.gateway import DEMO, Answer, Matching, cases, event, function

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import StringIO

    from tests.support.gateway import Calls, Clock, Gateway

BASE = "https://reprieve.example.com/api/v1/logs"
MIDNIGHT = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
OTHER = Organization(id="other", name="Other")
FAILURES = 'target.id eq "{}" and eventType eq "system.email.delivery" and outcome.result eq "FAILURE"'


def delivery(
    number: int, *, at: int, email: str = "user@domain.com", kind: DeliveryKind = DeliveryKind.BOUNCE, message: str = ""
) -> log.LogEntry:
    return delivery_log.delivery(
        DeliveryEvent(f"event-{number}", kind, email, email.lower(), at, message, provider="sendgrid")
    )


class Log:
    """The log as its callers have it; entries are written at the time that the clock shows."""

    def __init__(self, call: Gateway, clock: Clock) -> None:
        self._call = call
        self.clock = clock

    def write(self, *entries: log.LogEntry, organization: Organization = DEMO, arrived: int | None = None) -> int:
        back, self.clock.now = self.clock.now, self.clock.now if arrived is None else arrived
        new = wiring.event_log().append(organization, entries)
        self.clock.now = back
        return new

    def ask(self, organization: Organization = DEMO, **query: str) -> Answer:
        return self._call(
            function("system_log"), "GET", "/v1/logs", query=query, scopes=["okta.logs.read"], organization=organization
        )

    def ids(self, **query: str) -> list[str]:
        answer = self.ask(**query)
        assert answer.status == 200, answer.body
        return uuids(answer)

    def follow(self, answer: Answer, **more: str) -> Answer:
        return self.ask(**(parameters(answer) | more))


def uuids(answer: Answer) -> list[str]:
    return [entry["uuid"] for entry in answer.body]


def links(answer: Answer) -> dict[str, str]:
    found = [re.fullmatch(r'<(.+)>; rel="(self|next)"', link) for link in answer.headers["link"]]
    return {match[2]: match[1] for match in found if match}


def parameters(answer: Answer) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(links(answer)["next"]).query).items()}


def ids_of(entries: Sequence[log.LogEntry]) -> list[str]:
    return [entry.uuid for entry in entries]


@pytest.fixture
def logs(call: Gateway, clock: Clock) -> Log:
    clock.now = MIDNIGHT
    return Log(call, clock)


@pytest.fixture
def hourly(logs: Log) -> list[log.LogEntry]:
    """Ten deliveries to one address, an hour between them, the last of them an hour ago."""
    entries = [delivery(number, at=MIDNIGHT - (10 - number) * HOUR) for number in range(10)]
    for entry in entries:
        logs.write(entry, arrived=entry.published)
    return entries


def refused(code: str, summary: str, *causes: str) -> Answer:
    body = {
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": Matching("oae.{22}"),
        "errorCauses": [{"errorSummary": cause} for cause in causes],
    }
    return Answer(400, body)


# ---- polling


def test_polling_begins_a_week_ago_and_always_names_a_next_page(logs: Log, hourly: list[log.LogEntry]) -> None:
    logs.write(delivery(99, at=MIDNIGHT - 8 * DAY), arrived=MIDNIGHT - 8 * DAY)
    first = logs.ask()
    assert first.body == [entry.event for entry in hourly]
    assert list(links(first)) == ["self", "next"]
    assert links(first)["self"] == BASE
    empty = logs.follow(first)
    assert (empty.status, empty.body) == (200, [])
    assert list(links(empty)) == ["self", "next"]


def test_a_poller_sees_a_late_entry_late_and_everything_once(logs: Log, hourly: list[log.LogEntry]) -> None:
    first = logs.ask(limit="4")
    late = delivery(50, at=MIDNIGHT - 9 * HOUR)
    logs.write(late)
    logs.clock.now += log.SETTLING + 1
    second = logs.follow(first)
    third = logs.follow(second)
    assert uuids(first) + uuids(second) + uuids(third) == [*ids_of(hourly), late.uuid]


def test_an_entry_is_polled_only_once_it_has_settled(logs: Log) -> None:
    entry = delivery(1, at=MIDNIGHT)
    logs.write(entry)
    logs.clock.now = MIDNIGHT + log.SETTLING
    early = logs.ask()
    assert early.body == []
    logs.clock.now += 1
    assert uuids(logs.follow(early)) == [entry.uuid]


def test_an_entry_that_was_stored_slowly_does_not_appear_behind_a_cursor(logs: Log) -> None:
    """Sent before another but visible after it: whoever asked meanwhile still gets both."""
    slow, quick = delivery(1, at=MIDNIGHT), delivery(2, at=MIDNIGHT)
    logs.write(quick, arrived=MIDNIGHT + 1)
    logs.clock.now = MIDNIGHT + 7 * SECOND
    meanwhile = logs.ask()
    logs.write(slow, arrived=MIDNIGHT)
    logs.clock.now = MIDNIGHT + 12 * SECOND
    assert uuids(meanwhile) + uuids(logs.follow(meanwhile)) == [slow.uuid, quick.uuid]


def test_no_write_takes_as_long_as_an_entry_settles() -> None:
    config = wiring.event_log()._table._client.meta.config
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout + config.read_timeout) * SECOND < log.SETTLING


def test_a_duplicate_stays_as_it_was_first_written_and_is_polled_once(logs: Log) -> None:
    entry = delivery(1, at=MIDNIGHT - HOUR)
    assert [logs.write(entry, arrived=MIDNIGHT - HOUR), logs.write(entry)] == [1, 0]
    first = logs.ask()
    logs.clock.now += HOUR
    assert uuids(first) + uuids(logs.follow(first)) == [entry.uuid]


def test_polling_starts_where_it_is_told_by_arrival(logs: Log) -> None:
    early = delivery(1, at=MIDNIGHT - HOUR)
    late = delivery(2, at=MIDNIGHT - 2 * DAY)
    logs.write(early, arrived=MIDNIGHT - HOUR)
    logs.write(late, arrived=MIDNIGHT - MINUTE)
    assert logs.ids(since="2025-12-31T23:30:00Z") == [late.uuid]


def test_an_empty_until_polls(logs: Log) -> None:
    assert "next" in links(logs.ask(until="", since="2025-12-31T00:00:00Z"))


def test_the_target_of_a_polling_query_is_read_from_its_own_index(
    logs: Log, hourly: list[log.LogEntry], calls: Calls
) -> None:
    other = delivery(60, at=MIDNIGHT - HOUR, email="other@domain.com")
    logs.write(other, arrived=MIDNIGHT - HOUR)
    answer = logs.ask(filter='target.id eq "OTHER@domain.com"')
    assert uuids(answer) == [other.uuid]
    assert calls == {"Query": 1}
    assert logs.follow(answer).body == []


# ---- bounded


def test_a_bounded_query_ends(logs: Log, hourly: list[log.LogEntry]) -> None:
    since, until = "2025-12-31T14:00:00Z", "2026-01-01T00:00:00Z"
    first = logs.ask(since=since, until=until, limit="6")
    second = logs.follow(first)
    assert uuids(first) + uuids(second) == ids_of(hourly)
    assert list(links(second)) == ["self"]


def test_a_page_that_is_just_full_is_the_last_one(logs: Log, hourly: list[log.LogEntry]) -> None:
    answer = logs.ask(since="2025-12-31T14:00:00Z", until="2026-01-01T00:00:00Z", limit="10")
    assert (len(answer.body), list(links(answer))) == (10, ["self"])


def test_a_bounded_query_goes_by_when_things_happened(logs: Log) -> None:
    late, early = delivery(1, at=MIDNIGHT - HOUR), delivery(2, at=MIDNIGHT - 2 * HOUR)
    logs.write(late, arrived=MIDNIGHT - HOUR)
    logs.write(early, arrived=MIDNIGHT)
    assert logs.ids(until="2026-01-01T00:00:00Z") == [early.uuid, late.uuid]


def test_since_is_within_the_period_and_until_is_not(logs: Log, hourly: list[log.LogEntry]) -> None:
    found = logs.ids(since="2025-12-31T15:00:00Z", until="2025-12-31T17:00:00+00:00")
    assert found == ids_of(hourly[1:3])


def test_descending_turns_the_period_round_page_by_page(logs: Log, hourly: list[log.LogEntry]) -> None:
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


# ---- filters and keywords


@pytest.mark.parametrize("asked", [{}, {"until": "2026-01-01T00:00:00Z"}])
def test_the_reference_query_is_one_read_of_one_targets_entries(
    logs: Log, hourly: list[log.LogEntry], calls: Calls, asked: dict[str, str]
) -> None:
    delivered = delivery(70, at=MIDNIGHT - HOUR, kind=DeliveryKind.DELIVERED)
    stranger = delivery(71, at=MIDNIGHT - HOUR, email="stranger@domain.com")
    logs.write(delivered, stranger, arrived=MIDNIGHT - HOUR)
    assert logs.ids(filter=FAILURES.format("user@domain.com"), **asked) == ids_of(hourly)
    assert calls == {"Query": 1}
    assert logs.ids(filter=FAILURES.format("nobody@domain.com"), **asked) == []


def test_two_targets_that_no_entry_has_both_find_nothing(logs: Log, hourly: list[log.LogEntry]) -> None:
    assert logs.ids(filter='target.id eq "user@domain.com" and target.id eq "other@domain.com"') == []


def test_either_target_is_found_by_reading_the_period(logs: Log, hourly: list[log.LogEntry]) -> None:
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


# ---- cursors


def test_a_cursor_alone_carries_the_whole_query(logs: Log, hourly: list[log.LogEntry]) -> None:
    logs.write(delivery(80, at=MIDNIGHT - HOUR, email="other@domain.com"), arrived=MIDNIGHT - HOUR)
    first = logs.ask(filter=FAILURES.format("user@domain.com"), q="bounce", limit="3")
    following = logs.ask(after=parameters(first)["after"])
    assert uuids(following) == ids_of(hourly[3:6])


def test_the_same_query_may_be_said_beside_the_cursor_with_another_limit(logs: Log, hourly: list[log.LogEntry]) -> None:
    query = {"since": "2025-12-31T00:00:00Z", "until": "2026-01-01T00:00:00Z", "filter": 'eventType sw "system"'}
    first = logs.ask(**query, limit="2")
    assert uuids(logs.ask(**query, limit="5", after=parameters(first)["after"])) == ids_of(hourly[2:7])


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
def test_another_query_beside_the_cursor_is_refused(
    logs: Log, hourly: list[log.LogEntry], other: dict[str, str]
) -> None:
    first = logs.ask(since="2025-12-31T00:00:00Z", limit="1")
    assert logs.follow(first, **other) == INVALID_CURSOR


INVALID_CURSOR = refused("E0000029", "Invalid paging request.", "Invalid cursor.")


def test_a_foreign_or_altered_cursor_is_refused(logs: Log, hourly: list[log.LogEntry]) -> None:
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


def test_a_cursor_outlives_what_it_points_at(logs: Log, hourly: list[log.LogEntry]) -> None:
    first = logs.ask(limit="2", since="2025-12-31T00:00:00Z")
    logs.clock.now += 200 * DAY
    young = delivery(90, at=logs.clock.now - HOUR)
    logs.write(young, arrived=logs.clock.now - HOUR)
    assert uuids(logs.follow(first)) == [young.uuid]


@pytest.mark.parametrize("query", [{}, {"until": "2026-01-01T00:00:00Z"}])
def test_a_limit_of_zero_reads_nothing(
    logs: Log, hourly: list[log.LogEntry], calls: Calls, query: dict[str, str]
) -> None:
    answer = logs.ask(limit="0", **query)
    assert (answer.body, calls) == ([], {})
    if not query:
        assert uuids(logs.follow(answer, limit="100")) == ids_of(hourly)


# ---- bounds


def test_a_page_that_takes_too_long_ends_where_it_was(
    logs: Log, hourly: list[log.LogEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_log, "BUDGET", -1)
    for query in ({"until": "2026-01-01T00:00:00Z"}, {"sortOrder": "DESCENDING"}, {}):
        answer = logs.ask(**query)
        assert (answer.status, answer.body, "next" in links(answer)) == (200, [], True)


def test_a_scan_goes_on_where_time_ran_out(
    logs: Log, hourly: list[log.LogEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
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
        removal_log.removal_requested(
            [f"{'x' * 60}{number}.{part}@{'y' * 150}.example.com" for part in range(50)],
            actor=log.SYSTEM,
            request_id=f"r{number}",
            provider="ses",
            now=MIDNIGHT - HOUR + number,
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


def test_the_longest_filter_comes_back_in_links_that_a_gateway_lets_through(
    logs: Log, hourly: list[log.LogEntry]
) -> None:
    comparisons = " or ".join(f'target.id eq "user{number * 7919 % 100003}@domain{number}.com"' for number in range(97))
    answer = logs.ask(filter=comparisons, limit="0")
    assert 3_700 < len(comparisons) <= 4_000
    assert answer.status == 200
    assert sum(len(name) + len(value) for name, values in answer.headers.items() for value in values) < 10_000
    assert logs.follow(answer).status == 200


# ---- organizations


def test_nobody_sees_anothers_entries(logs: Log, hourly: list[log.LogEntry]) -> None:
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


# ---- refusals, word for word


DATE = "The date format in your query is not recognized. Please enter dates using ISO8601 string format."
MUST = "must be a valid date-time or empty."


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize(
    "text", ["yesterday", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "1767225600"]
)
def test_a_date_that_is_none_is_told_in_both_of_oktas_sentences(logs: Log, name: str, text: str) -> None:
    summary = f"Api validation failed: '{name}': {DATE} '{name}': {MUST}"
    assert logs.ask(**{name: text}) == refused("E0000001", summary, f"{name}: {DATE}", f"{name}: {MUST}")


@pytest.mark.parametrize("text", ["2025-12-31t15:00:00z", "2025-12-31T17:00:00.000+02:00", "2025-12-31T17:00:00 02:00"])
def test_dates_are_read_as_rfc_3339_has_them_even_with_an_unescaped_plus(
    logs: Log, hourly: list[log.LogEntry], text: str
) -> None:
    assert logs.ids(since=text, until="2026-01-01T00:00:00Z") == ids_of(hourly[1:])


REFUSALS: list[tuple[dict[str, str], Answer]] = [
    (
        {"since": "2025-06-01T00:00:00Z"},
        refused("E0000053", "Invalid parameter: The since parameter is over 180 days prior to the current day."),
    ),
    (
        {"filter": 'eventType eqq "x"'},
        refused(
            "E0000053",
            "Invalid filter 'eventType eqq \"x\"': Unrecognized attribute operator 'eqq' at position 10. "
            "Expected: eq,co,sw,pr,gt,ge,lt,le",
        ),
    ),
    ({"filter": 'some_invalid_field eq "x"'}, refused("E0000053", "field is not valid: some_invalid_field")),
    ({"filter": 'published gt "2026-01-01T00:00:00Z"'}, refused("E0000053", "field is not valid: published")),
    (
        {"filter": 'debugContext.debugData.url co "x"'},
        refused(
            "E0000031",
            "The supplied combination of operator and field is not currently supported. "
            "Operator: co, Field: debugContext.debugData.url",
        ),
    ),
    (
        {"filter": "x" * 4_001},
        refused("E0000053", "Invalid filter: it is longer than 4000 characters."),
    ),
    (
        {"q": "x" * 41},
        refused(
            "E0000001",
            "Api validation failed: 'q': Freeform search cannot contain items longer than 40 characters. "
            "Please shorten the items in your search or use an advanced filter to query by specific fields.",
            "q: Freeform search cannot contain items longer than 40 characters. "
            "Please shorten the items in your search or use an advanced filter to query by specific fields.",
        ),
    ),
    (
        {"sortOrder": "UP"},
        refused(
            "E0000001",
            "Api validation failed: 'sortOrder': must be ASCENDING or DESCENDING.",
            "sortOrder: must be ASCENDING or DESCENDING.",
        ),
    ),
]
LIMIT = "must be a whole number from 0 to 1000."
REFUSALS += [
    ({"limit": text}, refused("E0000001", f"Api validation failed: 'limit': {LIMIT}", f"limit: {LIMIT}"))
    for text in ("1001", "", "-1", "1.5", "ten", "9" * 30)
]


@pytest.mark.parametrize(("query", "answer"), REFUSALS, ids=lambda it: next(iter(it)) if isinstance(it, dict) else "")
def test_what_cannot_be_asked_is_refused_in_oktas_words(
    logs: Log, calls: Calls, query: dict[str, str], answer: Answer
) -> None:
    assert logs.ask(**query) == answer
    assert calls == {}


def test_a_filter_is_told_to_its_writer_and_to_no_log(logs: Log, log: StringIO) -> None:
    answer = logs.ask(filter='target.id eqq "canary@example.com"')
    assert "canary@example.com" in answer.body["errorSummary"]
    assert "canary" not in log.getvalue()


def test_the_scope_is_needed(call: Gateway, calls: Calls) -> None:
    answer = call(function("system_log"), "GET", "/v1/logs", scopes=["okta.users.read"])
    assert (answer.status, answer.body["errorCode"], calls) == (403, "E0000006", {})


STATUS = {
    "poll": 200,
    "poll_with_trailing_slash": 200,
    "failures_of_one_address": 200,
    "newest_first": 200,
    "bad_date": 400,
    "unknown_operator": 400,
    "refused_combination": 400,
    "foreign_cursor": 400,
    "no_scope": 403,
    "wrong_method": 405,
}


def test_every_event_is_answered(call: Gateway, logs: Log) -> None:
    assert {case: call.send(function("system_log"), event("system_log", case)).status for case in STATUS} == STATUS
    assert sorted(STATUS) == cases("system_log")
