"""Ports for the suppression lists: recording, listing, and comparing with a provider's lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from reprieve.clock import Millis, Seconds
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.evidence import Evidence
    from reprieve.suppressions.group import Group, GroupChanges, Groups
    from reprieve.suppressions.inquiry import Inquiry
    from reprieve.suppressions.listing import Filter, Position, Selection
    from reprieve.suppressions.recorded import Recorded
    from reprieve.suppressions.suppression import AnyList, Resubscription, Suppression, SuppressionList
    from reprieve.suppressions.whitelist import Whitelist


class SuppressionStore(Protocol):
    """The suppression records of all organizations; each method touches one organization."""

    def record(self, organization: Organization, suppressions: Sequence[Suppression], *, by: str = "") -> Recorded:
        """Put events on their lists, whatever the order in which they arrive.

        An entry is stored only if it is newer than the one that is there and than what an acknowledged removal forgave.

        Args:
            organization: whose lists.
            suppressions: the events.
            by: names what asks, and is the same when it asks again. What it has written is known by it as changed, even
                if no answer said so. With "", such a write counts as someone else's.

        Returns:
            What became of them. When it returns, all that is news is durable.

        Raises:
            Unavailable: some may be stored and others not; ask again.
        """
        ...

    def resubscribe(
        self, organization: Organization, resubscriptions: Sequence[Resubscription], *, now: Millis
    ) -> None:
        """Take addresses off lists, as far as they were put there no later, whatever the order in which news arrive.

        In the same millisecond the address stays on the list. When it returns, all of it is durable.

        Args:
            organization: whose lists.
            resubscriptions: any number per address.
            now: in milliseconds.
        """
        ...

    def barred(self, organization: Organization, suppression_list: AnyList, keys: Sequence[str]) -> dict[str, Millis]:
        """The ones of these addresses that are not on the list, read consistently; no two keys are equal.

        Returns:
            By key, the moment in milliseconds that an event must be later than to put the address on the list.
        """
        ...


class DeliveryCounts(Protocol):
    """The counts of delivery events, for the rates of bounces and complaints."""

    def add(self, organization: Organization, events: Iterable[DeliveryEvent], *, account: str, now: Millis) -> None:
        """Count events, each time that they are given.

        Args:
            organization: whose.
            events: no two of the same id.
            account: the name of the organization's account that they come from.
            now: in milliseconds.

        Raises:
            Unavailable: some of them are not counted, and others may be.
        """
        ...


class InquiryStore(Protocol):
    """The inquiries of all organizations; each method but `due_organizations` touches one organization."""

    def unexplained(self, organization: Organization, inquiries: Sequence[Inquiry]) -> list[Inquiry]:
        """Those whose drop nothing here explains: neither an entry of a list nor a removal that waits."""
        ...

    def note(self, organization: Organization, inquiries: Sequence[Inquiry], *, now: Millis) -> None:
        """Have accounts asked, each about an address once however many drops there were; durable on return."""
        ...

    def due_organizations(self, *, now: Millis) -> list[str]:
        """The ids of the organizations that may have inquiries to carry out now (eventually consistent)."""
        ...

    def due(self, organization: Organization, *, now: Millis, limit: int) -> list[Inquiry]:
        """Those that may be carried out now, longest due first (eventually consistent)."""
        ...

    def postpone(self, organization: Organization, inquiry: Inquiry, *, until: Millis) -> None:
        """Have the account asked later, because it could not be asked now; sooner if a drop was reported meanwhile."""
        ...

    def end(self, organization: Organization, inquiry: Inquiry) -> None:
        """Forget an inquiry that was carried out, unless a drop was reported since it was read."""
        ...


class EvidenceStore(Protocol):
    """What is known of failed deliveries; it touches one organization."""

    def known(
        self, organization: Organization, entries: Sequence[Suppression]
    ) -> list[tuple[Suppression | None, Evidence]]:
        """Each entry as its record has it, since indexes lag and lack some of it, and the evidence about its address.

        The entry is None where it is not on its list any more. The evidence does not say when a message was delivered,
        and is empty for an address that has no record. Read eventually consistently.
        """
        ...


class AdditionRequests(Protocol):
    """Requests that the provider's lists have what is on ours; each touches one organization."""

    def request_additions(self, context: Context, entries: Sequence[Suppression]) -> list[bool]:
        """Request that entries be put on the provider's lists by the removal job. A pending removal is replaced.

        Args:
            context: who asks.
            entries: no two of the same list and address.

        Returns:
            Whether each is on its list, in order; those that are will be carried to the provider, or visibly fail.

        Raises:
            Unavailable: some may be requested and others not; ask again.
        """
        ...


class WhitelistStore(Protocol):
    """The address whitelists of all organizations; each method touches one organization."""

    def whitelist(self, organization: Organization) -> Whitelist:
        """The organization's whitelist, read consistently; an empty one that is off when there is none."""
        ...

    def replace_whitelist(self, organization: Organization, before: Whitelist, after: Whitelist) -> bool:
        """Replace a whitelist with its counts; False, and nothing changed, when the stored one is not `before`.

        The counts are not compared: those that are added meanwhile are lost.
        """
        ...

    def count_hits(self, organization: Organization, entries: Iterable[str]) -> None:
        """Count entries of the whitelist that kept an address off a list, one for each time that it is given."""
        ...


class GroupStore(Protocol):
    """The unsubscribe groups of all organizations."""

    def all(self, organization: Organization) -> Groups:
        """An organization's groups, read consistently."""
        ...

    def replace(self, organization: Organization, groups: Groups) -> bool:
        """Store the groups whose predecessor has the version before; False when another change was faster."""
        ...

    def forget(self, organization: Organization, group_id: int, *, goes_on: Callable[[], bool]) -> bool:
        """Delete the records of a group's list, as long as `goes_on`; whether none is left."""
        ...


class LinkKeys(Protocol):
    """The keys that sign unsubscribe links, one per organization, in clear.

    Both methods raise Unavailable where the key cannot be read or unsealed.
    """

    def key_to_sign(self, organization: Organization) -> bytes:
        """The organization's key; the first time, a new one."""
        ...

    def key_to_verify(self, organization_id: str) -> bytes | None:
        """The key of an organization, which need not exist; None when it never signed anything."""
        ...


class ProviderGroups(Protocol):
    """The unsubscribe groups of one account at an upstream provider.

    Each method raises Unavailable when the provider did not answer, throttled, or refused the account.
    """

    def all(self) -> list[Group]:
        """Every group."""
        ...

    def create(self, wanted: GroupChanges) -> Group:
        """Add a group.

        Raises:
            InvalidInput: the provider refused it; it may have one of that name.
        """
        ...

    def change(self, group_id: int, changes: GroupChanges) -> None:
        """Change a group.

        Raises:
            InvalidInput: the provider refused the change.
            Conflict: it has no such group.
        """
        ...

    def delete(self, group_id: int) -> None:
        """Delete a group, or do nothing where there is none."""
        ...

    def entries(self, *, start: Millis, end: Millis) -> Iterator[Suppression]:
        """The entries of all groups' lists, by time of creation, both ends included, in milliseconds."""
        ...

    def close(self) -> None:
        """Release what is kept between calls."""
        ...


class ProviderLists(Protocol):
    """Read access to an upstream email provider's suppression lists, under one organization's account."""

    def kept_with(self, suppression_list: AnyList) -> tuple[AnyList, ...]:
        """The other lists whose entries the provider keeps in the same place, without a difference."""
        ...

    def entry_of(self, suppression_list: SuppressionList, email: str, *, otherwise: Millis) -> Suppression | None:
        """The entry of one address on the provider's list; None where it has none, or where there is no such list.

        Args:
            suppression_list: which list.
            email: the address as the provider spells it; spellings that mean the same are tried, too.
            otherwise: the time of creation of an entry that has none that can be read, in milliseconds.

        Raises:
            Unavailable: the provider did not answer, throttled, or refused the account.
        """
        ...

    def entries(self, suppression_list: SuppressionList, *, start: Millis, end: Millis) -> Iterator[Suppression]:
        """The entries of the provider's list, by time of creation, both ends included, in milliseconds.

        Raises:
            Unavailable: the provider did not answer, or refused the account.
        """
        ...

    def close(self) -> None:
        """Release what is kept between calls; it may be called once, at the end."""
        ...


class Comparison(Protocol):
    """The comparison of a provider's list with ours."""

    def missing(self, organization: Organization, entries: Sequence[Suppression]) -> list[Suppression]:
        """Those entries that are neither listed here, nor older than what we know, nor forgiven; read consistently."""
        ...


class HeldAddresses(Protocol):
    """Which addresses are held by hand."""

    def held(self, organization: Organization, keys: Sequence[str], *, now: Millis) -> dict[str, Millis | None]:
        """Those of the keys that are held, or whose hold is about to be lifted at the provider; read consistently.

        Args:
            organization: whose holds.
            keys: of addresses and domains.
            now: in milliseconds; a domain's hold that has ended by then is none.

        Returns:
            Key -> the end of its hold, in milliseconds; None where it has none.
        """
        ...

    def held_of_many(self, organization: Organization, keys: Sequence[str], *, now: Millis) -> dict[str, Millis | None]:
        """The same, at little cost where an organization has few holds."""
        ...


class ListingStore(Protocol):
    """The lists as they are shown: newest first, ties by address, without what was cleared or has expired."""

    def get(
        self, organization: Organization, suppression_list: AnyList, key: str, *, now: Millis
    ) -> Suppression | None:
        """The entry of one address, read consistently; None when it is not shown."""
        ...

    def page(
        self,
        organization: Organization,
        suppression_list: AnyList,
        selection: Selection,
        *,
        offset: int,
        limit: int,
        now: Millis,
    ) -> tuple[list[Suppression], bool]:
        """Up to `limit` entries after the first `offset`, and whether there are more.

        Raises:
            LimitExceeded: more would have to be read than one request may.
        """
        ...

    def count(self, organization: Organization, suppression_list: AnyList, selection: Selection, *, now: Millis) -> int:
        """The number of entries."""
        ...

    def counts(self, organization: Organization, lists: Sequence[AnyList], *, now: Millis) -> list[int]:
        """The number of entries of each list, in order; of a list that is too long to count, the number counted."""
        ...

    def on_lists(
        self, organization: Organization, wanted: Sequence[tuple[AnyList, str]], *, now: Millis
    ) -> set[tuple[AnyList, str]]:
        """Those of these lists and addresses (by comparison key) that have an entry, read consistently."""
        ...

    def each(
        self, organization: Organization, suppression_list: AnyList, selection: Selection, *, now: Millis
    ) -> Iterator[Suppression]:
        """Every entry, a page at a time."""
        ...

    def oldest_first(
        self,
        organization: Organization,
        suppression_list: AnyList,
        *,
        start: Seconds,
        end: Seconds,
        after: Position | None,
        now: Millis,
    ) -> Iterator[Suppression]:
        """The entries of some seconds, both ends included, oldest first, a page at a time.

        Args:
            organization: whose.
            suppression_list: which list.
            start: the first second.
            end: the last second.
            after: the entry after which to begin, as an earlier call gave it; None for the first.
            now: in milliseconds.
        """
        ...

    def search(
        self, organization: Organization, wanted: Filter, *, after: Position | None, limit: int, now: Millis
    ) -> tuple[list[Suppression], bool]:
        """Up to `limit` entries of several lists after a position, and whether there are more."""
        ...

    def total(self, organization: Organization, wanted: Filter, *, now: Millis) -> tuple[int, bool]:
        """The number of entries of several lists, and whether it is complete or where counting stopped."""
        ...

    def hidden(self, organization: Organization, suppression_list: AnyList, *, now: Millis) -> Iterator[Suppression]:
        """The entries that are on a list but not shown any more, oldest first."""
        ...
