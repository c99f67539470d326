"""The DynamoDB of the tests gives dynoxide's answers, call by call, after any sequence of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from reprieve.store.language import marshal
from tests.support import dynoxide
from tests.support.dynamodb import Database
from tests.support.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = "Suppressions"
#: few keys, so that calls meet the items of earlier calls
keys = st.builds(lambda one, two: {"partition": one, "address": two}, st.sampled_from("pq"), st.sampled_from("aé"))
numbers = st.integers(0, 3)
CONDITIONS = [
    "attribute_exists(#n)",
    "attribute_not_exists(#n)",
    "#n < :n",
    "(attribute_not_exists(#n) OR #n = :n)",
    "NOT (#n >= :n AND attribute_exists(#n))",
]
INSERT = f"INSERT INTO \"{TABLE}\" VALUE {{'partition': ?, 'address': ?, 'n': ?}}"
UPDATES = ["SET #n = :v", "SET #n = if_not_exists(#n, :v)", "SET #n = :v REMOVE #s", "REMOVE #n", "ADD #s :t"]


def arguments(
    key: dict[str, str], condition: str, expression: str, number: int, tags: frozenset[str]
) -> dict[str, Any]:
    """The arguments of a conditional write, with only the names and values that it uses."""
    text = f"{condition} {expression}"
    given_values = {":n": number, ":v": number, ":t": tags}
    used = {name: value for name, value in given_values.items() if name in text}
    given: dict[str, Any] = {"TableName": TABLE, "Key": marshal(key)}
    if condition:
        given["ConditionExpression"] = condition
    if expression:
        given["UpdateExpression"] = expression
    given["ExpressionAttributeNames"] = {name: name[1:] for name in ("#n", "#s") if name in text}
    if used:
        given["ExpressionAttributeValues"] = marshal(used)
    return given


def query(partition: str, index: str, start: str, *, forward: bool, limit: int) -> dict[str, Any]:
    condition, names = "#partition = :partition", {"#partition": "partition"}
    wanted = {":partition": partition}
    if not index:
        condition, names = f"{condition} AND #address >= :start", {**names, "#address": "address"}
        wanted[":start"] = start
    return {
        "TableName": TABLE,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": marshal(wanted),
        "ScanIndexForward": forward,
        "Limit": limit,
        **({"IndexName": index} if index else {}),
    }


def statement(text: str, *parameters: Any) -> dict[str, Any]:
    return {
        "Statement": text,
        "Parameters": list(marshal({str(at): one for at, one in enumerate(parameters)}).values()),
    }


tags = st.frozensets(st.sampled_from("st"), min_size=1)
items = st.builds(
    lambda key, number, listed: key | {"n": number} | ({"by_time": listed} if listed else {}),
    keys,
    numbers,
    st.sampled_from(["", "1", "2"]),
)
calls = st.one_of(
    st.builds(lambda item: ("put_item", {"TableName": TABLE, "Item": marshal(item)}), items),
    st.builds(lambda key: ("get_item", {"TableName": TABLE, "Key": marshal(key)}), keys),
    st.builds(
        lambda key, condition, expression, number, them, shown: (
            "update_item",
            arguments(key, condition, expression, number, them) | {"ReturnValues": shown},
        ),
        keys,
        st.sampled_from(CONDITIONS),
        st.sampled_from(UPDATES),
        numbers,
        tags,
        st.sampled_from(["ALL_NEW", "NONE"]),
    ),
    st.builds(
        lambda key, condition, number: (
            "delete_item",
            arguments(key, condition, "", number, frozenset("s")) | {"ReturnValues": "ALL_OLD"},
        ),
        keys,
        st.sampled_from(CONDITIONS),
        numbers,
    ),
    st.builds(
        lambda *given, **named: ("query", query(*given, **named)),
        st.sampled_from("pq"),
        st.sampled_from(["", "ByTime"]),
        st.sampled_from("abc"),
        forward=st.booleans(),
        limit=st.integers(1, 5),
    ),
    st.builds(
        lambda key, number: ("batch_execute_statement", {"Statements": [statement(INSERT, *key.values(), number)]}),
        keys,
        numbers,
    ),
    st.builds(
        lambda one, other, condition, number: (
            "transact_write_items",
            {
                "TransactItems": [
                    {"Update": arguments(one, condition, "SET #n = :v", number, frozenset("s"))},
                    {"Put": {"TableName": TABLE, "Item": marshal(other)}},
                ]
            },
        ),
        keys,
        items,
        st.sampled_from(CONDITIONS),
        numbers,
    ),
)


@pytest.fixture(scope="module")
def real() -> Iterator[Any]:
    with dynoxide.running() as client:
        yield client


def without_order_of_sets(value: Any) -> Any:
    """The same answer with the members of every set sorted, since DynamoDB promises no order of them."""
    match value:
        case {"SS": members}:
            return {"SS": sorted(members)}
        case dict():
            return {name: without_order_of_sets(member) for name, member in value.items()}
        case list():
            return [without_order_of_sets(member) for member in value]
    return value


def answer(client: Any, operation: str, given_arguments: dict[str, Any]) -> Any:
    """The parts of a call's answer that a store reads."""
    try:
        found = getattr(client, operation)(**given_arguments)
    except ClientError as error:
        reasons = [one.get("Code") for one in error.response.get("CancellationReasons", ())]
        return error.response["Error"]["Code"], reasons
    wanted = {name: found[name] for name in ("Item", "Attributes", "Items", "LastEvaluatedKey") if found.get(name)}
    codes = [one.get("Error", {}).get("Code") for one in found.get("Responses", ())]
    return without_order_of_sets(wanted), codes


@settings(max_examples=60)
@given(st.lists(calls, min_size=15, max_size=30))
def test_a_history_of_calls_is_answered_as_dynoxide_answers_it(
    real: Any, history: list[tuple[str, dict[str, Any]]]
) -> None:
    if TABLE in real.list_tables()["TableNames"]:
        real.delete_table(TableName=TABLE)
    create_table(real, TABLE)
    ours = Database().client()
    for operation, given_arguments in history:
        assert answer(ours, operation, given_arguments) == answer(real, operation, given_arguments), operation
