"""Ports for removals: recording and following them, the queue, unblocks, and the provider that carries them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reprieve.suppressions.ports import ProviderLists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.removals.block import BlockState
    from reprieve.removals.hold import Hold
    from reprieve.removals.lift import LiftAnswer
    from reprieve.removals.queue import Claim, Due, Settlement
    from reprieve.removals.removal import Followed, Removal, RemovalRequest, RemovalState
    from reprieve.suppressions.listing import Since
    from reprieve.suppressions.suppression import AnyList, Suppression


class LiftCounts(Protocol):
    """Counts of the addresses that callers of the help desk have lifted on a day (UTC)."""

    def add(self, organization: Organization, caller: str, number: int, *, most: int, now: Millis) -> bool:
        """Count a number of addresses; False when that makes more than `most` on this day, and counts nothing."""
        ...


class LookAtRates(Protocol):
    """A look at the rates of one organization's bounces and complaints."""

    def __call__(self, organization: Organization, *, now: Millis) -> int:
        """Warn of rates that come near the limits of providers, and return how many are at the last level."""
        ...


class RemovalRequests(Protocol):
    """The records of removals; each method touches one organization."""

    def request_removals(self, context: Context, requests: Sequence[RemovalRequest]) -> None:
        """Record removals of one request and their watermark, one conditional write per address; durable on return.

        A removal that is recorded is not recorded again under the same id and watermark.

        Raises:
            Unavailable: some may be recorded and others not; ask again.
        """
        ...

    def request_listed(
        self,
        context: Context,
        requests: Sequence[RemovalRequest],
        *,
        since: Since,
        hidden: bool,
        forgiven_until: Millis,
    ) -> list[bool]:
        """Record removals of entries that are on their list, and of nothing else.

        No note is kept of those that are shown, so their ids are `removal.findable_id`.

        Args:
            context: who asks.
            requests: all of one list.
            since: from when on the list's entries are shown.
            hidden: whether those that are not shown are meant, instead of those that are.
            forgiven_until: the watermark, in milliseconds.

        Returns:
            Whether each was on the list, in order; those that were are durable.
        """
        ...


class EntryRemovals(Protocol):
    """Removals of entries as they were judged; each touches one organization."""

    def request_entries(self, context: Context, entries: Sequence[Suppression]) -> list[bool]:
        """Record removals of these very entries, which lists then show no more. One conditional write per address.

        Each forgives what happened up to its entry, and nothing later: where a newer event came, or news of one is
        under way, the address stays on its list. So it does where a removal was requested since the entry came.

        Args:
            context: who asks.
            entries: no two of the same list and address.

        Returns:
            Whether each is recorded, in order; those that are will be carried to the provider, or visibly fail.
        """
        ...


class RemovalQueue(Protocol):
    """The removals that wait, of all organizations; each method but `due_organizations` touches one organization."""

    @property
    def slots(self) -> int:
        """How many slots the entries of all organizations are spread over; an organization may be in several."""
        ...

    def due_organizations(self, slot: int, *, now: Millis) -> dict[str, Millis]:
        """The organizations that may have entries to claim in a slot (eventually consistent).

        Args:
            slot: from 0 to `slots` - 1.
            now: in milliseconds.

        Returns:
            By id, the moment at which what is due first was requested, in milliseconds.
        """
        ...

    def due(self, organization: Organization, *, now: Millis, limit: int) -> list[Due]:
        """The entries that may be claimed now, longest due first (eventually consistent)."""
        ...

    def claim(
        self, organization: Organization, entries: Sequence[Due], *, now: Millis, lease: Millis
    ) -> list[Claim | None]:
        """Claim entries for this worker until `now + lease`, each independently.

        Returns:
            The claims, in order; None for an entry that another worker has, or that has left the queue.
        """
        ...

    def note_ends(self, organization: Organization, settlements: Sequence[Settlement]) -> list[bool]:
        """Note how removals end that have not ended yet, each independently; from then on none can end otherwise.

        The fence of each that is noted is one further. A removal that is noted and not settled is found as such by
        the next worker that claims it.

        Returns:
            Whether it was noted, in order. False when another writer was faster; then nothing was changed.
        """
        ...

    def settle(self, organization: Organization, settlements: Sequence[Settlement], *, now: Millis) -> list[bool]:
        """End removals or queue them individually, each independently.

        Returns:
            Whether it was done, in order. False when another writer was faster, or when a bounce newer than
            what the removal forgave is in its place; then nothing was changed.
        """
        ...

    def listed(
        self, organization: Organization, lists: Sequence[AnyList], keys: Sequence[str], *, now: Millis
    ) -> set[str]:
        """The keys of those addresses that are on one of the lists, without ended holds; read consistently."""
        ...

    def release(self, claims: Sequence[Claim], settled: set[str], *, now: Millis) -> None:
        """Release what a worker has claimed besides the removals themselves, when it has finished with them.

        Args:
            claims: of one organization.
            settled: the ids of the removals that the worker has settled.
            now: in milliseconds.
        """
        ...

    def retry(self, organization: Organization, failed: Removal, *, now: Millis) -> bool:
        """Put a failed removal back into the queue; False when it was replaced or has not failed."""
        ...


class OldQueue(Protocol):
    """The removals that the release before has queued, where this one's job does not look."""

    def move(self, organization: Organization, *, now: Millis) -> int:
        """Queue an organization's for this release's job, and return how many were.

        Those that a worker of the release before holds are left for another time.

        Raises:
            Unavailable: some may be moved and others not; move them another time.
        """
        ...


class JobRuns(Protocol):
    """Runs of the removal job besides those of its schedule."""

    def start(self, *, after: Millis) -> None:
        """Have a run begin, which waits for so many milliseconds before it looks at the queue.

        Raises:
            Unavailable: it may or may not begin.
        """
        ...


class RemovalRecords(Protocol):
    """The current state of removals."""

    def of_request(self, organization: Organization, request_id: str) -> list[Followed]:
        """Every removal that a request asked for, in order; none when the request is unknown."""
        ...

    def one(self, organization: Organization, removal_id: str) -> Followed | None:
        """One removal by its id, read consistently; None when it is unknown.

        Without a note it is found while it waits or has failed.
        """
        ...

    def of_address(self, organization: Organization, key: str) -> list[Removal]:
        """The latest removal of an address on each list."""
        ...

    def waiting(
        self, organization: Organization, state: RemovalState, *, limit: int, after: str | None
    ) -> tuple[list[Removal], str | None]:
        """A page of pending or failed removals, longest due first, and where to continue; None when there are no more.

        Raises:
            InvalidInput: `after` does not come from an earlier page.
        """
        ...


class HoldStore(Protocol):
    """Holds by hand, of addresses and of domains; each method touches one organization."""

    def hold(self, context: Context, hold: Suppression) -> Hold:
        """Hold an address, here at once and at the provider by the job; or a domain, which is held here only.

        A hold that is there is replaced, and so is a removal of it that waits. Durable on return. Of two requests that
        are under way at the same time, either one may count.

        Raises:
            Unavailable: workers kept getting in the way.
        """
        ...

    def of(self, organization: Organization, keys: Sequence[str]) -> list[Hold]:
        """The holds with these keys, each given once; ended ones, too, while they are listed. Read consistently."""
        ...

    def lift_domain(self, organization: Organization, key: str) -> bool:
        """Lift the hold of a domain; False when there is none."""
        ...


class UnblockStore(Protocol):
    """The state of addresses on the bounces and blocks lists, and removals that are counted."""

    def block_states(self, organization: Organization, keys: Sequence[str], *, now: Millis) -> dict[str, BlockState]:
        """The block state of each of these addresses, by comparison key; no two keys are equal."""
        ...

    def request_unblocks(
        self,
        context: Context,
        block_states: Mapping[str, tuple[BlockState, RemovalRequest]],
    ) -> set[str]:
        """Record removals and count them, each address wholly or not at all; durable on return.

        Args:
            context: who asks.
            block_states: by key, the state by which each address was judged, and what to record; the request's list
                does not matter, an address is taken off both.

        Returns:
            The keys that were recorded. The others have changed meanwhile, and must be judged again.
        """
        ...

    def reset(self, organization: Organization, key: str) -> int:
        """Reset the count of an address's unblocks, and return the old count."""
        ...


class Provider(ProviderLists, Protocol):
    """An upstream email provider's suppression lists, to read, to lift from and to add to."""

    #: how many addresses one call of `lift` or `put` may carry
    batch: int

    def lift(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Take addresses off one list.

        Args:
            suppression_list: which list.
            emails: exact spellings, at most `batch`, no two alike.
            budget: milliseconds that this may take; what it does not reach is answered WAIT.

        Returns:
            One answer per address, in the same order. Faults of the provider or the network are answers, not errors.
        """
        ...

    def put(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Put addresses on one list; one that is there stays.

        Args:
            suppression_list: which list.
            emails: exact spellings, at most `batch`, no two alike.
            budget: milliseconds that this may take; what it does not reach is answered WAIT.

        Returns:
            One answer per address, in the same order: LISTED also where the provider keeps no such list.
        """
        ...
