"""The page of costs: the tables that bench/cost.py makes of its measurements, for the template and the terms of now."""

from __future__ import annotations

import pytest

from bench.cost import ASSUMED, CASES, PAGE, Measured, alarms, bill, with_tables
from tests.support.tables import template


def test_the_page_has_the_tables_that_the_script_makes_of_the_stored_measurements() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page, Measured.load())


def test_the_page_names_the_assumptions_that_the_script_makes() -> None:
    page = PAGE.read_text(encoding="utf-8")
    a = ASSUMED
    for words in (
        f"| delivery events per post of the webhook | {a.events_a_post} |",
        f"| {a.new * 100:g} %; {a.known * 100:g} % |",
        f"| events whose address is lifted later, {a.addresses_a_request} per request | {a.lifted * 100:g} % |",
        f"| {a.questions * 100:g} per 100 events",
        f"| {a.call_ms:g} ms |",
        "a third of the one" if a.slower == 3 else "",
        f"{a.memory_gb * 1024:g} MB",
    ):
        assert words
        assert words in page


def test_the_alarms_that_the_bill_counts_are_those_of_the_template() -> None:
    resources = template()["Resources"].values()
    assert alarms() == sum(one["Type"] == "AWS::CloudWatch::Alarm" for one in resources)


def test_ten_times_the_events_cost_ten_times_what_depends_on_them() -> None:
    one, ten = (bill(Measured.load(), events=events) for events in (100_000, 1_000_000))
    for line in ("DynamoDB, webhook", "DynamoDB, lifting", "DynamoDB, storage", "API Gateway"):
        assert ten[line] == pytest.approx(10 * one[line])


def test_the_readme_says_what_the_bill_comes_to() -> None:
    readme = (PAGE.parents[2] / "README.md").read_text(encoding="utf-8")
    (_, few, _), _, (_, many, _), _ = CASES
    least, most = (sum(bill(Measured.load(), events=events).values()) for events in (few, many))
    assert f"about {least:.0f} USD per month for 10,000 events a day, {most:.0f} for a million" in readme
