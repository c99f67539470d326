"""The scheduled job: carries every acknowledged removal to the provider, then lifts it here; and every addition.

Organizations take turns, a batch at a time, in several lanes and in an order that changes from run to run, so that
neither a long queue nor a provider that hangs delays the others. Removals are claimed by lease and fence just before
the provider is called, alone or as a part of their request, and the outcome of each is written under its own fence:
overlapping runs are harmless. A part's removal that does not end waits individually from then on: so a part is claimed
once, unless a worker is lost.

A removal that the provider carried out is logged before it is settled here: a crash between the two makes the next
worker carry it out and log it again, under the same id, where the other order could leave it out of the log. The other
ends are logged after they are settled, since only then are they true.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from reprieve.access.log_entries import provider_paused
from reprieve.clock import EPOCH, Millis, minutes, seconds
from reprieve.errors import describe
from reprieve.lanes import single
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.log_entries import removal_failed, removal_superseded, removals_done
from reprieve.removals.queue import LEASE, Due, Settlement, given_back
from reprieve.removals.removal import MAX_ATTEMPTS, OUTAGE, Removal, RemovalState, backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reprieve.access.ports import AccessStore
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.lanes import Lanes
    from reprieve.organization import Organization
    from reprieve.removals.ports import Provider, RemovalQueue
    from reprieve.system_log.ports import EventLog

#: how long a broken account is paused before it is tried again
PAUSE = minutes(15)
#: one organization's calls to its provider in one turn; a provider that allows one call per second uses all of it
TURN_TIME = seconds(20)
#: time that is reserved for settling what was claimed
SETTLING = seconds(10)
#: no turn begins with less than this
RESERVE = seconds(20)
#: no further call of a turn begins with less than this
LEAST = seconds(5)
#: the most entries held by other workers that a turn skips
HELD = 2_000

#: the answers that are recorded where the provider was not called
KEPT = "not called: another list keeps it at the provider"
ENDED = "not called: the hold has ended"

#: answers about an address, which show that the provider is well
WORTH_MORE = frozenset({LiftOutcome.LIFTED, LiftOutcome.ABSENT, LiftOutcome.LISTED, LiftOutcome.REFUSED})

#: the words that a tally counts under
COUNTED = {
    RemovalState.PENDING: "postponed",
    RemovalState.FAILED: "failed",
    RemovalState.SUPERSEDED: "superseded",
    RemovalState.DONE: "lifted",
}


@dataclass(slots=True)
class Tally:
    """The result of one run.

    Attributes:
        counts: how many removals ended or were postponed, by word (lifted, listed, superseded, failed, postponed,
            lost).
        errors: the provider's faults, by kind.
        faults: what stopped an organization's turn, as sentences that are safe to log.
        broken: ids of the organizations whose provider account was refused.
        paused: how many organizations were passed over because their account is paused.
        waiting: pending removals seen, and `oldest`, the longest that one of them has waited, in milliseconds.
    """

    counts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    paused: int = 0
    waiting: int = 0
    oldest: Millis = EPOCH

    def note(self, organization: Organization, error: Exception) -> None:
        """Count what stopped an organization's turn."""
        self.errors[type(error).__name__] += 1
        self.faults.append(f"{organization.id}: {describe(error)}")

    def add(self, other: Tally) -> None:
        """Take over what another lane counted."""
        self.counts += other.counts
        self.errors += other.errors
        self.faults += other.faults
        self.broken += other.broken
        self.paused += other.paused
        self.waiting += other.waiting
        self.oldest = max(self.oldest, other.oldest)


@dataclass(slots=True)
class Turn:
    """One organization during a run.

    Attributes:
        held: the entries of the queue that this run skips.
        settled: the ids of the removals that it has settled.
    """

    organization: Organization
    provider: Provider
    held: set[tuple[str, str]] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class RemovalJob:
    """One run of the job.

    Attributes:
        provider_for: makes the adapter of an organization's account; each is made once per run, used by one lane at a
            time, and closed after its last turn.
        clock: the time in milliseconds; it moves while a run lasts.
        remaining: milliseconds that this run may still take; nothing is claimed when little is left.
        spread: random numbers in [0, 1) for the backoff's jitter and the order of turns.
        lanes: how many turns are taken at a time; a provider that hangs holds up one lane.
    """

    access: AccessStore
    queue: RemovalQueue
    log: EventLog
    provider_for: Callable[[Organization, ProviderAccount], Provider]
    clock: Callable[[], Millis]
    remaining: Callable[[], Millis]
    spread: Callable[[], float]
    lanes: Lanes = single

    def run(self) -> Tally:
        """Work through what is due, in turns, until nothing is left or time is short.

        Returns:
            The tally. An organization whose turn fails for an unexpected reason is left for the next run; its error
            is counted, the others go on, and its rows are free again when their lease ends.
        """
        organizations = sorted(self.access.organizations(), key=lambda _: self.spread())
        todo: deque[Organization | Turn] = deque(organizations)
        tallies: list[Tally] = []

        def lane() -> None:
            tally = Tally()
            tallies.append(tally)
            while self.remaining() > RESERVE:
                try:
                    turn = todo.popleft()
                except IndexError:
                    return
                if again := self._go(turn, tally):
                    todo.append(again)

        self.lanes(lane)
        total = Tally()
        for turn in todo:
            if isinstance(turn, Turn):
                self._close(turn, total)
        for tally in tallies:
            total.add(tally)
        return total

    def _go(self, turn: Organization | Turn, tally: Tally) -> Turn | None:
        """Take one turn of an organization; return the turn to continue with, None when it is finished."""
        opened = turn if isinstance(turn, Turn) else None
        try:
            opened = opened or self._open(cast("Organization", turn), tally)
            if opened and self._take(opened, tally):
                return opened
        except Exception as error:  # noqa: BLE001  (a failure in one organization does not stop the others)
            organization = turn.organization if isinstance(turn, Turn) else turn
            tally.note(organization, error)
        if opened:
            self._close(opened, tally)
        return None

    def _close(self, turn: Turn, tally: Tally) -> None:
        try:
            turn.provider.close()
        except Exception as error:  # noqa: BLE001  (see `_go`)
            tally.note(turn.organization, error)

    def _open(self, organization: Organization, tally: Tally) -> Turn | None:
        """Make an organization's adapter; None when nothing waits, or it has no account, or one that is paused.

        The queue is asked first, because opening an account's key is a request of KMS, which is most of what an idle
        organization would cost.
        """
        account = self.access.provider_account(organization.id)
        waits = self.queue.due(organization, now=self.clock(), limit=1)
        if account is None or account.is_paused(self.clock()):
            tally.paused += account is not None
            self._see([one.requested_at for one in waits], tally)
            return None
        return Turn(organization, self.provider_for(organization, account)) if waits else None

    def _take(self, turn: Turn, tally: Tally) -> bool:
        """Carry out one batch of one organization; return whether another turn is worthwhile."""
        now, organization = self.clock(), turn.organization
        due = self.queue.due(organization, now=now, limit=turn.provider.batch + len(turn.held))
        entries = _fitting([one for one in due if one.handle not in turn.held], turn.provider.batch)
        if not entries:
            return False
        claims = self.queue.claim(organization, entries, now=now, lease=LEASE)
        # another worker has these, or they have ended and the index shows them for a while: skip them
        held = [entry for entry, claim in zip(entries, claims, strict=True) if claim is None]
        turn.held |= {entry.handle for entry in held}
        got = [claim for claim in claims if claim is not None]
        rows = sorted((row for claim in got for row in claim.removals), key=lambda row: row.fence)
        # a read that lagged may show in a part what was claimed alone, or was replaced: the later fence is right
        claimed = list({(row.list, row.key): row for row in rows}.values())
        self._see([one.requested_at for one in held] + [row.requested_at for row in claimed], tally)
        going = self._carry_out(turn, claimed, tally)
        self.queue.release(got, turn.settled, now=self.clock())
        return going and len(turn.held) < HELD

    def _see(self, requested: Sequence[Millis], tally: Tally) -> None:
        now = self.clock()
        tally.waiting += len(requested)
        tally.oldest = max([tally.oldest, *(Millis(now - at) for at in requested)])

    def _carry_out(self, turn: Turn, claimed: Sequence[Removal], tally: Tally) -> bool:
        """Settle what was claimed, one provider call at a time; return whether another is worthwhile in this run.

        The calls share the time of a turn. What they do not reach stays in the queue: a part may hold more than a
        provider that is called for each address can handle.
        """
        ends = self.remaining() - TURN_TIME
        going = True
        for batch in _batches(claimed, turn.provider.batch):
            budget = Millis(min(self.remaining() - ends, self.remaining() - SETTLING))
            if going and budget >= LEAST:
                going = self._call(turn, batch, budget, tally)
            else:
                self._settle(turn, given_back(batch, now=self.clock()), tally)
        return going

    def _call(self, turn: Turn, batch: Sequence[Removal], budget: Millis, tally: Tally) -> bool:
        """Lift some removals of one list, or carry some additions to one; return whether another call is worthwhile."""
        overtaken = [_ended(row, RemovalState.SUPERSEDED) for row in batch if row.overtaken]
        self._settle(turn, overtaken, tally)
        wanted = [row for row in batch if not row.overtaken]
        idle = self._without_a_call(turn, wanted)
        self._settle(turn, idle, tally)
        wanted = [row for row in wanted if all(row is not one.removal for one in idle)]
        if not wanted:
            return True
        call = turn.provider.put if wanted[0].adds else turn.provider.lift
        answers = call(wanted[0].list, [row.email for row in wanted], budget=budget)
        answered = list(zip(wanted, answers, strict=True))
        self._note_account(turn, answers, tally)
        now = self.clock()
        done = [row for row, answer in answered if answer.outcome.carried_out]
        self.log.append(turn.organization, removals_done(done, now=now))
        self._settle(turn, [self._judge(row, answer, tally) for row, answer in answered], tally)
        outcomes = {answer.outcome for answer in answers}
        # a provider that did nothing does no better when it is called again at once
        return not outcomes.isdisjoint(WORTH_MORE) and LiftOutcome.ACCOUNT_BROKEN not in outcomes

    def _without_a_call(self, turn: Turn, rows: Sequence[Removal]) -> list[Settlement]:
        """The ends of those rows of one list that need no call: what another list keeps, and holds that have ended.

        A removal that another list of ours keeps at the provider is logged before it is settled, like any other.
        """
        if not rows:
            return []
        now = self.clock()
        if rows[0].adds:
            return [_ended(row, RemovalState.DONE, ENDED) for row in rows if row.until is not None and row.until <= now]
        others = turn.provider.kept_with(rows[0].list)
        kept = self.queue.listed(turn.organization, others, [row.key for row in rows], now=now) if others else set()
        stay = [row for row in rows if row.key in kept]
        self.log.append(turn.organization, removals_done(stay, now=now))
        return [_ended(row, RemovalState.DONE, KEPT) for row in stay]

    def _judge(self, row: Removal, answer: LiftAnswer, tally: Tally) -> Settlement:
        """The settlement that a provider's answer leads to."""
        if answer.outcome.carried_out:
            return _ended(row, RemovalState.DONE, answer.detail)
        now = self.clock()
        tally.errors[answer.outcome.value] += 1
        match answer.outcome:
            case LiftOutcome.ACCOUNT_BROKEN:
                return Settlement(row, RemovalState.PENDING, row.attempts, Millis(now + PAUSE), answer.detail)
            case LiftOutcome.WAIT:
                due_at = Millis(max(now + backoff(1, spread=self.spread()), answer.retry_at or 0))
                return Settlement(row, RemovalState.PENDING, row.attempts, due_at, answer.detail)
        attempts = row.attempts + 1
        patience = row.requested_at + OUTAGE if answer.outcome is LiftOutcome.RETRY else 0
        if attempts >= MAX_ATTEMPTS and now >= patience:
            return Settlement(row, RemovalState.FAILED, attempts, None, answer.detail)
        due_at = Millis(max(now + backoff(attempts, spread=self.spread()), answer.retry_at or 0))
        return Settlement(row, RemovalState.PENDING, attempts, due_at, answer.detail)

    def _settle(self, turn: Turn, settlements: Sequence[Settlement], tally: Tally) -> None:
        """Write the outcome of rows, count it, and log those ends that were not logged before."""
        done = self.queue.settle(turn.organization, settlements, now=self.clock())
        kept = [one for one, written in zip(settlements, done, strict=True) if written]
        lost = [one for one, written in zip(settlements, done, strict=True) if not written]
        turn.settled |= {one.removal.id for one in kept}
        for one in kept:
            listed = one.removal.adds and one.state is RemovalState.DONE
            tally.counts["listed" if listed else COUNTED[one.state]] += 1
        now = self.clock()
        entries = [
            removal_failed(one.removal, now=now, reason=one.answer)
            if one.state is RemovalState.FAILED
            else removal_superseded(one.removal, now=now)
            for one in kept
            if one.state in {RemovalState.FAILED, RemovalState.SUPERSEDED}
        ]
        self.log.append(turn.organization, entries)
        # a newer bounce, or the claim was lost; superseding under the same fence distinguishes the two
        again = [
            _ended(one.removal, RemovalState.SUPERSEDED)
            for one in lost
            if one.state is RemovalState.DONE and not one.removal.adds
        ]
        if len(lost) > len(again):
            tally.counts["lost"] += len(lost) - len(again)
        if again:
            self._settle(turn, again, tally)

    def _note_account(self, turn: Turn, answers: Sequence[LiftAnswer], tally: Tally) -> None:
        """Pause a provider that refuses its account: that is not the fault of any address."""
        broken = next((answer for answer in answers if answer.outcome is LiftOutcome.ACCOUNT_BROKEN), None)
        organization, now = turn.organization, self.clock()
        if broken and organization.id not in tally.broken:
            tally.broken.append(organization.id)
            self.access.pause_provider(organization.id, until=Millis(now + PAUSE), reason=broken.detail)
            self.log.append(organization, [provider_paused(organization, broken.detail, now=now)])


def _ended(row: Removal, state: RemovalState, answer: str = "") -> Settlement:
    return Settlement(row, state, row.attempts, None, answer or row.last_answer)


def _fitting(entries: Iterable[Due], batch: int) -> list[Due]:
    """The first of the entries that fill a batch, one at least."""
    fitting: list[Due] = []
    for entry in entries:
        if sum(one.size for one in fitting) >= batch:
            break
        fitting.append(entry)
    return fitting


def _batches(claimed: Iterable[Removal], size: int) -> list[list[Removal]]:
    """Removals or additions for one call each: of one list, and no more than the provider takes at a time."""
    groups: dict[tuple[str, bool], list[Removal]] = {}
    for row in claimed:
        groups.setdefault((row.list, row.adds), []).append(row)
    return [rows[start : start + size] for rows in groups.values() for start in range(0, len(rows), size)]
