"""`reprieve rates`: how much mail bounces, as tables and as the answer of the API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.suppression import Classification
from reprieve_cli import operations
from tests.cli.running import NOW, Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def acme(stack: dict[str, str], run: Run) -> None:
    run("organizations", "create", "acme")


def test_rates_are_shown_by_account_domain_and_class_with_what_is_near_a_limit_first(run: Run) -> None:
    kinds = [DeliveryKind.DELIVERED] * 970 + [DeliveryKind.BOUNCE] * 30
    events = [
        DeliveryEvent(str(number), kind, "a@x.io", "a@x.io", NOW, classification=Classification.INVALID_ADDRESS)
        for number, kind in enumerate(kinds)
    ]
    wiring.rate_store().add(operations.find_organization("acme"), events, account="default", now=NOW)
    period = (
        "ACCOUNT  SENT  BOUNCES  RATE    COMPLAINTS  RATE    BLOCKED  DEFERRED  DROPPED\n"
        "default  1000  30       3.000%  0           0.000%  0        0         0\n"
        "\n"
        "DOMAIN  SENT  BOUNCES  RATE    COMPLAINTS  RATE    BLOCKED\n"
        "x.io    1000  30       3.000%  0           0.000%  0\n"
        "\n"
        "CLASS            BOUNCES  BLOCKED\n"
        "Invalid Address  30       0\n"
    )
    assert run("rates", "acme") == Ran(
        0,
        "default: bounces over 24h are 3.000% of what was sent, above 40 % of the provider's limit of 5.0%\n"
        f"\nLast 24h\n{period}\nLast 7d\n{period}",
    )
    found = json.loads(run("rates", "acme", "--json").out)
    assert (found["warnings"][0]["rate"], found["windows"][0]["total"]["sent"]) == (0.03, 1000)


def test_without_events_there_is_nothing_to_show(run: Run) -> None:
    assert run("rates", "acme").out == "Last 24h\nNo events.\n\nLast 7d\nNo events.\n"
