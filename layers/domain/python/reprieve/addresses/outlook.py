"""One address on one list: its record, and what happens next without a further request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reprieve.clock import Millis, days, to_millis, to_seconds
from reprieve.removals.block import BlockState
from reprieve.removals.removal import Removal, RemovalState
from reprieve.suppressions.listing import EXPIRING, shown_since
from reprieve.suppressions.suppression import GroupList, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.organization import Organization
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
    """

    list: AnyList
    suppression: Suppression | None
    removal: Removal | None
    lifts: int
    unblocked: int


class Next(Enum):
    """The next thing that happens to an address on a list."""

    STAYS = "stays"
    """It is suppressed until it is lifted."""
    EXPIRES = "expires"
    """It is suppressed until it expires by the bounce purge."""
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


def outlook(record: AddressRecord, organization: Organization, *, now: Millis, spared: bool = False) -> Outlook | None:
    """The outlook of a record; None when nothing is left to happen. `spared`: the address whitelist covers it."""
    removal = record.removal
    if removal is not None and removal.state is RemovalState.PENDING:
        return Outlook(Next.ADDS if removal.adds else Next.LIFTS, removal.due_at)
    if removal is not None and removal.state is RemovalState.FAILED:
        return Outlook(Next.UNADDED if removal.adds else Next.WAITS)
    if record.suppression is None:
        return None
    if not shown(record, organization, now=now):
        return Outlook(Next.SWEEPS)
    expires = _expiry(record.suppression, organization)
    if spared or expires is not None:
        return Outlook(Next.SPARED if spared else Next.EXPIRES, expires)
    kept = record.list is SuppressionList.BLOCKS and not suppresses(record, organization, now=now)
    return Outlook(Next.KEPT if kept else Next.STAYS)


def _expiry(suppression: Suppression, organization: Organization) -> Millis | None:
    purge = organization.purge
    kept = purge.hard_days if suppression.permanence is Permanence.HARD else purge.soft_days
    if not purge.enabled or kept is None or suppression.list not in EXPIRING:
        return None
    return to_millis(to_seconds(Millis(suppression.created + days(kept))))
