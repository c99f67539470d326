"""DynamoDB's items as plain Python values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = str | int | bytes | bool | frozenset[str] | None


Item = dict[str, Value]


def marshal(item: Mapping[str, Value]) -> dict[str, Any]:
    """Plain values as DynamoDB's typed ones; None and empty sets are left out, since absence is what they mean."""
    return {name: _typed(value) for name, value in item.items() if value is not None and value != frozenset()}


def unmarshal(item: Mapping[str, Any]) -> Item:
    """DynamoDB's typed values as plain ones."""
    return {name: _plain(value) for name, value in item.items()}


def _typed(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case frozenset():
            return {"SS": sorted(value)}
        case _:
            raise TypeError(f"no DynamoDB type for {type(value).__name__}")


def _plain(typed: Mapping[str, Any]) -> Value:
    ((kind, value),) = typed.items()
    match kind:
        case "N":
            return int(value)
        case "SS":
            return frozenset(value)
        case _:
            return value  # type: ignore[no-any-return]
