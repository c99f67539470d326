"""All lists in one: filters, totals and cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.dialects.reprieve.suppressions import _carried
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import (
    HOLDS,
    Classification,
    GroupList,
    Permanence,
    Suppression,
    SuppressionList,
)
from tests.support.addresses import KEY, NOW, READ, put, search
from tests.support.gateway import DEMO, Gateway, function, proxy_event

if TYPE_CHECKING:
    from tests.support.gateway import Calls

pytestmark = pytest.mark.usefixtures("demo")


def test_all_lists_are_one_with_a_total_and_a_cursor(call: Gateway, calls: Calls) -> None:
    put("a@x.io")
    put("a@x.io", SuppressionList.SPAM_REPORTS)
    put("b@y.io", SuppressionList.BLOCKS, NOW - 61)
    first = search(call, limit="2", total="true").body
    assert [(one["list"], one["email"]) for one in first["suppressions"]] == [
        ("bounces", "a@x.io"),
        ("spam_reports", "a@x.io"),
    ]
    assert (first["total"], first["total_is_exact"]) == (3, True)
    second = search(call, limit="2", cursor=first["next"]).body
    assert calls == {"Query": 5, "BatchGetItem": 1}
    assert [(one["list"], one["email"]) for one in second["suppressions"]] == [("blocks", "b@y.io")]
    assert (second["total"], second["next"]) == (3, None)


def test_a_total_that_nothing_asks_for_is_not_counted_unless_the_page_shows_it(call: Gateway, calls: Calls) -> None:
    for email in ("a@x.io", "b@x.io", "c@x.io"):
        put(email)
    first = search(call, limit="2", list="bounces").body
    assert (first["total"], first["total_is_exact"], calls["Query"]) == (None, None, 1)
    second = search(call, limit="2", list="bounces", total="false", cursor=first["next"]).body
    assert (second["total"], second["total_is_exact"], second["next"], calls["Query"]) == (None, None, None, 1)
    whole = search(call, list="bounces", total="true").body
    assert (whole["total"], whole["total_is_exact"], calls["Query"]) == (3, True, 1)


def test_a_total_that_a_later_page_asks_for_is_counted_once_and_carried_on(call: Gateway, calls: Calls) -> None:
    for email in ("a@x.io", "b@x.io", "c@x.io"):
        put(email)
    totals, queries, cursor = [], [], {}
    for total in ("false", "true", "true"):
        page = search(call, limit="1", list="bounces", total=total, **cursor).body
        totals.append(page["total"])
        queries.append(calls["Query"])
        cursor = {"cursor": page["next"]}
    assert (totals, queries) == ([None, 3, 3], [1, 2, 1])


def test_a_cursor_leads_on_in_its_own_search_only(call: Gateway) -> None:
    for email in ("a@x.io", "b@x.io", "c@x.io"):
        put(email)
    cursor = search(call, limit="1", domain="x.io").body["next"]
    assert search(call, limit="2", domain="X.io", cursor=cursor).body["next"] is None
    queries: list[dict[str, str]] = [{}, {"domain": "y.io"}, {"domain": "x.io", "list": "blocks"}]
    for query in queries:
        answer = search(call, cursor=cursor, **query)
        assert (answer.status, answer.body["field"]) == (400, "cursor")


def test_a_moment_that_is_not_a_number_is_refused_with_its_unit(call: Gateway) -> None:
    answer = search(call, start_time="2026-01-01T00:00:00Z")
    detail = "must be a whole number of Unix seconds, 0 or more"
    assert (answer.body["field"], answer.body["detail"]) == ("start_time", detail)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"list": "blocks"}, ["b@y.io"]),
        ({"reason": "MAILBOX full"}, ["b@y.io"]),
        ({"status": "5.1."}, ["a@x.io"]),
        ({"domain": "Y.io"}, ["b@y.io"]),
        ({"permanence": "soft"}, ["b@y.io"]),
        ({"classification": "mailbox unavailable"}, ["b@y.io"]),
        ({"end_time": str(NOW - 61)}, ["b@y.io"]),
        ({"start_time": str(NOW - 60)}, ["a@x.io"]),
        ({"permanence": "soft", "domain": "x.io"}, []),
    ],
)
def test_every_filter_narrows_the_answer(call: Gateway, query: dict[str, str], found: list[str]) -> None:
    put("a@x.io")
    entry = Suppression(
        SuppressionList.BLOCKS,
        "b@y.io",
        "b@y.io",
        (NOW - 61) * 1000,
        "552 5.2.2 mailbox full",
        "5.2.2",
        Permanence.SOFT,
        Classification.MAILBOX_UNAVAILABLE,
    )
    wiring.suppressions().record(DEMO, [entry])
    body = search(call, **query).body
    assert [one["email"] for one in body["suppressions"]] == found
    assert body["total"] == len(found)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"total": "yes"}, "total"),
        ({"list": "bounce"}, "list"),
        ({"permanence": "medium"}, "permanence"),
        ({"classification": "x"}, "classification"),
        ({"domain": "no domain"}, "domain"),
        ({"start_time": "-1"}, "start_time"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "WzEsMiwzLDQsNV0"}, "cursor"),
        ({"offset": "5"}, "offset"),
    ],
)
def test_an_invalid_parameter_is_refused_by_name(call: Gateway, query: dict[str, str], field: str) -> None:
    answer = search(call, **query)
    assert (answer.status, answer.body["field"]) == (400, field)


def test_holds_are_not_a_list_for_callers_who_may_read_suppressions_only(call: Gateway) -> None:
    wiring.suppressions().record(DEMO, [Suppression(HOLDS, KEY, KEY, NOW * 1000)])
    for name in ("holds", "HOLDS"):
        answer = search(call, list=name)
        assert (answer.status, answer.body["field"]) == (400, "list")
    assert search(call).body["suppressions"] == []


def test_a_cursor_does_not_lead_to_holds() -> None:
    with pytest.raises(ValueError, match="holds"):
        _carried([1, KEY, "holds", 1, True])


@pytest.mark.parametrize(("number", "status"), [(20, 200), (21, 400)])
def test_a_search_names_twenty_lists_at_most(call: Gateway, calls: Calls, number: int, status: int) -> None:
    asked = proxy_event(
        "GET",
        "/suppressions",
        path={},
        query={"list": "group-1"},
        headers={"authorization": f"Bearer {call.token(DEMO, frozenset(READ))}"},
        body=None,
        stage="reprieve",
        as_base64=False,
    )
    names = [f"group-{one}" for one in range(1, number + 1)]
    answer = call.send(function("addresses"), asked | {"multiValueQueryStringParameters": {"list": names}})
    assert (answer.status, answer.body.get("field")) == (status, None if status == 200 else "list")
    assert calls == ({"Query": 20} if status == 200 else {})


def test_the_list_of_a_group_is_searched_only_where_it_is_named(call: Gateway) -> None:
    wiring.suppressions().record(DEMO, [Suppression(GroupList.of(8), KEY, KEY, NOW * 1000, provider="api")])
    put("bob@x.io")
    assert [one["list"] for one in search(call).body["suppressions"]] == ["bounces"]
    found = search(call, list="group-8").body
    assert [(one["list"], one["email"], found["total"]) for one in found["suppressions"]] == [("group-8", KEY, 1)]
    for name in ("group-0", "group-x", "groups"):
        assert search(call, list=name).body["field"] == "list"
