"""Every line of a function's log names its invocation and its trace, whatever writes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import Context, cases, event, function

if TYPE_CHECKING:
    from io import StringIO

TRACE = "1-645566cf-7cb058b04d9bb3ee01dc4036"
IDS = {"function_request_id": Context.aws_request_id, "xray_trace_id": TRACE}


def ids(lines: str) -> list[dict[str, str]]:
    return [{key: json.loads(line).get(key) for key in IDS} for line in lines.splitlines()]


@pytest.mark.parametrize(
    ("name", "fewest"),
    [
        ("event_webhook", 1),
        ("suppressions", 1),
        ("removal_job", 2),
        ("upkeep", 2),
        ("reconciliation", 2),
    ],
)
def test_every_line_names_its_invocation_and_its_trace(
    name: str, fewest: int, log: StringIO, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={TRACE};Parent=779f1a9ff8941e02;Sampled=0")
    handler = function(name)
    capsys.readouterr()
    for case in cases(name)[:1]:
        handler(event(name, case), Context(remaining=110_000))
    found = ids(log.getvalue() + capsys.readouterr().out)
    assert len(found) >= fewest
    assert found == [IDS] * len(found)


def test_the_next_invocation_has_its_own_id(log: StringIO) -> None:
    handler = function("upkeep")
    for number in ("first", "second"):
        handler(event("upkeep", "schedule"), Context(remaining=110_000, aws_request_id=number))
    assert [json.loads(line)["function_request_id"] for line in log.getvalue().splitlines()] == ["first", "second"]
