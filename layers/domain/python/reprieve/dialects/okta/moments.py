"""Moments as Okta's clients write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from reprieve.clock import Millis

#: in the year 2286; positions in the system log have 13 digits
MAX_MOMENT: Final = Millis(9_999_999_999_999)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: RFC 3339; a plus that was not escaped in the URL arrives as a space
DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+ -][0-9]{2}:[0-9]{2})"
)
#: a date alone, as Okta's own collection of requests has it, is midnight UTC
DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def moment_in(text: str) -> Millis | None:
    """The moment that a text names, rounded up to a millisecond; None if it is neither a date-time nor a date.

    Rounding up is right for both ends of a period whose beginning is inclusive and whose end is exclusive.
    """
    if DATE.fullmatch(text):
        text += "T00:00:00Z"
    if not DATE_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper().replace(" ", "+"))
    except ValueError:
        return None
    return Millis(min(-((EPOCH - moment) // timedelta(milliseconds=1)), MAX_MOMENT))
