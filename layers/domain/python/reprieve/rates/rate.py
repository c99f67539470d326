"""Rates, and how near they are to the limits of providers.

Providers review and stop accounts by two shares of what was sent: bounces above 5 %, complaints above 0.1 %
(Amazon SES, Sending review process FAQs). A warning comes at 40 % and at 80 % of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, Millis
from reprieve.rates.counts import Dimension, hour_of
from reprieve.suppressions.delivery import DeliveryKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprieve.rates.counts import Tally


class Measure(StrEnum):
    """What a rate is of."""

    BOUNCES = "bounces"
    COMPLAINTS = "complaints"


class Window(StrEnum):
    """The hours that a rate is over: the present one, and as many whole ones as the name says."""

    DAY = "24h"
    WEEK = "7d"

    def start(self, now: Millis) -> Millis:
        """The beginning of its first hour."""
        return hour_of(Millis(now - (DAY if self is Window.DAY else 7 * DAY)))


#: the shares of what was sent above which a provider stops an account, per 100,000 messages
LIMITS: Final = {Measure.BOUNCES: 5_000, Measure.COMPLAINTS: 100}
PER: Final = 100_000
#: the parts of a limit at which a warning comes, in percent
LEVELS: Final = (40, 80)
#: a rate of fewer messages or failures says nothing
MIN_SENT: Final = 1_000
MIN_FAILURES: Final = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """Events of some hours, by what happened."""

    delivered: int = 0
    bounces: int = 0
    blocked: int = 0
    deferred: int = 0
    dropped: int = 0
    complaints: int = 0

    def __add__(self, other: Counts) -> Counts:
        """The sum."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in FIELDS.values()))

    @property
    def sent(self) -> int:
        """The messages whose end is known: delivered, bounced or blocked. What was dropped was not sent."""
        return self.delivered + self.bounces + self.blocked

    def rate(self, measure: Measure) -> float | None:
        """The share of what was sent; None where no delivery was reported, as by a mailbox for bounces alone."""
        return self._of(measure) / self.sent if self.delivered else None

    def level(self, measure: Measure) -> int:
        """The highest of the levels that the rate has reached; 0 for none, and where it is of too few."""
        return 0 if self.sent < MIN_SENT or self._of(measure) < MIN_FAILURES else self._reached(measure)

    def is_of_too_few(self, measure: Measure) -> bool:
        """Whether the rate would have a level if it were not of so few messages or failures."""
        return self.level(measure) < self._reached(measure)

    def _reached(self, measure: Measure) -> int:
        share = 100 * PER * self._of(measure)
        return max((one for one in LEVELS if self.delivered and share >= one * LIMITS[measure] * self.sent), default=0)

    def _of(self, measure: Measure) -> int:
        return self.bounces if measure is Measure.BOUNCES else self.complaints


#: the name of each kind's count
FIELDS: Final = {
    DeliveryKind.DELIVERED: "delivered",
    DeliveryKind.BOUNCE: "bounces",
    DeliveryKind.BLOCKED: "blocked",
    DeliveryKind.DEFERRED: "deferred",
    DeliveryKind.DROPPED: "dropped",
    DeliveryKind.SPAM_REPORT: "complaints",
}


@dataclass(frozen=True, slots=True)
class Crossing:
    """A rate of an account that has reached a level.

    Attributes:
        account: its name.
        measure: what the rate is of.
        window: over which hours.
        counts: in these.
    """

    account: str
    measure: Measure
    window: Window
    counts: Counts

    @property
    def level(self) -> int:
        """In percent of the limit."""
        return self.counts.level(self.measure)

    @property
    def rate(self) -> float:
        """The share of what was sent."""
        return self.counts.rate(self.measure) or 0.0


def by_value(tallies: Iterable[Tally], dimension: Dimension) -> dict[str, Counts]:
    """The sum of the counts of some hours, by the value in a dimension."""
    found: dict[str, Counts] = {}
    for tally in tallies:
        for (of, value, kind), number in tally.items():
            if of is dimension:
                found[value] = found.get(value, Counts()) + Counts(**{FIELDS[kind]: number})
    return found


def crossings(hours: Mapping[Millis, Tally], *, now: Millis) -> list[Crossing]:
    """The rates of accounts that have reached a level; of each account and measure in the window with the higher rate.

    Args:
        hours: the counts of a week or more, by hour.
        now: in milliseconds.
    """
    found: dict[tuple[str, Measure], Crossing] = {}
    for window in Window:
        counts = by_value(since(hours, window.start(now)), Dimension.ACCOUNT)
        for account, one in counts.items():
            for measure in Measure:
                made, known = Crossing(account, measure, window, one), found.get((account, measure))
                if made.level and (known is None or made.rate > known.rate):
                    found[account, measure] = made
    return [found[key] for key in sorted(found)]


def since(hours: Mapping[Millis, Tally], start: Millis) -> list[Tally]:
    """The counts of the hours that begin at a moment or later."""
    return [tally for hour, tally in hours.items() if hour >= start]
