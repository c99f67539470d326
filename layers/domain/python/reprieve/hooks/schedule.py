"""When a notice that was not taken is posted again, and how long a hook that fails is left alone.

The schedule is the one that Standard Webhooks recommends: at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h,
20 h and 24 h, about three days in all. Each wait is made up to a tenth longer, so that what failed together does not
come back together.
"""

from __future__ import annotations

import re
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final

from reprieve.clock import HOUR, MINUTE, SECOND, Millis, hours, minutes, seconds

#: how long after each failed attempt the next one comes
WAITS: Final = (
    *(seconds(5), minutes(5), minutes(30)),
    *map(hours, (2, 5, 10, 14, 20, 24)),
)
#: a hook that has taken nothing for this long is disabled
DEAD_AFTER: Final = Millis(sum(WAITS))
#: the longest that a hook is left alone after failures in a row, and the longest that it may ask for
LONGEST_PAUSE: Final = HOUR
LONGEST_WISH: Final = hours(24)
#: the part of a wait that chance adds at most
JITTER: Final = 0.1


def next_attempt(attempts: int, *, first: Millis, now: Millis, chance: float) -> Millis | None:
    """When a notice is posted again; None where the schedule has ended, in attempts and in time.

    Where attempts came sooner than the schedule has them, its last wait is repeated until the time is over.

    Args:
        attempts: how many there were, the one that just failed included.
        first: when the first one was, in milliseconds.
        now: in milliseconds.
        chance: from 0 up to 1.
    """
    if attempts > len(WAITS) and now - first >= DEAD_AFTER:
        return None
    return Millis(now + _stretched(WAITS[min(attempts, len(WAITS)) - 1], chance))


def pause(failures: int, *, chance: float) -> Millis:
    """How long a hook is left alone after failures in a row: a minute, doubling up to an hour, in milliseconds."""
    return _stretched(Millis(min(MINUTE * 2 ** min(failures - 1, 6), LONGEST_PAUSE)), chance)


def asked_for(retry_after: str, *, now: Millis) -> Millis | None:
    """When a server asks us to come back: its Retry-After (RFC 9110 section 10.2.3), at most a day ahead.

    Args:
        retry_after: the header: seconds or an HTTP date; "" for none.
        now: in milliseconds.

    Returns:
        Milliseconds since the epoch; None where nothing readable was sent.
    """
    text, at = retry_after.strip(), None
    if re.fullmatch("[0-9]{1,9}", text):
        at = now + int(text) * SECOND
    else:
        with suppress(ValueError, OverflowError):
            at = int(parsedate_to_datetime(text).timestamp() * SECOND)
    return None if at is None else Millis(min(max(at, now), now + LONGEST_WISH))


def _stretched(wait: Millis, chance: float) -> Millis:
    return Millis(wait + int(wait * JITTER * chance))
