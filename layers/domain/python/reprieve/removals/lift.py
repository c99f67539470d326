"""A provider's answer to a lift."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprieve.clock import Millis


class LiftOutcome(StrEnum):
    """What a provider did with one address."""

    LIFTED = "lifted"
    """It was on the provider's list and no longer is, or the provider does not distinguish the two."""
    ABSENT = "absent"
    """It was not on the provider's list: success all the same."""
    WAIT = "wait"
    """Throttled, or its turn did not come: nothing is known of the address, and it loses no attempt."""
    RETRY = "retry"
    """Asked for alone and not answered properly: a fault or a time-out; nothing is known to have happened."""
    REFUSED = "refused"
    """The provider will not take this address; trying again as it stands is unlikely to help."""
    ACCOUNT_BROKEN = "account_broken"
    """The account's credential or permission is bad: no fault of the address."""

    @property
    def lifted(self) -> bool:
        """Whether the address is not on the provider's list any more, for certain."""
        return self in {LiftOutcome.LIFTED, LiftOutcome.ABSENT}


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
