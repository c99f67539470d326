"""Every scope that a credential or a client can be given, by dialect, in the dialects' own spellings."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from reprieve.dialects.registry import DIALECTS
from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

#: dialect -> its scopes; `--dialect` grants all of them
BY_DIALECT: Final = {dialect.name: dialect.scopes for dialect in DIALECTS}
ALL: Final = frozenset[str]().union(*BY_DIALECT.values())
#: scopes that a table lists by name; the rest are counted
SHOWN: Final = 2


def check(wanted: frozenset[str]) -> None:
    """Refuse scopes that no route asks for: such a credential would look valid and never be accepted.

    Raises:
        InvalidInput: there is no scope, or an unknown one.
    """
    if not wanted:
        raise InvalidInput("at least one", field="scopes")
    for scope in sorted(wanted):
        if not any(dialect.grants(scope) for dialect in DIALECTS):
            close = get_close_matches(scope, ALL, n=1)
            advice = f"did you mean {close[0]}?" if close else "`reprieve credentials scopes` lists them"
            raise InvalidInput(f"unknown scope {scope!a}; {advice}")


def summary(granted: Iterable[str]) -> str:
    """Scopes in a table: a whole dialect, or the first few by name."""
    names = sorted(granted)
    for dialect, members in BY_DIALECT.items():
        if members == set(names):
            return f"all of {dialect}"
    rest = len(names) - SHOWN
    return " ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
