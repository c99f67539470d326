"""The evidence about an address on a list: its last outcomes there, and how often it was lifted.

Outcomes are kept beside the entry, outlive a lift, and say what happened; what follows from them is up to `policies`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.clock import Millis
    from reprieve.suppressions.suppression import Classification, Permanence, Suppression

#: the lists whose entries say that a delivery failed; the others say what a recipient or an operator wants
OF_FAILURES: Final = frozenset({SuppressionList.BOUNCES, SuppressionList.BLOCKS, SuppressionList.INVALID_EMAILS})
#: how many outcomes an entry keeps: the newest
MAX_OUTCOMES: Final = 8
#: an enhanced status code (RFC 3463); what a provider writes in its place is not kept as one
STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


@dataclass(frozen=True, slots=True, order=True)
class Outcome:
    """One event that put the address on the list.

    Two events of the same millisecond that say the same are one outcome, so a repetition under another id adds nothing.

    Attributes:
        at: when it happened, in milliseconds.
        permanence: whether waiting could help.
        classification: the reason, as one of seven words.
        status: the enhanced status code, or "".
    """

    at: Millis
    permanence: Permanence
    classification: Classification
    status: str = ""

    @classmethod
    def of(cls, entry: Suppression) -> Outcome:
        """The outcome that an entry records."""
        status = entry.status.strip()
        at = max(entry.created, EPOCH)
        return cls(at, entry.permanence, entry.classification, status if STATUS.fullmatch(status) else "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about an address on one list.

    Attributes:
        outcomes: at most `MAX_OUTCOMES`, oldest first; those of before a lift are among them.
        lifts: how often the address was lifted from the list, as far as its record remembers.
        lifted_at: up to when the latest lift forgave, in milliseconds; None when there was none.
        delivered_at: when a message to the address was last delivered, in milliseconds; None when that is not known.
        in_removal: whether a removal of the address from the list, or its addition, is pending or has failed.
    """

    outcomes: tuple[Outcome, ...] = ()
    lifts: int = 0
    lifted_at: Millis | None = None
    delivered_at: Millis | None = None
    in_removal: bool = False


def newest(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes that are kept of these, oldest first, each once."""
    return tuple(sorted(set(outcomes))[-MAX_OUTCOMES:])
