"""Port for the rows of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.clock import Millis
    from reprieve.exports.kinds import Kind, Row
    from reprieve.organization import Organization


class OrganizationRows(Protocol):
    """Everything that is stored of organizations, as rows."""

    def rows(self, organization: Organization, kind: Kind, *, now: Millis) -> Iterator[Row]:
        """The rows of a kind in order of their keys, each read consistently; without what has expired, and secrets."""
        ...

    def add(self, organization: Organization, kind: Kind, rows: Sequence[Row], *, now: Millis) -> list[Row]:
        """Add rows durably; one whose key or login is taken is left out.

        Args:
            organization: whose rows they become.
            kind: of all of them.
            rows: no two of the same key.
            now: in milliseconds.

        Returns:
            The rows that were left out.
        """
        ...

    def remove(self, organization: Organization, kind: Kind, rows: Sequence[Row]) -> None:
        """Delete rows, whatever is stored under their keys by now."""
        ...

    def without_secret(self, organization: Organization) -> list[tuple[Kind, str]]:
        """What has no secret: provider accounts, with their names, and email servers, with their ids."""
        ...
