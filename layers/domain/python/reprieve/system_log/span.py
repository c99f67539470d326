"""Stretches of the system log, and the positions in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import days, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis


#: how long an entry can be read, in milliseconds
LOG_RETENTION: Final = days(90)
#: how long a poller waits before it believes that no entry of a moment can still appear, in milliseconds
SETTLING: Final = seconds(10)


class Order(Enum):
    """In which order entries are read."""

    PUBLISHED = "published"
    """By when the events happened: the order of a question about a period."""
    ARRIVED = "arrived"
    """By when the entries were stored: the order of polling, so that a late entry comes late instead of never."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the log.

    A position is a time in 13 digits of milliseconds (`position`), or that of an entry (`Stored`). Texts compare as
    positions do.

    Attributes:
        order: which time its positions are made of.
        after: the stretch begins behind this position.
        before: and ends in front of this one.
        newest_first: whether it is read backwards.
        target: only entries about this one, in the form of `filter.matching.fold`; None for all.
    """

    order: Order
    after: str
    before: str
    newest_first: bool = False
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it is read: its position, the whole LogEvent, and the LogEvent's size in bytes."""

    position: str
    event: Mapping[str, Any]
    size: int


#: behind every entry
LATEST: Final = "9" * 13


def position(moment: Millis) -> str:
    """The position in front of every entry of a moment."""
    return f"{moment:013d}"
