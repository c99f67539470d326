"""What a list's owner may do to it: lift one, some or all, and add an unsubscribe.

Whoever holds a credential for a list may lift what is on it: the membership rule of `service.removals` protects
addresses from people who do not manage the lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve import log, removal_log
from reprieve.address import Address, comparison_key
from reprieve.errors import MalformedAddress, NotFound
from reprieve.listing import shown_since
from reprieve.removal import SECOND, SKEW_ALLOWANCE, RemovalRequest, Requester, watermark
from reprieve.suppression import Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.log import LogEntry
    from reprieve.organization import Caller
    from reprieve.ports.access import AccessStore
    from reprieve.ports.log import EventLog
    from reprieve.ports.suppressions import ListingStore, SuppressionStore

#: who put an unsubscribe on the list: somebody with a credential, not a provider
BY_HAND: Final = "api"


@dataclass(frozen=True, slots=True)
class Lists:
    """The verbs, on behalf of a caller whose scopes have been checked."""

    suppressions: SuppressionStore
    listing: ListingStore
    access: AccessStore
    log: EventLog

    def lift(self, caller: Caller, suppression_list: SuppressionList, email: str, *, request_id: str, now: int) -> None:
        """Lift one address that is on the list: gone here at once, at the provider by the job.

        Raises:
            NotFound: it is not on the list.
            Unavailable: nothing was acknowledged.
        """
        request = RemovalRequest(f"{request_id}-0", suppression_list, comparison_key(email), email, hide=True)
        if not all(self._request_listed(caller, suppression_list, [request], request_id, now)):
            raise NotFound("address", f"on {suppression_list}")
        self.log.append(caller.organization, _asked(caller, suppression_list, [email], request_id, now))

    def lift_many(
        self, caller: Caller, suppression_list: SuppressionList, emails: Sequence[str], *, request_id: str, now: int
    ) -> int:
        """Lift addresses, on the list or not: one that we have not heard of may stand on the provider's.

        What is no address by RFC 3696 is lifted only if it is on the list, as it can be on invalid_emails.

        Returns:
            How many are lifted; the rest are no addresses and not listed.

        Raises:
            Unavailable: nothing was acknowledged, though some of it may already be recorded; ask again.
        """
        spelled = {comparison_key(email): email for email in reversed(emails)}
        requests = [
            RemovalRequest(f"{request_id}-{number}", suppression_list, key, email, hide=True)
            for number, (key, email) in enumerate(spelled.items())
        ]
        addresses = [request for request in requests if _is_address(request.email)]
        others = [request for request in requests if not _is_address(request.email)]
        requester = Requester(caller.credential_id, request_id)
        self.suppressions.request_removals(caller.organization, addresses, requester, now=now)
        listed = self._request_listed(caller, suppression_list, others, request_id, now)
        lifted = addresses + [request for request, was_there in zip(others, listed, strict=True) if was_there]
        entries = _asked(caller, suppression_list, [request.email for request in lifted], request_id, now)
        self.log.append(caller.organization, entries)
        return len(lifted)

    def clear(self, caller: Caller, suppression_list: SuppressionList, *, request_id: str, now: int) -> None:
        """Lift everything that is on a list now: it reads empty at once, and `service.upkeep` does the rest.

        The mark is in whole seconds, and covers what a provider's clock has stamped a little ahead of ours.
        """
        organization = caller.organization
        newest = self.listing.newest(organization, suppression_list) or 0
        until = max(now, min(newest, now + SKEW_ALLOWANCE)) // SECOND
        self.access.clear(organization.id, suppression_list, until=until)
        actor = log.holder(caller.credential_id)
        entry = removal_log.list_cleared(suppression_list, actor=actor, request_id=request_id, now=now)
        self.log.append(organization, [entry])

    def unsubscribe(self, caller: Caller, addresses: Sequence[Address], *, request_id: str, now: int) -> None:
        """Put addresses on the unsubscribes; one that is there already stays, with the later time."""
        entries = [
            Suppression(
                list=SuppressionList.UNSUBSCRIBES,
                key=address.key,
                email=address.spelling,
                created=now,
                provider=BY_HAND,
                event_id=f"{request_id}-{number}",
            )
            for number, address in enumerate(addresses)
        ]
        self.suppressions.record(caller.organization, entries)

    def _request_listed(
        self,
        caller: Caller,
        suppression_list: SuppressionList,
        requests: Sequence[RemovalRequest],
        request_id: str,
        now: int,
    ) -> list[bool]:
        return self.suppressions.request_listed(
            caller.organization,
            requests,
            Requester(caller.credential_id, request_id),
            since=shown_since(caller.organization, suppression_list, now=now),
            hidden=False,
            forgiven_until=watermark(now),
            now=now,
        )


def _is_address(text: str) -> bool:
    try:
        Address.parse(text)
    except MalformedAddress:
        return False
    return True


def _asked(
    caller: Caller, suppression_list: SuppressionList, emails: Sequence[str], request_id: str, now: int
) -> list[LogEntry]:
    """The entries that tell who asked."""
    return removal_log.removal_requested(
        emails,
        suppression_list=suppression_list,
        actor=log.holder(caller.credential_id),
        request_id=request_id,
        provider="sendgrid",
        now=now,
    )
