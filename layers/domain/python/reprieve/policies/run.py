"""The run of the policies: lifts what is due, of the organizations that have enabled theirs.

It asks for removals as everyone does, and the removal job carries them out. A lift is of the very entry that was
judged, so a newer failure keeps the address on its list; an address that is held by hand is left alone. Deliveries are
read from the system log, in the order of arrival, and end the holds of their addresses.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH, Millis, Seconds, seconds, to_seconds
from reprieve.context import POLICY, Context
from reprieve.errors import Conflict, describe
from reprieve.policies.announce import announcement, is_announced
from reprieve.policies.log_entries import lifted
from reprieve.policies.probes import domain_of
from reprieve.policies.progress import windows
from reprieve.policies.term import CHUNK
from reprieve.policies.verdict import Decision, Ground, verdict
from reprieve.policies.written import policy_of
from reprieve.removals.hold import domain_key
from reprieve.suppressions.evidence import OF_FAILURES, Evidence, Outcome
from reprieve.suppressions.listing import Position
from reprieve.suppressions.log_entries import delivered_in
from reprieve.suppressions.suppression import Suppression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reprieve.access.ports import AccessStore
    from reprieve.organization import Organization
    from reprieve.policies.brakes import Brakes
    from reprieve.policies.manage import Policies
    from reprieve.policies.policy import Policy
    from reprieve.policies.ports import ProgressStore
    from reprieve.policies.progress import Progress
    from reprieve.policies.verdict import Verdict
    from reprieve.removals.ports import EntryRemovals
    from reprieve.suppressions.ports import EvidenceStore, HeldAddresses, ListingStore
    from reprieve.suppressions.suppression import AnyList
    from reprieve.system_log.ports import EventLog, LogReader

#: how many entries one turn of a walk looks at
BATCH: Final = 4_000
#: no turn begins with less than this
RESERVE: Final = seconds(20)
#: in the order in which they are walked through
LISTS: Final[Sequence[AnyList]] = sorted(OF_FAILURES)


@dataclass(slots=True)
class PolicyReport:
    """The result of one run.

    Attributes:
        listening: the organizations with a hook that hears of the ends of holds; none where hooks could not be read.
        looked: at how many entries, in the lists' index.
        judged: of how many of them the evidence was read.
        lifted: how many removals were requested.
        stopped: the organizations whose policy was stopped, because too many of its lifts failed again.
        faults: what stopped an organization's turn, and that hooks could not be read.
        finished: whether nothing was left to look at.
        held_back: the organizations whose deliveries the next run reads again, since not all that they end was lifted.
    """

    listening: frozenset[str] = frozenset()
    looked: int = 0
    judged: int = 0
    lifted: Counter[str] = field(default_factory=Counter)
    stopped: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    finished: bool = True
    held_back: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Due:
    """An entry that its policy lifts, or has the organization hear of.

    Attributes:
        entry: as its record has it.
        evidence: about its address.
        verdict: which says so.
    """

    entry: Suppression
    evidence: Evidence
    verdict: Verdict


@dataclass(slots=True)
class _Turn:
    """One organization's turn.

    Attributes:
        size: how many entries its lists have, as far as that is known.
        announces: whether a hook of the organization hears that holds end.
        since: the moment up to which the ends of holds were announced, in milliseconds.
        unheard: whether there are more deliveries to read.
        again: from when on what was left though it is due, or may be, is to be looked at again, in milliseconds; None
            where nothing was.
    """

    organization: Organization
    policy: Policy
    now: Millis
    report: PolicyReport
    brakes: Brakes
    size: int
    announces: bool
    since: Millis = EPOCH
    unheard: bool = False
    again: Millis | None = None

    def is_due(self, entry: Suppression, found: Verdict) -> bool:
        """Whether a verdict lifts an entry, or has the organization hear of it."""
        since = self.since if self.announces and not self.brakes.probes.needed_by(entry) else None
        return found.decision is Decision.LIFT or is_announced(entry, found, now=self.now, since=since)

    @property
    def has_room(self) -> bool:
        """Whether the brakes let anything through."""
        return self.brakes.room(self.size) > 0

    @property
    def hears(self) -> bool:
        """Whether the organization may hear of what is not lifted."""
        return self.announces or self.policy.notifies

    def leave(self, until: Millis) -> None:
        """Leave something until a moment, EPOCH for the brakes' next day."""
        self.again = until if self.again is None else min(self.again, until)

    def context(self, about: str) -> Context:
        """The context of what the policy does; the request's id says of which version it is, and about what."""
        version = self.organization.policy.version
        return Context(self.organization, POLICY, f"policy-{version}-{about}-{self.now}", self.now)


@dataclass(frozen=True, slots=True)
class PolicyRun:
    """One run.

    Attributes:
        clock: the time in milliseconds.
        remaining: milliseconds that this run may still take.
        listening: the ids of the organizations with a hook that hears of the ends of holds.
        spread: random numbers in [0, 1) for the order of turns.
    """

    access: AccessStore
    listing: ListingStore
    evidence: EvidenceStore
    holds: HeldAddresses
    removals: EntryRemovals
    progress: ProgressStore
    policies: Policies
    reader: LogReader
    log: EventLog
    clock: Callable[[], Millis]
    remaining: Callable[[], Millis]
    spread: Callable[[], float]
    listening: Callable[[], frozenset[str]]

    def run(self) -> PolicyReport:
        """Lift what is due until nothing is left or time is short; organizations take turns.

        A run that is cut off is gone on with by the next one: what it has lifted is on no list any more.
        """
        report = PolicyReport()
        try:
            report.listening = self.listening()
        except Exception as error:  # noqa: BLE001  (what hooks hear of does not stop the lifts)
            report.faults.append(f"hooks: {describe(error)}")
        enabled = [one.id for one in self.access.organizations() if one.policy.enabled]
        # in another order each time, so that none is always among those for which time was short
        turns = deque(sorted(enabled, key=lambda _: self.spread()))
        while turns:
            if self.remaining() <= RESERVE:
                report.finished = False
                break
            organization_id = turns.popleft()
            try:
                if self._turn(organization_id, report):
                    turns.append(organization_id)
            except Conflict:
                report.finished = False
            except Exception as error:  # noqa: BLE001  (a failure in one organization does not stop the others)
                report.faults.append(f"{organization_id}: {describe(error)}")
        return report

    def _turn(self, organization_id: str, report: PolicyReport) -> bool:
        """Look through a part of the lists; return whether there is more.

        Raises:
            Conflict: the policy was changed meanwhile, or another run lifts by it, too; the rest is left to that run,
                or the next one.
        """
        organization = self.access.organization(organization_id)
        if organization is None or not organization.policy.enabled:
            return False
        now, version = self.clock(), organization.policy.version
        before, known = self.progress.progress(organization), self.progress.brakes(organization)
        begun, brakes = before.begun(version, now=now), known.on(now, version)
        announces = organization_id in report.listening
        turn = _Turn(organization, policy_of(organization), now, report, brakes, begun.size, announces)
        if brakes.day != known.day and brakes.watched:
            if self._is_stopped(turn):
                return False
            turn.brakes = self.progress.keep_brakes(organization, brakes)
        heard = self._hear(turn, begun)
        after = self._walk(turn, heard) if heard.walks(now) else self._step(turn, heard)
        if turn.again is not None:
            after = after.again(now, at=turn.again)
        if after != before:
            self.progress.keep(organization, after)
        return after.walks(now) or after.step(now) > after.looked or turn.unheard

    def _is_stopped(self, turn: _Turn) -> bool:
        """Stop the policy where too many of the watched addresses failed again after their lift; once a day."""
        watched = turn.brakes.watched
        lifted_then = [Suppression(one.list, one.key, one.key, one.at) for one in watched]
        known = self.evidence.known(turn.organization, lifted_then)
        failed = sum(
            entry is not None and entry.created > one.at for one, (entry, _) in zip(watched, known, strict=True)
        )
        if not turn.brakes.is_failing(failed):
            return False
        self.policies.stop(turn.context("stop"), watched=len(watched), failed=failed)
        turn.report.stopped.append(turn.organization.id)
        return True

    def _hear(self, turn: _Turn, begun: Progress) -> Progress:
        """End the holds of addresses to which a message was delivered since their latest failure.

        Where the brakes hold something back, the next run reads the same again.
        """
        if turn.organization.id in turn.report.held_back:
            return begun
        span = begun.unheard(turn.now)
        begun = replace(begun, heard=span.after)
        stored = list(islice(self.reader.entries(turn.organization, span, first=CHUNK), BATCH))
        delivered = delivered_in(stored)
        before = turn.brakes.probes.answered
        is_through = self._end(turn, delivered)
        probes = turn.brakes.probes.hearing(delivered)
        if probes != turn.brakes.probes:
            turn.brakes = self.progress.keep_brakes(turn.organization, replace(turn.brakes, probes=probes))
        if not probes.answered <= before:
            # the others of the domain follow
            turn.leave(EPOCH)
        if not is_through:
            turn.report.held_back.add(turn.organization.id)
            return begun
        turn.unheard = len(stored) == BATCH
        return replace(begun, heard=stored[-1].position) if stored else begun

    def _end(self, turn: _Turn, delivered: Mapping[str, Millis]) -> bool:
        """End the holds that some deliveries end; return whether nothing was held back, and there was time for all."""
        left = iter(delivered)
        while keys := list(islice(left, CHUNK)):
            if self.remaining() <= RESERVE or not turn.brakes.room(turn.size):
                return False
            ended = [one for name in LISTS for one in self._ended(turn, name, keys, delivered)]
            if not self._let_through(turn, self._not_held(turn, ended)):
                return False
        return True

    def _ended(self, turn: _Turn, name: AnyList, keys: Sequence[str], delivered: Mapping[str, Millis]) -> list[Due]:
        """The entries of some addresses on one list that the deliveries end."""
        turn.report.judged += len(keys)
        known = self.evidence.known(turn.organization, [Suppression(name, key, key, delivered[key]) for key in keys])
        judged = [
            Due(entry, heard, verdict(entry, heard, turn.policy, now=turn.now))
            for entry, it in known
            if entry is not None and not it.in_removal and (heard := replace(it, delivered_at=delivered[entry.key]))
        ]
        return [one for one in judged if one.verdict.ground is Ground.DELIVERED]

    def _walk(self, turn: _Turn, begun: Progress) -> Progress:
        """Look at the next entries of the walk, whenever they were created."""
        name, now = LISTS[0] if begun.place is None else begun.place.list, turn.now
        reader = self.listing.oldest_first(
            turn.organization, name, start=Seconds(0), end=to_seconds(now), after=begun.place, now=now
        )
        turn.since, rests = begun.announced, begun.may_rest
        if rests and not turn.has_room:
            return begun.resting(now)
        found = list(islice(reader, BATCH))
        done = self._lift(turn, found, rests=rests)
        counted = begun.counted + done
        if done < len(found) or len(found) == BATCH:
            return replace(begun, place=Position.of(found[done - 1]), counted=counted) if done else begun
        if name == LISTS[-1]:
            return replace(begun, place=None, walking=False, counted=0, entries=counted)
        return replace(begun, place=Position(Seconds(0), "", LISTS[LISTS.index(name) + 1]), counted=counted)

    def _step(self, turn: _Turn, begun: Progress) -> Progress:
        """Look at the entries that have come of some age since the step before."""
        end = begun.step(turn.now)
        for name in LISTS:
            for first, last in windows(turn.policy, name, begun.looked, end, announces=turn.announces):
                reader = self.listing.oldest_first(
                    turn.organization, name, start=first, end=last, after=None, now=turn.now
                )
                while self.remaining() > RESERVE:
                    found = list(islice(reader, BATCH))
                    if self._lift(turn, found) < len(found):
                        return begun
                    if len(found) < BATCH:
                        break
                else:
                    return begun
        return replace(begun, looked=end)

    def _lift(self, turn: _Turn, entries: Sequence[Suppression], *, rests: bool = False) -> int:
        """Lift those of a list's entries that are due; return how many were looked at before time was short.

        Args:
            turn: the organization's.
            entries: of one list.
            rests: whether it ends, too, where the brakes hold something back, which is looked at again then.
        """
        turn.report.looked += len(entries)
        left = enumerate(entries)
        while chunk := list(islice(_possible(turn, left), CHUNK)):
            if self.remaining() <= RESERVE:
                return chunk[0][0]
            if not turn.has_room and not turn.hears:
                turn.leave(EPOCH)
                break
            again = turn.again
            self._judge(turn, [entry for _, entry in chunk])
            if rests and not turn.has_room:
                turn.again = again
                return chunk[0][0]
        return len(entries)

    def _judge(self, turn: _Turn, entries: Sequence[Suppression]) -> None:
        """Lift those of some entries that are due by all that is known of them, as far as the brakes let them."""
        turn.report.judged += len(entries)
        known = self.evidence.known(turn.organization, entries)
        judged = [
            Due(one, it, verdict(one, it, turn.policy, now=turn.now))
            for one, it in known
            if one is not None and not it.in_removal
        ]
        due = self._not_held(turn, [one for one in judged if turn.is_due(one.entry, one.verdict)])
        self._announce(turn, [one for one in due if one.verdict.decision is not Decision.LIFT])
        self._let_through(turn, self._probed(turn, [one for one in due if one.verdict.decision is Decision.LIFT]))

    def _announce(self, turn: _Turn, due: Sequence[Due]) -> None:
        """Have the organization's own systems hear of what is not lifted, by entries of the system log."""
        context = turn.context("announce")
        entries = [announcement(one.entry, one.verdict, context=context) for one in due]
        if entries:
            self.log.append(turn.organization, entries)

    def _let_through(self, turn: _Turn, due: Sequence[Due]) -> bool:
        """Lift what is due, as far as the brakes let it; return whether they held nothing back."""
        through = turn.brakes.let_through([one.entry for one in due], turn.size, _delivered(due))
        if len(through) < len(due):
            turn.leave(EPOCH)
        for name in LISTS:
            of_list = [one for one in due if one.entry.list == name and one.entry in through]
            if of_list:
                self._request(turn, of_list)
        return len(through) == len(due)

    def _probed(self, turn: _Turn, due: Sequence[Due]) -> list[Due]:
        """Those that wait for no probe of their domain; the others are left until its time is over."""
        probes = turn.brakes.probes
        through = probes.let_through(one.entry for one in due)
        for one in due:
            if one.entry not in through:
                turn.leave(probes.until(one.entry, turn.now))
        return [one for one in due if one.entry in through]

    def _not_held(self, turn: _Turn, due: Sequence[Due]) -> list[Due]:
        """Those that no person holds, themselves or by their domain; the others are left until their holds end."""
        subjects = {one.entry.key: domain_key(domain_of(one.entry.key)) for one in due}
        asked = sorted({*subjects, *subjects.values()})
        held = self.holds.held_of_many(turn.organization, asked, now=turn.now) if due else {}
        for until in held.values():
            if until is not None:
                turn.leave(until)
        return [one for one in due if held.keys().isdisjoint({one.entry.key, subjects[one.entry.key]})]

    def _request(self, turn: _Turn, due: Sequence[Due]) -> None:
        """Request removals of what is due on one list.

        They are counted before, and the entries of the system log come first, so that a run that is cut off never lifts
        more than it may, and nothing without its reason. Watched are those that were lifted, probes apart.

        Raises:
            Conflict: the policy was changed or disabled during the turn, or another run lifts by it, too; nothing is
                lifted.
        """
        self._check_unchanged(turn)
        entries = [one.entry for one in due]
        counting = turn.brakes.counting(entries, turn.now, _delivered(due))
        turn.brakes = self.progress.keep_brakes(turn.organization, counting)
        name = entries[0].list
        context = turn.context(name)
        self.log.append(
            turn.organization, [lifted(one.entry, one.evidence, one.verdict, context=context) for one in due]
        )
        requested = self.removals.request_entries(context, entries)
        turn.report.lifted[name] += sum(requested)
        made = [one for one, is_requested in zip(entries, requested, strict=True) if is_requested]
        watching = turn.brakes.watching(made, turn.now)
        if watching != turn.brakes:
            turn.brakes = self.progress.keep_brakes(turn.organization, watching)

    def _check_unchanged(self, turn: _Turn) -> None:
        found = self.access.organization(turn.organization.id)
        if found is None or found.policy != turn.organization.policy:
            raise Conflict("the policy was changed during the run")


def _delivered(due: Iterable[Due]) -> dict[str, Millis]:
    """The deliveries by which entries are due: comparison key -> the moment."""
    return {one.entry.key: one.evidence.delivered_at for one in due if one.evidence.delivered_at is not None}


def _possible(turn: _Turn, entries: Iterable[tuple[int, Suppression]]) -> Iterator[tuple[int, Suppression]]:
    """The entries that may be due: more evidence than what the index has of them never shortens a hold."""
    for number, entry in entries:
        known = Evidence((Outcome.of(entry),))
        if not turn.policy.is_plain or turn.is_due(entry, verdict(entry, known, turn.policy, now=turn.now)):
            yield number, entry
