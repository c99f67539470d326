"""Holding addresses and domains by hand, and lifting such holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.address import Address
from reprieve.clock import days
from reprieve.errors import InvalidInput, MalformedAddress, NotFound
from reprieve.removals.hold import Hold, domain_key
from reprieve.removals.log_entries import held, hold_lifted
from reprieve.removals.removal import RemovalRequest, findable_id, watermark
from reprieve.suppressions.listing import Filter, Position, shown_since
from reprieve.suppressions.suppression import HOLDS, Suppression

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.removals.ports import HoldStore, RemovalRequests
    from reprieve.suppressions.ports import ListingStore
    from reprieve.system_log.ports import EventLog

#: characters of a reason
MAX_REASON: Final = 500
#: how far ahead a hold may end; one that is to last longer has no end
MAX_LENGTH: Final = days(3_650)
#: the provider's place in the entry of a hold
BY_HAND: Final = "hold"


@dataclass(frozen=True, slots=True)
class Holds:
    """The verbs, on behalf of a caller whose scopes have been checked."""

    holds: HoldStore
    listing: ListingStore
    suppressions: RemovalRequests
    log: EventLog

    def add(self, context: Context, subject: str, *, reason: str, until: Millis | None = None) -> Hold:
        """Hold an address or a domain; a hold that is there is replaced.

        Args:
            context: who asks, and the author of the hold.
            subject: an address, or the domain of one.
            reason: 1 to 500 characters.
            until: when it ends, in milliseconds; None for when it is lifted.

        Returns:
            The hold, which is in force.

        Raises:
            InvalidInput: one of them cannot be used; it is named, and nothing was changed.
            Unavailable: it is not certain to be in force, or to be carried to the provider; ask again.
        """
        key, spelling = subject_of(subject)
        if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
            raise InvalidInput(f"1 to {MAX_REASON} printable characters", field="reason")
        if until is not None and not context.now < until <= context.now + MAX_LENGTH:
            raise InvalidInput("must be in the future, and within ten years", field="until")
        entry = Suppression(
            list=HOLDS,
            key=key,
            email=spelling,
            created=context.now,
            reason=reason,
            provider=BY_HAND,
            event_id=context.request_id,
            author=context.actor.name,
            until=until,
        )
        hold = self.holds.hold(context, entry)
        self.log.append(context.organization, [held(entry, context=context)])
        return hold

    def find(self, organization: Organization, subject: str, *, now: Millis) -> Hold:
        """The hold of an address or of a domain.

        Raises:
            NotFound: there is none, or it has ended.
        """
        key, _ = subject_of(subject)
        found = [one for one in self.holds.of(organization, [key]) if one.is_active(now)]
        if not found:
            raise NotFound("hold", "of this address or domain")
        return found[0]

    def page(
        self, organization: Organization, *, after: Position | None, limit: int, now: Millis
    ) -> tuple[list[Hold], Position | None]:
        """Up to `limit` holds that are in force, newest first, and the position to continue after; None for no more."""
        found: list[Hold] = []
        while True:
            wanted = Filter(lists=(HOLDS,))
            room = limit - len(found)
            entries, more = self.listing.search(organization, wanted, after=after, limit=room, now=now)
            # the list by time has neither author nor end
            holds = self.holds.of(organization, [entry.key for entry in entries])
            found += [one for one in holds if one.is_active(now)]
            after = Position.of(entries[-1]) if more else None
            if after is None or len(found) == limit:
                return found, after

    def lift(self, context: Context, subject: str) -> None:
        """Lift a hold: here at once, and at the provider by the job unless another list keeps it there.

        Raises:
            NotFound: there is none, or it has ended.
            Unavailable: nothing was acknowledged.
        """
        hold = self.find(context.organization, subject, now=context.now)
        lift = self._lift_domain if hold.domain else self._lift_address
        if not lift(context, hold):
            raise NotFound("hold", "of this address or domain")

    def _lift_domain(self, context: Context, hold: Hold) -> bool:
        # its record is deleted, and a request that is repeated after a fault finds none: so the entry comes first
        self._log_lift(context, hold)
        return self.holds.lift_domain(context.organization, hold.entry.key)

    def _lift_address(self, context: Context, hold: Hold) -> bool:
        key, email = hold.entry.key, hold.entry.email
        # a hold that is set meanwhile stays, though the write may be made again after its answer was lost
        removal_id = findable_id(context.request_id, 0, key)
        request = RemovalRequest(removal_id, HOLDS, key, email, hide=True, event_id=hold.entry.event_id)
        asked = self.suppressions.request_listed(
            context,
            [request],
            since=shown_since(context.organization, HOLDS, now=context.now),
            hidden=False,
            forgiven_until=watermark(context.now),
        )
        if asked != [True]:
            return False
        self._log_lift(context, hold)
        return True

    def _log_lift(self, context: Context, hold: Hold) -> None:
        self.log.append(context.organization, [hold_lifted(hold.entry, context=context)])


def subject_of(subject: str) -> tuple[str, str]:
    """The key of what is to be held, and its spelling.

    Raises:
        InvalidInput: it is neither an address nor the domain of one.
    """
    try:
        if "@" in subject:
            return Address.parse(subject).key, subject
        key = domain_key(Address.parse(f"postmaster@{subject}").domain)
    except MalformedAddress:
        raise InvalidInput("neither an email address nor the domain of one", field="subject") from None
    return key, key
