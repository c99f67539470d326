"""Moments and durations: milliseconds everywhere inside, seconds where a provider or DynamoDB's TTL wants them.

Only the runtime and the command read the clock (`now`); everything else is given the moment as an argument.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final, NewType

#: a moment in milliseconds since the epoch, or a duration in milliseconds
Millis = NewType("Millis", int)
#: a moment in seconds since the epoch, or a duration in seconds
Seconds = NewType("Seconds", int)

#: the earliest moment; an attribute that has it has not happened, or holds for no time
EPOCH: Final = Millis(0)
SECOND: Final = Millis(1_000)
MINUTE: Final = Millis(60 * SECOND)
HOUR: Final = Millis(60 * MINUTE)
DAY: Final = Millis(24 * HOUR)


def seconds(count: int) -> Millis:
    """A number of seconds, as a duration in milliseconds."""
    return Millis(count * SECOND)


def minutes(count: int) -> Millis:
    """A number of minutes, as a duration in milliseconds."""
    return Millis(count * MINUTE)


def hours(count: int) -> Millis:
    """A number of hours, as a duration in milliseconds."""
    return Millis(count * HOUR)


def days(count: int) -> Millis:
    """A number of days, as a duration in milliseconds."""
    return Millis(count * DAY)


def to_seconds(moment: Millis) -> Seconds:
    """A moment or a duration in whole seconds, rounded down."""
    return Seconds(moment // SECOND)


def to_millis(moment: Seconds) -> Millis:
    """A moment or a duration, given in seconds, in milliseconds."""
    return Millis(moment * SECOND)


#: how far apart two clocks may be: the provider's, which stamps bounces, and ours, which stamps requests
SKEW_ALLOWANCE: Final = seconds(30)


def now() -> Millis:
    """The present moment."""
    return Millis(time.time_ns() // 1_000_000)


def timestamp(moment: Millis) -> str:
    """A moment in milliseconds as `YYYY-MM-DDTHH:mm:ss.SSSZ`."""
    return datetime.fromtimestamp(moment / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % SECOND:03d}Z"


def from_timestamp(text: str) -> Millis:
    """The moment in milliseconds that a text in ISO 8601 names, rounded down; a date alone is its midnight.

    Args:
        text: in UTC, unless it says otherwise.

    Raises:
        ValueError: it is not in ISO 8601.
    """
    given = datetime.fromisoformat(text)
    since = (given if given.tzinfo else given.replace(tzinfo=UTC)) - datetime.fromtimestamp(0, UTC)
    return Millis(since // timedelta(milliseconds=1))
