"""Quotas: how many requests per minute an organization may make, and how many are left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.clock import MINUTE, minutes

if TYPE_CHECKING:
    from reprieve.clock import Millis


@dataclass(frozen=True, slots=True)
class Quota:
    """One organization's window of one minute, including the request that was just counted.

    Attributes:
        limit: how many requests the window allows.
        used: how many there were, including this one.
        resets_at: when the next window begins, in milliseconds.
    """

    limit: int
    used: int
    resets_at: Millis

    @property
    def remaining(self) -> int:
        """How many more requests the window allows."""
        return max(0, self.limit - self.used)

    @property
    def exceeded(self) -> bool:
        """Whether this request exceeds the limit."""
        return self.used > self.limit


def window(now: Millis) -> Millis:
    """The beginning of the window that contains a moment, in milliseconds."""
    return minutes(now // MINUTE)
