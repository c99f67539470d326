"""Counts and rates: what is counted, by what, and when a rate is near the limit of a provider."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, HOUR, Millis
from reprieve.rates.counts import KEPT, OTHER, Dimension, among, busiest, hour_of, tally
from reprieve.rates.overview import DOMAINS, period
from reprieve.rates.rate import (
    LEVELS,
    LIMITS,
    MIN_FAILURES,
    MIN_SENT,
    PER,
    Counts,
    Crossing,
    Measure,
    Window,
    by_value,
    crossings,
)
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.suppression import Classification

NOW = Millis(1_767_225_600_000 + 5 * HOUR + 1)
A, D, C = Dimension
KEYS = st.sampled_from(["ann@x.io", "bob@a-b.example", "no address�", "c@under_score.example", "d@-x.io"])
EVENTS = st.builds(
    DeliveryEvent,
    st.uuids().map(str),
    st.sampled_from(DeliveryKind),
    KEYS,
    KEYS,
    st.integers(NOW - KEPT - DAY, NOW + DAY),
    classification=st.sampled_from(Classification),
    suppresses=st.booleans(),
)


def event(kind: DeliveryKind, key: str = "ann@x.io", at: int = NOW, **more: Any) -> DeliveryEvent:
    return DeliveryEvent(f"{kind}-{key}-{at}", kind, key, key, Millis(at), **more)


@pytest.mark.parametrize(
    ("given_event", "cells"),
    [
        (event(DeliveryKind.DELIVERED), {(A, "main", DeliveryKind.DELIVERED), (D, "x.io", DeliveryKind.DELIVERED)}),
        (
            event(DeliveryKind.BOUNCE, classification=Classification.REPUTATION),
            {
                (A, "main", DeliveryKind.BOUNCE),
                (D, "x.io", DeliveryKind.BOUNCE),
                (C, "Reputation", DeliveryKind.BOUNCE),
            },
        ),
        (
            event(DeliveryKind.BLOCKED, suppresses=False),
            {
                (A, "main", DeliveryKind.BLOCKED),
                (D, "x.io", DeliveryKind.BLOCKED),
                (C, "Unclassified", DeliveryKind.BLOCKED),
            },
        ),
        (
            event(DeliveryKind.SPAM_REPORT),
            {(A, "main", DeliveryKind.SPAM_REPORT), (D, "x.io", DeliveryKind.SPAM_REPORT)},
        ),
        (event(DeliveryKind.DEFERRED), {(A, "main", DeliveryKind.DEFERRED)}),
        # an echo of the provider's own list is counted apart, and is in no rate
        (event(DeliveryKind.DROPPED, suppresses=False), {(A, "main", DeliveryKind.DROPPED)}),
        (event(DeliveryKind.BOUNCE, suppresses=False), set()),
        # "not spam", or one of several recipients that it may be
        (event(DeliveryKind.SPAM_REPORT, suppresses=False), set()),
        (event(DeliveryKind.UNSUBSCRIBE), set()),
        (event(DeliveryKind.GROUP_RESUBSCRIBE), set()),
        (event(DeliveryKind.DELIVERED, at=NOW - KEPT), set()),
        (
            event(DeliveryKind.DELIVERED, "no address"),
            {(A, "main", DeliveryKind.DELIVERED), (D, OTHER, DeliveryKind.DELIVERED)},
        ),
    ],
)
def test_an_event_is_counted_by_account_by_domain_and_if_it_was_refused_by_class(
    given_event: DeliveryEvent, cells: set[tuple[Dimension, str, DeliveryKind]]
) -> None:
    found = tally([given_event], account="main", now=NOW)
    assert found == ({hour_of(NOW): Counter(cells)} if cells else {})


def test_an_event_counts_in_the_hour_in_which_it_happened_and_one_of_tomorrow_counts_now() -> None:
    times = (NOW - 2 * HOUR, NOW - HOUR - 2, NOW, NOW + DAY)
    found = tally([event(DeliveryKind.DEFERRED, at=at) for at in times], account="a", now=NOW)
    cell = (A, "a", DeliveryKind.DEFERRED)
    hour = hour_of(NOW)
    assert found == {Millis(hour - 2 * HOUR): {cell: 2}, hour: {cell: 2}}


@given(st.lists(EVENTS, max_size=20, unique_by=lambda one: one.id))
def test_the_sums_by_account_and_by_domain_are_the_same(events: list[DeliveryEvent]) -> None:
    hours = tally(events, account="a", now=NOW)
    for kind in (DeliveryKind.DELIVERED, DeliveryKind.BOUNCE, DeliveryKind.BLOCKED, DeliveryKind.SPAM_REPORT):
        sums = {
            one: sum(
                number for hour in hours.values() for (of, _, what), number in hour.items() if (of, what) == (one, kind)
            )
            for one in Dimension
        }
        assert sums[A] == sums[D]
        assert sums[C] in {0, sums[A]}


@given(st.lists(EVENTS, max_size=20, unique_by=lambda one: one.id), st.sets(st.sampled_from(["x.io", "a-b.example"])))
def test_counts_of_unnamed_domains_are_kept_together(events: list[DeliveryEvent], named: set[str]) -> None:
    for counted in tally(events, account="a", now=NOW).values():
        found = among(counted, named)
        assert {value for of, value, _ in found if of is D} <= {*named, OTHER}
        assert sum(found.values()) == sum(counted.values())
        assert set(busiest(found)) <= named


@pytest.mark.parametrize(
    ("counts", "measure", "level"),
    [
        (Counts(delivered=981, bounces=19), Measure.BOUNCES, 0),
        (Counts(delivered=980, bounces=20), Measure.BOUNCES, 40),
        (Counts(delivered=961, bounces=39), Measure.BOUNCES, 40),
        (Counts(delivered=960, bounces=40), Measure.BOUNCES, 80),
        (Counts(delivered=500, bounces=500), Measure.BOUNCES, 80),
        # what was blocked was sent; what was dropped or deferred was not, or not yet
        (Counts(delivered=480, blocked=500, bounces=20), Measure.BOUNCES, 40),
        (Counts(delivered=980, bounces=20, dropped=9_000, deferred=9_000), Measure.BOUNCES, 40),
        (Counts(delivered=980, bounces=19, dropped=9_000), Measure.BOUNCES, 0),
        # a share of few messages or of two failures says nothing, nor does one of what is not known
        (Counts(delivered=899, bounces=100), Measure.BOUNCES, 0),
        (Counts(delivered=900, bounces=100), Measure.BOUNCES, 80),
        (Counts(delivered=999, complaints=999), Measure.COMPLAINTS, 0),
        (Counts(delivered=1_000, complaints=3), Measure.COMPLAINTS, 80),
        (Counts(bounces=500), Measure.BOUNCES, 0),
        (Counts(delivered=10_000, complaints=3), Measure.COMPLAINTS, 0),
        (Counts(delivered=10_000, complaints=4), Measure.COMPLAINTS, 40),
        (Counts(delivered=10_000, complaints=8), Measure.COMPLAINTS, 80),
        (Counts(delivered=2_000, complaints=2), Measure.COMPLAINTS, 0),
    ],
)
def test_a_warning_comes_at_40_and_at_80_percent_of_the_limit(counts: Counts, measure: Measure, level: int) -> None:
    assert counts.level(measure) == level


def test_a_rate_is_unknown_where_no_delivery_is_reported() -> None:
    assert Counts(bounces=5).rate(Measure.BOUNCES) is None
    assert Counts(delivered=1, bounces=1).rate(Measure.BOUNCES) == 0.5
    assert Counts(delivered=1_000, complaints=1).rate(Measure.COMPLAINTS) == 0.001


@given(st.integers(1, 10**6), st.integers(0, 10**4), st.integers(0, 10**4), st.sampled_from(Measure))
def test_a_level_is_never_lowered_by_a_further_failure(
    delivered: int, failures: int, more: int, measure: Measure
) -> None:
    def counts(number: int) -> Counts:
        return Counts(delivered, bounces=number) if measure is Measure.BOUNCES else Counts(delivered, complaints=number)

    few, many = counts(failures).level(measure), counts(failures + more).level(measure)
    assert {few, many} <= {0, *LEVELS}
    assert few <= many
    rate = counts(failures).rate(measure)
    assert rate is not None
    # no warning below 40 % of the limit, and always one well above it
    assert not few or rate * PER >= LIMITS[measure] * 0.4 - 1e-6
    assert (
        few == 80
        or counts(failures).sent < MIN_SENT
        or failures < MIN_FAILURES
        or rate * PER < LIMITS[measure] * 0.8 + 1e-6
    )


def hours(*given_hours: tuple[int, Counts], account: str = "a") -> dict[Millis, Any]:
    """Counts of an account, by how many hours ago."""
    return {
        Millis(hour_of(NOW) - ago * HOUR): {
            (A, account, DeliveryKind.DELIVERED): counts.delivered,
            (A, account, DeliveryKind.BOUNCE): counts.bounces,
            (A, account, DeliveryKind.SPAM_REPORT): counts.complaints,
        }
        for ago, counts in given_hours
    }


def test_each_window_is_the_present_hour_and_the_whole_ones_before() -> None:
    counts = Counts(delivered=100, bounces=10)
    for window, length in ((Window.DAY, 24), (Window.WEEK, 7 * 24)):
        inside, outside = (period(window, hours((ago, counts)), now=NOW) for ago in (length, length + 1))
        assert (inside.total, outside.total) == (counts, Counts())


def test_of_two_windows_the_one_with_the_higher_rate_is_warned_of() -> None:
    good, bad = Counts(delivered=5_000), Counts(delivered=900, bounces=100)
    assert crossings(hours((0, bad), (30, good)), now=NOW) == [Crossing("a", Measure.BOUNCES, Window.DAY, bad)]
    found = crossings(hours((0, good), (30, bad), (31, bad)), now=NOW)
    assert found == [Crossing("a", Measure.BOUNCES, Window.WEEK, good + bad + bad)]
    assert (found[0].level, round(found[0].rate, 4)) == (40, 0.0286)
    assert crossings(hours((0, good), (30, Counts(delivered=1))), now=NOW) == []


def test_the_busiest_domains_are_shown_by_name_and_the_rest_together() -> None:
    counted = {(D, f"d{number:02}.example", DeliveryKind.DELIVERED): 100 - number for number in range(25)}
    counted[D, OTHER, DeliveryKind.BOUNCE] = 7
    shown = period(Window.DAY, {hour_of(NOW): counted}, now=NOW).domains
    assert list(shown) == [*(f"d{number:02}.example" for number in range(DOMAINS)), OTHER]
    assert shown[OTHER] == Counts(delivered=sum(100 - number for number in range(20, 25)), bounces=7)


def test_counts_are_summed_over_hours() -> None:
    tallies = [
        {(A, "a", DeliveryKind.BOUNCE): 2},
        {(A, "a", DeliveryKind.BOUNCE): 3, (A, "b", DeliveryKind.DROPPED): 1},
    ]
    assert by_value(tallies, A) == {"a": Counts(bounces=5), "b": Counts(dropped=1)}
