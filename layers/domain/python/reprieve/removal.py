"""A removal: a request that a suppression be lifted, from its acknowledgement to its end.

The protocol (README, "The removal protocol") rests on three values that live beside the suppression in one record:

* the watermark, `forgiven_until`: bounces up to that moment are forgiven, whenever their news arrives;
* `forgiven_bounce`: the bounce that stood on the list when the caller asked, forgiven even if it is younger than the
  allowance for clock skew;
* the fence: a number that grows with every request and claim and whenever the removal is given back, so that a worker
  whose lease has run out can write nothing any more.

A removal waits in the queue itself, or with up to `PART` others as a part of its request. A worker claims either; what
became of a part's removal is written under that removal's own fence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reprieve.suppression import SuppressionList

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
DAY: Final = 24 * 60 * MINUTE

#: how much older than our clock the watermark is, because the provider's clock stamps the bounces and ours the request
SKEW_ALLOWANCE: Final = 30 * SECOND
#: how long a claimed row belongs to its worker: longer than a tick can last, shorter than anyone's patience
LEASE: Final = 150 * SECOND
#: how many removals of a request wait as one part: their spellings fit one write unit, and a turn of a call a second
PART: Final = 16
#: when a part is looked at again that could not be finished, at the earliest
SECOND_LOOK: Final = MINUTE
#: so long after a request nothing of it can still come, however slow its function, a clock or a read
SETTLED: Final = 60 * MINUTE
#: how long a lifted record keeps its watermark: SendGrid repeats a webhook for 24 hours, so a week is plenty
TOMBSTONE: Final = 7 * DAY
#: a row that the provider refused this often ends `failed`, visibly
MAX_ATTEMPTS: Final = 10
#: one that only ever met faults is given up no sooner than this after its request: an outage is no fault of the address
OUTAGE: Final = DAY
#: backoff grows from the first of these to the second
FIRST_BACKOFF: Final = 30 * SECOND
LONGEST_BACKOFF: Final = 60 * MINUTE


class RemovalState(StrEnum):
    """Where a removal stands; the last three are ends."""

    PENDING = "pending"
    """Acknowledged; the job has not finished it yet."""
    DONE = "done"
    """Lifted upstream after the acknowledgement, then here."""
    FAILED = "failed"
    """Given up after its attempts; visible, and can be retried."""
    SUPERSEDED = "superseded"
    """A bounce newer than the request arrived; the address stays suppressed."""


class LiftOutcome(StrEnum):
    """What a provider did with one address."""

    LIFTED = "lifted"
    """It was on the provider's list and no longer is, or the provider does not tell the two apart."""
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
    retry_at: int | None = None


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """One address to be lifted from one list.

    Attributes:
        id: the removal's id.
        list: the list it is lifted from.
        key: the address's comparison key.
        email: the spelling to use upstream when no record of the address holds the provider's own.
        hide: whether lists show it gone at once (SendGrid) or only when it is really lifted (Okta).
    """

    id: str
    list: SuppressionList
    key: str
    email: str
    hide: bool = False


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asked, for the record: the credential's id, and the request's id that the caller was given."""

    credential: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal as it stands in its record.

    Attributes:
        bounced_at: when the newest bounce that we hold happened, None when we hold none.
        forgiven_until: the watermark.
        forgiven_bounce: the bounce that stood there at the request, 0 when there was none.
        fence: grows with every request, claim and return; a write of a worker must carry the fence that it saw.
        due_at: when the job may next take it; None once it has ended.
        last_answer: the provider's last answer, cleaned.
        queued: whether it stands in a queue itself, and not in a part of its request.
        lifts: how often the entry was lifted before.
        kept_until: how long its record must be kept at least, in seconds; 0 when it does not matter.
    """

    id: str
    list: SuppressionList
    key: str
    email: str
    state: RemovalState
    requested_at: int
    requested_by: str
    request_id: str
    forgiven_until: int
    forgiven_bounce: int
    bounced_at: int | None
    attempts: int
    fence: int
    due_at: int | None
    finished_at: int | None = None
    last_answer: str = ""
    queued: bool = True
    lifts: int = 0
    kept_until: int = 0

    @property
    def overtaken(self) -> bool:
        """Whether a bounce newer than what was forgiven has arrived since: the address must stay suppressed."""
        return self.bounced_at is not None and self.bounced_at > max(self.forgiven_until, self.forgiven_bounce)


@dataclass(frozen=True, slots=True)
class Followed:
    """A removal as its request's record knows it.

    Attributes:
        id: the removal's id.
        list: the list it is lifted from.
        key: the address's comparison key.
        email: the spelling of the request.
        requested_at: when, in milliseconds.
        record: the latest removal of the address on the list, which may be a newer one; None when it was forgotten.
    """

    id: str
    list: SuppressionList
    key: str
    email: str
    requested_at: int
    record: Removal | None

    @property
    def replaced(self) -> bool:
        """Whether a newer request for the same address took its place."""
        return self.record is not None and self.record.id != self.id


@dataclass(frozen=True, slots=True)
class Due:
    """An entry of the removal queue: where to find it, and nothing that could be stale.

    Attributes:
        place: what the store finds it by.
        size: how many removals it stands for at the most.
        requested_at: when, in milliseconds.
    """

    place: tuple[str, str]
    size: int
    requested_at: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a request that a worker has claimed.

    Attributes:
        place: what the store finds it by.
        fence: the worker's right to say what becomes of the part.
        requested_at: when, in milliseconds.
        accounted: whether each removal of it was taken, or has ended, or stands in a queue itself. What has not may
            still be about to be recorded, or a newer request may have taken its place: a reader cannot tell.
    """

    place: tuple[str, str]
    fence: int
    requested_at: int
    accounted: bool

    def due_again(self, *, settled: bool, now: int) -> int | None:
        """When it must be looked at again; None when nothing is left to do.

        Args:
            settled: whether all that was taken of it was settled.
            now: in milliseconds.
        """
        age = now - self.requested_at
        if settled and (self.accounted or age > SETTLED):
            return None
        return now + (max(SECOND_LOOK, age) if settled else SECOND_LOOK)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker got of one entry of the queue: the removals to carry out, and the part that they were found by."""

    removals: tuple[Removal, ...]
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a worker makes of a row that it has claimed.

    Attributes:
        removal: as it was when it was taken; its fence is the worker's right to write.
        state: DONE lifts the suppression, unless a newer bounce arrived; PENDING gives the row back to the queue.
        attempts: those that were in vain so far.
        due_at: when a row that is given back may be taken again; None for an end.
        answer: the provider's answer, cleaned.
    """

    removal: Removal
    state: RemovalState
    attempts: int
    due_at: int | None = None
    answer: str = ""


def watermark(now: int) -> int:
    """The moment up to which bounces are forgiven by a request made `now`: whole seconds, as providers stamp them."""
    return (now - SKEW_ALLOWANCE) // SECOND * SECOND


def backoff(attempts: int, *, spread: float) -> int:
    """How long to wait after the `attempts`-th failed attempt, in milliseconds: exponential, with full jitter.

    Args:
        attempts: failed attempts so far, 1 or more.
        spread: a random number in [0, 1).

    Returns:
        Between one second and LONGEST_BACKOFF.
    """
    ceiling = min(LONGEST_BACKOFF, FIRST_BACKOFF << min(attempts - 1, 16))
    return max(SECOND, int(ceiling * spread))
