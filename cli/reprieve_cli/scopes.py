"""Every scope that a credential or a client can be given, by dialect, in the dialects' own spellings."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from reprieve.dialects.registry import DIALECTS
from reprieve.errors import InvalidInput

#: dialect -> its scopes; `--dialect` grants all of them
BY_DIALECT: Final = {dialect.name: dialect.scopes for dialect in DIALECTS}
ALL: Final = frozenset[str]().union(*BY_DIALECT.values())


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
