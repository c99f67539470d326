"""A removal: a request that a suppression be lifted, from its acknowledgement to its end.

The protocol (docs/explanation/removal-protocol.md) rests on three values beside the suppression in one record:

* the watermark, `forgiven_until`: bounces up to that moment are forgiven, whenever their news arrives;
* `forgiven_bounce`: the bounce that was on the list when the caller asked, forgiven even if it is younger than the
  allowance for clock skew;
* the fence: a number that grows with every request and claim and whenever the removal is given back, so that a worker
  whose lease has run out can write nothing any more.

An addition is the reverse: an entry that was put on a list here by hand is to be put on the provider's list too. It
takes the place of a removal in the record and in the queue, and the newer of the two requests counts: it is due only
when a worker that may be under way with the older one has lost its lease.

A removal is queued individually, or with up to `PART` others as a part of its request. A worker claims either; the
outcome of a part's removal is written under that removal's own fence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import name_in
from reprieve.address import digest
from reprieve.clock import DAY, EPOCH, HOUR, SECOND, SKEW_ALLOWANCE, Millis, days, seconds, to_millis, to_seconds
from reprieve.suppressions.evidence import OF_FAILURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.suppressions.suppression import AnyList


#: how long a lifted record keeps its watermark: SendGrid repeats a webhook for 24 hours, so a week is plenty
TOMBSTONE: Final = days(7)
#: how long the lifted record of a failure keeps its outcomes, so that a bounce after the lift is known to be one
MEMORY: Final = days(365)
#: how long a claimed row belongs to its worker: longer than a run of the job can last
LEASE: Final = seconds(150)
#: a row that the provider refused this often ends `failed`, visibly
MAX_ATTEMPTS: Final = 10
#: one that only ever met faults is given up no sooner than this after its request: an outage is not its fault
OUTAGE: Final = DAY
#: backoff grows from the first of these to the second
FIRST_BACKOFF: Final = seconds(30)
MAX_BACKOFF: Final = HOUR
_FINDABLE: Final = re.compile(r"-[0-9]+\.([0-9a-f]{8})\Z")


class RemovalState(StrEnum):
    """The state of a removal; the last three are ends."""

    PENDING = "pending"
    """Acknowledged; the job has not finished it yet."""
    DONE = "done"
    """Lifted upstream after the acknowledgement, then here; an addition: on the provider's list."""
    FAILED = "failed"
    """Given up after its attempts; visible, and can be retried."""
    SUPERSEDED = "superseded"
    """A bounce newer than the request arrived; the address stays suppressed."""


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """One address to be lifted from one list.

    Attributes:
        id: `{request id}-{number}`, or `findable_id` where no note of the request will be kept.
        list: the list it is lifted from.
        key: the address's comparison key.
        email: the spelling to use upstream when no record of the address holds the provider's own.
        hide: whether lists stop showing it at once (SendGrid) or only once it is lifted (Okta).
        event_id: of the entry that is meant, where a later one is to stay; "" for whichever is there.
    """

    id: str
    list: AnyList
    key: str
    email: str
    hide: bool = False
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal as its record holds it.

    Attributes:
        bounced_at: when the newest bounce that we hold happened, None when we hold none.
        forgiven_until: the watermark.
        forgiven_bounce: the bounce that was listed at the request, 0 when there was none.
        fence: grows with every request, claim and return; a write of a worker must carry the fence that it saw.
        due_at: when the job may next take it; None once it has ended.
        last_answer: the provider's last answer, cleaned.
        queued: whether it is queued individually, and not in a part of its request.
        lifts: how often the entry was lifted before.
        adds: whether it is an addition.
        until: when the hold that it is about ends, in milliseconds; None for no end, or on another list.
        kept_until: until when its record must be kept at least, in milliseconds; 0 when it does not matter.
        accounts: the provider accounts that reported the entry, each with a spelling that it used.
        carried: the marks of the provider accounts that have carried it out, while others have not.
        ending: how it ends, while that is logged but not written yet; None where it is not decided.
        retries: how often it was put back into the queue after it had failed.
    """

    id: str
    list: AnyList
    key: str
    email: str
    state: RemovalState
    requested_at: Millis
    requested_by: str
    request_id: str
    forgiven_until: Millis
    forgiven_bounce: Millis
    bounced_at: Millis | None
    attempts: int
    fence: int
    due_at: Millis | None
    finished_at: Millis | None = None
    last_answer: str = ""
    queued: bool = True
    lifts: int = 0
    adds: bool = False
    until: Millis | None = None
    kept_until: Millis = EPOCH
    accounts: frozenset[tuple[str, str]] = frozenset()
    carried: frozenset[str] = frozenset()
    ending: RemovalState | None = None
    retries: int = 0

    @property
    def carried_out_at(self) -> Sequence[str]:
        """The names of the provider accounts that have carried it out, sorted, while others have not."""
        return sorted(map(name_in, self.carried))

    def spellings(self, account: str) -> Sequence[str]:
        """The spellings of the address to use with an account: those that it used itself, or else the record's."""
        return sorted(spelling for name, spelling in self.accounts if name == account) or [self.email]

    def forgotten_at(self, lifted_at: Millis) -> Millis:
        """When the record may be forgotten if the address is lifted at that moment, both in milliseconds."""
        remembers = self.bounced_at is not None and self.list in OF_FAILURES
        return max(self.kept_until, Millis(lifted_at + (MEMORY if remembers else TOMBSTONE)))

    @property
    def overtaken(self) -> bool:
        """Whether a bounce newer than what was forgiven has arrived since: the address must stay suppressed."""
        return (
            not self.adds
            and self.bounced_at is not None
            and self.bounced_at > max(self.forgiven_until, self.forgiven_bounce)
        )


@dataclass(frozen=True, slots=True)
class Followed:
    """A removal as its request's note has it.

    Attributes:
        id: the removal's id.
        list: the list it is lifted from.
        key: the address's comparison key.
        email: the spelling of the request.
        requested_at: when, in milliseconds.
        record: the latest removal of the address on the list, which may be a newer one; None when it was forgotten.
    """

    id: str
    list: AnyList
    key: str
    email: str
    requested_at: Millis
    record: Removal | None

    @property
    def replaced(self) -> bool:
        """Whether a newer request for the same address took its place."""
        return self.record is not None and self.record.id != self.id


def findable_id(request_id: str, number: int, key: str) -> str:
    """The id of a removal without a note: it says where in the queue the removal can be found.

    Args:
        request_id: the request's.
        number: of the removal in its request.
        key: the address's comparison key.
    """
    return f"{request_id}-{number}.{digest(key):08x}"


def digest_in(removal_id: str) -> int | None:
    """The digest of the comparison key that `findable_id` put into an id; None when there is none."""
    found = _FINDABLE.search(removal_id)
    return int(found[1], 16) if found else None


def watermark(now: Millis) -> Millis:
    """The moment up to which a request made `now` forgives bounces.

    It is older than our clock by SKEW_ALLOWANCE, because the provider's clock stamps the bounces; whole seconds, as
    providers stamp them.
    """
    return to_millis(to_seconds(Millis(now - SKEW_ALLOWANCE)))


def backoff(attempts: int, *, spread: float) -> Millis:
    """The wait after the `attempts`-th failed attempt, in milliseconds: exponential, with full jitter.

    Args:
        attempts: failed attempts so far, 1 or more.
        spread: a random number in [0, 1).

    Returns:
        Between one second and MAX_BACKOFF.
    """
    ceiling = min(MAX_BACKOFF, FIRST_BACKOFF << min(attempts - 1, 16))
    return Millis(max(SECOND, int(ceiling * spread)))
