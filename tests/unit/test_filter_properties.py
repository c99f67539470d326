"""The filter against a second evaluator, written another way, over generated events and expressions."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given
from hypothesis import strategies as st

from reprieve.system_log.filter.matching import matches, required_equalities
from reprieve.system_log.filter.parser import MAX_NUMBER, parse
from reprieve.system_log.filter.tree import (
    And,
    Comparison,
    Expression,
    InvalidFilter,
    Not,
    Operator,
    Or,
    Presence,
    UnsupportedCombination,
)
from reprieve.system_log.span import fold
from tests.support.filters import BOUNCE, eq, render

if TYPE_CHECKING:
    from collections.abc import Iterator

#: text, and what it is worth to the second evaluator: date-times by their instant, everything else by its small letters
INSTANTS = {"2026-01-01T00:00:00Z": 1, "2026-01-01T01:00:00.000+01:00": 1, "2026-01-01T00:00:00.001z": 2}
TEXTS = ["", "a", "A", "ab", "Ba", "aba", "2026", *INSTANTS]
NUMBERS = [0, 1, -1, 1.0, 0.5, 2]
SCALARS: list[Any] = [*TEXTS, *NUMBERS, True, False, None]
TOP, INNER, DEEP = ["uuid", "severity"], ["id", "type"], ["a", "b"]

texts, scalars = st.sampled_from(TEXTS), st.sampled_from(SCALARS)
open_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(DEEP), inner, max_size=2),
    max_leaves=6,
)
events = st.fixed_dictionaries(
    {},
    optional={
        **{name: texts | st.none() for name in TOP},
        "target": st.none()
        | st.lists(st.dictionaries(st.sampled_from(INNER), texts | st.none(), max_size=2), max_size=3),
        "outcome": st.none() | st.fixed_dictionaries({}, optional={"result": texts, "reason": texts | st.none()}),
        "debugContext": st.fixed_dictionaries(
            {"debugData": st.dictionaries(st.sampled_from(DEEP), open_values, max_size=2)}
        ),
    },
)

open_fields = st.lists(st.sampled_from(DEEP), min_size=1, max_size=3).map(
    lambda names: ".".join(["debugContext.debugData", *names])
)
fields = st.sampled_from([*TOP, "target.id", "target.type", "outcome.result", "outcome.reason"]) | open_fields
objects = st.sampled_from(["target", "outcome", "debugContext", "debugContext.debugData"])
equalities = st.builds(Comparison, fields, st.sampled_from([Operator.EQ, Operator.NE]), scalars)
orders = st.builds(
    Comparison,
    fields,
    st.sampled_from([Operator.GT, Operator.GE, Operator.LT, Operator.LE]),
    st.sampled_from([*TEXTS, *NUMBERS]),
)
parts = st.builds(Comparison, fields, st.sampled_from([Operator.SW, Operator.EW, Operator.CO]), texts)
presences = st.builds(Presence, fields | objects)


def expressions(terms: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def grow(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return several.map(And) | several.map(Or) | inner.map(Not)

    return st.recursive(terms, grow, max_leaves=8)


any_expression = expressions(equalities | orders | parts | presences)


def flatten(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every leaf of an event with the names that lead to it, the places in arrays left out."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from flatten(member, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from flatten(item, path)
    elif value is not None:
        yield path, value


def kind_and_worth(value: Any, other: Any) -> tuple[str, Any]:
    if isinstance(value, bool):
        return "boolean", value
    if not isinstance(value, str):
        return "number", value
    if value in INSTANTS and other in INSTANTS:
        return "instant", INSTANTS[value]
    return "text", value.lower()


def three_way(value: Any, other: Any) -> int | None:
    (kind, left), (other_kind, right) = kind_and_worth(value, other), kind_and_worth(other, value)
    return (left > right) - (left < right) if kind == other_kind else None


def has_part(operation: Operator, value: Any, part: str) -> bool:
    if not isinstance(value, str):
        return False
    whole, part = value.lower(), part.lower()
    places = [i for i in range(len(whole) + 1) if whole[i : i + len(part)] == part]
    wanted = {Operator.SW: 0, Operator.EW: len(whole) - len(part)}
    return wanted[operation] in places if operation in wanted else bool(places)


SIGNS = {
    Operator.EQ: {0},
    Operator.GT: {1},
    Operator.GE: {0, 1},
    Operator.LT: {-1},
    Operator.LE: {0, -1},
}


def brute_force(expression: Expression, event: dict[str, Any]) -> bool:
    if isinstance(expression, Not):
        return not brute_force(expression.operand, event)
    if isinstance(expression, And | Or):
        answers = [brute_force(operand, event) for operand in expression.operands]
        return answers.count(True) == len(answers) if isinstance(expression, And) else answers.count(True) > 0
    path = tuple(expression.field.split("."))
    below = [leaf for names, leaf in flatten(event) if names[: len(path)] == path]
    present = any(leaf != "" for leaf in below)
    if isinstance(expression, Presence):
        return present
    at = [leaf for names, leaf in flatten(event) if names == path]
    if expression.value is None:
        return present is (expression.operator == "ne")
    return any_of(at, expression.operator, expression.value)


def any_of(at: list[Any], operation: Operator, operand: Any) -> bool:
    if operation == "ne":
        return all(three_way(leaf, operand) != 0 for leaf in at)
    if operation in SIGNS:
        return any(three_way(leaf, operand) in SIGNS[operation] for leaf in at)
    return any(has_part(operation, leaf, operand) for leaf in at)


@given(any_expression, events)
def test_it_agrees_with_an_evaluator_written_another_way(expression: Expression, event: dict[str, Any]) -> None:
    assert matches(expression, event) is brute_force(expression, event)


def test_every_term_agrees_with_the_other_evaluator_on_every_pair_of_values() -> None:
    for operation, operand, value in itertools.product(Operator, SCALARS, SCALARS):
        expression = Comparison("debugContext.debugData.a", operation, operand)
        if isinstance(operand, str) or operation in {Operator.EQ, Operator.NE}:
            for shape in (value, [value], ["other", value], {"b": value}, []):
                event = {"debugContext": {"debugData": {"a": shape}}}
                assert matches(expression, event) is brute_force(expression, event), (expression, event)


@given(any_expression)
def test_what_is_rendered_reads_back_as_the_same_expression(expression: Expression) -> None:
    # by repr, since to Python 1, 1.0 and True are equal
    assert repr(parse(render(expression))) == repr(expression)


@given(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_any_text_and_number_survives_the_round_trip(text: str, number: float) -> None:
    value: str | float
    for value in (text, number) if len(str(number)) <= MAX_NUMBER else (text,):
        expression = eq("debugContext.debugData.x", value)
        assert repr(parse(render(expression))) == repr(expression)


@given(any_expression, st.data())
def test_reading_is_blind_to_the_case_of_operators_and_to_spare_space(expression: Expression, data: Any) -> None:
    words = render(expression).split(" ")
    spare = [" " * data.draw(st.integers(1, 3)) for _ in words]
    text = "".join(
        space + (word.swapcase() if word in {"and", "or", "not", "pr", *Operator} else word)
        for space, word in zip(spare, words, strict=True)
    )
    assert parse(text) == expression


def refuses_or_reads(text: str) -> None:
    try:
        expression = parse(text)
    except (InvalidFilter, UnsupportedCombination):
        return
    assert repr(parse(render(expression))) == repr(expression)
    assert matches(expression, BOUNCE) in {True, False}


@given(st.text())
def test_arbitrary_text_is_read_or_refused_by_one_of_the_two_errors(text: str) -> None:
    refuses_or_reads(text)


PIECES = [
    *("(", ")", "[", "]", '"', "\\", " ", " ", "not", "and", "or", "pr", "eq", "CO", "gt", "eqq", "\ud800", "\u00a0"),
    *(
        "uuid",
        "target.id",
        "target",
        "published",
        "debugContext.debugData.a",
        '"a"',
        '"\\u0000"',
        '"\\ud800"',
        "1",
        "-0",
    ),
    *("1e9", "0.1", "01", "true", "null", "'a'", "uuid pr ", "uuid pr and ", "uuid pr or ", "not (", "(uuid pr)"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_text_made_of_the_grammar_s_own_pieces_is_read_or_refused_by_one_of_the_two_errors(text: str) -> None:
    refuses_or_reads(text)


def values_at(event: dict[str, Any], field: str) -> set[str]:
    return {fold(leaf) for names, leaf in flatten(event) if ".".join(names) == field and isinstance(leaf, str)}


# one equality that the event has and anything besides; `assume` complains if too few of them match
FEW = ["a", "A", "ab", *INSTANTS]
full_events = st.builds(
    lambda ids, uuid, at: {"target": [{"id": i} for i in ids], "uuid": uuid, "debugContext": {"debugData": {"a": at}}},
    st.lists(st.sampled_from(FEW), min_size=1, max_size=3),
    st.sampled_from(["a", "A", "ab"]),
    st.lists(st.sampled_from(FEW), min_size=1, max_size=3),
)


few_equalities: st.SearchStrategy[Expression] = st.builds(
    eq, st.sampled_from(["uuid", "target.id", "debugContext.debugData.a"]), st.sampled_from(FEW)
)


@given(full_events, expressions(few_equalities))
def test_a_matching_event_has_everything_that_was_claimed_to_be_required(
    event: dict[str, Any], anything: Expression
) -> None:
    expression = And((eq("uuid", event["uuid"].upper()), anything))
    assume(matches(expression, event))
    required = required_equalities(expression)
    assert required
    missing = {field: values - values_at(event, field) for field, values in required.items()}
    assert not any(missing.values())
