"""One organization during a run of the removal job: before its first turn, and from then on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.removals.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Waiting:
    """An organization that has something due, before its first turn.

    Attributes:
        organization_id: its id.
        requested_at: when what is due first was requested, in milliseconds.
    """

    organization_id: str
    requested_at: Millis


@dataclass(slots=True)
class Turn:
    """One organization during a run.

    Attributes:
        upstreams: its accounts.
        known_at: the moment before they were read, in milliseconds. What was requested later is for another run, which
            knows of an account that was added before the request.
        held: the entries of the queue that this run skips.
        settled: the ids of the removals that it has settled.
    """

    organization: Organization
    upstreams: Sequence[Upstream]
    known_at: Millis
    held: set[tuple[str, str]] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)

    @property
    def goes_on(self) -> bool:
        """Whether an account is left that a further call may be worthwhile for."""
        return any(one.back is None for one in self.upstreams)

    @property
    def batch(self) -> int:
        """How many removals are taken at a time: as many as each account that is called takes in one call."""
        return min(one.provider.batch for one in self.upstreams if one.provider)
