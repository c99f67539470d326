"""Queries from ordered keys give the local AWS's own answers, page by page."""

from __future__ import annotations

import copy
import json
from itertools import cycle, product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.services import dynamodb

from local import ordered_queries

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "Things"
TABLE = {
    "TableName": NAME,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "p", "AttributeType": "S"},
        {"AttributeName": "s", "AttributeType": "S"},
        {"AttributeName": "due", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "ByDue",
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "due", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
        {
            "IndexName": "ByKind",
            "KeySchema": [{"AttributeName": "s", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        },
    ],
}
SORTS = ["a", "ab", "abc", "b", "B", "é", "\U0001f600", "~"]
DUES = ["-1", "0", "2", "10", "10.5"]
Pages = list[list[tuple[int, dict[str, Any]]]]
Change = tuple[str, str, "str | None", bool]

changes = st.lists(
    st.tuples(st.just("x"), st.sampled_from(SORTS[:3]), st.sampled_from([*DUES, None]), st.booleans()), max_size=40
)
COMPARISONS = ["= :v", "< :v", "<= :v", "> :v", ">= :v", "BETWEEN :v AND :w", "begins_with", ""]


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """A table in this process, and none afterwards."""
    dynamodb._create_table(copy.deepcopy(TABLE))
    yield
    dynamodb._tables.pop(NAME)


def change(p: str, s: str, due: str | None, there: bool) -> None:
    """Put an item, with or without the index's key, or delete it."""
    key = {"p": {"S": p}, "s": {"S": s}}
    if there:
        dynamodb._put_item({"TableName": NAME, "Item": key | ({"due": {"N": due}} if due else {})})
    else:
        dynamodb._delete_item({"TableName": NAME, "Key": key})


def pages(query: Any, data: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Every page of a query, each with its status."""
    found: list[tuple[int, dict[str, Any]]] = []
    while True:
        status, _, body = query(data)
        found.append((status, json.loads(body)))
        after = found[-1][1].get("LastEvaluatedKey")
        if after is None or len(found) > 100:
            return found
        data = {**data, "ExclusiveStartKey": after}


def asked(
    index: str | None, comparison: str, values: tuple[str, str], forward: bool, limit: int | None
) -> dict[str, Any]:
    hash_key, sort, kind = {None: ("p", "s", "S"), "ByDue": ("p", "due", "N"), "ByKind": ("s", "", "")}[index]
    bounds = sorted(values, key=float if kind == "N" else str)
    condition, named = "#h = :h", {":h": {"S": "x" if hash_key == "p" else "ab"}}
    names = {"#h": hash_key}
    if comparison and sort:
        condition += " AND " + ("begins_with(#s, :v)" if comparison == "begins_with" else f"#s {comparison}")
        names["#s"] = sort
        named |= {
            f":{name}": {kind: value} for name, value in zip("vw", bounds, strict=True) if f":{name}" in condition
        }
    data = {
        "TableName": NAME,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": named,
        "ScanIndexForward": forward,
        "ReturnConsumedCapacity": "TOTAL",
    }
    return data | ({"IndexName": index} if index else {}) | ({} if limit is None else {"Limit": limit})


def answers(changed: list[Change], asked_for: list[dict[str, Any]]) -> tuple[Pages, Pages]:
    """The pages of each query after some changes: from ordered keys, and as the local AWS finds them."""
    held = dynamodb._tables[NAME]
    held["items"].clear()
    dynamodb._items_replaced(held)
    with pytest.MonkeyPatch.context() as patch:
        ordered_queries.install(patch.setattr)
        ordered_queries.members(held)
        for each in changed:
            change(*each)
        ours = [pages(dynamodb._query, data) for data in asked_for]
    dynamodb._items_replaced(held)
    return ours, [pages(dynamodb._query, data) for data in asked_for]


@given(changes, st.booleans())
def test_a_query_has_its_pages_whatever_was_put_and_deleted_before(changed: list[Change], forward: bool) -> None:
    found, wanted = answers(changed, [asked(index, "", ("0", "0"), forward, 2) for index in (None, "ByDue", "ByKind")])
    assert found == wanted


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("index", [None, "ByDue", "ByKind"])
def test_every_key_condition_has_the_pages_that_the_local_aws_would_give(index: str | None, forward: bool) -> None:
    values = [("10", "10"), ("0", "2"), ("-5", "50")] if index == "ByDue" else [("ab", "ab"), ("B", "b"), ("", "c")]
    queries = [
        asked(index, comparison, pair, forward, limit)
        for comparison, pair, limit in product(COMPARISONS, values, (None, 0, 1, 3, 100))
    ]
    found, wanted = answers([("x", sort, due, True) for sort, due in zip(SORTS, cycle([*DUES, None]))], queries)
    assert found == wanted
    assert any(len(each) > 1 for each in found)


def test_a_page_ends_where_a_megabyte_is_full() -> None:
    held = dynamodb._tables[NAME]
    held["items"].clear()
    for number in range(30):
        item = {"p": {"S": "x"}, "s": {"S": f"{number:02}"}, "large": {"S": "." * 100_000}}
        dynamodb._set_item(held, "x", f"{number:02}", item)
    dynamodb._items_replaced(held)
    data = asked(None, "", ("a", "b"), forward=True, limit=None)
    with pytest.MonkeyPatch.context() as patch:
        ordered_queries.install(patch.setattr)
        ours = pages(dynamodb._query, data)
    dynamodb._items_replaced(held)
    assert [page["Count"] for _, page in ours] == [10, 10, 10]
    assert ours == pages(dynamodb._query, data)


def test_a_page_costs_what_it_returns_and_not_what_the_partition_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    held = dynamodb._tables[NAME]
    held["items"].clear()
    for number in range(500):
        dynamodb._set_item(held, "x", f"{number:03}", {"p": {"S": "x"}, "s": {"S": f"{number:03}"}})
    dynamodb._items_replaced(held)
    ordered_queries.install(monkeypatch.setattr)
    ordered_queries.members(held)
    looked_at: list[object] = []
    ordered = dynamodb._sort_key_value

    def looking(*key: Any) -> Any:
        looked_at.append(key)
        return ordered(*key)

    monkeypatch.setattr(dynamodb, "_sort_key_value", looking)
    _, _, body = dynamodb._query(asked(None, ">= :v", ("2", "2"), forward=True, limit=10))
    dynamodb._items_replaced(held)
    assert [item["s"]["S"] for item in json.loads(body)["Items"]] == [f"{number}" for number in range(200, 210)]
    assert len(looked_at) < 100
