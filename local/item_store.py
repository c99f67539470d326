"""The tables of the local AWS on disk, written item by item.

The local AWS keeps its tables in memory and writes all of them when it saves, which blocks requests for seconds, longer
with every item. Here each request to DynamoDB is one transaction of an SQLite database, committed before
the request is answered: however the process ends, nothing that was acknowledged is lost, and nothing is left to write.
"""
# ruff: noqa: SLF001 - it changes the local AWS from within

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb

from local.rebound import rebound

FILE: Final = "items.sqlite3"

Table = dict[str, Any]
Item = dict[str, Any]
Row = tuple[str, str, Item]


class ItemStore:
    """Items by table id and key; puts and deletes take effect with the next commit."""

    def __init__(self, file: Path) -> None:
        # The local AWS deletes expired items in another thread; SQLite serializes the calls.
        self._db = sqlite3.connect(file, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # What was handed to the operating system survives the end of the process; only a power failure would lose it.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS items"
            " (table_id TEXT, partition TEXT, sort TEXT, item TEXT NOT NULL, PRIMARY KEY (table_id, partition, sort))"
        )

    def put(self, table: str, partition: str, sort: str, item: Item) -> None:
        """Write an item, replacing the one with the same key."""
        self._db.execute("REPLACE INTO items VALUES (?, ?, ?, ?)", (table, partition, sort, json.dumps(item)))

    def delete(self, table: str, partition: str, sort: str) -> None:
        """Delete an item."""
        self._db.execute(
            "DELETE FROM items WHERE table_id = ? AND partition = ? AND sort = ?", (table, partition, sort)
        )

    def clear(self, table: str) -> None:
        """Delete all items of a table."""
        self._db.execute("DELETE FROM items WHERE table_id = ?", (table,))

    def commit(self) -> None:
        """Commit the puts and deletes, so that they survive the end of this process."""
        self._db.commit()

    def rows(self, table: str) -> Iterator[Row]:
        """The partition key, the sort key and the item of each item of a table."""
        found = self._db.execute("SELECT partition, sort, item FROM items WHERE table_id = ?", (table,))
        return ((partition, sort, json.loads(item)) for partition, sort, item in found)


class Kept:
    """The local AWS's functions for tables and items, which also write to the store."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self._was = SimpleNamespace(**vars(dynamodb))

    def install(self) -> None:
        """Make the local AWS write its items to the store, and read them from there when it loads its state."""
        dynamodb.handle_request = self.handle_request
        dynamodb.get_state = self.get_state
        dynamodb.load_persisted_state = self.load_persisted_state
        dynamodb._set_item = self.set_item
        dynamodb._remove_item = self.remove_item
        dynamodb._items_replaced = self.items_replaced

    async def handle_request(self, *request: Any) -> Any:  # noqa: ANN401 - here and below: the local AWS's types
        """Answer a request after committing what it wrote."""
        answer = await self._was.handle_request(*request)
        self._store.commit()
        return answer

    def set_item(self, table: Table, partition: str, sort: str, item: Item) -> Any:  # noqa: ANN401
        """Write an item."""
        self._store.put(table["TableId"], partition, sort, item)
        return self._was._set_item(table, partition, sort, item)

    def remove_item(self, table: Table, partition: str, sort: str) -> Any:  # noqa: ANN401
        """Delete an item."""
        self._store.delete(table["TableId"], partition, sort)
        return self._was._remove_item(table, partition, sort)

    def items_replaced(self, table: Table) -> None:
        """Write all items of a table again."""
        self._store.clear(table["TableId"])
        self._put_all(table)
        self._was._items_replaced(table)

    def get_state(self) -> dict[str, Any]:
        """The state of the tables without their items."""
        tables = AccountRegionScopedDict()
        for scope, table in dynamodb._tables.all_items():
            tables.set_scoped(*scope, {**table, "items": {}})
        state: dict[str, Any] = rebound(self._was.get_state, _tables=tables)()
        return state

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Load the tables from their state and the items from the store."""
        self._was.load_persisted_state(state)
        tables = list(dynamodb._tables.all_values())
        if any(table["items"] for table in tables):  # a state saved by a version without the store
            for table in tables:
                self._put_all(table)
            self._store.commit()
            persistence.save_state("dynamodb", self.get_state())
        for table in tables:
            for partition, sort, item in self._store.rows(table["TableId"]):
                table["items"][partition][sort] = item
            self._was._items_replaced(table)

    def _put_all(self, table: Table) -> None:
        for partition, items in table["items"].items():
            for sort, item in items.items():
                self._store.put(table["TableId"], partition, sort, item)
