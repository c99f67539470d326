"""The one verb that lifts a suppression, whichever dialect asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reprieve.address import Address
from reprieve.errors import MalformedAddress
from reprieve.recipients.membership import belonging
from reprieve.removals.log_entries import removal_requested
from reprieve.removals.removal import RemovalRequest
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.context import Context
    from reprieve.recipients.ports import RecipientStore
    from reprieve.removals.allowance import Allowance
    from reprieve.removals.ports import RemovalRequests
    from reprieve.system_log.ports import EventLog


class Decision(Enum):
    """The kinds of decision on a submitted address: accepted, or the reason why not."""

    ACCEPTED = "accepted"
    """It will be lifted; this is durable."""
    MALFORMED = "malformed"
    """It is not an address by RFC 3696."""
    NOT_ALLOWED = "not_allowed"
    """The membership rule does not let this organization lift it."""


@dataclass(frozen=True, slots=True)
class AddressOutcome:
    """The decision on one address, in the spelling in which it was submitted."""

    submitted: str
    decision: Decision
    removal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Removals:
    """Asking for removals, on behalf of a caller."""

    suppressions: RemovalRequests
    recipients: RecipientStore
    log: EventLog
    allowance: Allowance

    def request(
        self,
        context: Context,
        submitted: Sequence[str],
        *,
        suppression_list: SuppressionList = SuppressionList.BOUNCES,
    ) -> list[AddressOutcome]:
        """Accept every address that may be lifted; each of the others is refused with its reason.

        Whether an address is on the list makes no difference to the answer (Okta's rule): an entry that we have not
        heard of yet may well be on the provider's list.

        Args:
            context: who asks.
            submitted: the addresses as they were sent; duplicates are each answered, and lifted once.
            suppression_list: the list to lift them from.

        Returns:
            One outcome per address, in order. What is ACCEPTED is durable when this returns.

        Raises:
            Forbidden: the caller's role does not allow it; see `Allowance`.
            Unavailable: nothing was acknowledged, though some of it may already be recorded; ask again.
        """
        self.allowance.check(context, suppression_list)
        parsed = [_parse(text) for text in submitted]
        allowed = belonging(self.recipients, context.organization, [address for address in parsed if address])
        requests: dict[str, RemovalRequest] = {}
        outcomes = []
        for text, address in zip(submitted, parsed, strict=True):
            if address is None:
                outcomes.append(AddressOutcome(text, Decision.MALFORMED))
            elif address.key not in allowed:
                outcomes.append(AddressOutcome(text, Decision.NOT_ALLOWED))
            else:
                request = requests.setdefault(
                    address.key,
                    RemovalRequest(
                        f"{context.request_id}-{len(requests)}", suppression_list, address.key, address.spelling
                    ),
                )
                outcomes.append(AddressOutcome(text, Decision.ACCEPTED, request.id))
        if requests:
            self.allowance.spend(context, suppression_list, len(requests))
            self.suppressions.request_removals(context, list(requests.values()))
            emails = [request.email for request in requests.values()]
            self.log.append(context.organization, removal_requested(emails, suppression_list, context=context))
        return outcomes


def _parse(text: str) -> Address | None:
    try:
        return Address.parse(text)
    except MalformedAddress:
        return None
