"""DynamoDB's condition, key and update expressions, as functions of a plain item.

What is read: comparisons, BETWEEN, AND, OR, NOT, parentheses, attribute_exists, attribute_not_exists, begins_with,
size; SET with `+`, `-` and if_not_exists, REMOVE, ADD, DELETE. Anything else is a SyntaxError, so that a store that
begins to use more cannot be tested wrongly. As in DynamoDB every right-hand side sees the item as it was, a comparison
with an attribute that is absent does not hold, and a value that is not given is an error.
"""

from __future__ import annotations

import operator
import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Item = dict[str, Any]
    Operand = Callable[[Item, Mapping[str, Any]], Any]

TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),+-]|[#:]?[A-Za-z_][A-Za-z0-9_]*)")
COMPARISONS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class _Missing:
    """The value of an absent attribute: no comparison with it holds."""


MISSING = _Missing()


def holds(expression: str, item: Item | None, values: Mapping[str, Any]) -> bool:
    """Whether a condition holds for an item (None: there is none)."""
    return not expression or bool(_condition(expression)(item or {}, values))


def apply(expression: str, item: Item, values: Mapping[str, Any]) -> Item:
    """The item after an update expression."""
    changed = dict(item)
    for action, name, operand in _update(expression):
        if action == "REMOVE":
            changed.pop(name, None)
            continue
        value = operand(item, values)
        if action == "SET":
            changed[name] = value
        elif action == "DELETE":
            left = item.get(name, frozenset()) - value
            changed.pop(name, None)
            changed |= {name: left} if left else {}
        elif isinstance(value, frozenset):
            changed[name] = item.get(name, frozenset()) | value
        else:
            changed[name] = item.get(name, 0) + value
    return changed


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if not match:
            raise SyntaxError(text[at:])
        found.append(match[1])
        at = match.end()
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token.upper() != expected):
            raise SyntaxError(f"{expected or 'more'} expected in {self.tokens} at {self.at}")
        self.at += 1
        return token

    def condition(self) -> Operand:
        left = self.conjunction()
        while self.peek().upper() == "OR":
            self.take()
            left = _either(left, self.conjunction())
        return left

    def conjunction(self) -> Operand:
        left = self.negation()
        while self.peek().upper() == "AND":
            self.take()
            left = _both(left, self.negation())
        return left

    def negation(self) -> Operand:
        if self.peek().upper() == "NOT":
            self.take()
            inner = self.negation()
            return lambda item, values: not inner(item, values)
        if self.peek() == "(":
            self.take()
            inner = self.condition()
            self.take(")")
            return inner
        return self.comparison()

    def comparison(self) -> Operand:
        left = self.operand()
        if self.peek() in COMPARISONS:
            return _compare(COMPARISONS[self.take()], left, self.operand())
        if self.peek().upper() == "BETWEEN":
            self.take()
            low = self.operand()
            self.take("AND")
            high = self.operand()
            return _both(_compare(operator.ge, left, low), _compare(operator.le, left, high))
        return left

    def operand(self) -> Operand:
        token = self.take()
        if token[0] == "#":
            name = token[1:]
            return lambda item, _: item.get(name, MISSING)
        if token[0] == ":":
            return lambda _, values: values[token]
        self.take("(")
        arguments = [self.operand()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.operand())
        self.take(")")
        return _function(token, *arguments)

    def sum(self) -> Operand:
        left = self.operand()
        while self.peek() in {"+", "-"}:
            sign = operator.add if self.take() == "+" else operator.sub
            left = _binary(sign, left, self.operand())
        return left


def _either(one: Operand, other: Operand) -> Operand:
    return lambda item, values: one(item, values) or other(item, values)


def _both(one: Operand, other: Operand) -> Operand:
    return lambda item, values: one(item, values) and other(item, values)


def _binary(sign: Callable[[Any, Any], Any], left: Operand, right: Operand) -> Operand:
    return lambda item, values: sign(left(item, values), right(item, values))


def _compare(comparison: Callable[[Any, Any], bool], left: Operand, right: Operand) -> Operand:
    def compare(item: Item, values: Mapping[str, Any]) -> bool:
        one, other = left(item, values), right(item, values)
        if one is MISSING or other is MISSING or type(one) is not type(other):
            return comparison is operator.ne
        return comparison(one, other)

    return compare


def _function(name: str, first: Operand, second: Operand | None = None) -> Operand:
    match name:
        case "attribute_exists":
            return lambda item, values: first(item, values) is not MISSING
        case "attribute_not_exists":
            return lambda item, values: first(item, values) is MISSING
        case "begins_with" if second:
            return lambda item, values: str(first(item, values)).startswith(second(item, values))
        case "size":
            return lambda item, values: MISSING if (of := first(item, values)) is MISSING else len(of)
        case "if_not_exists" if second:
            return lambda item, values: second(item, values) if (of := first(item, values)) is MISSING else of
        case _:
            raise SyntaxError(name)


@cache
def _condition(text: str) -> Operand:
    parser = _Parser(text)
    parsed = parser.condition()
    if parser.peek():
        raise SyntaxError(f"{parser.peek()} behind {text}")
    return parsed


@cache
def _update(text: str) -> list[tuple[str, str, Operand]]:
    parser, actions, action, names = _Parser(text), [], "", set()
    while parser.peek():
        if parser.peek().upper() in {"SET", "REMOVE", "ADD", "DELETE"}:
            action = parser.take().upper()
        else:
            parser.take(",")
        name = parser.take()[1:]
        if name in names:
            raise SyntaxError(f"{name} is changed twice in {text}")
        names.add(name)
        if action == "SET":
            parser.take("=")
        actions.append((action, name, _nothing if action == "REMOVE" else parser.sum()))
    return actions


def _nothing(_item: Item, _values: Mapping[str, Any]) -> None:
    return None
