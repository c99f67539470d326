"""Queries of the local AWS's DynamoDB whose time depends on what they return, as on AWS, not on the size of the table.

For each query the local AWS sorts a whole partition and evaluates the key condition on each item. This module keeps the
keys of each partition in order, for tables and indexes alike, and runs the local AWS's own query on a table of only the
items that the returned page can have. A key condition of a form that the product does not use is left to the original.
"""
# ruff: noqa: SLF001 - it changes the local AWS from within

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from ministack.services import dynamodb

from local.rebound import rebound

#: what the local AWS orders an index by (the sort key, and what breaks a tie), and the key of the item in its table
Position = tuple[tuple[Any, ...], tuple[str, str]]
Item = dict[str, Any]

MEMBERS: Final = dynamodb._INDEX_MEMBERS
CONDITION: Final = re.compile(
    r"""\s* (?P<hash>\#?\w+) \s*=\s* (?P<partition>:\w+)
        (?: \s+AND\s+ (?:
            begins_with \s*\(\s* (?P<prefixed>\#?\w+) \s*,\s* (?P<prefix>:\w+) \s*\)
          | (?P<between>\#?\w+) \s+BETWEEN\s+ (?P<low>:\w+) \s+AND\s+ (?P<high>:\w+)
          | (?P<compared>\#?\w+) \s* (?P<operator><=|>=|<|>|=) \s* (?P<value>:\w+) ) )? \s*""",
    re.VERBOSE,
)


#: requests come one by one, but expired items are deleted in another thread
_noting: Final = threading.Lock()
_query, _evaluate_condition = dynamodb._query, dynamodb._evaluate_condition


def install(put: Callable[[Any, str, Any], None] = setattr) -> None:
    """Answer queries from ordered keys from now on; `put` sets an attribute of a module."""
    for name, function in (("_query", query), ("_index_members", members), ("_index_item", note)):
        put(dynamodb, name, function)


def query(data: Item) -> Any:  # noqa: ANN401 - the local AWS's own answer
    """The local AWS's answer to a query."""
    name = dynamodb._normalize_table_name(data.get("TableName"))
    table = dynamodb._tables.get(name)
    narrow = narrowed(table, data) if table else None
    if narrow is None:
        return _query(data)
    start = data.get("ExclusiveStartKey")

    def holds(expression: str, item: Item, *more: Any, slot: str) -> Any:  # noqa: ANN401
        known = slot == "KeyConditionExpression" and item is not start
        return known or _evaluate_condition(expression, item, *more, slot=slot)

    return rebound(_query, _tables={name: narrow}, _evaluate_condition=holds)(data)


def members(table: Item) -> dict[str | None, dict[str, Any]]:
    """The positions of a table's items by index (None is the table itself) and partition, in order."""
    if MEMBERS not in table:
        found: dict[str | None, dict[str, Any]] = {}
        for partition, items in table["items"].items():
            for sort, item in items.items():
                for index, key, position in positions(table, (partition, sort), item):
                    found.setdefault(index, {}).setdefault(key, []).append(position)
        for partitions in found.values():
            for listed in partitions.values():
                listed.sort()
        table[MEMBERS] = found
    known: dict[str | None, dict[str, Any]] = table[MEMBERS]
    return known


def note(table: Item, partition: str, sort: str, item: Item, add: bool) -> None:  # noqa: FBT001 - called as the original
    """Record that an item was added or removed."""
    if MEMBERS not in table:
        return
    for index, key, position in positions(table, (partition, sort), item):
        listed = table[MEMBERS].setdefault(index, {}).setdefault(key, [])
        with _noting:
            at = bisect_left(listed, position)
            if add:
                listed.insert(at, position)
            else:
                del listed[at]


def positions(table: Item, base: tuple[str, str], item: Item) -> Iterator[tuple[str | None, str, Position]]:
    """The positions of an item: in its table, and in each index whose keys it has."""
    yield None, base[0], (order(table, [table["sk_name"]], item), base)
    for index, hashes, ranges in dynamodb._index_key_schemas(table):
        partition = dynamodb._index_partition(item, hashes, ranges)
        if partition is not None:
            yield index, partition, (order(table, ranges, item), base)


def order(table: Item, ranges: Sequence[str], item: Item) -> tuple[Any, ...]:
    """The order of an item in an index of the local AWS: the sort key, then the key of the table."""
    return tuple(
        dynamodb._index_order_value(item, name, kind) for name, kind in dynamodb._index_order_keys(table, ranges)
    )


def narrowed(table: Item, data: Item) -> Item | None:
    """The table with only the items that a query's next page can have.

    Returns:
        None if they are unknown: the query has an unusual form, or must be refused.
    """
    index = data.get("IndexName")
    schema = {name: keys for name, *keys in dynamodb._index_key_schemas(table)}
    schema[None] = [[table["pk_name"]], [table["sk_name"]] if table["sk_name"] else []]
    found = CONDITION.fullmatch(data.get("KeyConditionExpression") or "")
    if found is None or index not in schema:
        return None
    names, values = data.get("ExpressionAttributeNames") or {}, data.get("ExpressionAttributeValues") or {}
    hashes, ranges = schema[index]
    asked = found["prefixed"] or found["between"] or found["compared"]
    asked = names.get(asked, asked)
    if [names.get(found["hash"], found["hash"])] != hashes or (asked and [asked] != ranges):
        return None
    try:
        partition = dynamodb._extract_key_val(values[found["partition"]])
        listed = members(table).get(index, {}).get(partition, [])
        kind = dynamodb._get_attr_type(table, asked)
        first, last = bounds(listed, found, lambda name: dynamodb._sort_key_value({kind: values[name][kind]}, kind))
        if start := data.get("ExclusiveStartKey"):
            cursor = order(table, ranges, start)
            if data.get("ScanIndexForward", True):
                first = max(first, bisect_right(listed, cursor, key=order_of))
            else:
                last = min(last, bisect_left(listed, cursor, key=order_of))
    except (KeyError, TypeError):
        return None
    bases = page(table, listed[first:last], data)
    items: dict[str, Item] = {}
    for base_partition, base_sort in bases:
        items.setdefault(base_partition, {})[base_sort] = table["items"][base_partition][base_sort]
    return {**table, "items": items, MEMBERS: {index: {partition: bases}}}


def bounds(listed: Sequence[Position], found: re.Match[str], value_of: Callable[[str], Any]) -> tuple[int, int]:
    """The part of a partition that matches a key condition on the sort key: two indexes into `listed`."""
    if found["prefixed"]:
        prefix = value_of(found["prefix"])
        return bisect_left(listed, prefix, key=sort_of), bisect_right(
            listed, prefix, key=lambda position: sort_of(position)[: len(prefix)]
        )
    if found["between"]:
        return bisect_left(listed, value_of(found["low"]), key=sort_of), bisect_right(
            listed, value_of(found["high"]), key=sort_of
        )
    if found["compared"]:
        value = value_of(found["value"])
        left, right = bisect_left(listed, value, key=sort_of), bisect_right(listed, value, key=sort_of)
        return {
            "=": (left, right),
            "<": (0, left),
            "<=": (0, right),
            ">": (right, len(listed)),
            ">=": (left, len(listed)),
        }[found["operator"]]
    return 0, len(listed)


def page(table: Item, listed: Sequence[Position], data: Item) -> dict[tuple[str, str], None]:
    """The keys of the first items, up to `Limit` or until a page's size is passed."""
    size = 0
    keys: dict[tuple[str, str], None] = {}
    in_order = listed if data.get("ScanIndexForward", True) else reversed(listed)
    limit = max(0, int(data.get("Limit") or 0))
    for _, base in islice(in_order, limit or None):
        item = table["items"][base[0]][base[1]]
        size += dynamodb._item_size_bytes(dynamodb._apply_index_projection(item, table, data.get("IndexName")))
        keys[base] = None
        if size > dynamodb._DDB_PAGE_SIZE_BYTES:
            break
    return keys


def order_of(position: Position) -> tuple[Any, ...]:
    """The order of a position, without the key of its item."""
    return position[0]


def sort_of(position: Position) -> Any:  # noqa: ANN401 - text, a number or bytes
    """The sort key of a position."""
    return position[0][0]
