"""Putting addresses on the unsubscribes, or on a group's list, without a delivery event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.clock import Millis, Seconds, to_millis
from reprieve.errors import Unavailable
from reprieve.suppressions.log_entries import addresses_listed
from reprieve.suppressions.suppression import Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.address import Address
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.suppressions.ports import AdditionRequests, SuppressionStore
    from reprieve.suppressions.suppression import AnyList
    from reprieve.system_log.ports import EventLog

#: the provider's place in an entry that was added through an API
BY_HAND: Final = "api"
#: how often entries are recorded again because a removal got in the way
ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Unsubscribes:
    """The verb that unsubscribes addresses."""

    suppressions: SuppressionStore
    additions: AdditionRequests
    log: EventLog

    def add(
        self,
        context: Context,
        addresses: Sequence[Address],
        *,
        to: AnyList = SuppressionList.UNSUBSCRIBES,
        source: str = BY_HAND,
    ) -> None:
        """Put addresses on the unsubscribes, here at once and at the provider by the removal job.

        One that is there already stays, with the later time.

        An earlier removal, or the clearing of the list, does not get in the way: such an address is
        listed with the first moment after that.

        Args:
            context: who asks.
            addresses: of those with the same key, the last one counts.
            to: the global unsubscribes, or the list of a group.
            source: how they came, for the entries of the list and of the system log.

        Raises:
            Unavailable: at least one is not listed, or not certain to be carried to the provider; retry.
        """
        organization, cleared = context.organization, context.organization.cleared.get(to, -1)
        shown = max(context.now, to_millis(Seconds(cleared + 1)))
        entries = [
            Suppression(
                list=to,
                key=address.key,
                email=address.spelling,
                created=shown,
                provider=source,
                event_id=f"{context.request_id}-{number}",
            )
            for number, address in enumerate({address.key: address for address in addresses}.values())
        ]
        self._list(organization, to, entries, shown)
        if not all(self.additions.request_additions(context, entries)):
            raise Unavailable("a removal got in the way of an unsubscribe")
        emails = [address.spelling for address in addresses]
        listed = addresses_listed(emails, to, source, context=context)
        self.log.append(organization, listed)

    def _list(self, organization: Organization, to: AnyList, entries: list[Suppression], shown: Millis) -> None:
        """Put every entry on the list, at `shown` or later."""
        for _ in range(ROUNDS):
            if len(self.suppressions.record(organization, entries).changed) == len(entries):
                return
            barred = self.suppressions.barred(organization, to, [one.key for one in entries])
            entries = [
                replace(one, created=max(shown, Millis(barred[one.key] + 1))) for one in entries if one.key in barred
            ]
            if not entries:
                return
        raise Unavailable("removals kept getting in the way of an unsubscribe")
