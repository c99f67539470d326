"""Counting what is on the lists: by day, and by classification or domain."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reprieve.clock import DAY, days, to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reprieve.suppressions.suppression import Suppression


@dataclass(frozen=True, slots=True)
class Day:
    """The counts of one day.

    Attributes:
        date: YYYY-MM-DD, UTC.
        counts: pairs of what was counted and how often, the most frequent first, ties by name.
    """

    date: str
    counts: tuple[tuple[str, int], ...]


def by_classification(suppressions: Iterable[Suppression]) -> list[Day]:
    """How many entries there are of each classification, day by day."""
    return _count(suppressions, lambda one: one.classification.value)


def by_domain(suppressions: Iterable[Suppression]) -> list[Day]:
    """How many entries there are in each domain, day by day."""
    return _count(suppressions, lambda one: one.key.rpartition("@")[2])


def _count(suppressions: Iterable[Suppression], name: Callable[[Suppression], str]) -> list[Day]:
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for one in suppressions:
        found[one.created // DAY][name(one)] += 1
    return [
        Day(
            datetime.fromtimestamp(to_seconds(days(day)), UTC).strftime("%Y-%m-%d"),
            tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
        )
        for day, counts in sorted(found.items())
    ]
