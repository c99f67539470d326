"""A parser of the PartiQL statements that the stores send, for the DynamoDB doubles of the tests.

An UPDATE comes back as the expressions of an UpdateItem with the same meaning: `#name` for a quoted name, `:p0`, `:p1`
and so on for the parameters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

INSERT = re.compile(r"""\s*INSERT\s+INTO\s+"([^"]+)"\s+VALUE\s+\{(.*)\}\s*""", re.IGNORECASE | re.DOTALL)
FIELD = re.compile(r"\s*'([^']+)'\s*:\s*\?\s*")
UPDATE = re.compile(r"""UPDATE "([^"]+)" ((?:SET|REMOVE) .+) WHERE (.+)""")
CLAUSE = re.compile(r"(SET|REMOVE) (#\w+(?: = :p\d+)?)(?: |$)")
KEY = re.compile(r"#(\w+) = (:p\d+) AND #(\w+) = (:p\d+)(?: AND (.+))?")


class Malformed(ValueError):
    """DynamoDB's error for a statement that it cannot execute."""


@dataclass(frozen=True)
class Insert:
    """Put an item, in typed values, unless its key is taken."""

    table: str
    item: dict[str, Any]


@dataclass(frozen=True)
class Update:
    """Change an item that is there, if the condition holds."""

    table: str
    key: dict[str, Any]
    expression: str
    condition: str
    values: dict[str, Any]


def read(statement: Mapping[str, Any]) -> Insert | Update:
    """One statement with its parameters."""
    text, parameters = statement["Statement"], statement.get("Parameters", [])
    if found := INSERT.fullmatch(text):
        fields = [FIELD.fullmatch(field) for field in found[2].split(",")]
        names = [field[1] for field in fields if field]
        if len(names) < len(fields):
            raise Malformed("Statement wasn't well formed, can't be processed")
        if len(names) != len(parameters):
            raise Malformed("Number of parameters in request and statement don't match.")
        return Insert(found[1], dict(zip(names, parameters, strict=True)))
    if found := UPDATE.fullmatch(text):
        return _update(found[1], found[2] + " WHERE " + found[3], parameters)
    raise Malformed("Statement wasn't well formed, can't be processed")


def _update(table: str, text: str, parameters: list[Any]) -> Update:
    if text.count("?") != len(parameters):
        raise Malformed("Number of parameters in request and statement don't match.")
    numbers = count()
    text = re.sub(r"[?]", lambda _: f":p{next(numbers)}", text)
    text = re.sub(r'"(\w+)" IS (NOT )?MISSING', lambda it: f"attribute_{'' if it[2] else 'not_'}exists(#{it[1]})", text)
    clauses, where = re.sub(r'"(\w+)"', r"#\1", text).split(" WHERE ")
    key = KEY.fullmatch(where)
    if key is None or CLAUSE.sub("", clauses):
        raise Malformed(f"cannot be read: {text}")
    values = {f":p{number}": value for number, value in enumerate(parameters)}
    actions: dict[str, list[str]] = {}
    for word, action in CLAUSE.findall(clauses):
        actions.setdefault(word, []).append(action)
    expression = " ".join(f"{word} {', '.join(them)}" for word, them in actions.items())
    place = {key[1]: values.pop(key[2]), key[3]: values.pop(key[4])}
    return Update(table, place, expression, key[5] or "", values)
