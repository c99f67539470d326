"""Stretches of the system log, and the positions in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import Millis, days, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping


#: how long an entry can be read, in milliseconds
LOG_RETENTION: Final = days(90)
#: how long after a moment a poller may assume that no more entries of that moment can appear, in milliseconds
SETTLING: Final = seconds(10)


class Order(Enum):
    """The order in which entries are read."""

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
        after: the stretch begins after this position.
        before: the stretch ends before this position.
        newest_first: whether it is read backwards.
        target: only entries about this one, in the form of `fold`; None for all.
    """

    order: Order
    after: str
    before: str
    newest_first: bool = False
    target: str | None = None


@dataclass(frozen=True)
class Stored:
    """An entry as it is read: its position, and the whole LogEvent as JSON."""

    position: str
    text: str

    @cached_property
    def event(self) -> Mapping[str, Any]:
        """The LogEvent. It is parsed when it is first looked into, which most readers of a page never do."""
        event: Mapping[str, Any] = json.loads(self.text)
        return event


#: after every entry
LATEST: Final = "9" * 13


def position(moment: Millis) -> str:
    """The position before every entry of a moment."""
    return f"{moment:013d}"


def moment(position: str) -> Millis:
    """The moment of a position, in milliseconds."""
    return Millis(int(position.partition("#")[0]))


def fold(text: str) -> str:
    """The form in which two texts are equal when they differ only in case; an index for `eq` holds this form."""
    return text.casefold()
