"""The page about deliverability, and its charts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.dialects.console.chart import BOTTOM, HEIGHT, LINES, TOP, Series, stacked, top_of
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.suppression import Classification
from tests.support.console import signed_in, text_of
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Gateway

pytestmark = pytest.mark.usefixtures("demo")
NOW = 1_767_225_600_000


def count(kind: DeliveryKind, number: int, email: str = "ann@x.io", **more: Any) -> None:
    event = DeliveryEvent("e", kind, email, email, NOW, **more)  # type: ignore[arg-type]
    wiring.rate_store().add(DEMO, [event] * number, account="default", now=NOW)  # type: ignore[arg-type]


def test_the_page_has_rates_against_the_limits_each_day_and_what_was_refused(call: Gateway, calls: Calls) -> None:
    count(DeliveryKind.DELIVERED, 950)
    count(DeliveryKind.BOUNCE, 45, classification=Classification.INVALID_ADDRESS)
    count(DeliveryKind.BLOCKED, 5, "bob@y.io", classification=Classification.REPUTATION)
    count(DeliveryKind.DROPPED, 7)
    browser = signed_in(call)
    calls.clear()
    browser.get("/deliverability")
    said = text_of(browser.page)
    # the session, the counts
    assert calls == {"GetItem": 1, "Query": 1}
    assert "default the last 24 hours Bounces 4.5% above 80% of the provider's limit of 5%" in said
    assert "default the last 7 days Complaints 0% below the provider's limit of 0.1%" in said
    assert "1 Jan 950 45 5 0 7 0" in said
    assert "Invalid Address The receiving server says that there is no such mailbox. 45 0" in said
    assert "Reputation The receiving server does not trust the server that our mail comes from. 0 5" in said
    assert "x.io 995 45 4.5% 0 0" in said
    assert "y.io 5 0 unknown 5 0" in said
    # a bar of what was delivered, and two of what was not; what was not tried is in the table alone
    assert re.findall(r'class="bar-(\w+)" x=', browser.page) == ["delivered", "bounced", "blocked"]
    assert "style=" not in browser.page


def test_a_rate_of_few_messages_is_neither_good_nor_bad(call: Gateway) -> None:
    count(DeliveryKind.DELIVERED, 90)
    count(DeliveryKind.BOUNCE, 10)
    browser = signed_in(call)
    browser.get("/deliverability")
    said = text_of(browser.page)
    assert "last 24 hours Bounces 10% of too little mail to be held against the provider's limit of 5%" in said
    assert "last 24 hours Complaints 0% below the provider's limit of 0.1%" in said


@pytest.mark.parametrize(
    ("bounces", "says"),
    [(50, "5% above 80% of the provider's limit of 5%"), (51, "5.1% over the provider's limit of 5%")],
)
def test_a_rate_above_the_limit_is_called_that(call: Gateway, bounces: int, says: str) -> None:
    count(DeliveryKind.DELIVERED, 1000 - bounces)
    count(DeliveryKind.BOUNCE, bounces)
    browser = signed_in(call)
    browser.get("/deliverability")
    assert f"last 24 hours Bounces {says}" in text_of(browser.page)
    assert "x.io 1,000 " in text_of(browser.page)


def test_where_nothing_was_reported_the_page_says_what_to_do(call: Gateway) -> None:
    browser = signed_in(call)
    browser.get("/deliverability")
    assert "No delivery event has arrived in the last 14 days." in text_of(browser.page)
    assert "<svg class=" not in browser.page


def test_the_help_desk_is_not_shown_the_page(call: Gateway) -> None:
    browser = signed_in(call, Role.HELP_DESK)
    browser.get("/")
    assert "Deliverability" not in text_of(browser.page)
    assert browser.get("/deliverability").status == 403


VALUES = st.lists(st.lists(st.integers(0, 10**7), min_size=3, max_size=3), min_size=1, max_size=30)


@given(VALUES)
def test_bars_are_as_high_as_their_share_and_none_leaves_the_drawing(rows: list[list[int]]) -> None:
    series = [Series(f"s{number}", f"k{number}", [row[number] for row in rows]) for number in range(3)]
    chart = stacked("t", [str(number) for number in range(len(rows))], series)
    room = HEIGHT - TOP - BOTTOM
    most = top_of(max(map(sum, rows)))
    assert len(chart.bars) == sum(value > 0 for row in rows for value in row)
    assert all(one.y >= TOP - 0.1 and one.y + one.height <= HEIGHT - BOTTOM + 0.1 for one in chart.bars)
    assert abs(sum(one.height for one in chart.bars) - sum(map(sum, rows)) * room / most) <= 0.01 * len(chart.bars)
    assert len(chart.lines) == LINES
    assert chart.lines[-1].at == TOP


@given(st.integers(0, 10**12))
def test_the_topmost_line_is_round_and_no_lower_than_any_column(most: int) -> None:
    top = top_of(most)
    assert top >= max(most, LINES)
    assert top <= 10 * max(most, LINES)
    assert str(top // LINES).rstrip("0") in {"1", "2", "5"}
