"""Refused queries and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import HOUR
from tests.support.gateway import Answer, cases, event, function
from tests.support.okta import refusal
from tests.support.system_log import MIDNIGHT, Log, delivery, ids_of, links, uuids

if TYPE_CHECKING:
    from io import StringIO

    from reprieve.system_log.entry import LogEntry
    from tests.support.gateway import Calls, Gateway

DATE = "The date format in your query is not recognized. Please enter dates using ISO8601 string format."


MUST = "must be a valid date-time or empty."


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "2026-1-1", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "1767225600"]
)
def test_a_text_that_is_not_a_date_is_refused_in_both_of_oktas_sentences(logs: Log, name: str, text: str) -> None:
    summary = f"Api validation failed: '{name}': {DATE} '{name}': {MUST}"
    assert logs.ask(**{name: text}) == refusal(400, "E0000001", summary, f"{name}: {DATE}", f"{name}: {MUST}")


@pytest.mark.parametrize("text", ["2025-12-31t15:00:00z", "2025-12-31T17:00:00.000+02:00", "2025-12-31T17:00:00 02:00"])
def test_dates_are_read_as_rfc_3339_has_them_even_with_an_unescaped_plus(
    logs: Log, hourly: list[LogEntry], text: str
) -> None:
    assert logs.ids(since=text, until="2026-01-01T00:00:00Z") == ids_of(hourly[1:])


def test_a_date_alone_is_midnight_utc(logs: Log, hourly: list[LogEntry]) -> None:
    logs.clock.now += 5 * HOUR
    late = delivery(70, at=MIDNIGHT)
    logs.write(late)
    assert logs.ids(since="2026-01-01", until="2026-01-02") == [late.uuid]
    assert logs.ids(since="2025-12-31", until="2026-01-01") == ids_of(hourly)
    first = logs.ask(since="2025-12-31", limit="1")
    assert "since=2025-12-31&" in links(first)["next"]
    assert uuids(logs.follow(first, limit="100")) == [*ids_of(hourly[1:])]


REFUSALS: list[tuple[dict[str, str], Answer]] = [
    (
        {"since": "2025-06-01T00:00:00Z"},
        refusal(400, "E0000053", "Invalid parameter: The since parameter is over 180 days prior to the current day."),
    ),
    (
        {"filter": 'eventType eqq "x"'},
        refusal(
            400,
            "E0000053",
            "Invalid filter 'eventType eqq \"x\"': Unrecognized attribute operator 'eqq' at position 10. "
            "Expected: eq,co,sw,pr,gt,ge,lt,le",
        ),
    ),
    ({"filter": 'some_invalid_field eq "x"'}, refusal(400, "E0000053", "field is not valid: some_invalid_field")),
    ({"filter": 'published gt "2026-01-01T00:00:00Z"'}, refusal(400, "E0000053", "field is not valid: published")),
    (
        {"filter": 'debugContext.debugData.url co "x"'},
        refusal(
            400,
            "E0000031",
            "The supplied combination of operator and field is not currently supported. "
            "Operator: co, Field: debugContext.debugData.url",
        ),
    ),
    (
        {"filter": "x" * 4_001},
        refusal(400, "E0000053", "Invalid filter: it is longer than 4000 characters."),
    ),
    (
        {"q": "x" * 41},
        refusal(
            400,
            "E0000001",
            "Api validation failed: 'q': Freeform search cannot contain items longer than 40 characters. "
            "Please shorten the items in your search or use an advanced filter to query by specific fields.",
            "q: Freeform search cannot contain items longer than 40 characters. "
            "Please shorten the items in your search or use an advanced filter to query by specific fields.",
        ),
    ),
    (
        {"sortOrder": "UP"},
        refusal(
            400,
            "E0000001",
            "Api validation failed: 'sortOrder': must be ASCENDING or DESCENDING.",
            "sortOrder: must be ASCENDING or DESCENDING.",
        ),
    ),
]


LIMIT = "must be a whole number from 0 to 1000."


REFUSALS += [
    ({"limit": text}, refusal(400, "E0000001", f"Api validation failed: 'limit': {LIMIT}", f"limit: {LIMIT}"))
    for text in ("1001", "", "-1", "1.5", "ten", "9" * 30)
]


@pytest.mark.parametrize(("query", "answer"), REFUSALS, ids=lambda it: next(iter(it)) if isinstance(it, dict) else "")
def test_an_invalid_query_is_refused_in_oktas_words(
    logs: Log, calls: Calls, query: dict[str, str], answer: Answer
) -> None:
    assert logs.ask(**query) == answer
    assert calls == {}


def test_a_filter_is_quoted_to_its_caller_and_in_no_log(logs: Log, log: StringIO) -> None:
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
    "no_such_path": 404,
}


def test_every_event_is_answered(call: Gateway, logs: Log) -> None:
    assert {case: call.send(function("system_log"), event("system_log", case)).status for case in STATUS} == STATUS
    assert sorted(STATUS) == cases("system_log")
