"""The local AWS requires AWS's permissions for a PartiQL statement, a function's alias and the source of events."""

from __future__ import annotations

import json

import pytest

from local.permissions import checks, qualified, source

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/T"


@pytest.mark.parametrize(
    ("statement", "action", "resource"),
    [
        ("INSERT INTO \"T\" VALUE {'pk': ?}", "dynamodb:PartiQLInsert", TABLE),
        ('UPDATE "T" SET a = ? WHERE pk = ?', "dynamodb:PartiQLUpdate", TABLE),
        ('DELETE FROM "T" WHERE pk = ?', "dynamodb:PartiQLDelete", TABLE),
        ('SELECT a, b FROM "T"."ByTime" WHERE pk = ?', "dynamodb:PartiQLSelect", f"{TABLE}/index/ByTime"),
        ('  insert\n into "T" value {}', "dynamodb:PartiQLInsert", TABLE),
    ],
)
def test_a_statement_needs_its_verb_on_its_table(statement: str, action: str, resource: str) -> None:
    for call in ({"Statement": statement}, {"Statements": [{"Statement": statement}]}):
        assert checks(json.dumps(call).encode(), "us-east-1", "000000000000") == [(action, resource)]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"Statements": [{}]}', b'{"Statement": "DROP TABLE T"}'])
def test_what_cannot_be_read_has_no_permission_and_is_refused(body: bytes) -> None:
    assert checks(body, "us-east-1", "000000000000") == []


def test_a_call_of_an_alias_needs_its_permission_on_the_alias() -> None:
    function = "arn:aws:lambda:us-east-1:000000000000:function:job"
    assert qualified(function, {}) == function
    assert (
        qualified(function, {"Qualifier": ["live"]}) == qualified(function, {"Qualifier": "live"}) == f"{function}:live"
    )
    assert qualified("*", {"Qualifier": "live"}) == "*"


def entries(*sources: str) -> bytes:
    return json.dumps({"Entries": [{"Source": one} for one in sources]}).encode()


def test_the_source_of_events_is_theirs_and_that_of_several_is_none_that_a_policy_names() -> None:
    assert source(entries("reprieve")) == source(entries("reprieve", "reprieve")) == "reprieve"
    assert source(entries("reprieve", "payroll")) not in {"reprieve", "payroll"}
    assert [source(body) for body in (b"", b"{}", b"[]", b'{"Entries": [{}]}', entries())] == [""] * 5
