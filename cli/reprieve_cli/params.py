"""Types of options that click does not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from reprieve.clock import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from enum import StrEnum

_UNITS: Final = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


class Duration(click.ParamType):
    """A length of time such as `90d`, in milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """See click."""
        found = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", str(value))
        if not found:
            self.fail("a number and a unit: 30m, 12h, 90d or 52w", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


def words(kind: type[StrEnum], *, case_sensitive: bool = True) -> click.Choice:
    """The values of an enumeration as a choice; click would print its members as Python spells them."""
    return click.Choice([member.value for member in kind], case_sensitive=case_sensitive)
