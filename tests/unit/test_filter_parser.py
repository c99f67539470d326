"""The parser of the system log's filter: its language, the words of its refusals, and its cost."""

from __future__ import annotations

import pytest

from reprieve.errors import InvalidInput
from reprieve.system_log.filter.parser import MAX_DEPTH, MAX_LENGTH, MAX_NUMBER, MAX_TERMS, parse
from reprieve.system_log.filter.tree import (
    And,
    Comparison,
    InvalidFilter,
    Not,
    Operator,
    Or,
    Presence,
    UnsupportedCombination,
)
from tests.support.filters import eq, render, steps


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
