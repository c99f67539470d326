"""Whether an address is blocked for bouncing, and how an unblock is judged.

What "blocked" means, in terms of lists and permanence:

- blocked permanently: it is on the bounces list, and its newest bounce there is hard. No unblock lifts that;
- blocked temporarily: it is on the bounces list and its newest bounce there is soft or undetermined (the provider
  itself has stopped mailing it), or it is on the blocks list with at least as many soft bounces as the
  organization's threshold, counted since it was last unblocked;
- not blocked: everything else. Fewer soft bounces than the threshold do not block an address.

An unblock does not touch the other lists: spam reports and unsubscribes are the recipient's own
will, and an invalid address needs a correction.

An address is unblocked at most UNBLOCKS times. The count belongs to the address in the organization, whichever record,
field or list the block came by; it outlives every lift, and neither time nor a deleted record resets it. Only the
operator's `reprieve recipients reset-unblocks` does; another address has its own. Every acknowledged unblock counts,
whether or not the provider could carry it out. An unblock by proof (see `proof`) is one of them, and lifts a permanent
block as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH
from reprieve.suppressions.suppression import Permanence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis
    from reprieve.suppressions.suppression import AnyList, Suppression

#: how often one address may be unblocked
UNBLOCKS: Final = 5


class BlockKind(StrEnum):
    """The way in which an address is blocked."""

    NONE = "none"
    """It is not blocked."""
    TEMPORARY = "temporary"
    """It can be unblocked."""
    PERMANENT = "permanent"
    """It cannot."""


class UnblockOutcome(StrEnum):
    """The outcome of an unblock for one address, or for one record."""

    UNBLOCKED = "unblocked"
    """It will be lifted; this is durable. In a rehearsal: it would be."""
    UNKNOWN = "unknown"
    """There is no such record in this module."""
    EXHAUSTED = "exhausted"
    """It has reached the maximum number of unblocks."""
    PERMANENT = "permanent"
    """It is blocked permanently."""
    FREE = "free"
    """It is not blocked."""


@dataclass(frozen=True, slots=True)
class BlockState:
    """The state of one address on the two lists.

    Attributes:
        bounce: its entry on the bounces list, None when it is not listed there.
        soft: its entry on the blocks list, with the number of soft bounces; None when it is not listed there.
        unblocked: how often it was unblocked, ever.
        requests: the ids of the requests that last asked for its removal from either list.
        forgiven_until: the later one of the two watermarks, 0 when there is none.
        fences: the fence of each list's record, 0 when there is none; each request for a removal raises it.
    """

    bounce: Suppression | None = None
    soft: Suppression | None = None
    unblocked: int = 0
    requests: frozenset[str] = frozenset()
    forgiven_until: Millis = EPOCH
    fences: Mapping[AnyList, int] = field(default_factory=dict)

    def kind(self, threshold: int) -> BlockKind:
        """The way in which it is blocked, in an organization with this threshold."""
        if self.bounce is not None:
            return BlockKind.PERMANENT if self.bounce.permanence is Permanence.HARD else BlockKind.TEMPORARY
        reached = self.soft is not None and self.soft.count >= threshold
        return BlockKind.TEMPORARY if reached else BlockKind.NONE

    @property
    def remaining(self) -> int:
        """How many unblocks are left."""
        return max(0, UNBLOCKS - self.unblocked)

    def outcome(self, threshold: int, request_id: str, *, proved: bool = False) -> UnblockOutcome:
        """The outcome that an unblock would have.

        Args:
            threshold: the organization's.
            request_id: the request's; what the same request did before its answer was lost counts as done.
            proved: whether something proves that the address receives mail, which a permanent block denies.
        """
        if request_id in self.requests:
            return UnblockOutcome.UNBLOCKED
        match self.kind(threshold):
            case BlockKind.NONE:
                return UnblockOutcome.FREE
            case BlockKind.PERMANENT if not proved:
                return UnblockOutcome.PERMANENT
            case _:
                return UnblockOutcome.UNBLOCKED if self.remaining else UnblockOutcome.EXHAUSTED


@dataclass(frozen=True, slots=True)
class Block:
    """The block of an address, as it is shown.

    Attributes:
        kind: how it is blocked.
        count: the bounces counted since it was last lifted, 0 when there are none; soft ones below the threshold too.
        reason: the newest bounce's text, "" when there is none.
        since: when that bounce happened, in milliseconds, or None.
        unblocked: how often it was unblocked.
        remaining: how many unblocks are left.
    """

    kind: BlockKind
    count: int
    reason: str
    since: Millis | None
    unblocked: int
    remaining: int


def describe(state: BlockState, threshold: int) -> Block:
    """The block of an address, as it is shown; the bounces list's entry takes precedence over the blocks list's."""
    entry = state.bounce or state.soft
    return Block(
        kind=state.kind(threshold),
        count=max((one.count for one in (state.bounce, state.soft) if one), default=0),
        reason=entry.reason if entry else "",
        since=entry.created if entry else None,
        unblocked=state.unblocked,
        remaining=state.remaining,
    )
