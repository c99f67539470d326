"""Counts of delivery events: per hour, by provider account, by domain and by class of refusal.

An event is counted once, in the hour in which it happened. What a provider dropped is its own list's echo, so it is
counted and in no rate.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, HOUR, Millis
from reprieve.suppressions.delivery import DeliveryKind

if TYPE_CHECKING:
    from reprieve.suppressions.delivery import DeliveryEvent

#: how long an hour is kept, and how old an event can be that is counted
KEPT: Final = Millis(14 * DAY)
#: a domain that is counted by its name: as comparison keys have it
DOMAIN: Final = re.compile(r"(?=.{1,100}\Z)[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)+")
#: domains that are counted by their names in one hour; the rest together
MAX_DOMAINS: Final = 30
#: the domains that are not counted by their names
OTHER: Final = "other"


class Dimension(StrEnum):
    """By what events are counted."""

    ACCOUNT = "account"
    DOMAIN = "domain"
    CLASS = "class"


#: what is counted, by what
COUNTED: Final = {
    Dimension.ACCOUNT: frozenset(
        {
            DeliveryKind.DELIVERED,
            DeliveryKind.BOUNCE,
            DeliveryKind.BLOCKED,
            DeliveryKind.DEFERRED,
            DeliveryKind.DROPPED,
            DeliveryKind.SPAM_REPORT,
        }
    ),
    Dimension.DOMAIN: frozenset(
        {DeliveryKind.DELIVERED, DeliveryKind.BOUNCE, DeliveryKind.BLOCKED, DeliveryKind.SPAM_REPORT}
    ),
    Dimension.CLASS: frozenset({DeliveryKind.BOUNCE, DeliveryKind.BLOCKED}),
}
#: what says something of an address only if it suppresses it: the rest are echoes and possible complaints
SUPPRESSING: Final = frozenset({DeliveryKind.BOUNCE, DeliveryKind.SPAM_REPORT})

#: the dimension, the value in it, and what happened
Cell = tuple[Dimension, str, DeliveryKind]
Tally = Mapping[Cell, int]


def hour_of(at: Millis) -> Millis:
    """The beginning of the hour (UTC) of a moment."""
    return Millis(at - at % HOUR)


def tally(events: Iterable[DeliveryEvent], *, account: str, now: Millis) -> dict[Millis, Counter[Cell]]:
    """The counts of events of one account, by hour; what is older than `KEPT` is left out.

    Args:
        events: no two of the same id.
        account: the name of the organization's account that they come from.
        now: in milliseconds; an event from later than that counts as of now.
    """
    hours: dict[Millis, Counter[Cell]] = {}
    for event in events:
        at = min(event.at, now)
        if at <= now - KEPT or (event.kind in SUPPRESSING and not event.suppresses):
            continue
        values = {
            Dimension.ACCOUNT: account,
            Dimension.DOMAIN: _domain(event.key),
            Dimension.CLASS: event.classification.value,
        }
        cells = [(one, value, event.kind) for one, value in values.items() if event.kind in COUNTED[one]]
        if cells:
            hours.setdefault(hour_of(at), Counter()).update(cells)
    return hours


def among(counted: Tally, domains: Iterable[str]) -> Counter[Cell]:
    """The counts with those of all domains but these together."""
    named = frozenset(domains)
    found: Counter[Cell] = Counter()
    for (dimension, value, kind), number in counted.items():
        is_other = dimension is Dimension.DOMAIN and value not in named
        found[dimension, OTHER if is_other else value, kind] += number
    return found


def busiest(counted: Tally) -> list[str]:
    """The domains that are counted by their names, the busiest first, ties by name."""
    found: Counter[str] = Counter()
    for (dimension, value, _), number in counted.items():
        if dimension is Dimension.DOMAIN and value != OTHER:
            found[value] += number
    return sorted(found, key=lambda domain: (-found[domain], domain))


def _domain(key: str) -> str:
    name = key.rpartition("@")[2]
    return name if DOMAIN.fullmatch(name) else OTHER
