"""The physical floor: what DynamoDB must charge for an answer, however it is asked.

Sources: the developer guide's pages "Read and write operations" and "Capacity unit calculations". A read is charged by
4 kB of all that a page holds (half for an eventually consistent one), a write by 1 kB of the item, in the table and in
each index that shows the change.
"""

from __future__ import annotations

from typing import Any

READ_UNIT, WRITE_UNIT = 4_096, 1_024


def size(item: dict[str, Any]) -> int:
    """Bytes of a typed item: names and values in UTF-8, a number one byte and one for two digits, a set its members."""
    return sum(len(name.encode()) + _value(typed) for name, typed in item.items())


def _value(typed: dict[str, Any]) -> int:
    ((kind, value),) = typed.items()
    match kind:
        case "N":
            return 1 + (len(value.strip("-").rstrip("0")) + 1) // 2
        case "B":
            return len(value)
        case "SS":
            return sum(len(member.encode()) for member in value)
        case _:
            return len(value.encode())


def read(*sizes: int, consistent: bool = False) -> float:
    """Units of one page that holds items of these sizes; an empty page costs as much as a small one."""
    pages = max(1, -(-sum(sizes) // READ_UNIT))
    return pages * (1.0 if consistent else 0.5)


def write(copies: int, item: int = 1) -> float:
    """Units of one write that shows in so many places (the table, and each index)."""
    return copies * max(1, -(-item // WRITE_UNIT))
