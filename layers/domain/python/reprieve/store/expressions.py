"""Update and condition expressions of one write.

Attribute names in expressions are written `#name`; every `#name` that occurs is escaped, reserved word or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprieve.store.items import marshal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.store.items import Value


@dataclass(frozen=True, slots=True)
class Update:
    """An UpdateItem in parts: each is an expression over attribute names, which are all escaped, and `:values`."""

    set: Sequence[str] = ()
    remove: Sequence[str] = ()
    add: Sequence[str] = ()
    condition: str = ""

    def expression(self) -> str:
        """The update expression."""
        parts = (("SET", self.set), ("REMOVE", self.remove), ("ADD", self.add))
        return " ".join(f"{word} {', '.join(clauses)}" for word, clauses in parts if clauses)


def arguments_of(
    *, condition: str = "", expression: str = "", values: Mapping[str, Value] | None = None
) -> dict[str, Any]:
    """The expression arguments of one write, with every `#name` escaped and only those values that are used."""
    arguments: dict[str, Any] = {}
    if condition:
        arguments["ConditionExpression"] = condition
    if expression:
        arguments["UpdateExpression"] = expression
    if names := names_in(condition + " " + expression):
        arguments["ExpressionAttributeNames"] = names
    words = _words(condition + " " + expression)
    if used := {name: value for name, value in (values or {}).items() if name in words}:
        arguments["ExpressionAttributeValues"] = marshal(used)
    return arguments


def names_in(text: str) -> dict[str, str]:
    """The attribute names of an expression, as DynamoDB has them escaped."""
    return {word: word[1:] for word in _words(text) if word[0] == "#"}


def _words(text: str) -> list[str]:
    return text.replace("(", " ").replace(")", " ").replace(",", " ").split()
