"""Evidence that the provider withholds mail although no list here says so: it dropped the latest message.

That happens (sendgrid/docs#6325): its list has an entry whose event never arrived. The next reconciliation records it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import Millis
from reprieve.removals.removal import TOMBSTONE, RemovalState
from reprieve.suppressions.delivery import INVALID, DeliveryKind
from reprieve.suppressions.suppression import GroupList, HoldList, SuppressionList
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reprieve.addresses.outlook import AddressRecord
    from reprieve.suppressions.suppression import AnyList
    from reprieve.system_log.span import Stored

#: the provider's list that each of SendGrid's reasons for a drop is about; the others are about the message
DROPPED_FOR: Final = {
    "bounced address": SuppressionList.BOUNCES,
    "spam reporting address": SuppressionList.SPAM_REPORTS,
    "unsubscribed address": SuppressionList.UNSUBSCRIBES,
    INVALID: SuppressionList.INVALID_EMAILS,
}
KINDS: Final = frozenset(DeliveryKind)
#: the digits of a position's moment
DIGITS: Final = 13


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
        now: in milliseconds. A drop from before TOMBSTONE says nothing: the record of a removal since then may be gone.
    """
    for stored in newest_first:
        if stored.event["eventType"] != EventType.EMAIL_DELIVERY or stored.event["outcome"]["reason"] not in KINDS:
            continue
        if stored.event["outcome"]["reason"] != DeliveryKind.DROPPED:
            return None
        said = stored.event["debugContext"]["debugData"].get("providerMessage", "")
        name, at = DROPPED_FOR.get(said.strip().casefold()), Millis(int(stored.position[:DIGITS]))
        if name is None or at <= now - TOMBSTONE or _explained(name, at, records, shown):
            return None
        return Withheld(name, at)
    return None


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
