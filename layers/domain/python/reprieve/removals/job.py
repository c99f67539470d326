"""The scheduled job: carries every acknowledged removal to the provider, then lifts it here; and every addition.

A run looks through the queue's slots for organizations that have something due, so those that have nothing cost
nothing. They take turns, a batch at a time, in several lanes and in an order that changes from run to run, so that
neither a long queue nor a provider that hangs delays the others. Removals are claimed by lease and fence just before
the provider is called, alone or as a part of their request, and the outcome of each is written under its own fence:
overlapping runs are harmless. A part's removal that does not end waits individually from then on: so a part is claimed
once, unless a worker is lost.

An organization's accounts are called one after the other, and a removal ends when each has carried it out. Until then
it keeps the marks of those that have, so that they are not called again; only the write that gives it back to the queue
changes them. An account that is paused or down delays the removals, and not the other accounts.

Every end is logged before it is written, where the other order could leave it out of the log. A removal that the
providers carried out is true as it is: a crash between the two makes the next worker carry it out and log it again. One
that failed or was superseded is noted in its record first, under its fence: so no other worker can end it otherwise,
and the next one logs the same end, under the same id, and writes it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar, cast

from reprieve.access.log_entries import provider_paused
from reprieve.access.provider_account import DEFAULT, account_title
from reprieve.clock import Millis, seconds
from reprieve.lanes import single
from reprieve.removals.lift import LiftOutcome
from reprieve.removals.log_entries import removal_failed, removal_superseded, removals_done
from reprieve.removals.queue import Due, Settlement, ended, given_back
from reprieve.removals.removal import LEASE, Removal, RemovalState
from reprieve.removals.tally import Tally
from reprieve.removals.turn import Turn, Waiting
from reprieve.removals.upstream import KEPT_THERE, LEAST, PAUSE, Upstream, by_removal, judge
from reprieve.suppressions.suppression import GroupList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reprieve.access.ports import AccessStore
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.lanes import Lanes
    from reprieve.organization import Organization
    from reprieve.removals.lift import LiftAnswer
    from reprieve.removals.ports import Provider, RemovalQueue
    from reprieve.suppressions.ports import GroupStore
    from reprieve.suppressions.suppression import AnyList
    from reprieve.system_log.ports import EventLog

T = TypeVar("T")

#: one organization's calls to its provider in one turn; a provider that allows one call per second uses all of it
TURN_TIME = seconds(20)
#: time that is reserved for settling what was claimed
SETTLING = seconds(10)
#: no turn begins with less than this
RESERVE = seconds(20)
#: the most entries held by other workers that a turn skips
HELD = 2_000

#: the answers that are recorded where no provider was called
ENDED = "not called: the hold has ended"
GONE = "not called: the group was deleted"

#: the ends of what was not carried out
UNDONE: Final = frozenset({RemovalState.FAILED, RemovalState.SUPERSEDED})

#: the words that a tally counts under
COUNTED = {
    RemovalState.PENDING: "postponed",
    RemovalState.FAILED: "failed",
    RemovalState.SUPERSEDED: "superseded",
    RemovalState.DONE: "lifted",
}


@dataclass(frozen=True, slots=True)
class RemovalJob:
    """One run of the job.

    Attributes:
        groups: the unsubscribe groups; of an organization with several accounts, each is at one of them.
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
    groups: GroupStore
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

        Raises:
            Exception: no slot could be looked at; what the first of them was.
        """
        total = Tally()
        found: list[Waiting] = []
        unread: list[Exception] = []

        def look(slot: int, tally: Tally) -> None:
            try:
                due = self.queue.due_organizations(slot, now=self.clock())
                found.extend(Waiting(*one) for one in due.items())
            except Exception as error:  # noqa: BLE001  (a slot that cannot be read does not stop the others)
                tally.note(f"slot {slot}", error)
                unread.append(error)

        self._in_lanes(deque(range(self.queue.slots)), look, total)
        if len(unread) == self.queue.slots:
            raise unread[0]
        # of one that waits in several slots, what was requested first
        waiting = {one.organization_id: one for one in sorted(found, key=lambda one: one.requested_at, reverse=True)}
        todo: deque[Waiting | Turn] = deque(sorted(waiting.values(), key=lambda _: self.spread()))
        self._in_lanes(todo, self._go, total)
        for turn in todo:
            if isinstance(turn, Turn):
                self._close(turn, total)
        return total

    def _in_lanes(self, todo: deque[T], work: Callable[[T, Tally], T | None], total: Tally) -> None:
        """Work through a queue until it is empty or time is short; what is returned is put back."""
        tallies: list[Tally] = []

        def lane() -> None:
            tally = Tally()
            tallies.append(tally)
            while self.remaining() > RESERVE:
                try:
                    one = todo.popleft()
                except IndexError:
                    return
                if (again := work(one, tally)) is not None:
                    todo.append(again)

        self.lanes(lane)
        for tally in tallies:
            total.add(tally)

    def _go(self, turn: Waiting | Turn, tally: Tally) -> Turn | None:
        """Take one turn of an organization; return the turn to continue with, None when it is finished."""
        opened = turn if isinstance(turn, Turn) else None
        try:
            opened = opened or self._open(cast("Waiting", turn), tally)
            if opened and self._take(opened, tally):
                return opened
        except Exception as error:  # noqa: BLE001  (a failure in one organization does not stop the others)
            tally.note(turn.organization.id if isinstance(turn, Turn) else turn.organization_id, error)
        if opened:
            self._close(opened, tally)
        return None

    def _close(self, turn: Turn, tally: Tally) -> None:
        for one in turn.upstreams:
            try:
                if one.provider:
                    one.provider.close()
            except Exception as error:  # noqa: BLE001  (see `_go`)
                tally.note(turn.organization.id, error)

    def _open(self, waiting: Waiting, tally: Tally) -> Turn | None:
        """Make an organization's adapters; None when it is gone, or no account of it can be called."""
        known_at = self.clock()
        organization = self.access.organization(waiting.organization_id)
        if organization is None:
            return None
        accounts = self.access.provider_accounts(organization.id)
        paused = sum(account.is_paused(known_at) for account in accounts)
        tally.paused += paused
        if paused == len(accounts):
            self._see([waiting.requested_at], tally)
            return None
        turn = Turn(organization, [self._upstream(organization, one, tally) for one in accounts], known_at)
        return turn if turn.goes_on else None

    def _upstream(self, organization: Organization, account: ProviderAccount, tally: Tally) -> Upstream:
        """An account with its adapter, or without one where it is paused or cannot be opened."""
        if account.is_paused(self.clock()):
            return Upstream(account, None, account.paused_until)
        try:
            return Upstream(account, self.provider_for(organization, account))
        except Exception as error:  # noqa: BLE001  (an account that cannot be opened does not stop the others)
            tally.note(organization.id, error)
            return Upstream(account, None, Millis(self.clock() + PAUSE))

    def _take(self, turn: Turn, tally: Tally) -> bool:
        """Carry out one batch of one organization; return whether another turn is worthwhile."""
        now, organization = self.clock(), turn.organization
        due = self.queue.due(organization, now=now, limit=turn.batch + len(turn.held))
        ours = [one for one in due if one.handle not in turn.held and one.requested_at <= turn.known_at]
        entries = _fitting(ours, turn.batch)
        if not entries:
            return False
        claims = self.queue.claim(organization, entries, now=now, lease=LEASE)
        # another worker has these, or they have ended and the index shows them for a while: skip them
        held = [entry for entry, claim in zip(entries, claims, strict=True) if claim is None]
        # the index shows these as they were before a newer request: they are for another run
        newer = [claim for claim in claims if claim and claim.requested_after(turn.known_at)]
        turn.held |= {entry.handle for entry, claim in zip(entries, claims, strict=True) if not claim or claim in newer}
        self._settle(turn, given_back((row for claim in newer for row in claim.removals), now=self.clock()), tally)
        got = [claim for claim in claims if claim is not None and claim not in newer]
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
        for batch in _batches(claimed, turn.batch):
            budget = Millis(min(self.remaining() - ends, self.remaining() - SETTLING))
            if going and budget >= LEAST:
                going = self._call(turn, batch, budget, tally)
            else:
                self._settle(turn, given_back(batch, now=self.clock()), tally)
        return going

    def _call(self, turn: Turn, batch: Sequence[Removal], budget: Millis, tally: Tally) -> bool:
        """Lift some removals of one list, or carry some additions to one; return whether another call is worthwhile."""
        uncalled = {row.id: one for row in batch if (one := _uncalled(row, self.clock()))}
        self._settle(turn, list(uncalled.values()), tally)
        wanted = [row for row in batch if row.id not in uncalled]
        if not wanted:
            return True
        upstreams = self._concerned(turn, wanted[0].list)
        if upstreams is None:
            # an addition has put nothing anywhere, which is not logged
            self._log_done(turn, [row for row in wanted if not row.adds])
            self._settle(turn, [ended(row, RemovalState.DONE, GONE) for row in wanted], tally)
            return True
        ends = Millis(self.clock() + budget)
        asked = [(one, self._ask(turn, one, wanted, ends, tally)) for one in upstreams]
        now = self.clock()
        settlements = [
            judge(row, [(one, answers.get(row.id)) for one, answers in asked], now=now, spread=self.spread)
            for row in wanted
        ]
        self._log_done(turn, [one.removal for one in settlements if one.state is RemovalState.DONE])
        self._settle(turn, settlements, tally)
        return turn.goes_on

    def _concerned(self, turn: Turn, name: AnyList) -> Sequence[Upstream] | None:
        """The accounts whose lists are meant: all, but of an unsubscribe group only the one that has the group.

        A provider that does not know a group may take an unsubscribe from it for one from all mail. None for a group
        that was deleted: its unsubscribes ended with it, at the provider, too.
        """
        if not isinstance(name, GroupList):
            return turn.upstreams
        groups = self.groups.all(turn.organization)
        if name.group in groups.deleted:
            return None
        group = groups.find(name.group)
        home = group.account if group else DEFAULT
        return [one for one in turn.upstreams if one.account.name == home]

    def _ask(
        self, turn: Turn, upstream: Upstream, batch: Sequence[Removal], ends: Millis, tally: Tally
    ) -> dict[str, LiftAnswer]:
        """One account's answers for those removals that it has not carried out, by id; none for what it is not asked.

        Args:
            turn: of the organization.
            upstream: the account.
            batch: of one list.
            ends: when the time for it is up, in milliseconds.
            tally: the account's faults are counted in it.
        """
        provider, rows = upstream.provider, [row for row in batch if upstream.account.mark not in row.carried]
        if provider is None or upstream.back is not None or not rows:
            return {}
        kept = self._kept(turn, provider, rows)
        replies = upstream.call([row for row in rows if row.key not in kept], ends=ends, clock=self.clock)
        self._note_refusal(turn, upstream, [answer for _, answer in replies if answer], tally)
        answers = {row.id: KEPT_THERE for row in rows if row.key in kept} | by_removal(replies)
        tally.errors.update(one.outcome.value for one in answers.values() if not one.outcome.carried_out)
        return answers

    def _kept(self, turn: Turn, provider: Provider, rows: Sequence[Removal]) -> set[str]:
        """The keys of those that another list of ours keeps at a provider: they are not lifted there."""
        others = () if rows[0].adds else provider.kept_with(rows[0].list)
        keys = [row.key for row in rows]
        return self.queue.listed(turn.organization, others, keys, now=self.clock()) if others else set()

    def _settle(self, turn: Turn, settlements: Sequence[Settlement], tally: Tally) -> None:
        """Write the outcome of rows, and count it. What was carried out has been logged, the other ends are now."""
        settlements = self._log_ends(turn, settlements, tally)
        done = self.queue.settle(turn.organization, settlements, now=self.clock())
        kept = [one for one, written in zip(settlements, done, strict=True) if written]
        lost = [one for one, written in zip(settlements, done, strict=True) if not written]
        turn.settled |= {one.removal.id for one in kept}
        for one in kept:
            listed = one.removal.adds and one.state is RemovalState.DONE
            tally.counts["listed" if listed else COUNTED[one.state]] += 1
        # a newer bounce, or the claim was lost; superseding under the same fence distinguishes the two
        again = [
            ended(one.removal, RemovalState.SUPERSEDED)
            for one in lost
            if one.state is RemovalState.DONE and not one.removal.adds
        ]
        if len(lost) > len(again):
            tally.counts["lost"] += len(lost) - len(again)
        if again:
            self._settle(turn, again, tally)

    def _log_done(self, turn: Turn, rows: Sequence[Removal]) -> None:
        self.log.append(turn.organization, removals_done(rows, now=self.clock()))

    def _log_ends(self, turn: Turn, settlements: Sequence[Settlement], tally: Tally) -> list[Settlement]:
        """Note and log those that end undone; return them under their next fence, behind those that do not."""
        ends = [one for one in settlements if one.state in UNDONE]
        noted = self.queue.note_ends(turn.organization, ends)
        decided = [
            replace(one, removal=replace(one.removal, fence=one.removal.fence + 1))
            for one, written in zip(ends, noted, strict=True)
            if written
        ]
        if lost := len(ends) - len(decided):
            tally.counts["lost"] += lost
        now = self.clock()
        self.log.append(
            turn.organization,
            [
                removal_failed(one.removal, now=now, reason=one.answer)
                if one.state is RemovalState.FAILED
                else removal_superseded(one.removal, now=now)
                for one in decided
            ],
        )
        return [*(one for one in settlements if one.state not in UNDONE), *decided]

    def _note_refusal(self, turn: Turn, upstream: Upstream, answers: Sequence[LiftAnswer], tally: Tally) -> None:
        """Pause an account that does not accept the credentials, which is not the fault of any address."""
        broken = next((answer for answer in answers if answer.outcome is LiftOutcome.ACCOUNT_BROKEN), None)
        if broken is None or upstream.back is None:
            return
        organization, name = turn.organization, upstream.account.name
        tally.broken.append(account_title(organization.id, name))
        self.access.pause_provider(organization.id, name, until=upstream.back, reason=broken.detail)
        self.log.append(organization, [provider_paused(organization, name, broken.detail, now=self.clock())])


def _uncalled(row: Removal, now: Millis) -> Settlement | None:
    """The end of a removal or an addition that needs no call; None where a provider is to be called."""
    if row.ending:
        # the worker that decided it was lost
        return ended(row, row.ending)
    if row.overtaken:
        return ended(row, RemovalState.SUPERSEDED)
    if row.adds and row.until is not None and row.until <= now:
        return ended(row, RemovalState.DONE, ENDED)
    return None


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
