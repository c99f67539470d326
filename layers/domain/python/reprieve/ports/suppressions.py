"""What is asked of the suppression records: to write them, to list them, to compare them, and to unblock by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprieve.block import Standing
    from reprieve.listing import Filter, Place, Selection, Since
    from reprieve.organization import Organization
    from reprieve.outlook import AddressRecord
    from reprieve.removal import (
        RemovalRequest,
        Requester,
    )
    from reprieve.suppression import Suppression, SuppressionList


class SuppressionStore(Protocol):
    """The suppression records of all organizations; each method touches one organization."""

    def record(self, organization: Organization, suppressions: Sequence[Suppression]) -> int:
        """Put events on their lists, whatever the order in which they arrive.

        An entry is stored only if it is newer than the one that is there and than what an acknowledged removal forgave.

        Returns:
            How many changed a list; the rest were old news. When it returns, all of them are durable.
        """
        ...

    def request_removals(
        self, organization: Organization, requests: Sequence[RemovalRequest], requester: Requester, *, now: int
    ) -> None:
        """Record removals of one request and their watermark, one conditional write an address; durable by then.

        A removal that is recorded is not recorded anew by the same id within the same watermark.

        Raises:
            Unavailable: some may be recorded and others not; ask again.
        """
        ...

    def request_listed(
        self,
        organization: Organization,
        requests: Sequence[RemovalRequest],
        requester: Requester,
        *,
        since: Since,
        hidden: bool,
        forgiven_until: int,
        now: int,
    ) -> list[bool]:
        """Record removals of entries that are on their list, and of nothing else.

        Args:
            organization: whose lists.
            requests: all of one list.
            requester: who asks.
            since: from when on the list's entries are shown.
            hidden: whether those that are not shown are meant, instead of those that are.
            forgiven_until: the watermark, in milliseconds.
            now: in milliseconds.

        Returns:
            Whether each was there, in order; those that were are durable.
        """
        ...


class Comparison(Protocol):
    """What a provider's list holds against what we hold."""

    def missing(self, organization: Organization, entries: Sequence[Suppression]) -> list[Suppression]:
        """Those entries that are neither listed here, nor older than what we know, nor forgiven; read consistently."""
        ...


class ListingStore(Protocol):
    """The lists as they are shown: newest first, ties by address, without what was cleared or has expired."""

    def get(
        self, organization: Organization, suppression_list: SuppressionList, key: str, *, now: int
    ) -> Suppression | None:
        """The entry of one address, read consistently; None when it is not shown."""
        ...

    def records(self, organization: Organization, key: str) -> list[AddressRecord]:
        """What is stored of one address, read consistently: the lists it is or has been on, in the order of lists."""
        ...

    def page(
        self,
        organization: Organization,
        suppression_list: SuppressionList,
        selection: Selection,
        *,
        offset: int,
        limit: int,
        now: int,
    ) -> tuple[list[Suppression], bool]:
        """Up to `limit` entries behind the first `offset`, and whether there are more.

        Raises:
            LimitExceeded: more would have to be read than one request may.
        """
        ...

    def count(
        self, organization: Organization, suppression_list: SuppressionList, selection: Selection, *, now: int
    ) -> int:
        """How many entries there are."""
        ...

    def each(
        self, organization: Organization, suppression_list: SuppressionList, selection: Selection, *, now: int
    ) -> Iterator[Suppression]:
        """Every entry, a page at a time."""
        ...

    def search(
        self, organization: Organization, wanted: Filter, *, after: Place | None, limit: int, now: int
    ) -> tuple[list[Suppression], bool]:
        """Up to `limit` entries of several lists behind a place, and whether there are more."""
        ...

    def total(self, organization: Organization, wanted: Filter, *, now: int) -> tuple[int, bool]:
        """How many entries of several lists there are, and whether that is all of them or as many as were counted."""
        ...

    def hidden(
        self, organization: Organization, suppression_list: SuppressionList, *, now: int
    ) -> Iterator[Suppression]:
        """The entries that are on a list but not shown any more, oldest first."""
        ...

    def newest(self, organization: Organization, suppression_list: SuppressionList) -> int | None:
        """When the newest entry on a list was created, in milliseconds, shown or not."""
        ...


class UnblockStore(Protocol):
    """How addresses stand on the lists of bounces and blocks, and removals that are counted."""

    def standings(self, organization: Organization, keys: Sequence[str], *, now: int) -> dict[str, Standing]:
        """How each of these addresses stands now, by comparison key; no two keys alike."""
        ...

    def request_unblocks(
        self,
        organization: Organization,
        standings: Mapping[str, tuple[Standing, RemovalRequest]],
        requester: Requester,
        *,
        now: int,
    ) -> set[str]:
        """Record removals and count them, an address wholly or not at all; durable when it returns.

        Args:
            organization: whose.
            standings: by key, how each address stood when it was judged, and what to record; the request's list does
                not matter, an address is taken off both.
            requester: who asks.
            now: in milliseconds.

        Returns:
            The keys that were recorded. The others stand differently by now, and must be judged again.
        """
        ...

    def reset(self, organization: Organization, key: str) -> int:
        """Forget how often an address was unblocked, and tell how often that was."""
        ...
