"""Types of options that click does not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from reprieve.clock import DAY, HOUR, MINUTE
from reprieve.suppressions.suppression import SuppressionList, list_named

if TYPE_CHECKING:
    from enum import StrEnum

    from reprieve.suppressions.suppression import AnyList

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


class List(click.ParamType):
    """A suppression list: one of the five, or that of an unsubscribe group."""

    name = "list"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> AnyList:  # noqa: ANN401
        """See click."""
        try:
            return list_named(str(value))
        except ValueError:
            self.fail(f"one of {', '.join(SuppressionList)}, or group-ID for an unsubscribe group", param, ctx)


def words(kind: type[StrEnum], *, case_sensitive: bool = True) -> click.Choice:
    """The values of an enumeration as a choice; click would print its members as Python spells them."""
    return click.Choice([member.value for member in kind], case_sensitive=case_sensitive)
