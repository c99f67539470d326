"""The log entry for a rate that has reached a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.access.log_entries import account_target
from reprieve.clock import DAY
from reprieve.rates.counts import hour_of
from reprieve.rates.rate import LEVELS, LIMITS, PER, Measure
from reprieve.system_log.entry import EventType, Result, Severity, entry

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.rates.rate import Crossing
    from reprieve.system_log.entry import LogEntry

WORDS: Final = {Measure.BOUNCES: "bounced", Measure.COMPLAINTS: "were reported as spam"}


def rate_warning(organization: Organization, crossing: Crossing, *, level: int, now: Millis) -> LogEntry:
    """The log entry for a level that a rate has reached; the same one all day, and published as of the hour.

    Args:
        organization: whose.
        crossing: the rate.
        level: the level, in percent of the limit.
        now: in milliseconds.
    """
    counts, limit = crossing.counts, LIMITS[crossing.measure] / PER
    said = f"{crossing.rate:.3%} of {counts.sent} messages {WORDS[crossing.measure]} in {crossing.window}"
    return entry(
        EventType.RATE_WARNING,
        identity=f"{organization.id}:{crossing.account}:{crossing.measure}:{level}:{now // DAY}",
        published=hour_of(now),
        message="Rate near the provider's limit",
        outcome=(Result.SUCCESS, f"{said}; the provider's limit is {limit:.1%}"),
        severity=Severity.ERROR if level == max(LEVELS) else Severity.WARN,
        target=account_target(organization, crossing.account),
        debug={
            "account": crossing.account,
            "measure": crossing.measure.value,
            "window": crossing.window.value,
            "level": str(level),
            "rate": f"{crossing.rate:.6f}",
            "limit": f"{limit:g}",
            "sent": str(counts.sent),
            "bounces": str(counts.bounces),
            "complaints": str(counts.complaints),
        },
    )
