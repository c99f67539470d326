"""One address on one list: its record, and what happens next without a further request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reprieve.removals.block import BlockState
from reprieve.removals.removal import Removal, RemovalState
from reprieve.suppressions.listing import shown_since
from reprieve.suppressions.suppression import GroupList, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.policies.term import Term
    from reprieve.suppressions.evidence import Evidence
    from reprieve.suppressions.suppression import AnyList


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """The record of one address on one list.

    Attributes:
        list: which list.
        suppression: the entry; None when the address is not on the list (any more).
        removal: the latest removal, however it ended; None when there has been none.
        lifts: how often the address was lifted from this list.
        unblocked: how often it was unblocked, from whichever list; only the record of the blocks list counts that.
        evidence: what is known of its failures on the list, but for deliveries.
    """

    list: AnyList
    suppression: Suppression | None
    removal: Removal | None
    lifts: int
    unblocked: int
    evidence: Evidence


class Next(Enum):
    """The next thing that happens to an address on a list."""

    STAYS = "stays"
    """It is suppressed until it is lifted."""
    EXPIRES = "expires"
    """It is suppressed until it expires by the bounce purge."""
    POLICY = "policy"
    """It is suppressed until the organization's policy lifts it."""
    KEPT = "kept"
    """It is on the blocks list with fewer bounces than block it; mail to it is tried."""
    LIFTS = "lifts"
    """A removal is pending: the job asks the provider, then takes the address off."""
    ADDS = "adds"
    """An addition is pending: the job puts the address on the provider's list."""
    UNADDED = "unadded"
    """An addition has failed: only our list withholds mail, and a person has to look at it."""
    WAITS = "waits"
    """A removal has failed: a person has to look at it."""
    SPARED = "spared"
    """It stays on the list, and mail to it is tried as long as the address whitelist covers it."""
    SWEEPS = "sweeps"
    """It is not shown any more, because it was cleared or has expired; the upkeep asks for its removal."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next thing that happens, and its earliest time in milliseconds; None when that is not known."""

    next: Next
    at: Millis | None = None


def shown(record: AddressRecord, organization: Organization, *, now: Millis) -> bool:
    """Whether the lists show the address."""
    since = shown_since(organization, record.list, now=now)
    return record.suppression is not None and since.shows(record.suppression)


def suppresses(record: AddressRecord, organization: Organization, *, now: Millis) -> bool:
    """Whether all mail to the address is withheld because of this list; the blocks list does so from the threshold on.

    The list of a group withholds the mail of that group only.
    """
    if isinstance(record.list, GroupList):
        return False
    if record.suppression is None or not shown(record, organization, now=now):
        return False
    return record.list is not SuppressionList.BLOCKS or record.suppression.count >= organization.soft_bounce_threshold


def block_state(records: Iterable[AddressRecord], organization: Organization, *, now: Millis) -> BlockState:
    """The state by which an unblock would judge the address, from its records on all lists."""
    on = {record.list: record for record in records}
    entries = {name: record.suppression for name, record in on.items() if shown(record, organization, now=now)}
    blocks = on.get(SuppressionList.BLOCKS)
    return BlockState(
        bounce=entries.get(SuppressionList.BOUNCES),
        soft=entries.get(SuppressionList.BLOCKS),
        unblocked=blocks.unblocked if blocks else 0,
    )


def outlook(
    record: AddressRecord, organization: Organization, term: Term | None, *, now: Millis, spared: bool = False
) -> Outlook | None:
    """The outlook of a record; None when nothing is left to happen.

    Args:
        record: of an address on a list.
        organization: whose.
        term: of the entry; None when the address is not on the list.
        now: in milliseconds.
        spared: whether the address whitelist covers it.
    """
    removal = record.removal
    if removal is not None and removal.state is RemovalState.PENDING:
        return Outlook(Next.ADDS if removal.adds else Next.LIFTS, removal.due_at)
    if removal is not None and removal.state is RemovalState.FAILED:
        return Outlook(Next.UNADDED if removal.adds else Next.WAITS)
    return _of_entry(record, organization, term, now, spared=spared) if record.suppression and term else None


def _of_entry(record: AddressRecord, organization: Organization, term: Term, now: Millis, *, spared: bool) -> Outlook:
    """The outlook of an entry about which nothing was asked; arguments as above."""
    if not shown(record, organization, now=now):
        return Outlook(Next.SWEEPS)
    if spared:
        return Outlook(Next.SPARED, term.expires)
    if term.expires is not None:
        return Outlook(Next.EXPIRES, term.expires)
    if record.list is SuppressionList.BLOCKS and not suppresses(record, organization, now=now):
        return Outlook(Next.KEPT)
    return Outlook(Next.POLICY, term.until) if term.is_lifted_by_policy else Outlook(Next.STAYS)
