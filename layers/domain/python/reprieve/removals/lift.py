"""A provider's answer to a lift or an addition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprieve.clock import Millis


class LiftOutcome(StrEnum):
    """The outcome of a lift or an addition for one address."""

    LIFTED = "lifted"
    """It was on the provider's list and no longer is, or the provider does not distinguish the two."""
    ABSENT = "absent"
    """It was not on the provider's list: success all the same."""
    LISTED = "listed"
    """It is on the provider's list, no matter how it got there, or the provider keeps no such list."""
    WAIT = "wait"
    """Throttled or not reached: nothing is known of the address, and this does not count as an attempt."""
    RETRY = "retry"
    """Asked for alone and not answered properly: a fault or a time-out; nothing is known to have happened."""
    REFUSED = "refused"
    """The provider will not take this address; trying again as it stands is unlikely to help."""
    ACCOUNT_BROKEN = "account_broken"
    """The account's credential or permission is bad: not the fault of the address."""

    @property
    def carried_out(self) -> bool:
        """Whether the provider's list is as it was asked to be, for certain."""
        return self in {LiftOutcome.LIFTED, LiftOutcome.ABSENT, LiftOutcome.LISTED}


@dataclass(frozen=True, slots=True)
class LiftAnswer:
    """A provider's answer for one address.

    Attributes:
        outcome: what happened.
        detail: a short cleaned sentence for the operator, without addresses or secrets.
        retry_at: when the provider asks us to come back, in milliseconds; only with WAIT and RETRY.
    """

    outcome: LiftOutcome
    detail: str = ""
    retry_at: Millis | None = None
