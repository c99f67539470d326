"""Warns of rates that come near the limits of providers: once per account, measure, level and day."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, Millis
from reprieve.rates.log_entries import rate_warning
from reprieve.rates.rate import LEVELS, Window, crossings
from reprieve.system_log.span import LATEST, Order, Span, fold, position

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.rates.ports import RateStore
    from reprieve.rates.rate import Crossing
    from reprieve.system_log.entry import LogEntry
    from reprieve.system_log.ports import EventLog, LogReader

#: log entries about an account that are read of a day
ENTRIES: Final = 200


@dataclass(frozen=True, slots=True)
class RateWatch:
    """Looks at the rates of organizations, each once an hour."""

    store: RateStore
    log: EventLog
    reader: LogReader

    def look(self, organization: Organization, *, now: Millis) -> int:
        """Log the levels that rates have reached and that were not logged on this day (UTC) yet.

        Returns:
            How many rates are at the highest level or above it.
        """
        found = crossings(self.store.hours(organization, since=Window.WEEK.start(now)), now=now)
        news = [made for one in found if (made := self._news(organization, one, now))]
        if news:
            self.log.append(organization, news)
        return sum(one.level == max(LEVELS) for one in found)

    def _news(self, organization: Organization, one: Crossing, now: Millis) -> LogEntry | None:
        """The entry for a rate; None where it, or that of a higher level, was logged on this day."""
        levels = [level for level in LEVELS if level >= one.level]
        made = [rate_warning(organization, one, level=level, now=now) for level in levels]
        start = position(Millis(now - now % DAY))
        span = Span(Order.PUBLISHED, start, LATEST, newest_first=True, target=fold(made[0].target))
        known = {stored.event["uuid"] for stored in islice(self.reader.entries(organization, span, first=20), ENTRIES)}
        return None if known & {entry.uuid for entry in made} else made[0]
