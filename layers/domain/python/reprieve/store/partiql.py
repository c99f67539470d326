"""PartiQL statements, of which DynamoDB takes 25 in one call: each is a write of its own, with its own condition.

Only the syntax that AWS documents is used: one `SET` or `REMOVE` per clause, `IS MISSING`, and a `?` for every value.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.store.expressions import Update

EXISTS: Final = re.compile(r"attribute_(not_)?exists\(#(\w+)\)")
NAME: Final = re.compile(r"#(\w+)")
VALUE: Final = re.compile(r":\w+")


def insert(table: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """Put an item, in DynamoDB's typed values, unless its key is taken."""
    fields = ", ".join(f"'{name}': ?" for name in item)
    return {"Statement": f'INSERT INTO "{table}" VALUE {{{fields}}}', "Parameters": list(item.values())}


def update(table: str, key: Mapping[str, Any], change: Update, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change an item that is there, if the condition holds.

    Args:
        table: its name.
        key: of the item, in typed values.
        change: clauses `#name = :value`, nothing to add; its condition compares names with values, or asks whether
            attributes exist.
        values: typed; those that are not used are left out.
    """
    text, words = _update(table, tuple(key), tuple(change.set), tuple(change.remove), change.condition)
    return {"Statement": text, "Parameters": [key[word[1:]] if word[1:] in key else values[word] for word in words]}


@cache
def _update(
    table: str, key: tuple[str, ...], changed: tuple[str, ...], removed: tuple[str, ...], condition: str
) -> tuple[str, list[str]]:
    """The text of an UPDATE, and the values that its parameters are, in order."""
    clauses = [f"SET {clause}" for clause in changed] + [f"REMOVE {name}" for name in removed]
    where = [*(f"#{name} = :{name}" for name in key), *([condition] if condition else [])]
    text = f'UPDATE "{table}" {" ".join(clauses)} WHERE {" AND ".join(where)}'
    text = EXISTS.sub(lambda found: f"#{found[2]} IS {'' if found[1] else 'NOT '}MISSING", text)
    return VALUE.sub("?", NAME.sub(r'"\1"', text)), VALUE.findall(text)
