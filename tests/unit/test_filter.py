"""The System Log's filter: what it reads, what it asks for, what it refuses in which words, and what it may cost."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reprieve.errors import InvalidInput
from reprieve.filter import (
    And,
    Comparison,
    Expression,
    InvalidFilter,
    Not,
    Operator,
    Or,
    Presence,
    UnsupportedCombination,
    Value,
)
from reprieve.filter_matching import fold, matches, required_equalities
from reprieve.filter_parser import MAX_DEPTH, MAX_LENGTH, MAX_NUMBER, MAX_TERMS, parse
from tests.support.filters import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BOUNCE: dict[str, Any] = {
    "uuid": "f24790d0-d324-47f8-aac5-c27a31ab928d",
    "published": "2026-03-01T10:00:00.000Z",
    "eventType": "system.email.delivery",
    "legacyEventType": None,
    "version": "0",
    "severity": "WARN",
    "displayMessage": "Email delivery",
    "actor": {"id": "unknown", "type": "SystemPrincipal", "displayName": "Okta System", "detailEntry": None},
    "client": {"ipAddress": None, "geographicalContext": {"geolocation": {"lat": 48.2, "lon": 16.4}}},
    "outcome": {"result": "FAILURE", "reason": "bounce"},
    "target": [
        {"id": "user@domain.com", "type": "email", "displayName": "user@domain.com"},
        {"id": "00u1", "type": "User", "displayName": "Jane Doe", "detailEntry": {}},
    ],
    "transaction": {"type": "JOB", "id": "req1", "detail": {"requestApiTokenId": "00T1"}},
    "debugContext": {
        "debugData": {"providerMessage": "550 5.1.1 no such user", "attempts": 3, "final": True, "via": ""}
    },
    "request": {"ipChain": [{"ip": "10.0.0.1", "version": "V4"}, {"ip": "10.0.0.2", "version": "V4"}]},
    "securityContext": {"isProxy": False, "risk": {"reasons": ["new device", "new city"]}},
    "authenticationContext": {"authenticationStep": 0, "externalSessionId": None},
}


def asks_for(text: str, event: Mapping[str, Any] = BOUNCE) -> bool:
    return matches(parse(text), event)


def eq(field: str, value: Value) -> Comparison:
    return Comparison(field, Operator.EQ, value)


# ---- what is read


def test_the_help_article_s_query_is_one_conjunction_of_three_terms() -> None:
    text = 'target.id eq "user@domain.com" and eventType eq "system.email.delivery" and outcome.result eq "FAILURE"'
    assert parse(text) == And(
        (
            eq("target.id", "user@domain.com"),
            eq("eventType", "system.email.delivery"),
            eq("outcome.result", "FAILURE"),
        )
    )


def test_and_binds_tighter_than_or() -> None:
    a, b, c = eq("uuid", "a"), eq("uuid", "b"), eq("uuid", "c")
    assert parse('uuid eq "a" or uuid eq "b" and uuid eq "c"') == Or((a, And((b, c))))
    assert parse('uuid eq "a" and uuid eq "b" or uuid eq "c"') == Or((And((a, b)), c))


def test_parentheses_overrule_precedence_and_otherwise_leave_no_trace() -> None:
    a, b, c = eq("uuid", "a"), eq("uuid", "b"), eq("uuid", "c")
    assert parse('(uuid eq "a" or uuid eq "b") and ((uuid eq "c"))') == And((Or((a, b)), c))


def test_not_takes_the_parenthesis_that_follows_it_and_nothing_more() -> None:
    assert parse("not (uuid pr) and severity pr") == And((Not(Presence("uuid")), Presence("severity")))
    assert parse("not(not(uuid pr))") == Not(Not(Presence("uuid")))


def test_operators_are_read_in_any_case_and_field_names_only_in_their_own() -> None:
    assert parse('uuid Eq "a" AND NOT (uuid PR) Or uuid sW "b"') == parse(
        'uuid eq "a" and not (uuid pr) or uuid sw "b"'
    )
    with pytest.raises(InvalidFilter) as refused:
        parse('eventtype eq "a"')
    assert refused.value.summary == "field is not valid: eventtype"


def test_a_string_is_a_json_string() -> None:
    assert parse(r'displayMessage eq "say \"hi\" \u00e9 \\ \/ (and) \ud83d\ude00"') == eq(
        "displayMessage", 'say "hi" \u00e9 \\ / (and) \U0001f600'
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-7", -7),
        ("48.25", 48.25),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        ("true", True),
        ("false", False),
        ("null", None),
        ('"2026-03-01T10:00:00Z"', "2026-03-01T10:00:00Z"),
        ('""', ""),
    ],
)
def test_a_value_keeps_the_type_it_is_written_in(text: str, value: float | str | None) -> None:
    assert repr(parse(f"debugContext.debugData.n eq {text}")) == repr(eq("debugContext.debugData.n", value))


def test_space_is_needed_only_where_words_would_run_together() -> None:
    assert parse('\t uuid eq"a"and(uuid pr)\r\n') == And((eq("uuid", "a"), Presence("uuid")))


@pytest.mark.parametrize(
    "name",
    [
        "debugContext.debugData.providerMessage",
        "debugContext.debugData.made-up.deeper_still",
        "actor.detailEntry.source",
        "target.detailEntry.x",
        "transaction.detail.requestApiTokenId",
        "device.name",
        "client.userAgent.os",
        "client.geographicalContext.geolocation.lat",
        "request.ipChain.ipDetails.ipServiceCategories.type",
        "securityContext.risk.reasons",
        "securityContext.userBehaviors.result",
        "authenticationContext.issuer.id",
    ],
)
def test_members_of_a_log_event_and_of_its_open_objects_can_be_asked_for(name: str) -> None:
    assert parse(f'{name} eq "x"') == eq(name, "x")


def test_the_older_spelling_in_a_documented_sample_still_asks_for_the_event_type() -> None:
    assert parse('event_type eq "user.session.start"') == eq("eventType", "user.session.start")


def test_an_object_can_only_be_asked_whether_it_is_present() -> None:
    assert parse("actor pr or debugContext.debugData pr") == Or((Presence("actor"), Presence("debugContext.debugData")))
    with pytest.raises(UnsupportedCombination) as refused:
        parse('actor eq "x"')
    assert refused.value.summary.endswith("Operator: eq, Field: actor")


def test_a_rendered_filter_has_no_more_parentheses_than_it_needs() -> None:
    text = '(uuid pr or not (version co "\u00e9\\n")) and (uuid lt "b" and uuid ge "a") or actor.id ne null'
    assert render(parse(f"((({text})))")) == text


# ---- what is asked for


@pytest.mark.parametrize(
    "text",
    [
        'target.id eq "user@domain.com" and eventType eq "system.email.delivery" and outcome.result eq "FAILURE"',
        'target.id eq "user@domain.com" and target.id eq "00u1"',
        'target.id eq "USER@Domain.com"',
        'outcome.reason eq "BOUNCE"',
        'actor.id ne "00uxc78lMKUMVIHLTAXY"',
        'eventType sw "SYSTEM.email"',
        'eventType co "Email.Del"',
        'eventType ew "delivery"',
        'eventType sw "system.email.delivery" and eventType ew "system.email.delivery"',
        'transaction.detail.requestApiTokenId eq "00T1"',
        'request.ipChain.ip eq "10.0.0.2"',
        'securityContext.risk.reasons eq "new city"',
        'displayMessage gt "EMAIL" and displayMessage le "email delivery"',
        "authenticationContext.authenticationStep eq 0",
        "debugContext.debugData.attempts gt 2 and debugContext.debugData.attempts le 3.0",
        "client.geographicalContext.geolocation.lat lt 49",
        "securityContext.isProxy eq false and debugContext.debugData.final ne false",
        "securityContext.isProxy pr",
        "target pr and target.id pr",
        "client.ipAddress eq null and outcome.reason ne null",
    ],
)
def test_it_asks_for_the_bounce(text: str) -> None:
    assert asks_for(text)
    assert not asks_for(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        'target.id eq "user@domain.com" and target.id eq "stranger@domain.com"',
        'target.id eq "user@domain"',
        'eventType sw "email"',
        'eventType ew "system"',
        "version eq 0",
        'authenticationContext.authenticationStep eq "0"',
        "authenticationContext.authenticationStep eq false",
        "debugContext.debugData.final eq 1",
        'client.zone gt ""',
        'client.ipAddress co ""',
        "debugContext.debugData.via pr",
        "target.detailEntry pr",
        "actor.detailEntry pr",
        "legacyEventType pr",
        "securityContext.botProtection pr",
    ],
)
def test_it_does_not_ask_for_the_bounce(text: str) -> None:
    assert not asks_for(text)
    assert asks_for(f"not ({text})")


def test_ne_on_an_array_asks_that_no_value_is_the_same() -> None:
    assert not asks_for('target.id ne "user@domain.com"')
    assert asks_for('target.id ne "stranger@domain.com"')


def test_ne_holds_where_there_is_no_value() -> None:
    assert asks_for('client.zone ne "LegacyIpZone"')
    assert asks_for('client.zone ne "LegacyIpZone"', {})
    assert asks_for('target.id ne "a"', {"target": []})


def test_arrays_within_arrays_are_taken_apart_too() -> None:
    event = {"debugContext": {"debugData": {"rows": [[{"id": 1}], [[{"id": [2, [3]]}], 4]]}}}
    assert [asks_for(f"debugContext.debugData.rows.id eq {n}", event) for n in (1, 2, 3, 4)] == [
        True,
        True,
        True,
        False,
    ]


def test_date_times_compare_as_instants_whatever_their_spelling() -> None:
    event = {"debugContext": {"debugData": {"at": "2026-03-01T10:00:00.000Z"}}}
    assert asks_for('debugContext.debugData.at eq "2026-03-01T11:00:00+01:00"', event)
    assert asks_for('debugContext.debugData.at gt "2026-03-01T10:30:00+01:00"', event)
    assert not asks_for('debugContext.debugData.at lt "2026-03-01T11:00:00.5+02:00"', event)
    assert asks_for('debugContext.debugData.at sw "2026-03-01"', event)


def test_what_only_looks_like_a_date_time_compares_as_text() -> None:
    event = {"debugContext": {"debugData": {"at": "2026-02-30T10:00:00Z"}}}
    assert asks_for('debugContext.debugData.at eq "2026-02-30t10:00:00z"', event)
    assert asks_for('debugContext.debugData.at gt "2026-02-30"', event)


def test_the_first_and_last_instants_there_are_still_compare() -> None:
    event = {"debugContext": {"debugData": {"at": "0001-01-01T00:00:00+14:00"}}}
    assert asks_for('debugContext.debugData.at lt "9999-12-31T23:59:59.999999-14:00"', event)


# ---- what is refused

A_VALUE = "a string in double quotes, a number, true, false or null"


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        (
            'display_message eqq "Create okta user"',
            (
                "Invalid filter 'display_message eqq \"Create okta user\"': "
                "Unrecognized attribute operator 'eqq' at position 16. Expected: eq,co,sw,pr,gt,ge,lt,le"
            ),
        ),
        ('some_invalid_field eq "x"', "field is not valid: some_invalid_field"),
        ('published gt "2026-01-01T00:00:00Z"', "field is not valid: published"),
        ("target.changeDetails.from.alias pr", "field is not valid: target.changeDetails.from.alias"),
        ("debugContext.debugData. pr", "field is not valid: debugContext.debugData."),
        ("debugContext.debugData.a..b pr", "field is not valid: debugContext.debugData.a..b"),
        ("and pr", "field is not valid: and"),
        ("", "Invalid filter '': Expected an attribute name, 'not' or '(' at position 0"),
        (
            'uuid eq "a" and',
            "Invalid filter 'uuid eq \"a\" and': Expected an attribute name, 'not' or '(' at position 15",
        ),
        ("uuid", "Invalid filter 'uuid': Expected an attribute operator at position 4"),
        (
            "uuid eq abc",
            f"Invalid filter 'uuid eq abc': Expected {A_VALUE} at position 8",
        ),
        (
            "uuid eq True",
            f"Invalid filter 'uuid eq True': Expected {A_VALUE} at position 8",
        ),
        ("not uuid pr", "Invalid filter 'not uuid pr': Expected '(' at position 4"),
        ("(uuid pr", "Invalid filter '(uuid pr': Expected ')' at position 8"),
        ("uuid pr)", "Invalid filter 'uuid pr)': Expected 'and', 'or' or the end at position 7"),
        ("uuid pr severity pr", "Invalid filter 'uuid pr severity pr': Expected 'and', 'or' or the end at position 8"),
        ('uuid eq "a', "Invalid filter 'uuid eq \"a': Unterminated string at position 8"),
        ('uuid eq "\\x"', "Invalid filter 'uuid eq \"\\x\"': Not a valid JSON string at position 8"),
        ('uuid eq "\t"', "Invalid filter 'uuid eq \"\t\"': Not a valid JSON string at position 8"),
        ('uuid eq "\\ud800"', "Invalid filter 'uuid eq \"\\ud800\"': Not a valid JSON string at position 8"),
        ("uuid eq 1e999", "Invalid filter 'uuid eq 1e999': Number out of range at position 8"),
        ('target[type eq "x"]', "Invalid filter 'target[type eq \"x\"]': Unexpected character at position 6"),
    ],
)
def test_an_invalid_filter_is_refused_in_these_words(text: str, summary: str) -> None:
    with pytest.raises(InvalidFilter) as refused:
        parse(text)
    assert refused.value.summary == summary


@pytest.mark.parametrize(
    ("text", "operation", "attribute"),
    [
        ('debugContext.debugData.url co "/oauth/"', "co", "debugContext.debugData.url"),
        ('debugContext.debugData.requestUri CO "/oauth/"', "co", "debugContext.debugData.requestUri"),
        ("securityContext.isProxy gt true", "gt", "securityContext.isProxy"),
        ("uuid le null", "le", "uuid"),
        ("debugContext.debugData.n sw 1", "sw", "debugContext.debugData.n"),
        ("target eq null", "eq", "target"),
    ],
)
def test_an_operator_that_does_not_go_with_its_field_or_value_is_refused_in_these_words(
    text: str, operation: str, attribute: str
) -> None:
    with pytest.raises(UnsupportedCombination) as refused:
        parse(text)
    assert refused.value.summary == (
        "The supplied combination of operator and field is not currently supported."
        f" Operator: {operation}, Field: {attribute}"
    )


def test_url_and_request_uri_can_be_asked_for_without_co() -> None:
    field = "debugContext.debugData.url"
    assert parse(f'{field} sw "/oauth/"') == Comparison(field, Operator.SW, "/oauth/")


@pytest.mark.parametrize(
    "text",
    [
        "user@domain.com pr",
        "uuid user@domain.com",
        "uuid eq user@domain.com",
        'uuid eq "user@domain.com" and',
        'debugContext.debugData.url co "user@domain.com"',
    ],
)
def test_what_may_be_logged_of_a_refusal_quotes_nothing_of_the_filter(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(text)
    assert "user@domain.com" not in str(refused.value)
    assert refused.value.field == "filter"


# ---- what it may cost


def conjunction(terms: int) -> str:
    return " and ".join(["uuid pr"] * terms)


def test_each_bound_lets_its_last_filter_pass_and_refuses_the_next() -> None:
    def nested(depth: int) -> str:
        return "(" * depth + "uuid pr" + ")" * depth

    def long(length: int) -> str:
        return f'uuid eq "{"a" * (length - 10)}"'

    def number(digits: int) -> str:
        return f"debugContext.debugData.n eq {'9' * digits}"

    for build, bound, problem in [
        (nested, MAX_DEPTH, "more than 32 parentheses within each other"),
        (long, MAX_LENGTH, "longer than 8192 characters"),
        (conjunction, MAX_TERMS, "more than 200 comparisons"),
        (number, MAX_NUMBER, "number out of range at position 28"),
    ]:
        assert parse(build(bound))
        with pytest.raises(InvalidFilter) as refused:
            parse(build(bound + 1))
        assert refused.value.problem == problem


def test_parentheses_beside_each_other_are_not_depth() -> None:
    assert parse(" and ".join(["(uuid pr)"] * (MAX_DEPTH + 1)))


def steps(work: Callable[[], object]) -> int:
    """How many calls some work makes, Python's and C's: its cost, whatever else the machine is doing."""
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize(
    "text",
    [
        "(" * MAX_LENGTH,
        "(" * 10_000_000,
        "not (" * (MAX_LENGTH // 5),
        "not(not " * (MAX_LENGTH // 8),
        '"' * MAX_LENGTH,
        '"' + "\\" * (MAX_LENGTH - 1),
        'uuid eq "' + '\\"' * (MAX_LENGTH // 2 - 5),
        'uuid eq "' + "a\\" * (MAX_LENGTH // 2 - 5),
        "uuid eq " + "9" * (MAX_LENGTH - 8),
        "uuid eq -" + "1." * (MAX_LENGTH // 2 - 5),
        "uuid eq 1e" + "9" * (MAX_LENGTH - 10),
        "debugContext.debugData" + ".a" * (MAX_LENGTH // 2 - 20) + ". pr",
        "debugContext.debugData." + "a-" * (MAX_LENGTH // 2 - 20) + "! pr",
        " " * (MAX_LENGTH - 1) + "[",
        conjunction(1_000),
        "uuid pr or " * 700,
        ")" * MAX_LENGTH,
        "\x00" * MAX_LENGTH,
    ],
)
def test_a_nasty_filter_is_refused_in_steps_that_its_length_bounds(text: str) -> None:
    def refuse() -> None:
        with pytest.raises(InvalidFilter):
            parse(text)

    assert steps(refuse) < 50 * MAX_LENGTH


def test_the_costliest_filter_that_is_read_is_matched_in_steps_that_its_depth_bounds() -> None:
    path = "debugContext.debugData" + ".a" * 3_000
    expression = parse(f'{path} eq "x" or ' + "not (" * MAX_DEPTH + 'target.id co "aab"' + ")" * MAX_DEPTH)
    event = {"target": [{"id": "a" * 20_000}] * 50}
    assert steps(lambda: matches(expression, event)) < 100 * MAX_DEPTH * len(event["target"])
    assert not matches(expression, event)


# ---- what an index may rely on


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ('target.id eq "User@Domain.com"', {"target.id": {"user@domain.com"}}),
        ('target.id eq "x" and eventType eq "y"', {"target.id": {"x"}, "eventType": {"y"}}),
        ('target.id eq "a" and (target.id eq "b" and severity pr)', {"target.id": {"a", "b"}}),
        ('(target.id eq "a" or severity pr) and uuid eq "u"', {"uuid": {"u"}}),
        ('target.id eq "a" or target.id eq "b"', {}),
        ('not (target.id eq "a")', {}),
        ('target.id ne "a" and target.id sw "a" and target.id ge "a" and target.id pr', {}),
        ("authenticationContext.authenticationStep eq 0 and client.zone eq null", {}),
        # equal to other spellings of the instant as well
        ('debugContext.debugData.at eq "2026-03-01T10:00:00Z"', {}),
    ],
)
def test_only_equalities_that_every_match_must_have_are_required(text: str, required: dict[str, set[str]]) -> None:
    assert required_equalities(parse(text)) == required


# ---- properties: a second evaluator, written another way, over generated events and expressions

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
