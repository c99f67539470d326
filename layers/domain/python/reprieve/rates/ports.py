"""Port for the counts of delivery events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.rates.counts import Cell


class RateStore(Protocol):
    """The counts of all organizations; it touches one organization."""

    def hours(self, organization: Organization, *, since: Millis) -> dict[Millis, dict[Cell, int]]:
        """The counts of each hour from one on, oldest first (eventually consistent); hours without any are left out."""
        ...
