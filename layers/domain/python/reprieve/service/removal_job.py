"""The scheduled job: carries every acknowledged removal to the provider, then lifts it here.

Organizations take turns, a batch at a time, so that one with a long queue delays nobody. A row is claimed by lease and
fence just before the provider is called, and every write after that carries the fence: overlapping runs are harmless.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reprieve import log, removal
from reprieve.errors import ReprieveError
from reprieve.removal import LiftAnswer, LiftOutcome, Removal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reprieve.log import LogEntry
    from reprieve.organization import Organization, ProviderAccount
    from reprieve.ports import AccessStore, EventLog, Provider, SuppressionStore

#: how long a broken account is left alone before it is tried again
PAUSE = 15 * removal.MINUTE


@dataclass(slots=True)
class Tally:
    """What one run did.

    Attributes:
        counts: how many removals ended or were postponed, by word (lifted, superseded, failed, postponed, lost).
        errors: the provider's faults, by kind.
        faults: what stopped an organization's turn, as sentences that are safe to log.
        broken: ids of the organizations whose provider account was refused.
        waiting: pending removals seen, and `oldest`, the longest that one of them has waited, in milliseconds.
    """

    counts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    waiting: int = 0
    oldest: int = 0


@dataclass(frozen=True, slots=True)
class RemovalJob:
    """One run of the job.

    Attributes:
        provider_for: makes the adapter of an organization's account.
        clock: the time in milliseconds; it moves while a run lasts.
        remaining: milliseconds that this run may still take; no row is claimed when little is left.
        spread: random numbers in [0, 1) for the backoff's jitter.
    """

    access: AccessStore
    suppressions: SuppressionStore
    log: EventLog
    provider_for: Callable[[Organization, ProviderAccount], Provider]
    clock: Callable[[], int]
    remaining: Callable[[], int]
    spread: Callable[[], float]
    reserve: int = 20 * removal.SECOND

    def run(self) -> Tally:
        """Work through what is due, in turns, until nothing is left or time is short.

        Returns:
            What was done. An organization whose turn fails for an unexpected reason is left for the next run; its error
            is counted, the others go on, and its rows are free again when their lease ends.
        """
        tally = Tally()
        turns = deque(self.access.organizations())
        while turns and self.remaining() > self.reserve:
            organization = turns.popleft()
            try:
                more = self._turn(organization, tally)
            except ReprieveError as error:
                tally.errors[type(error).__name__] += 1
                tally.faults.append(f"{organization.id}: {error}")
                more = False
            if more:
                turns.append(organization)
        return tally

    def _turn(self, organization: Organization, tally: Tally) -> bool:
        """One batch of one organization; whether another turn is worth while."""
        account = self.access.provider_account(organization.id)
        now = self.clock()
        if account is None or account.paused_until > now:
            return False
        provider = self.provider_for(organization, account)
        due = self.suppressions.due(organization, now=now, limit=provider.batch)
        if not due:
            return False
        tally.waiting += len(due)
        tally.oldest = max(tally.oldest, *(now - row.requested_at for row in due))
        claimed = [
            found for row in due if (found := self.suppressions.claim(organization, row, now=now, lease=removal.LEASE))
        ]
        if not claimed:
            return False
        for group in _by_list(claimed):
            self._carry_out(organization, provider, group, tally)
        return organization.id not in tally.broken

    def _carry_out(
        self, organization: Organization, provider: Provider, claimed: Sequence[Removal], tally: Tally
    ) -> None:
        overtaken = [row for row in claimed if row.overtaken]
        for row in overtaken:
            self._supersede(organization, row, tally)
        wanted = [row for row in claimed if not row.overtaken]
        if not wanted:
            return
        answers = provider.lift(wanted[0].list, [row.email for row in wanted])
        for row, answer in zip(wanted, answers, strict=True):
            self._settle(organization, row, answer, tally)

    def _settle(self, organization: Organization, row: Removal, answer: LiftAnswer, tally: Tally) -> None:
        now = self.clock()
        match answer.outcome:
            case LiftOutcome.LIFTED | LiftOutcome.ABSENT:
                if self.suppressions.lift(organization, row, now=now, answer=answer.detail):
                    self._tell(organization, log.removal_done(row, now=now))
                    tally.counts["lifted"] += 1
                else:
                    self._supersede(organization, row, tally)
            case LiftOutcome.ACCOUNT_BROKEN:
                self._release(organization, row, answer, tally)
                if organization.id not in tally.broken:
                    tally.broken.append(organization.id)
                    self.access.pause_provider(organization.id, until=now + PAUSE, reason=answer.detail)
            case LiftOutcome.RETRY | LiftOutcome.REFUSED:
                self._try_again(organization, row, answer, tally)

    def _supersede(self, organization: Organization, row: Removal, tally: Tally) -> None:
        now = self.clock()
        if self.suppressions.supersede(organization, row, now=now):
            self._tell(organization, log.removal_superseded(row, now=now))
            tally.counts["superseded"] += 1
        else:
            tally.counts["lost"] += 1

    def _release(self, organization: Organization, row: Removal, answer: LiftAnswer, tally: Tally) -> None:
        """Back to the queue without burning an attempt: the fault is the account's, not the address's."""
        due_at = self.clock() + PAUSE
        kept = self.suppressions.postpone(organization, row, due_at=due_at, attempts=row.attempts, answer=answer.detail)
        tally.counts["postponed" if kept else "lost"] += 1
        tally.errors[answer.outcome.value] += 1

    def _try_again(self, organization: Organization, row: Removal, answer: LiftAnswer, tally: Tally) -> None:
        now, attempts = self.clock(), row.attempts + 1
        tally.errors[answer.outcome.value] += 1
        if attempts >= removal.MAX_ATTEMPTS:
            if self.suppressions.fail(organization, row, now=now, attempts=attempts, answer=answer.detail):
                self._tell(organization, log.removal_failed(row, now=now, reason=answer.detail))
                tally.counts["failed"] += 1
            else:
                tally.counts["lost"] += 1
            return
        due_at = max(now + removal.backoff(attempts, spread=self.spread()), answer.retry_at or 0)
        kept = self.suppressions.postpone(organization, row, due_at=due_at, attempts=attempts, answer=answer.detail)
        tally.counts["postponed" if kept else "lost"] += 1

    def _tell(self, organization: Organization, entry: LogEntry) -> None:
        self.log.append(organization, [entry])


def _by_list(claimed: Iterable[Removal]) -> list[list[Removal]]:
    """Rows grouped by suppression list: a provider's call is about one list."""
    groups: dict[str, list[Removal]] = {}
    for row in claimed:
        groups.setdefault(row.list, []).append(row)
    return list(groups.values())
