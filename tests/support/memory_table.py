"""A table in memory with the reading half of `store.table.Table`: fast enough for thousands of generated cases.

It speaks the few key conditions that the listing uses, sorts by the bytes of the key as DynamoDB does, and ends a page
after a handful of items, so that everything that goes on page by page does so in a test, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reprieve.store.table import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprieve.store.items import Item

SORT_KEY = {None: "address", "ByTime": "by_time"}
TERM = re.compile(r"#(\w+) BETWEEN (:\w+) AND (:\w+)|begins_with\(#(\w+), (:\w+)\)|#(\w+) (=|>=) (:\w+)")


@dataclass
class MemoryTable:
    """One table.

    Attributes:
        page: how many items a page has at most, as 1 MB would have it.
        asked: how many requests there were, and `read` how many items they went through.
    """

    page: int = 1_000_000
    items: list[Item] = field(default_factory=list)
    asked: int = 0
    read: int = 0

    def get(self, key: Item, *, consistent: bool = False) -> Item | None:
        self.asked += 1
        return next((item for item in self.items if key.items() <= item.items()), None)

    def get_many(self, keys: Sequence[Item], *, consistent: bool = False) -> Iterator[Item]:
        self.asked += 1
        return (item for item in self.items for key in keys if key.items() <= item.items())

    def query(
        self,
        condition: str,
        values: Mapping[str, Any],
        *,
        index: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        after: Item | None = None,
        consistent: bool = False,
    ) -> Page:
        self.asked += 1
        sort = SORT_KEY[index]
        matching = sorted(
            (item for item in self.items if sort in item and _holds(condition, values, item)),
            key=lambda item: str(item[sort]).encode(),
            reverse=newest_first,
        )
        if after is not None:
            places = [(item["partition"], item["address"]) for item in matching]
            matching = matching[places.index((after["partition"], after["address"])) + 1 :]
        size = min(limit or self.page, self.page)
        found = matching[:size]
        self.read += len(found)
        # as DynamoDB: a full page names a place to go on from even if nothing comes after it
        return Page(found, found[-1] if len(found) == size else None)

    def count(
        self, condition: str, values: Mapping[str, Any], *, index: str, limit: int | None = None, after: Item | None
    ) -> tuple[int, Item | None]:
        page = self.query(condition, values, index=index, limit=limit, after=after)
        return len(page.items), page.after


def _holds(condition: str, values: Mapping[str, Any], item: Item) -> bool:
    for term in TERM.finditer(condition):
        between, low, high, begins, prefix, name, operator, value = term.groups()
        if between:
            held = _bytes(values[low]) <= _bytes(item[between]) <= _bytes(values[high])
        elif begins:
            held = str(item[begins]).startswith(str(values[prefix]))
        elif operator == "=":
            held = item[name] == values[value]
        else:
            held = _bytes(item[name]) >= _bytes(values[value])
        if not held:
            return False
    return True


def _bytes(value: object) -> bytes:
    return str(value).encode()
