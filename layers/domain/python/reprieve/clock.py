"""Moments and durations: milliseconds everywhere inside, seconds where a provider or DynamoDB's TTL wants them.

Only the runtime and the command read the clock (`now`); everything else is given the moment as an argument.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final, NewType

#: a moment in milliseconds since the epoch, or a duration in milliseconds
Millis = NewType("Millis", int)
#: a moment in seconds since the epoch, or a duration in seconds
Seconds = NewType("Seconds", int)

SECOND: Final = Millis(1_000)
MINUTE: Final = Millis(60 * SECOND)
DAY: Final = Millis(24 * 60 * MINUTE)
SECONDS_A_DAY: Final = Seconds(86_400)
#: how far apart two clocks may be: the provider's, which stamps bounces, and ours, which stamps requests
SKEW_ALLOWANCE: Final = Millis(30 * SECOND)


def now() -> Millis:
    """The present moment."""
    return Millis(time.time_ns() // 1_000_000)


def timestamp(moment: int) -> str:
    """A moment in milliseconds as `YYYY-MM-DDTHH:mm:ss.SSSZ`."""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}Z"
