"""Removals by the owner of a list: one address, some, or all.

A caller with a credential for a list may lift what is on it: the membership rule of `removals.request` protects
addresses from callers who do not manage the lists.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reprieve.address import comparison_key, is_address
from reprieve.clock import Seconds, to_seconds
from reprieve.errors import NotFound
from reprieve.removals.log_entries import list_cleared, removal_requested
from reprieve.removals.removal import RemovalRequest, findable_id, watermark
from reprieve.suppressions.listing import Selection, shown_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.access.ports import AccessStore
    from reprieve.context import Context
    from reprieve.removals.allowance import Allowance
    from reprieve.removals.ports import RemovalRequests
    from reprieve.suppressions.ports import ListingStore
    from reprieve.suppressions.suppression import AnyList
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class Lists:
    """The verbs, on behalf of a caller whose scopes have been checked."""

    suppressions: RemovalRequests
    listing: ListingStore
    access: AccessStore
    log: EventLog
    allowance: Allowance

    def lift(self, context: Context, suppression_list: AnyList, email: str) -> None:
        """Lift one address that is on the list: here at once, at the provider by the job.

        Raises:
            NotFound: it is not on the list.
            Forbidden: the caller's role does not allow it; see `Allowance`.
            Unavailable: nothing was acknowledged.
        """
        self.allowance.spend(context, suppression_list, 1)
        key = comparison_key(email)
        request = RemovalRequest(findable_id(context.request_id, 0, key), suppression_list, key, email, hide=True)
        if not all(self._request_listed(context, suppression_list, [request])):
            raise NotFound("address", f"on {suppression_list}")
        self.log.append(context.organization, removal_requested([email], suppression_list, context=context))

    def lift_many(self, context: Context, suppression_list: AnyList, emails: Sequence[str]) -> list[str]:
        """Lift addresses, on the list or not: one that we have not heard of may be on the provider's.

        What is not an address by RFC 3696 is lifted only if it is on the list, as it can be on invalid_emails.

        Returns:
            The ids of the removals; the addresses that have none are neither addresses nor listed.

        Raises:
            Forbidden: the caller's role does not allow it; see `Allowance`.
            Unavailable: nothing was acknowledged, though some of it may already be recorded; ask again.
        """
        spelled: dict[str, str] = {}
        for email in emails:
            spelled.setdefault(comparison_key(email), email)
        self.allowance.spend(context, suppression_list, len(spelled))
        addresses, others = [], []
        for number, (key, email) in enumerate(spelled.items()):
            request = RemovalRequest(f"{context.request_id}-{number}", suppression_list, key, email, hide=True)
            if is_address(email):
                addresses.append(request)
            else:
                others.append(replace(request, id=findable_id(context.request_id, number, key)))
        self.suppressions.request_removals(context, addresses)
        listed = self._request_listed(context, suppression_list, others)
        lifted = addresses + [request for request, was_there in zip(others, listed, strict=True) if was_there]
        entries = removal_requested([request.email for request in lifted], suppression_list, context=context)
        self.log.append(context.organization, entries)
        return [request.id for request in lifted]

    def clear(self, context: Context, suppression_list: AnyList) -> None:
        """Lift everything that is on a list now: it reads empty at once, and `removals.upkeep` does the rest.

        As with a single removal, errors leave an address suppressed. The mark is the watermark of a removal, and what
        is on the list and newer than that is lifted one by one, so a later bounce stays, whatever its timestamp.

        Raises:
            Forbidden: the caller's role does not allow it.
            Unavailable: some of it may be done and the rest not; ask again.
        """
        self.allowance.check(context, suppression_list, whole=True)
        organization, mark = context.organization, to_seconds(watermark(context.now))
        self.access.clear(organization.id, suppression_list, until=mark)
        newer = self.listing.each(organization, suppression_list, Selection(start=Seconds(mark + 1)), now=context.now)
        requests = [
            RemovalRequest(f"{context.request_id}-{number}", suppression_list, entry.key, entry.email, hide=True)
            for number, entry in enumerate(newer)
        ]
        self.suppressions.request_removals(context, requests)
        self.log.append(organization, [list_cleared(suppression_list, context=context)])

    def _request_listed(
        self, context: Context, suppression_list: AnyList, requests: Sequence[RemovalRequest]
    ) -> list[bool]:
        return self.suppressions.request_listed(
            context,
            requests,
            since=shown_since(context.organization, suppression_list, now=context.now),
            hidden=False,
            forgiven_until=watermark(context.now),
        )
