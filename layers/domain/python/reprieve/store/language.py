"""The language of DynamoDB: items as plain values, expressions with their arguments, and PartiQL statements.

Attribute names in expressions are written `#name`; every `#name` that occurs is escaped, reserved word or not.

DynamoDB takes 25 PartiQL statements in one call: each is a write of its own, with its own condition. Only the syntax
that AWS documents is used: one `SET` or `REMOVE` per clause, `IS MISSING`, and a `?` for every value.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value = str | int | bytes | bool | frozenset[str] | None
Item = dict[str, Value]

_EXISTS: Final = re.compile(r"attribute_(not_)?exists\(#(\w+)\)")
_NAME: Final = re.compile(r"#(\w+)")
_VALUE: Final = re.compile(r":\w+")


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
        case "B" if isinstance(value, str):
            return b64decode(value)
        case _:
            return value  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Update:
    """An UpdateItem in parts: each is an expression over attribute names, which are all escaped, and `:values`.

    Attributes:
        set: clauses `#name = :value`.
        remove: names.
        add: clauses `#name :value`.
        condition: "" for none.
        names: the attributes that a `#word` stands for, where that is not its own: an expression has at most 4 KB.
    """

    set: Sequence[str] = ()
    remove: Sequence[str] = ()
    add: Sequence[str] = ()
    condition: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def expression(self) -> str:
        """The update expression."""
        parts = (("SET", self.set), ("REMOVE", self.remove), ("ADD", self.add))
        return " ".join(f"{word} {', '.join(clauses)}" for word, clauses in parts if clauses)


def arguments_of(
    *,
    condition: str = "",
    expression: str = "",
    values: Mapping[str, Value] | None = None,
    names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The expression arguments of one write, with every `#name` escaped and only those values that are used.

    `names` has the attributes that a `#word` stands for, where that is not its own.
    """
    arguments: dict[str, Any] = {}
    if condition:
        arguments["ConditionExpression"] = condition
    if expression:
        arguments["UpdateExpression"] = expression
    if found := names_in(condition + " " + expression):
        given = names or {}
        arguments["ExpressionAttributeNames"] = {word: given.get(word, name) for word, name in found.items()}
    words = _words(condition + " " + expression)
    if used := {name: value for name, value in (values or {}).items() if name in words}:
        arguments["ExpressionAttributeValues"] = marshal(used)
    return arguments


def names_in(text: str) -> dict[str, str]:
    """The attribute names of an expression, as DynamoDB has them escaped."""
    return {word: word[1:] for word in _words(text) if word[0] == "#"}


def _words(text: str) -> list[str]:
    return text.replace("(", " ").replace(")", " ").replace(",", " ").split()


def insert_statement(table: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """Put an item, in DynamoDB's typed values, unless its key is taken."""
    fields = ", ".join(f"'{name}': ?" for name in item)
    return {"Statement": f'INSERT INTO "{table}" VALUE {{{fields}}}', "Parameters": list(item.values())}


def update_statement(table: str, key: Mapping[str, Any], change: Update, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change an item that is there, if the condition holds.

    Args:
        table: its name.
        key: of the item, in typed values.
        change: clauses `#name = :value`, nothing to add, no `names`; its condition compares names with values, or asks
            whether attributes exist.
        values: typed; those that are not used are left out.
    """
    text, words = _update_text(table, tuple(key), tuple(change.set), tuple(change.remove), change.condition)
    return {"Statement": text, "Parameters": [key[word[1:]] if word[1:] in key else values[word] for word in words]}


@cache
def _update_text(
    table: str, key: tuple[str, ...], changed: tuple[str, ...], removed: tuple[str, ...], condition: str
) -> tuple[str, list[str]]:
    """The text of an UPDATE, and the values that its parameters are, in order."""
    clauses = [f"SET {clause}" for clause in changed] + [f"REMOVE {name}" for name in removed]
    where = [*(f"#{name} = :{name}" for name in key), *([condition] if condition else [])]
    text = f'UPDATE "{table}" {" ".join(clauses)} WHERE {" AND ".join(where)}'
    text = _EXISTS.sub(lambda found: f"#{found[2]} IS {'' if found[1] else 'NOT '}MISSING", text)
    return _VALUE.sub("?", _NAME.sub(r'"\1"', text)), _VALUE.findall(text)
