"""Which of many addresses are held by hand: one read of the holds where an organization has few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY
from reprieve.runtime import wiring
from reprieve.store import holds
from tests.support.contexts import context
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock

pytestmark = pytest.mark.usefixtures("demo")

MANY = [f"{number}@x.io" for number in range(100)]


def hold(subject: str, until: int | None = None) -> None:
    now = wiring.now()
    wiring.holds().add(context(DEMO, now=now, request_id=f"hold {subject}"), subject, reason="asked", until=until)  # type: ignore[arg-type]


@pytest.mark.parametrize("few", [50, 2])
def test_the_holds_of_many_addresses_are_those_of_each(monkeypatch: pytest.MonkeyPatch, clock: Clock, few: int) -> None:
    monkeypatch.setattr(holds, "FEW", few)
    hold("1@x.io")
    hold("2@x.io", clock.now + DAY)
    hold("x.io", clock.now + DAY)
    hold("gone.io", clock.now + 1)
    hold("other@y.io")
    hold("lifted@x.io")
    wiring.holds().lift(context(DEMO, now=clock.now, request_id="lift"), "lifted@x.io")
    clock.now += 2
    asked = [*MANY, "lifted@x.io", "@x.io", "@gone.io"]
    store = wiring.hold_store()
    found = store.held_of_many(DEMO, asked, now=clock.now)
    # a lift that is not carried out yet
    assert found == {"1@x.io": None, "2@x.io": clock.now + DAY - 2, "@x.io": clock.now + DAY - 2, "lifted@x.io": None}
    assert found == store.held(DEMO, asked, now=clock.now)


def test_a_hundred_addresses_cost_one_query_unless_an_organization_has_many_holds(
    monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    store = wiring.hold_store()
    assert store.held_of_many(DEMO, MANY, now=wiring.now()) == {}
    assert calls == {"Query": 1}
    calls.clear()
    store.held_of_many(DEMO, MANY[:1], now=wiring.now())
    assert calls == {"BatchGetItem": 1}
    hold("1@x.io")
    hold("2@x.io")
    monkeypatch.setattr(holds, "FEW", 1)
    calls.clear()
    assert list(store.held_of_many(DEMO, MANY, now=wiring.now())) == ["1@x.io", "2@x.io"]
    assert calls == {"Query": 1, "BatchGetItem": 1}
