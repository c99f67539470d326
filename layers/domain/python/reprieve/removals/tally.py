"""What a run of the removal job counts, for its metrics and its log line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from reprieve.clock import EPOCH, Millis
from reprieve.errors import describe


@dataclass(slots=True)
class Tally:
    """The result of one run.

    Attributes:
        counts: how many removals ended or were postponed, by word (lifted, listed, superseded, failed, postponed,
            lost).
        errors: the provider's faults, by kind.
        faults: what stopped an organization's turn, as sentences that are safe to log.
        broken: the provider accounts that were refused, by `provider_account.account_title`.
        paused: how many accounts were passed over because they are paused.
        waiting: pending removals seen, and `oldest`, the longest that one of them has waited, in milliseconds.
    """

    counts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    paused: int = 0
    waiting: int = 0
    oldest: Millis = EPOCH

    def note(self, where: str, error: Exception) -> None:
        """Count what stopped an organization's turn, by its id, or the look at a slot."""
        self.errors[type(error).__name__] += 1
        self.faults.append(f"{where}: {describe(error)}")

    def add(self, other: Tally) -> None:
        """Take over what another lane counted."""
        self.counts += other.counts
        self.errors += other.errors
        self.faults += other.faults
        self.broken += other.broken
        self.paused += other.paused
        self.waiting += other.waiting
        self.oldest = max(self.oldest, other.oldest)
