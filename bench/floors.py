"""The physical floor: the least that DynamoDB charges for an answer, whatever the request.

Sources: the developer guide's pages "Read and write operations" and "Capacity unit calculations". A read costs one
unit per 4 KiB of a page's items (half if eventually consistent), a write one unit per 1 KiB of the item, in the table
and in each index that the change affects.
"""

from __future__ import annotations

from typing import Any

READ_UNIT, WRITE_UNIT = 4_096, 1_024


def size(item: dict[str, Any]) -> int:
    """The bytes of a typed item: names and values in UTF-8; a number has one byte plus one per two digits."""
    return sum(len(name.encode()) + _value(typed) for name, typed in item.items())


def _value(typed: dict[str, Any]) -> int:
    ((kind, value),) = typed.items()
    match kind:
        case "N":
            return 1 + (len(value.strip("-").rstrip("0")) + 1) // 2
        case "B":
            return len(value)
        case "BOOL":
            return 1
        case "SS":
            return sum(len(member.encode()) for member in value)
        case _:
            return len(value.encode())


def read(*sizes: int, consistent: bool = False) -> float:
    """The read units of one page with items of these sizes; an empty page costs as much as a small one."""
    pages = max(1, -(-sum(sizes) // READ_UNIT))
    return pages * (1.0 if consistent else 0.5)


def write(copies: int, item: int = 1) -> float:
    """The write units of one write to this number of copies (the table and each affected index)."""
    return copies * max(1, -(-item // WRITE_UNIT))
