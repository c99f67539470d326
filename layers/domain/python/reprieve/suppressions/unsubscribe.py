"""Putting addresses on the unsubscribes by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.suppressions.log_entries import addresses_listed
from reprieve.suppressions.suppression import Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.address import Address
    from reprieve.context import Context
    from reprieve.suppressions.ports import SuppressionStore
    from reprieve.system_log.ports import EventLog

#: what stands for the provider in an entry that was added through an API
BY_HAND: Final = "api"


@dataclass(frozen=True, slots=True)
class Unsubscribes:
    """The verb that unsubscribes addresses."""

    suppressions: SuppressionStore
    log: EventLog

    def add(self, context: Context, addresses: Sequence[Address]) -> None:
        """Put addresses on the unsubscribes; one that is there already stays, with the later time."""
        entries = [
            Suppression(
                list=SuppressionList.UNSUBSCRIBES,
                key=address.key,
                email=address.spelling,
                created=context.now,
                provider=BY_HAND,
                event_id=f"{context.request_id}-{number}",
            )
            for number, address in enumerate(addresses)
        ]
        self.suppressions.record(context.organization, entries)
        emails = [address.spelling for address in addresses]
        listed = addresses_listed(emails, SuppressionList.UNSUBSCRIBES, BY_HAND, context=context)
        self.log.append(context.organization, listed)
