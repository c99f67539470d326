"""A DynamoDB for the simulation: the calls that `store.table.Table` makes, each an I/O of the running process.

It keeps plain items, evaluates the real expressions, and can lag in its indexes as the real one does.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from reprieve.errors import Unavailable
from reprieve.store.faults import Fault as StoreFault
from reprieve.store.language import marshal, unmarshal
from reprieve.store.table import WRITES_A_BATCH, Table
from tests.simulation import expressions
from tests.simulation.world import Fault
from tests.support import partiql
from tests.support.tables import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.simulation.world import World

    Item = dict[str, Any]
    Key = tuple[Any, Any]


def _keys(schema: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(part["AttributeName"] for part in schema)


#: as the template has them: tables, and the indexes of each
KEYS = {name: _keys(table["KeySchema"]) for name, table in tables().items()}
INDEXES = {
    (name, index["IndexName"]): _keys(index["KeySchema"])
    for name, table in tables().items()
    for index in table.get("GlobalSecondaryIndexes", ())
}
#: how long a read may be behind at the most, in milliseconds
BEHIND = 30_000


def fault(code: str = "InternalServerError", **more: Any) -> StoreFault:
    """A fault as a transport raises it."""
    return StoreFault(code, passes=True, answer=more)


def cancelled(codes: Sequence[str]) -> StoreFault:
    """The fault of a transaction with a failed condition or a conflict with another transaction."""
    return fault("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


class Client:
    """The calls of a DynamoDB client on one table, as far as the processes of a history make them.

    Args:
        world: who decides what happens when.
        name: of the table.
        watch: called at every write, with the key, the item before and the item after.
    """

    def __init__(self, world: World, name: str, watch: Callable[[Key, Item | None, Item | None], None]) -> None:
        self.world = world
        self.name = name
        self.watch = watch
        self.items: dict[Key, Item] = {}
        #: what becomes of an item that is written
        self.stored: Callable[[Item], Item] = lambda item: item
        #: what an index or a read that lags still shows, and since when it is wrong
        self.before: dict[Key, Item | None] = {}
        self.changed: dict[Key, int] = {}

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """A call as a transport makes it."""
        return getattr(self, xform_name(operation))(**arguments)  # type: ignore[no-any-return]

    def get_item(self, *, Key: Item, **_: Any) -> dict[str, Any]:
        return self._io("get", lambda: self._got(self._key(unmarshal(Key))))

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        ((table, wanted),) = RequestItems.items()
        keys = [self._key(unmarshal(key)) for key in wanted["Keys"]]
        consistent = wanted["ConsistentRead"]

        def effect() -> dict[str, Any]:
            # item by item: what is written meanwhile is seen in one and not in another
            half = -(-len(keys) // 2)
            found = [self.items.get(key) if consistent else self._seen(key) for key in keys[:half]]
            if len(keys) > 1:
                self.world.let_others_run()
            found += [self.items.get(key) if consistent else self._seen(key) for key in keys[half:]]
            return {"Responses": {table: [marshal(item) for item in found if item is not None]}}

        return self._io(f"get {len(keys)}", effect)

    def put_item(self, *, Item: Item, ConditionExpression: str = "", **more: Any) -> dict[str, Any]:
        item = unmarshal(Item)
        return self._io("put", lambda: self._write(self._key(item), ConditionExpression, more, lambda _: item))

    def update_item(
        self,
        *,
        Key: Item,
        UpdateExpression: str = "",
        ConditionExpression: str = "",
        **more: Any,
    ) -> dict[str, Any]:
        key = unmarshal(Key)
        values = unmarshal(more.get("ExpressionAttributeValues", {}))

        def effect() -> dict[str, Any]:
            return self._write(
                self._key(key),
                ConditionExpression,
                more,
                lambda item: expressions.apply(UpdateExpression, item or key, values),
            )

        return self._io("update", effect)

    def delete_item(self, *, Key: Item, ConditionExpression: str = "", **more: Any) -> dict[str, Any]:
        key = self._key(unmarshal(Key))
        return self._io("delete", lambda: self._write(key, ConditionExpression, more, lambda _: None))

    def batch_execute_statement(self, *, Statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        wanted = [partiql.read(statement) for statement in Statements]
        word = "insert" if isinstance(wanted[0], partiql.Insert) else "settle"
        return self._io(f"{word} {len(wanted)}", lambda: {"Responses": [self._execute(one) for one in wanted]})

    def _execute(self, wanted: partiql.Insert | partiql.Update) -> dict[str, Any]:
        if self.world.chance(Fault.PARTIAL, 9):
            return {"Error": {"Code": "ThrottlingError"}}
        if isinstance(wanted, partiql.Insert):
            item = unmarshal(wanted.item)
            if self._key(item) in self.items:
                return {"Error": {"Code": "DuplicateItem"}}
            self._set(self._key(item), item)
            return {}
        key, values = self._key(unmarshal(wanted.key)), unmarshal(wanted.values)
        old = self.items.get(key)
        if old is None or not expressions.holds(wanted.condition, old, values):
            return {"Error": {"Code": "ConditionalCheckFailed"}}
        self._set(key, expressions.apply(wanted.expression, old, values))
        return {}

    def transact_write_items(self, *, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Execute a transaction of updates as it is sent again: its token makes it take effect only once."""
        writes = [one["Update"] for one in TransactItems]
        done: list[bool] = []

        def effect() -> dict[str, Any]:
            if done:
                return {}
            if self.world.chance(Fault.PARTIAL, 9):
                raise cancelled(["TransactionConflict" for _ in writes])
            changes = [(self._key(unmarshal(one["Key"])), one) for one in writes]
            held = [
                expressions.holds(one.get("ConditionExpression", ""), self.items.get(key), _values(one))
                for key, one in changes
            ]
            if not all(held):
                raise cancelled(["None" if holds else "ConditionalCheckFailed" for holds in held])
            for key, one in changes:
                item = self.items.get(key) or unmarshal(one["Key"])
                self._set(key, expressions.apply(one["UpdateExpression"], item, _values(one)))
            done.append(True)
            return {}

        return self._io(f"transact {len(writes)}", effect)

    def expire(self) -> None:
        """Delete expired items as TTL does: not at once, and concurrently with other processes."""
        for key, item in list(self.items.items()):
            if item.get("expires_at", self.world.now) * 1000 <= self.world.now:
                self.world.fired[Fault.EXPIRED] += 1
                self._set(key, None)

    def query(
        self,
        *,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Item,
        IndexName: str = "",
        Limit: int = 1_000,
        ScanIndexForward: bool = True,
        ExclusiveStartKey: Item | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        names = INDEXES[self.name, IndexName] if IndexName else KEYS[self.name]
        values = unmarshal(ExpressionAttributeValues)

        def place(item: Item) -> tuple[Any, ...]:
            return (item[names[1]], *self._key(item))

        def effect() -> dict[str, Any]:
            shown = self.items
            if IndexName and self.before and self.world.chance(Fault.LAG, 3):
                shown = {key: item for key, item in (self.items | self.before).items() if item is not None}
            found = [
                item
                for item in shown.values()
                if names[0] in item and names[1] in item and expressions.holds(KeyConditionExpression, item, values)
            ]
            found.sort(key=place, reverse=not ScanIndexForward)
            if ExclusiveStartKey:
                start = place(unmarshal(ExclusiveStartKey))
                found = [item for item in found if (place(item) > start if ScanIndexForward else place(item) < start)]
            page = found[:Limit]
            answer: dict[str, Any] = {"Items": [marshal(item) for item in page]}
            if len(found) > Limit:
                last = page[-1]
                wanted = dict.fromkeys((*names, *KEYS[self.name]))
                answer["LastEvaluatedKey"] = marshal({name: last[name] for name in wanted})
            return answer

        return self._io(f"query {IndexName}", effect)

    def _write(
        self,
        key: Key,
        condition: str,
        more: Mapping[str, Any],
        change: Callable[[Item | None], Item | None],
    ) -> dict[str, Any]:
        old = self.items.get(key)
        if not expressions.holds(condition, old, unmarshal(more.get("ExpressionAttributeValues", {}))):
            raise fault("ConditionalCheckFailedException", Item=marshal(old or {}))
        new = change(old)
        self._set(key, new)
        wanted = old if more.get("ReturnValues") == "ALL_OLD" else new
        return {"Attributes": marshal(wanted)} if wanted else {}

    def _set(self, key: Key, new: Item | None) -> None:
        old, new = self.items.get(key), new and self.stored(new)
        self.before[key] = old
        self.changed[key] = self.world.now
        if new is None:
            self.items.pop(key, None)
        else:
            self.items[key] = new
        self.watch(key, old, new)

    def _seen(self, key: Key) -> Item | None:
        """An item as an eventually consistent read may see it."""
        late = self.world.now - self.changed.get(key, 0) < BEHIND
        return self.before[key] if late and self.world.chance(Fault.STALE, 4) else self.items.get(key)

    def _got(self, key: Key) -> dict[str, Any]:
        return {"Item": marshal(self.items[key])} if key in self.items else {}

    def _key(self, item: Item) -> Key:
        first, second = KEYS[self.name]
        return item[first], item[second]

    def _io(self, what: str, effect: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return self.world.io(f"{self.name} {what}", effect, error=fault)


def _values(arguments: Mapping[str, Any]) -> Item:
    return unmarshal(arguments.get("ExpressionAttributeValues", {}))


class SerialTable(Table):
    """The real table, with its parallel calls made one after another, each as a separate step."""

    def wait(self, seconds: float) -> None:
        self._transport.world.sleep(seconds)  # type: ignore[attr-defined]

    def update_many(self, changes: Sequence[Any]) -> list[Any]:
        return _all([partial(self.update, *change) for change in changes])

    def update_batches(self, changes: Sequence[Any]) -> list[bool]:
        starts = range(0, len(changes), WRITES_A_BATCH)
        batches = [partial(self.update_batch, changes[start : start + WRITES_A_BATCH]) for start in starts]
        return [done for batch in _all(batches) for done in batch]

    def try_many(self, changes: Sequence[Any]) -> list[Any]:
        return _all([partial(self._try, *change) for change in changes])


def _all(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Make every call, as threads would, and then raise the first failure."""
    answers, faults = [], []
    for call in calls:
        try:
            answers.append(call())
        except Unavailable as fault:
            faults.append(fault)
    if faults:
        raise faults[0]
    return answers
