"""DynamoDB in process: the calls of a boto3 client that the stores and the command make, over plain items.

It evaluates the real expressions, keeps each table's indexes, and refuses what DynamoDB refuses of the calls that are
made here: an unused value, an empty key, an item or a key that is too large, two writes of one item in a transaction or
a batch. The contract tests hold it to dynoxide. Calls may come from several threads; each is done at once.

    database = Database()                     # the template's tables, empty
    client = database.client()
    client.put_item(TableName="Access", Item={...})
"""

from __future__ import annotations

import json
import re
from copy import copy
from threading import RLock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reprieve.store.boto3_transport import Boto3
from reprieve.store.faults import Fault
from reprieve.store.language import marshal, unmarshal
from tests.simulation import expressions
from tests.support import partiql
from tests.support.tables import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Item = dict[str, Any]
    Key = tuple[Any, Any]

#: DynamoDB's limits, in bytes and per call
MAX_ITEM = 400 * 1024
MAX_EXPRESSION = 4_096
MAX_PARTITION_KEY = 2_048
MAX_SORT_KEY = 1_024
MAX_PAGE = 1_024 * 1_024
MAX_KEYS = 100
MAX_STATEMENTS = 25
MAX_WRITES = 100


def fault(code: str = "InternalServerError", message: str = "", **more: Any) -> ClientError:
    """An error as boto3 raises it."""
    answer: Any = {"Error": {"Code": code, "Message": message}, **more}
    return ClientError(answer, "Call")


def invalid(message: str) -> ClientError:
    return fault("ValidationException", message)


class Table:
    """One table of the template.

    Attributes:
        keys: the names of its partition and sort key.
        indexes: those of each index.
        items: what is stored.
        page: items of a page of a query at most, beside its 1 MB.
    """

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self.keys = _names(properties["KeySchema"])
        self.indexes = {
            index["IndexName"]: _names(index["KeySchema"]) for index in properties.get("GlobalSecondaryIndexes", ())
        }
        self.projections = {
            index["IndexName"]: _projection(index["Projection"], self.keys, _names(index["KeySchema"]))
            for index in properties.get("GlobalSecondaryIndexes", ())
        }
        self.items: dict[Key, Item] = {}
        self.page = 1_000_000

    def key_of(self, item: Mapping[str, Any]) -> Key:
        """The key of an item, or of a key by itself."""
        first, second = self.keys
        if not item.get(first) or not item.get(second):
            raise invalid("One or more parameter values were invalid: a key is missing or empty")
        if _size(item[first]) > MAX_PARTITION_KEY or _size(item[second]) > MAX_SORT_KEY:
            raise invalid("One or more parameter values were invalid: a key is too long")
        return item[first], item[second]

    def set(self, key: Key, item: Item | None) -> None:
        """Store an item under its key, or delete it."""
        if item is None:
            self.items.pop(key, None)
            return
        if sum(len(name) + _size(value) for name, value in item.items()) > MAX_ITEM:
            raise invalid("Item size has exceeded the maximum allowed size")
        for names in self.indexes.values():
            if any(item.get(name) == "" for name in names):
                raise invalid("One or more parameter values are not valid: an index key is empty")
        self.items[key] = item

    def query(self, names: tuple[str, str], shown: Iterable[Item], arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A page of items in the order of an index.

        Args:
            names: of the index's keys, or of the table's own.
            shown: the items to choose from.
            arguments: of the call.
        """
        values = unmarshal(arguments["ExpressionAttributeValues"])
        forward = arguments.get("ScanIndexForward", True)
        condition = _named("KeyConditionExpression", arguments)
        wanted = [
            item
            for item in shown
            if names[0] in item and names[1] in item and expressions.holds(condition, item, values)
        ]
        wanted.sort(key=lambda item: self._place(names, item), reverse=not forward)
        if start := arguments.get("ExclusiveStartKey"):
            place = self._place(names, unmarshal(start))
            wanted = [
                item
                for item in wanted
                if (self._place(names, item) > place if forward else self._place(names, item) < place)
            ]
        page, limit, size = [], min(arguments.get("Limit", self.page), self.page), 0
        for item in wanted:
            page.append(item)
            size += sum(len(name) + _size(value) for name, value in item.items())
            if len(page) >= limit or size > MAX_PAGE:
                break
        answer: dict[str, Any] = {"Count": len(page), "ScannedCount": len(page)}
        # as DynamoDB has it: a page that is full names a place to go on from, even if nothing comes behind it
        if page and (len(page) >= limit or size > MAX_PAGE):
            last = page[-1]
            answer["LastEvaluatedKey"] = marshal({name: last[name] for name in dict.fromkeys((*names, *self.keys))})
        if arguments.get("Select") != "COUNT":
            projected = self.projections.get(arguments.get("IndexName", ""))
            if "ProjectionExpression" in arguments:
                wanted_names = _named("ProjectionExpression", arguments).split(", ")
                projected = frozenset(name for item in page for name in item if f"#{name}" in wanted_names)
            answer["Items"] = [
                marshal({name: value for name, value in item.items() if projected is None or name in projected})
                for item in page
            ]
        return answer

    def _place(self, names: tuple[str, str], item: Mapping[str, Any]) -> tuple[Any, ...]:
        """The position of an item: the index's sort key, then its own key; texts by their UTF-8."""
        return tuple(_comparable(item[name]) for name in (names[1], *self.keys))


class Database:
    """The template's tables, empty."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.tables = {name: Table(properties) for name, properties in tables().items()}

    def client(self) -> Client:
        """A client with its own observers."""
        return Client(self)


class Client:
    """A boto3 client of DynamoDB, and a transport over it.

    Attributes:
        observe: called with the name of every operation and its arguments, before it is done.
        read: how many items its queries went through.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.observe: Callable[[str, Mapping[str, Any]], None] = lambda _operation, _arguments: None
        self.read = 0

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """A call as a transport makes it. No fault passes, so that each call is made, and observed, once."""
        try:
            return Boto3(self).call(operation, arguments)  # type: ignore[arg-type]
        except Fault as error:
            raise Fault(error.code, passes=False, answer=error.answer) from error

    def get_item(self, **arguments: Any) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            table = self._table(arguments)
            found = table.items.get(table.key_of(unmarshal(arguments["Key"])))
            if found is not None and "ProjectionExpression" in arguments:
                wanted = _named("ProjectionExpression", arguments).split(", ")
                found = {name: value for name, value in found.items() if f"#{name}" in wanted}
            return {} if found is None else {"Item": marshal(found)}

        return self._do("GetItem", arguments, effect)

    def batch_get_item(self, **arguments: Any) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            responses = {}
            for name, wanted in arguments["RequestItems"].items():
                table = self._table({"TableName": name})
                keys = [table.key_of(unmarshal(key)) for key in wanted["Keys"]]
                if not keys or len(keys) > MAX_KEYS or len(set(keys)) < len(keys):
                    raise invalid("1 to 100 keys, no two alike")
                responses[name] = [marshal(table.items[key]) for key in keys if key in table.items]
            return {"Responses": responses, "UnprocessedKeys": {}}

        return self._do("BatchGetItem", arguments, effect)

    def put_item(self, **arguments: Any) -> dict[str, Any]:
        return self._do("PutItem", arguments, lambda: self._write(_put(arguments)))

    def update_item(self, **arguments: Any) -> dict[str, Any]:
        return self._do("UpdateItem", arguments, lambda: self._write(_update(arguments)))

    def delete_item(self, **arguments: Any) -> dict[str, Any]:
        return self._do("DeleteItem", arguments, lambda: self._write(_delete(arguments)))

    def transact_write_items(self, **arguments: Any) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            writes = [_WRITES[word](more) for one in arguments["TransactItems"] for word, more in one.items()]
            places = [(one.arguments["TableName"], self._table(one.arguments).key_of(one.key)) for one in writes]
            if not places or len(places) > MAX_WRITES or len(set(places)) < len(places):
                raise invalid("1 to 100 writes, no two of one item")
            reasons = [{"Code": "None" if self._holds(write) else "ConditionalCheckFailed"} for write in writes]
            if any(reason["Code"] != "None" for reason in reasons):
                raise fault("TransactionCanceledException", CancellationReasons=reasons)
            for write in writes:
                self._write(write)
            return {}

        return self._do("TransactWriteItems", arguments, effect)

    def batch_execute_statement(self, **arguments: Any) -> dict[str, Any]:
        statements = arguments["Statements"]

        def effect() -> dict[str, Any]:
            if not 1 <= len(statements) <= MAX_STATEMENTS:
                raise invalid(f"1 to {MAX_STATEMENTS} statements")
            wanted = [partiql.read(statement) for statement in statements]
            places = [self._table({"TableName": one.table}).key_of(unmarshal(_key_in(one, self))) for one in wanted]
            if len(set(places)) < len(places):
                raise invalid("two statements of one item")
            return {"Responses": [self._execute(one) for one in wanted]}

        return self._do("BatchExecuteStatement", arguments, effect)

    def query(self, **arguments: Any) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            table = self._table(arguments)
            _check(f"{arguments['KeyConditionExpression']} {arguments.get('ProjectionExpression', '')}", arguments)
            index = arguments.get("IndexName")
            names = table.indexes[index] if index else table.keys
            answer = table.query(names, table.items.values(), arguments)
            self.read += answer["Count"]
            return answer

        return self._do("Query", arguments, effect)

    def scan(self, **arguments: Any) -> dict[str, Any]:
        """All items; only tests scan a table."""
        items = [marshal(item) for item in self._table(arguments).items.values()]
        return self._do("Scan", arguments, lambda: {"Items": items, "Count": len(items)})

    def list_tables(self) -> dict[str, Any]:
        return self._do("ListTables", {}, lambda: {"TableNames": sorted(self.database.tables)})

    def describe_table(self, **arguments: Any) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            self._table(arguments)
            return {"Table": {"TableStatus": "ACTIVE"}}

        return self._do("DescribeTable", arguments, effect)

    def delete_table(self, **arguments: Any) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            self._table(arguments)
            del self.database.tables[arguments["TableName"]]
            return {}

        return self._do("DeleteTable", arguments, effect)

    def _do(self, operation: str, arguments: Mapping[str, Any], effect: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self.observe(operation, arguments)
        with self.database.lock:
            return effect()

    def _table(self, arguments: Mapping[str, Any]) -> Table:
        found = self.database.tables.get(arguments["TableName"])
        if found is None:
            raise fault("ResourceNotFoundException", "Requested resource not found")
        return found

    def _execute(self, wanted: partiql.Insert | partiql.Update) -> dict[str, Any]:
        if isinstance(wanted, partiql.Insert):
            write = _put({"TableName": wanted.table, "Item": wanted.item})
            refused, taken = "DuplicateItem", self._old(write) is not None
        else:
            change = {"UpdateExpression": wanted.expression, "ConditionExpression": wanted.condition}
            values = {"ExpressionAttributeValues": wanted.values}
            write = _update({"TableName": wanted.table, "Key": wanted.key, **change, **values})
            refused, taken = "ConditionalCheckFailed", self._old(write) is None or not self._holds(write)
        if taken:
            return {"Error": {"Code": refused}}
        table = self._table(write.arguments)
        table.set(table.key_of(write.key), write.change(self._old(write)))
        return {"TableName": wanted.table}

    def _old(self, write: _Write) -> Item | None:
        table = self._table(write.arguments)
        return table.items.get(table.key_of(write.key))

    def _holds(self, write: _Write) -> bool:
        arguments = write.arguments
        _check(f"{arguments.get('ConditionExpression', '')} {arguments.get('UpdateExpression', '')}", arguments)
        values = unmarshal(arguments.get("ExpressionAttributeValues", {}))
        return expressions.holds(_named("ConditionExpression", arguments), self._old(write), values)

    def _write(self, write: _Write) -> dict[str, Any]:
        arguments, old = write.arguments, self._old(write)
        if not self._holds(write):
            shown = {"Item": marshal(old)} if old and "ReturnValuesOnConditionCheckFailure" in arguments else {}
            raise fault("ConditionalCheckFailedException", "The conditional request failed", **shown)
        new = write.change(copy(old))
        table = self._table(arguments)
        table.set(table.key_of(write.key), new)
        wanted = arguments.get("ReturnValues", "")
        returned = {"ALL_OLD": old, "ALL_NEW": new}.get(wanted)
        if wanted == "UPDATED_NEW":
            written = re.findall(r"(\w+) (?:=|:)", _named("UpdateExpression", arguments))
            returned = {name: value for name, value in (new or {}).items() if name in written}
        return {"Attributes": marshal(returned)} if returned else {}


class _Write:
    """One write: its arguments, the item's key, and the new item."""

    def __init__(self, arguments: Mapping[str, Any], key: Item, change: Callable[[Item | None], Item | None]) -> None:
        self.arguments = arguments
        self.key = key
        self.change = change


def _put(arguments: Mapping[str, Any]) -> _Write:
    item = unmarshal(arguments["Item"])
    return _Write(arguments, item, lambda _: item)


def _update(arguments: Mapping[str, Any]) -> _Write:
    key, values = unmarshal(arguments["Key"]), unmarshal(arguments.get("ExpressionAttributeValues", {}))
    text = _named("UpdateExpression", arguments)
    return _Write(arguments, key, lambda item: expressions.apply(text, item or key, values))


def _delete(arguments: Mapping[str, Any]) -> _Write:
    return _Write(arguments, unmarshal(arguments["Key"]), lambda _: None)


_WRITES = {"Put": _put, "Update": _update, "Delete": _delete}


def _key_in(wanted: partiql.Insert | partiql.Update, client: Client) -> Item:
    if isinstance(wanted, partiql.Update):
        return wanted.key
    names = client.database.tables[wanted.table].keys
    return {name: wanted.item[name] for name in names if name in wanted.item}


def _named(word: str, arguments: Mapping[str, Any]) -> str:
    """An expression of a call, with `#name` for each attribute name."""
    names, text = arguments.get("ExpressionAttributeNames", {}), arguments.get(word, "")
    if len(text) > MAX_EXPRESSION:
        raise invalid(f"Invalid {word}: Expression size has exceeded the maximum allowed size")
    return re.sub(r"#\w+", lambda found: f"#{names.get(found[0], found[0][1:])}", text)


def _check(expression: str, arguments: Mapping[str, Any]) -> None:
    """Refuse values and names that are given but unused, and those that are used but not given."""
    words = set(expression.replace("(", " ").replace(")", " ").replace(",", " ").split())
    for given, sign in (("ExpressionAttributeValues", ":"), ("ExpressionAttributeNames", "#")):
        used = {word for word in words if word.startswith(sign)}
        if given == "ExpressionAttributeNames" and given not in arguments:
            continue  # PartiQL, whose names are quoted
        if set(arguments.get(given, {})) != used:
            raise invalid(f"{given} and the expression differ")


def _names(schema: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    first, second = (part["AttributeName"] for part in schema)
    return first, second


def _projection(projection: Mapping[str, Any], *keys: Iterable[str]) -> frozenset[str] | None:
    if projection["ProjectionType"] == "ALL":
        return None
    return frozenset(projection.get("NonKeyAttributes", ())).union(*keys)


def _size(value: object) -> int:
    match value:
        case str():
            return len(value.encode())
        case bytes():
            return len(value)
        case frozenset():
            return sum(map(_size, value))
        case _:
            return len(json.dumps(value))


def _comparable(value: object) -> object:
    return value.encode() if isinstance(value, str) else value
