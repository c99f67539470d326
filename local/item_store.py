"""The tables of the local AWS on disk, written item by item.

The local AWS keeps its tables in memory and, when it saves, writes all of them: seconds in which no request is
answered, more with every item. Here each request to DynamoDB is one transaction of an SQLite database, committed before
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
    """Items by the id of their table and their key; what was put or deleted counts from the next commit on."""

    def __init__(self, file: Path) -> None:
        # The local AWS has a thread of its own for what expires; SQLite lets one call in at a time.
        self._db = sqlite3.connect(file, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A process that ends loses nothing that was handed to the system; only a power failure would ask for more.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS items"
            " (table_id TEXT, partition TEXT, sort TEXT, item TEXT NOT NULL, PRIMARY KEY (table_id, partition, sort))"
        )

    def put(self, table: str, partition: str, sort: str, item: Item) -> None:
        """Write an item in place of the one with its key."""
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
        """Keep what was put and deleted, whatever happens to this process."""
        self._db.commit()

    def rows(self, table: str) -> Iterator[Row]:
        """The partition key, the sort key and the item of each item of a table."""
        found = self._db.execute("SELECT partition, sort, item FROM items WHERE table_id = ?", (table,))
        return ((partition, sort, json.loads(item)) for partition, sort, item in found)


class Kept:
    """What the local AWS does with tables and items, each as it was and in the store beside."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self._was = SimpleNamespace(**vars(dynamodb))

    def install(self) -> None:
        """Have the local AWS keep its items in the store, and take them from there when it loads its state."""
        dynamodb.handle_request = self.handle_request
        dynamodb.get_state = self.get_state
        dynamodb.load_persisted_state = self.load_persisted_state
        dynamodb._set_item = self.set_item
        dynamodb._remove_item = self.remove_item
        dynamodb._items_replaced = self.items_replaced

    async def handle_request(self, *request: Any) -> Any:  # noqa: ANN401 - here and below as in the local AWS
        """Answer a request once what it wrote is kept."""
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
        """Write all items of a table anew."""
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
        if any(table["items"] for table in tables):  # a state of before there was a store
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
