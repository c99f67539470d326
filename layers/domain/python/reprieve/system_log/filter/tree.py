"""The filter language: SCIM expressions that select log events, and entries of other lists.

    or        = and *("or" and)
    and       = operand *("and" operand)
    operand   = comparison / ["not"] "(" or ")"
    comparison = field "pr" / field operator value
    value     = JSON string / number / true / false / null

Sources: RFC 7644 section 3.4.2.2 without its `[ ]`, and Okta's pages "System log query" and "Core Okta API, Filter".
Operators and `and`, `or`, `not` are read in any case, field names only in their own case.

What those sources leave open is decided here:

- Strings compare without case (`fold`), as RFC 7643 has it for every attribute that is not caseExact: mail addresses
  differ only by accident, and Okta's own article asks for the reason "DEFERRED" where events say "deferred".
- Two strings that are both complete date-times compare as instants, any other two by code point.
- A field reaches through arrays, and a comparison holds if it holds for any of the values that are reached.
- `ne` is exactly `not eq`: `target.id ne "x"` asks for the events without x among their targets, and a field without
  any value is not equal to anything. "Some value differs" would hold for nearly every event with two targets.
- `eq null` is exactly `not pr`. Every other comparison fails where there is no value, or one of another JSON type.
- An operator that could not hold for its value (`gt true`, `co 1`) or its field (`actor eq "x"`, an object) is refused
  instead of finding nothing.

`parser` reads a filter, `fields` has the comparisons that each field of the log allows, `matching` compares an
event with an expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable


class InvalidFilter(InvalidInput):
    """The text is not a filter, names a field that cannot be asked for, or exceeds a bound (Okta's E0000053).

    Args:
        problem: what is wrong, without a word of the filter: a filter holds addresses, and this may be logged.
        summary: Okta's sentence for the caller, which may quote the filter. Show it, never log it.
        position: where in the text it is wrong, counted from 0; None where it is no one place.
    """

    def __init__(self, problem: str, *, summary: str, position: int | None = None) -> None:
        super().__init__(problem, field="filter")
        self.summary = summary
        self.position = position


class UnsupportedCombination(InvalidInput):
    """The filter is well-formed, but this operator does not go with this field or value (Okta's E0000031).

    Args:
        operation: the operator in lower case, for example `co`.
        attribute: the dotted name of the field.
        position: where the comparison begins in the text, counted from 0.

    `summary` is Okta's sentence for the caller, who named the field: show it, never log it.
    """

    def __init__(self, operation: str, attribute: str, position: int) -> None:
        problem = "The supplied combination of operator and field is not currently supported."
        super().__init__(problem, field="filter")
        self.summary = f"{problem} Operator: {operation}, Field: {attribute}"
        self.position = position


class Operator(StrEnum):
    """A way to compare the values of a field with the value in the filter (`pr` has no value: see `Presence`)."""

    #: a value is the same
    EQ = "eq"
    #: no value is the same
    NE = "ne"
    #: a value comes after
    GT = "gt"
    #: a value comes after or is the same
    GE = "ge"
    #: a value comes before
    LT = "lt"
    #: a value comes before or is the same
    LE = "le"
    #: a text starts with it
    SW = "sw"
    #: a text ends with it
    EW = "ew"
    #: a text has it somewhere
    CO = "co"


Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator value`, for example `target.id eq "user@domain.com"`."""

    field: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Presence:
    """`field pr`: it holds more than null, empty text, empty arrays and empty objects."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not match."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And:
    """All of the operands match; there are two or more."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the operands matches; there are two or more."""

    operands: tuple[Expression, ...]


Expression: TypeAlias = Comparison | Presence | Not | And | Or


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The fields and comparisons that a filter of one kind of thing can use.

    Attributes:
        field_named: the field of a name, an older spelling included; raises InvalidFilter if there is none.
        go_together: whether an operator goes with a field and a value.
    """

    field_named: Callable[[str], str]
    go_together: Callable[[Operator, str, Value], bool]
