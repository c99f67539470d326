"""How many requests an organization may make in a minute, and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.clock import MINUTE, minutes

if TYPE_CHECKING:
    from reprieve.clock import Millis


@dataclass(frozen=True, slots=True)
class Quota:
    """One organization's window of one minute, as the request that was just counted finds it.

    Attributes:
        limit: how many requests the window takes.
        used: how many there were, this one among them.
        resets_at: when the next window begins, in milliseconds.
    """

    limit: int
    used: int
    resets_at: Millis

    @property
    def remaining(self) -> int:
        """How many more the window takes."""
        return max(0, self.limit - self.used)

    @property
    def exceeded(self) -> bool:
        """Whether this request is one too many."""
        return self.used > self.limit


def window(now: Millis) -> Millis:
    """When the window of a moment begins, in milliseconds."""
    return minutes(now // MINUTE)
