"""What a lift, a hold or the address whitelist says of an address counts for more than the account's list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import HOUR, MINUTE, SECOND
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import HOLDS, Suppression, SuppressionList
from reprieve.suppressions.whitelist import Whitelist
from tests.support.gateway import DEMO
from tests.support.inquiries import (
    NOTHING,
    UNSUBSCRIBES,
    Provider,
    ask,
    drop,
    found,
    lift,
    listed,
)

if TYPE_CHECKING:
    from tests.support.gateway import Clock


@pytest.mark.parametrize("when", ["before the drop is asked about", "while it is asked about"])
def test_a_lift_wins_over_what_the_account_still_lists(
    provider: Provider, clock: Clock, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.listed = [listed("ann@x.io", clock.now - HOUR)]
    drop(clock, "ann@x.io")
    clock.now += SECOND
    if when == "before the drop is asked about":
        lift(clock, "ann@x.io")
    else:
        read = provider.entry_of

        def entry_of(name: SuppressionList, email: str, *, otherwise: int) -> Suppression | None:
            entry = read(name, email, otherwise=otherwise)
            lift(clock, email)
            return entry

        monkeypatch.setattr(provider, "entry_of", entry_of)
    assert ask() == NOTHING | {"answered": 1}
    assert found("ann@x.io") is None


def test_a_lift_wins_over_an_entry_without_a_time_if_it_is_later_than_the_drop(
    provider: Provider, clock: Clock
) -> None:
    provider.listed = [listed("ann@x.io", 0), listed("bob@x.io", 0)]
    drop(clock, "ann@x.io", "bob@x.io")
    lift(clock, "ann@x.io")
    assert ask() == NOTHING | {"answered": 2, "repaired": 1}
    assert found("ann@x.io") is None
    bob = found("bob@x.io")
    assert bob is not None
    assert bob.created == clock.now - 30_000


def test_a_bounce_that_is_newer_than_the_lift_is_listed(provider: Provider, clock: Clock) -> None:
    lift(clock, "ann@x.io")
    clock.now += HOUR
    provider.listed = [listed("ann@x.io", clock.now - MINUTE)]
    # the lift has been carried out, and then the address bounced again
    for item in list(wiring.table("SUPPRESSIONS").items_under("demo#bounces#0", "")):
        wiring.table("SUPPRESSIONS").put({**item, "removal_state": "done"})
    drop(clock, "ann@x.io")
    assert ask() == NOTHING | {"answered": 1, "repaired": 1}
    assert found("ann@x.io") is not None


def test_a_held_address_is_not_taken_for_the_providers_own_unsubscribe(provider: Provider, clock: Clock) -> None:
    provider.listed = [listed("ann@x.io", clock.now, UNSUBSCRIBES)]
    drop(clock, "ann@x.io", name=UNSUBSCRIBES)
    wiring.suppressions().record(DEMO, [replace(listed("ann@x.io", clock.now), list=HOLDS)])
    assert ask() == NOTHING | {"answered": 1}
    assert found("ann@x.io", UNSUBSCRIBES) is None


def test_the_address_whitelist_spares_an_address_here_too(provider: Provider, clock: Clock) -> None:
    wiring.whitelist_store().replace_whitelist(
        DEMO, Whitelist(), Whitelist(enabled=True, entries={"ann@x.io": "ann@x.io"})
    )
    provider.listed = [listed("ann@x.io", clock.now)]
    drop(clock, "ann@x.io")
    assert ask() == NOTHING | {"answered": 1}
    assert found("ann@x.io") is None
