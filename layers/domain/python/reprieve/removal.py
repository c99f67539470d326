"""A removal: a request that a suppression be lifted, from its acknowledgement to its end.

The protocol (README, "The removal protocol") rests on three values that live beside the suppression in one record:

* the watermark, `forgiven_until`: bounces up to that moment are forgiven, whenever their news arrives;
* `forgiven_bounce`: the bounce that stood on the list when the caller asked, forgiven even if it is younger than the
  allowance for clock skew;
* the fence: a number that grows with every claim, so that a worker whose lease has run out can write nothing any more.
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
#: how long a lifted record keeps its watermark: SendGrid repeats a webhook for 24 hours, so a week is plenty
TOMBSTONE: Final = 7 * DAY
#: a row that the provider refused or failed this often ends `failed`, visibly
MAX_ATTEMPTS: Final = 10
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
    RETRY = "retry"
    """Throttled, timed out or broken for the moment; nothing is known to have happened."""
    REFUSED = "refused"
    """The provider will not take this address; trying again as it stands is unlikely to help."""
    ACCOUNT_BROKEN = "account_broken"
    """The account's credential or permission is bad: no fault of the address."""


@dataclass(frozen=True, slots=True)
class LiftAnswer:
    """A provider's answer for one address.

    Attributes:
        outcome: what happened.
        detail: a short cleaned sentence for the operator, without addresses or secrets.
        retry_at: when the provider asks us to come back, in milliseconds; only with RETRY.
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
        fence: how often it was claimed; a write of a worker must carry the fence of its own claim.
        due_at: when the job may next take it; None once it has ended.
        last_answer: the provider's last answer, cleaned.
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

    @property
    def overtaken(self) -> bool:
        """Whether a bounce newer than what was forgiven has arrived since: the address must stay suppressed."""
        return self.bounced_at is not None and self.bounced_at > max(self.forgiven_until, self.forgiven_bounce)


@dataclass(frozen=True, slots=True)
class Due:
    """A row of the removal queue: where to find the record, and nothing that could be stale."""

    list: SuppressionList
    key: str
    requested_at: int


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
