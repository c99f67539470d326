"""One DynamoDB table: the few operations that the stores use, in plain Python values.

Faults of the service become `Unavailable`; a failed condition is an outcome, not an error. There is no Scan, so none
is ever made.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from reprieve.errors import Unavailable
from reprieve.store.faults import Fault, unavailable
from reprieve.store.language import (
    Item,
    Update,
    Value,
    arguments_of,
    insert_statement,
    marshal,
    names_in,
    unmarshal,
    update_statement,
)
from reprieve.store.transport import SIDE_BY_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reprieve.store.transport import Transport

_T = TypeVar("_T")
_R = TypeVar("_R")


#: DynamoDB's limits of one call
WRITES_A_BATCH: Final = 25
KEYS_A_BATCH: Final = 100
WRITES_A_TRANSACTION: Final = 100
#: BatchExecuteStatement's codes for a statement: its key is taken; its condition did not hold, or there is no such
#: item; or a fault that passes, so it is sent again
DUPLICATE: Final = "DuplicateItem"
REFUSED: Final = "ConditionalCheckFailed"
PASSING: Final = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingError",
        "TransactionConflict",
    }
)
#: how often the unprocessed rest of a batch is sent again, with growing pauses, before it counts as unavailable
RETRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Tried:
    """The outcome of a conditional write.

    Attributes:
        item: the item as it is afterwards; None when the condition did not hold.
        refused: the item that the condition refused; None when it held.
    """

    item: Item | None
    refused: Item | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a query; `after` is the key to continue from, None when there is no more."""

    items: list[Item]
    after: Item | None


class Table:
    """A table by name.

    Attribute names in expressions are written `#name`; every `#name` that occurs is escaped, reserved word or not.
    """

    def __init__(self, transport: Transport, name: str) -> None:
        self._transport = transport
        self.name = name

    def wait(self, seconds: float) -> None:
        """Wait, so that others can finish."""
        time.sleep(seconds)

    def get(self, key: Item, *, consistent: bool = False, only: Iterable[str] = ()) -> Item | None:
        """GetItem; `only` names the attributes to read, which a role can be limited to."""
        arguments: dict[str, Any] = {}
        if projection := ", ".join(f"#{name}" for name in only):
            arguments = {"ProjectionExpression": projection, "ExpressionAttributeNames": names_in(projection)}
        answer = self._call("GetItem", TableName=self.name, Key=marshal(key), ConsistentRead=consistent, **arguments)
        return unmarshal(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Sequence[Item], *, consistent: bool = False) -> Iterator[Item]:
        """BatchGetItem, a hundred keys per call; items come in any order, missing ones not at all."""
        for start in range(0, len(keys), KEYS_A_BATCH):
            wanted = {
                "Keys": [marshal(key) for key in keys[start : start + KEYS_A_BATCH]],
                "ConsistentRead": consistent,
            }
            pending: Mapping[str, Any] = {self.name: wanted}
            for pause in pauses():
                answer = self._call("BatchGetItem", RequestItems=pending)
                yield from (unmarshal(item) for item in answer["Responses"].get(self.name, ()))
                pending = answer.get("UnprocessedKeys") or {}
                if not pending:
                    break
                self.wait(pause)
            else:
                raise Unavailable("the store left reads unprocessed")

    def put(self, item: Item, *, condition: str = "", values: Mapping[str, Value] | None = None) -> bool:
        """PutItem; False when the condition did not hold."""
        return self._conditional("PutItem", condition, values, Item=marshal(item)) is not None

    def update(
        self, key: Item, update: Update, values: Mapping[str, Value], *, returning: str = "ALL_NEW"
    ) -> Item | None:
        """UpdateItem; the item as it is afterwards, or None when the condition did not hold.

        `returning="UPDATED_NEW"` returns only what was set, which a role can be limited to.
        """
        answer = self._conditional(
            "UpdateItem",
            update.condition,
            values,
            expression=update.expression(),
            names=update.names,
            Key=marshal(key),
            ReturnValues=returning,
        )
        # nothing was set where everything was removed
        return None if answer is None else unmarshal(answer.get("Attributes", {}))

    def update_many(self, changes: Sequence[tuple[Item, Update, Mapping[str, Value]]]) -> list[Item | None]:
        """Many independent UpdateItems at a time, on different keys; see `update`. Answers are in order.

        DynamoDB has no batch of conditional updates, so they are sent side by side instead of one after another.

        Raises:
            Unavailable: at least one was not done; others may have been.
        """
        return side_by_side(lambda change: self.update(*change), changes)

    def try_many(self, changes: Sequence[tuple[Item, Update, Mapping[str, Value]]]) -> list[Tried]:
        """As `update_many`, with the item that refused a write.

        Two changes may be of the same key, and are done in any order.
        """
        return side_by_side(lambda change: self._try(*change), changes)

    def delete(self, key: Item, *, condition: str = "", values: Mapping[str, Value] | None = None) -> Item | None:
        """DeleteItem; the item as it was, or None when there was none or the condition did not hold."""
        answer = self._conditional("DeleteItem", condition, values, Key=marshal(key), ReturnValues="ALL_OLD")
        return unmarshal(answer["Attributes"]) if answer and "Attributes" in answer else None

    def insert_many(self, items: Sequence[Item], *, stamp: Callable[[Item], Item] | None = None) -> list[Item]:
        """Put each item unless its key is taken: PartiQL INSERTs, 25 per call, one write unit each like any put.

        Args:
            items: no two of the same key.
            stamp: changes an item right before it is sent, each time that it is sent; it leaves the key alone.

        Returns:
            The items whose key was taken; the others are durable.
        """
        taken: list[Item] = []
        for start in range(0, len(items), WRITES_A_BATCH):
            batch = items[start : start + WRITES_A_BATCH]
            done = self._execute(batch, lambda item: self._insert(stamp(item) if stamp else item), unless=DUPLICATE)
            taken += [item for item, inserted in zip(batch, done, strict=True) if not inserted]
        return taken

    def update_batches(self, changes: Sequence[tuple[Item, Update, Mapping[str, Value]]]) -> list[bool]:
        """Many independent updates of items that are there: PartiQL UPDATEs, 25 per call, one write unit each like any.

        Args:
            changes: what `language.update_statement` can say; no two of the same key.

        Returns:
            Whether each was done, in order; False where there is no such item, or the condition did not hold.

        Raises:
            Unavailable: at least one was not done; others may have been.
        """
        batches = [changes[start : start + WRITES_A_BATCH] for start in range(0, len(changes), WRITES_A_BATCH)]
        return [done for batch in side_by_side(self.update_batch, batches) for done in batch]

    def update_batch(self, changes: Sequence[tuple[Item, Update, Mapping[str, Value]]]) -> list[bool]:
        """One call of `update_batches`."""
        return self._execute(
            changes,
            lambda change: update_statement(self.name, marshal(change[0]), change[1], marshal(change[2])),
            unless=REFUSED,
        )

    def query(
        self,
        condition: str,
        values: Mapping[str, Value],
        *,
        index: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        after: Item | None = None,
        consistent: bool = False,
        only: Sequence[str] = (),
    ) -> Page:
        """One page of a Query; with `only`, items have no more than these attributes."""
        arguments: dict[str, Any] = {"KeyConditionExpression": condition, "ScanIndexForward": not newest_first}
        if index:
            arguments["IndexName"] = index
        if limit:
            arguments["Limit"] = limit
        if after:
            arguments["ExclusiveStartKey"] = marshal(after)
        if consistent:
            arguments["ConsistentRead"] = True
        wanted = ", ".join(f"#{name}" for name in only)
        if wanted:
            arguments["ProjectionExpression"] = wanted
        answer = self._call(
            "Query",
            TableName=self.name,
            ExpressionAttributeNames=names_in(f"{condition} {wanted}"),
            ExpressionAttributeValues=marshal(values),
            **arguments,
        )
        last = answer.get("LastEvaluatedKey")
        return Page([unmarshal(item) for item in answer["Items"]], unmarshal(last) if last else None)

    def query_all(
        self,
        condition: str,
        values: Mapping[str, Value],
        *,
        index: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        consistent: bool = False,
        only: Sequence[str] = (),
    ) -> Iterator[Item]:
        """Every item of a Query, page after page; `limit` is of a page, and `only` as in `query`."""
        after: Item | None = None
        while True:
            page = self.query(
                condition,
                values,
                index=index,
                newest_first=newest_first,
                limit=limit,
                after=after,
                consistent=consistent,
                only=only,
            )
            yield from page.items
            after = page.after
            if after is None:
                return

    def items_under(
        self, partition: str, prefix: str, *, consistent: bool = False, only: Sequence[str] = ()
    ) -> Iterator[Item]:
        """Every item of a partition whose sort key begins with a prefix, in order; `only` as in `query`."""
        return self.query_all(
            "#partition = :partition AND begins_with(#sort, :prefix)",
            {":partition": partition, ":prefix": prefix},
            consistent=consistent,
            only=only,
        )

    def count(
        self, condition: str, values: Mapping[str, Value], *, index: str, limit: int | None = None, after: Item | None
    ) -> tuple[int, Item | None]:
        """One page of a Query that only counts: how many, and the key to continue from."""
        arguments: dict[str, Any] = {"Limit": limit} if limit else {}
        if after:
            arguments["ExclusiveStartKey"] = marshal(after)
        answer = self._call(
            "Query",
            TableName=self.name,
            IndexName=index,
            Select="COUNT",
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names_in(condition),
            ExpressionAttributeValues=marshal(values),
            **arguments,
        )
        last = answer.get("LastEvaluatedKey")
        return answer["Count"], unmarshal(last) if last else None

    def transact(self, writes: Iterable[tuple[str, Mapping[str, Any]]]) -> bool:
        """TransactWriteItems over this table; False when a condition did not hold, and then nothing was written.

        Args:
            writes: pairs of an operation (`Put`, `Update`, `Delete`) and its arguments
                (`language.arguments_of`); `TableName` among them names another table.
        """
        return not self.try_transact(list(writes))

    def try_transact(self, writes: Sequence[tuple[str, Mapping[str, Any]]]) -> list[int]:
        """As `transact`, and return which conditions did not hold.

        Args:
            writes: see `transact`; at most WRITES_A_TRANSACTION, no two on the same key.

        Returns:
            The positions of the writes whose condition did not hold; none when all is written, else nothing is.
        """
        items = [{operation: {"TableName": self.name, **arguments}} for operation, arguments in writes]
        for pause in pauses():
            try:
                self._transport.call("TransactWriteItems", {"TransactItems": items})
            except Fault as fault:
                reasons = [reason.get("Code") for reason in fault.answer.get("CancellationReasons", ())]
                if refused := [at for at, code in enumerate(reasons) if code == REFUSED]:
                    return refused
                if "TransactionConflict" not in reasons:
                    raise unavailable("the store could not complete a transaction", fault) from fault
                self.wait(pause)
            else:
                return []
        raise Unavailable("other writes kept getting in the way of a transaction")

    def _try(self, key: Item, update: Update, values: Mapping[str, Value]) -> Tried:
        arguments = arguments_of(
            condition=update.condition, expression=update.expression(), values=values, names=update.names
        )
        try:
            answer = self._call(
                "UpdateItem",
                TableName=self.name,
                Key=marshal(key),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **arguments,
            )
        except _ConditionFailed as refused:
            return Tried(None, unmarshal(refused.item))
        return Tried(unmarshal(answer["Attributes"]), None)

    def _insert(self, item: Item) -> dict[str, Any]:
        return insert_statement(self.name, marshal(item))

    def _execute(self, batch: Sequence[_T], statement: Callable[[_T], dict[str, Any]], *, unless: str) -> list[bool]:
        """BatchExecuteStatement: whether each was executed; False where DynamoDB said `unless` of it."""
        done = [False] * len(batch)
        pending = list(range(len(batch)))
        for pause in pauses():
            answer = self._call("BatchExecuteStatement", Statements=[statement(batch[at]) for at in pending])
            codes = [response.get("Error", {}).get("Code") for response in answer["Responses"]]
            if final := set(codes) - {None, unless} - PASSING:
                raise Unavailable(f"the store refused a statement: {', '.join(sorted(final))}")
            for at, code in zip(pending, codes, strict=True):
                done[at] = code is None
            pending = [at for at, code in zip(pending, codes, strict=True) if code in PASSING]
            if not pending:
                return done
            self.wait(pause)
        raise Unavailable("the store left writes unprocessed")

    def _conditional(
        self,
        operation: str,
        condition: str,
        values: Mapping[str, Value] | None,
        *,
        expression: str = "",
        names: Mapping[str, str] | None = None,
        **arguments: Any,  # noqa: ANN401  (passed on to DynamoDB as it is)
    ) -> Mapping[str, Any] | None:
        arguments |= arguments_of(condition=condition, expression=expression, values=values, names=names)
        try:
            return self._call(operation, TableName=self.name, **arguments)
        except _ConditionFailed:
            return None

    def _call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:  # noqa: ANN401
        try:
            return self._transport.call(operation, arguments)
        except Fault as fault:
            if fault.code == "ConditionalCheckFailedException":
                raise _ConditionFailed(fault.answer) from None
            raise unavailable(f"the store did not complete {operation}", fault) from fault


class _ConditionFailed(Exception):
    """Carries the item as it is stored, where the request asked for it."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__("the condition did not hold")
        self.item: Mapping[str, Any] = answer.get("Item", {})


def side_by_side(call: Callable[[_T], _R], arguments: Sequence[_T]) -> list[_R]:
    """The answers to one call for each argument, in order; SIDE_BY_SIDE are under way at a time."""
    if len(arguments) <= 1:
        return [call(argument) for argument in arguments]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  (most requests make one call at a time)

    with ThreadPoolExecutor(max_workers=min(len(arguments), SIDE_BY_SIDE)) as threads:
        return list(threads.map(call, arguments))


def pauses() -> Iterator[float]:
    """Pauses between the retries of a batch, in seconds: 0.05, doubling."""
    return (0.05 * 2**attempt for attempt in range(RETRIES))
