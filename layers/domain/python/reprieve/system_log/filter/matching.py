"""Comparing events with a filter: which events match, and what every match is certain to have."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import Address, comparison_key
from reprieve.errors import MalformedAddress
from reprieve.system_log.filter.tree import And, Comparison, Not, Operator, Or, Presence
from reprieve.system_log.span import fold

if TYPE_CHECKING:
    from reprieve.system_log.filter.tree import Expression


def matches(expression: Expression, event: Mapping[str, Any]) -> bool:
    """Whether the event matches the filter.

    Args:
        expression: the result of `parse`.
        event: a LogEvent as JSON has it: text, int, float, bool, None, lists and mappings. Any member may be missing.
    """
    match expression:
        case Comparison():
            return _holds(expression, event)
        case Presence(field):
            return _is_present(_values(event, field))
        case Not(operand):
            return not matches(operand, event)
        case And(operands):
            return all(matches(operand, event) for operand in operands)
        case Or(operands):
            return any(matches(operand, event) for operand in operands)


def leaves(value: object) -> Iterator[object]:
    """Everything in a JSON value that is neither null, an array nor an object, however deep; in no particular order."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            pending.extend(item)
        elif item is not None:
            yield item


def _values(event: Mapping[str, Any], field: str) -> list[object]:
    """The values that the field reaches, with arrays unpacked."""
    found: list[object] = [event]
    for name in field.split("."):
        found = [item[name] for item in _elements(found) if isinstance(item, Mapping) and name in item]
    return list(_elements(found))


def _elements(values: Iterable[object]) -> Iterator[object]:
    pending = list(values)
    while pending:
        item = pending.pop()
        if isinstance(item, list | tuple):
            pending.extend(item)
        else:
            yield item


def _is_present(values: list[object]) -> bool:
    return any(leaf != "" for leaf in leaves(values))


def _holds(comparison: Comparison, event: Mapping[str, Any]) -> bool:
    values = _values(event, comparison.field)
    negated = comparison.operator is Operator.NE
    if comparison.value is None:
        return _is_present(values) is negated
    test = _TESTS[comparison.operator]
    return any(test(value, comparison.value) for value in values) is not negated


def _ordered(relation: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    def test(value: object, operand: object) -> bool:
        pair = _comparable(value, operand)
        return pair is not None and relation(*pair)

    return test


def _textual(relation: Callable[[str, str], bool]) -> Callable[[object, object], bool]:
    def test(value: object, operand: object) -> bool:
        return isinstance(value, str) and isinstance(operand, str) and relation(fold(value), fold(operand))

    return test


_TESTS: Final[Mapping[Operator, Callable[[object, object], bool]]] = {
    Operator.EQ: _ordered(operator.eq),
    # `_holds` negates the result
    Operator.NE: _ordered(operator.eq),
    Operator.GT: _ordered(operator.gt),
    Operator.GE: _ordered(operator.ge),
    Operator.LT: _ordered(operator.lt),
    Operator.LE: _ordered(operator.le),
    Operator.SW: _textual(str.startswith),
    Operator.EW: _textual(str.endswith),
    Operator.CO: _textual(operator.contains),
}


def _comparable(value: object, operand: object) -> tuple[object, object] | None:
    """The two as things that Python compares as the filter means it, or None if they are of different kinds."""
    if isinstance(value, str) and isinstance(operand, str):
        instants = _instants(value, operand)
        return instants or (fold(value), fold(operand))
    # to Python, True is a number
    if isinstance(value, bool) or isinstance(operand, bool):
        return (value, operand) if isinstance(value, bool) and isinstance(operand, bool) else None
    numbers = isinstance(value, int | float) and isinstance(operand, int | float)
    return (value, operand) if numbers else None


#: RFC 3339 to the second or finer, with its offset: without either, it would not be one instant
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


def _instants(value: str, operand: str) -> tuple[datetime, datetime] | None:
    # few operands are date-times, so that most values need no look
    right = _instant(operand)
    left = right and _instant(value)
    return (left, right) if left and right else None


def _instant(text: str) -> datetime | None:
    if _DATE_TIME.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def required_equalities(expression: Expression) -> Mapping[str, frozenset[str]]:
    """The equalities that hold for every matching event, so that the store can read an index instead of the log.

    Only text compared by `eq`, alone or under `and`s, is claimed; nothing is concluded from `or`, `not`, numbers or
    date-times (which are equal in several spellings).

    Returns:
        For each field, the values (in the form of `fold`) that an event must all have there to match. Empty when
        nothing is certain.
    """
    required: dict[str, frozenset[str]] = {}
    pending = [expression]
    while pending:
        match pending.pop():
            case And(operands):
                pending.extend(operands)
            case Comparison(field, Operator.EQ, str(value)) if _instant(value) is None:
                required[field] = required.get(field, frozenset()) | {fold(value)}
    return required


def by_comparison_key(expression: Expression) -> Expression:
    """The same filter with the addresses that it compares `target.id` with in the form of their comparison keys.

    The target of an entry about an address has that key for an id, so that any spelling of the address (an
    international domain, letter case, quotes) finds it. So does any spelling of a domain after `ew "@`.
    """
    match expression:
        case Comparison("target.id", Operator.EQ | Operator.NE, str(value)) if "@" in value:
            return replace(expression, value=comparison_key(value))
        case Comparison("target.id", Operator.EW, str(value)) if value.startswith("@"):
            with suppress(MalformedAddress):
                return replace(expression, value=Address.parse(f"a{value}").key.removeprefix("a"))
        case And(operands) | Or(operands):
            return replace(expression, operands=tuple(by_comparison_key(operand) for operand in operands))
        case Not(operand):
            return Not(by_comparison_key(operand))
    return expression
