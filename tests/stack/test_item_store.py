"""The local AWS's tables outlive their process."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from ministack.core import persistence
from ministack.services import dynamodb

from local.item_store import ItemStore, Kept

if TYPE_CHECKING:
    from pathlib import Path

NAME = "Kept"
TABLE = {
    "TableName": NAME,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "p", "AttributeType": "S"},
        {"AttributeName": "s", "AttributeType": "B"},
    ],
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
}
CHANGED = ("handle_request", "get_state", "load_persisted_state", "_set_item", "_remove_item", "_items_replaced")
AS_IT_WAS = {name: getattr(dynamodb, name) for name in CHANGED}
ITEM = {"p": {"S": "é\u2028"}, "s": {"B": "AAE="}, "number": {"N": "1.5"}, "list": {"L": [{"NULL": True}]}}
OTHER = {"p": {"S": "p"}, "s": {"B": "AAE="}}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The item store's file while this process acts as the local AWS."""
    for name, function in AS_IT_WAS.items():
        monkeypatch.setattr(dynamodb, name, function)  # and so put back afterwards
    monkeypatch.setattr(persistence, "PERSIST_STATE", True)
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path))
    monkeypatch.setattr(dynamodb, "_tables", type(dynamodb._tables)())
    return tmp_path / "items.sqlite3"


def call(operation: str, **request: Any) -> None:
    target = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    status, _, body = asyncio.run(dynamodb.handle_request("POST", "/", target, json.dumps(request).encode(), {}))
    assert status == 200, body


def saved() -> Any:
    """The tables after a round trip to disk."""
    persistence.save_state("dynamodb", dynamodb.get_state())
    return persistence.load_state("dynamodb")


def restarted(file: Path, state: Any) -> dict[str, Any]:
    """The table in a process that starts from the files on disk."""
    dynamodb._tables._data.clear()
    vars(dynamodb).update(AS_IT_WAS)
    Kept(ItemStore(file)).install()
    dynamodb.load_persisted_state(state)
    found: dict[str, Any] = dynamodb._tables[NAME]
    return found


def everything(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for items in table["items"].values() for item in items.values()]


def test_every_item_that_was_acknowledged_is_there_after_a_crash_and_none_that_was_deleted(file: Path) -> None:
    Kept(ItemStore(file)).install()
    call("CreateTable", **TABLE)
    state = saved()
    call("PutItem", TableName=NAME, Item=OTHER)
    call("PutItem", TableName=NAME, Item={"p": ITEM["p"], "s": ITEM["s"]})
    call("PutItem", TableName=NAME, Item=ITEM)
    call("DeleteItem", TableName=NAME, Key=OTHER)
    table = restarted(file, state)
    assert everything(table) == [ITEM]
    assert table["ItemCount"] == 1


def test_a_request_that_was_not_answered_leaves_nothing_behind(file: Path) -> None:
    Kept(ItemStore(file)).install()
    call("CreateTable", **TABLE)
    state = saved()
    call("PutItem", TableName=NAME, Item=ITEM)
    table = dynamodb._tables[NAME]
    dynamodb._set_item(table, "p", "AAE=", OTHER)
    dynamodb._remove_item(table, ITEM["p"]["S"], ITEM["s"]["B"])
    assert everything(restarted(file, state)) == [ITEM]


def test_the_state_itself_has_no_items_so_that_saving_it_takes_no_longer_with_more_of_them(file: Path) -> None:
    Kept(ItemStore(file)).install()
    call("CreateTable", **TABLE)
    call("PutItem", TableName=NAME, Item=ITEM)
    assert [table["items"] for table in saved()["tables"].all_values()] == [{}]


def test_a_table_made_anew_is_empty_after_a_restart_too(file: Path) -> None:
    Kept(ItemStore(file)).install()
    call("CreateTable", **TABLE)
    call("PutItem", TableName=NAME, Item=ITEM)
    call("DeleteTable", TableName=NAME)
    call("CreateTable", **TABLE)
    assert everything(restarted(file, saved())) == []


def test_items_of_a_state_of_before_the_store_are_taken_over_once(file: Path) -> None:
    call("CreateTable", **TABLE)
    call("PutItem", TableName=NAME, Item=ITEM)
    call("PutItem", TableName=NAME, Item=OTHER)
    assert len(everything(restarted(file, saved()))) == 2
    call("DeleteItem", TableName=NAME, Key=OTHER)
    assert everything(restarted(file, persistence.load_state("dynamodb"))) == [ITEM]


def test_a_transaction_that_is_taken_back_is_taken_back_on_disk(file: Path) -> None:
    Kept(ItemStore(file)).install()
    call("CreateTable", **TABLE)
    call("PutItem", TableName=NAME, Item=ITEM)
    table, state = dynamodb._tables[NAME], saved()
    before = {partition: dict(items) for partition, items in table["items"].items()}
    dynamodb._set_item(table, "p", "AAE=", OTHER)
    table["items"] = type(table["items"])(dict, before)
    dynamodb._items_replaced(table)
    call("PutItem", TableName=NAME, Item=ITEM)
    assert everything(restarted(file, state)) == [ITEM]
