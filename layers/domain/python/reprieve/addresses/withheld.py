"""Evidence that the provider withholds mail although no list here says so: it dropped the latest message.

That happens (sendgrid/docs#6325): its list has an entry whose event never arrived. An inquiry records it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.removals.removal import RemovalState
from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.inquiry import MAX_DROP_AGE
from reprieve.suppressions.log_entries import delivery_in
from reprieve.suppressions.suppression import GroupList, HoldList, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reprieve.addresses.outlook import AddressRecord
    from reprieve.clock import Millis
    from reprieve.suppressions.suppression import AnyList
    from reprieve.system_log.span import Stored


@dataclass(frozen=True, slots=True)
class Withheld:
    """A message that was not tried.

    Attributes:
        list: the list that the provider must have the address on.
        at: when it was dropped, in milliseconds.
    """

    list: SuppressionList
    at: Millis


def withheld(
    newest_first: Iterable[Stored], records: Collection[AddressRecord], shown: Collection[AnyList], *, now: Millis
) -> Withheld | None:
    """What the latest delivery event says that no list explains; None when there is nothing of that kind.

    Args:
        newest_first: log entries about the address, by when they were published.
        records: the address's records, that of a hold included.
        shown: the lists that show it and are to withhold its mail.
        now: in milliseconds. A drop that is older than MAX_DROP_AGE says nothing.
    """
    event = next(filter(None, map(delivery_in, newest_first)), None)
    if event is None or (name := event.dropped_for) is None:
        return None
    if event.at <= now - MAX_DROP_AGE or _explained(name, event.at, records, shown):
        return None
    return Withheld(name, event.at)


def delivered(newest_first: Iterable[Stored]) -> Millis | None:
    """When the latest message that these log entries report was delivered, in milliseconds; None when none was."""
    events = filter(None, map(delivery_in, newest_first))
    return next((event.at for event in events if event.kind is DeliveryKind.DELIVERED), None)


def _explained(
    name: SuppressionList, at: Millis, records: Collection[AddressRecord], shown: Collection[AnyList]
) -> bool:
    if any(_behind(name, one) for one in shown):
        return True
    removals = [record.removal for record in records if record.removal and _behind(name, record.list)]
    # until a removal is carried out the provider still drops, and what it dropped before that says nothing;
    # one that has failed leaves the address on the provider's list
    return any(
        one.state is RemovalState.PENDING or (one.state is not RemovalState.FAILED and (one.finished_at or 0) >= at)
        for one in removals
    )


def _behind(name: SuppressionList, one: AnyList) -> bool:
    """Whether a drop for `name` can come of a list: groups and holds are unsubscribes to a provider."""
    return one == name or (name is SuppressionList.UNSUBSCRIBES and isinstance(one, GroupList | HoldList))
