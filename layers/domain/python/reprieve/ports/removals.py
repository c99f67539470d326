"""What is asked of the removals: the queue that the job works through, and how they are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.removal import (
        Claim,
        Due,
        Followed,
        Part,
        Removal,
        RemovalState,
        Settlement,
    )


class RemovalQueue(Protocol):
    """The removals that wait, of all organizations; each method touches one organization."""

    def due(self, organization: Organization, *, now: int, limit: int) -> list[Due]:
        """What may be tried now, longest due first (eventually consistent)."""
        ...

    def claim(self, organization: Organization, entries: Sequence[Due], *, now: int, lease: int) -> list[Claim | None]:
        """Take entries for this worker until `now + lease`, each for itself.

        Returns:
            What was got, in order; None for an entry that another worker has, or that has left the queue.
        """
        ...

    def settle(self, organization: Organization, settlements: Sequence[Settlement], *, now: int) -> list[bool]:
        """End removals or let them wait on their own, each for itself.

        Returns:
            Whether it was done, in order. False when somebody else has written meanwhile, or when a bounce newer than
            what the removal forgave stands where it should be lifted; then nothing was changed.
        """
        ...

    def release(self, parts: Sequence[tuple[Part, int | None]], *, now: int) -> None:
        """Let claimed parts leave the queue (None) or wait until a moment; what was lost to another is left alone."""
        ...

    def retry(self, organization: Organization, failed: Removal, *, now: int) -> bool:
        """Put a failed removal back into the queue; False when it is no longer this one, or has not failed."""
        ...


class RemovalRecords(Protocol):
    """Removals as they stand, for whoever follows them."""

    def of_request(self, organization: Organization, request_id: str) -> list[Followed]:
        """Every removal that a request asked for, in order; none when the request is unknown."""
        ...

    def one(self, organization: Organization, removal_id: str) -> Followed | None:
        """One removal by its id, read consistently; None when it is unknown."""
        ...

    def of_address(self, organization: Organization, key: str) -> list[Removal]:
        """The latest removal of an address on each list."""
        ...

    def waiting(
        self, organization: Organization, state: RemovalState, *, limit: int, after: str | None
    ) -> tuple[list[Removal], str | None]:
        """A page of what is pending or failed, longest due first, and where to go on; None when there is no more.

        Raises:
            InvalidInput: `after` is not what an earlier page gave.
        """
        ...
