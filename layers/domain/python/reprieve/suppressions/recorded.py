"""What became of events that were to be put on lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprieve.suppressions.suppression import AnyList


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of events.

    Attributes:
        changed: the entries of lists that they changed, each by list and comparison key.
        event_ids: the events that count on their lists, now or since they came before; the others were forgiven, or
            too many to be counted.
    """

    changed: frozenset[tuple[AnyList, str]]
    event_ids: frozenset[str]
