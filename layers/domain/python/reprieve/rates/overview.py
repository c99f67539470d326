"""How much of an organization's mail bounced, over two windows and by day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, Millis
from reprieve.rates.counts import KEPT, OTHER, Dimension
from reprieve.rates.rate import Counts, Window, by_value, crossings, since

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.organization import Organization
    from reprieve.rates.counts import Tally
    from reprieve.rates.ports import RateStore
    from reprieve.rates.rate import Crossing

#: domains that are shown by name; the rest together
DOMAINS: Final = 20
#: the days that are shown, the present one among them
DAYS: Final = KEPT // DAY


@dataclass(frozen=True, slots=True)
class Period:
    """The counts of one window.

    Attributes:
        window: which.
        start: the beginning of its first hour, in milliseconds.
        accounts: by name.
        domains: the busiest first, and the rest as `counts.OTHER` at the end.
        classes: of bounces and blocks by class of refusal, the most frequent first; the other counts are 0.
    """

    window: Window
    start: Millis
    accounts: Mapping[str, Counts]
    domains: Mapping[str, Counts]
    classes: Mapping[str, Counts]

    @property
    def total(self) -> Counts:
        """Of all accounts."""
        return sum(self.accounts.values(), Counts())


@dataclass(frozen=True, slots=True)
class Overview:
    """What is known of an organization's mail.

    Attributes:
        at: when that was, in milliseconds.
        periods: one per window.
        days: the counts of all accounts by the beginning of the day (UTC), oldest first, days without events too.
        crossings: the rates that have reached a level.
    """

    at: Millis
    periods: Sequence[Period]
    days: Mapping[Millis, Counts]
    crossings: Sequence[Crossing]


@dataclass(frozen=True, slots=True)
class Rates:
    """Reads the counts of organizations."""

    store: RateStore

    def of(self, organization: Organization, *, now: Millis) -> Overview:
        """What is known of an organization's mail; `now` is in milliseconds."""
        first = Millis(now - now % DAY - (DAYS - 1) * DAY)
        hours = self.store.hours(organization, since=first)
        days = {Millis(first + number * DAY): Counts() for number in range(DAYS)}
        for hour, tally in hours.items():
            day = Millis(hour - hour % DAY)
            if day in days:
                days[day] += sum(by_value([tally], Dimension.ACCOUNT).values(), Counts())
        return Overview(now, [period(window, hours, now=now) for window in Window], days, crossings(hours, now=now))


def period(window: Window, hours: Mapping[Millis, Tally], *, now: Millis) -> Period:
    """The counts of one window out of those of all hours."""
    start = window.start(now)
    tallies = since(hours, start)
    accounts, domains, classes = (by_value(tallies, dimension) for dimension in Dimension)
    return Period(window, start, dict(sorted(accounts.items())), _shown(domains), _by_failures(classes))


def _shown(domains: Mapping[str, Counts]) -> dict[str, Counts]:
    """The busiest domains, and the rest together."""
    named = [name for name in domains if name != OTHER]
    shown = sorted(named, key=lambda name: (-domains[name].sent, name))[:DOMAINS]
    rest = sum((domains[name] for name in domains if name not in shown), Counts())
    return {name: domains[name] for name in shown} | ({OTHER: rest} if rest != Counts() else {})


def _by_failures(classes: Mapping[str, Counts]) -> dict[str, Counts]:
    return dict(sorted(classes.items(), key=lambda one: (-one[1].sent, one[0])))
