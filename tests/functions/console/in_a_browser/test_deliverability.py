"""The page of deliverability in Chromium: its chart, in every width and colour.

`SHOTS=directory` keeps pictures of each page; `make screenshots` does so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, Millis
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.suppression import Classification
from tests.support.acme import ORGANIZATION, sign_in
from tests.support.browser import by_name, walk
from tests.support.loopback import served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gateway import Clock

pytestmark = pytest.mark.slow
#: of each day of two weeks: delivered, bounced, blocked, deferred, in hundreds
DAYS = ((31, 1, 0, 1), (29, 1, 1, 0), (33, 2, 0, 1), (30, 1, 1, 1), (12, 0, 0, 0), (9, 0, 0, 0), (34, 4, 3, 2))


def test_deliverability_is_drawn_in_every_width_and_colour(clock: Clock, shots: Path | None) -> None:
    kinds = (DeliveryKind.DELIVERED, DeliveryKind.BOUNCE, DeliveryKind.BLOCKED, DeliveryKind.DEFERRED)
    classes = (
        Classification.UNCLASSIFIED,
        Classification.INVALID_ADDRESS,
        Classification.REPUTATION,
        Classification.TECHNICAL,
    )
    for number, counts in enumerate((*DAYS, *DAYS)):
        at = Millis(clock.now - (13 - number) * DAY)
        for kind, hundreds, refused in zip(kinds, counts, classes, strict=True):
            domain = "example.org" if number % 2 else "example.com"
            event = DeliveryEvent("e", kind, f"a@{domain}", f"a@{domain}", at, classification=refused)
            wiring.rate_store().add(ORGANIZATION, [event] * hundreds * 100, account="default", now=at)
    steps = [
        *sign_in(),
        ["click", "nav li >> text=Deliverability"],
        ["wait", "svg.chart"],
        ["look", "deliverability"],
        ["click", "text=The same as a table"],
        ["count", "table tbody tr >> text=/^1 Jan/"],
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
    assert by_name(steps, found, "look") == [{}]
    assert by_name(steps, found, "count") == [1]
