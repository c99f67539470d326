"""The scheduled delivery: posts the notices of what was logged to every hook that hears of them.

The system log is the outbox: an entry is durable before its change is acknowledged, and can be read in the order of
arrival without missing one. Each hook has its own position in the log, so that none delays another, and its own notices
that wait to be posted again. What a hook did not take is not copied: it is read from the log again.

A run begins with what is stored and ends with a write on the condition that no other run was faster. Between two such
writes everything up to the position was posted and taken, or waits, or was given up; so a crash, or two runs at a time,
can have a notice posted twice under the same id, and can leave none out.

A failing hook costs little: its turn ends with the first post that is not answered, or the fifth in a row that is
refused, and it is left alone for a minute, twice as long after the next, up to an hour. A notice that is refused again
may be at fault itself: five of those end a turn, after what is new was posted, and the hook is not left alone for them.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH, Millis, seconds
from reprieve.errors import describe
from reprieve.hooks.forms import message_of, next_attempt, posted
from reprieve.hooks.hook import Delivery, Progress, Result, Stretch, Waiting
from reprieve.hooks.log_entries import hook_disabled
from reprieve.hooks.schedule import DEAD_AFTER, asked_for, pause
from reprieve.hooks.sealed import unsealed
from reprieve.lanes import single
from reprieve.system_log.span import LOG_RETENTION, Order, Span, moment, position

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from reprieve.access.ports import AccessStore, KeyOpener
    from reprieve.hooks.forms import Message, Posters
    from reprieve.hooks.hook import Hook
    from reprieve.hooks.ports import Answer, HookStore
    from reprieve.lanes import Lanes
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog, LogReader
    from reprieve.system_log.span import Stored

#: how long one hook is posted to before the others have their turn, in milliseconds
TURN_TIME: Final = seconds(10)
#: no post begins with less time than this: as long as one may take, and the writes after it
RESERVE: Final = seconds(20)
#: how many posts there may be between two writes
POSTS_A_WRITE: Final = 25
#: how many failures in a row end a turn, although the hook answers
REFUSALS: Final = 5
#: how long after a moment a hook hears of its entries, in milliseconds: a writer may take 7 s, and the index that is
#: read lags behind the log without a bound that is promised, usually by less than a second
SETTLING: Final = seconds(60)
#: how many entries are read at first
PAGE: Final = 100


@dataclass(slots=True)
class Tally:
    """The result of one run.

    Attributes:
        counts: how many posts there were, by their result.
        hooks: how many hooks are enabled.
        failing: those that did not take the last post, as `{organization}/{id}`.
        disabled: those that were disabled, likewise.
        faults: what stopped a hook's turn on our side, as sentences that are safe to log.
        oldest: how long the oldest notice has waited that some hook did not take, in milliseconds.
        finished: whether every hook had its turn, and heard of all there was.
    """

    counts: Counter[str] = field(default_factory=Counter)
    hooks: int = 0
    failing: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    oldest: Millis = EPOCH
    finished: bool = True


@dataclass(slots=True)
class _Turn:
    """One hook's share of a run.

    Attributes:
        hook: as it is stored.
        organization: whose.
        ends: when another hook has its turn, in milliseconds.
        progress: how far the hook has heard; what is not stored yet included.
        deliveries: the posts that are not stored yet.
        secrets: unsealed, when the first post needs them.
        refused_again: how many notices were refused that had been refused before.
    """

    hook: Hook
    organization: Organization
    ends: Millis
    progress: Progress
    deliveries: list[Delivery] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    refused_again: int = 0


@dataclass(frozen=True, slots=True)
class _Post:
    """A notice that is posted now.

    Attributes:
        message: what is posted.
        waiting: how it waits if it is not taken.
        past: what becomes of the progress by the answer, whatever that is: it is past the notice's position.
    """

    message: Message
    waiting: Waiting
    past: Callable[[Progress, str], Progress]

    def settled(self, progress: Progress) -> Progress:
        """The progress once there is an answer."""
        return self.past(progress, self.waiting.position)


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One run over every hook.

    Attributes:
        clock: the time in milliseconds.
        remaining: the time that is left for the run, in milliseconds.
        chance: from 0 up to 1, for waits that differ.
        lanes: how many hooks have their turn at a time.
    """

    hooks: HookStore
    access: AccessStore
    reader: LogReader
    log: EventLog
    opener: KeyOpener
    posters: Posters
    clock: Callable[[], Millis]
    remaining: Callable[[], int]
    chance: Callable[[], float]
    lanes: Lanes = single

    def run(self) -> Tally:
        """Give every hook its turn, and another one while there is more to post, until nothing is left or time is."""
        tally = Tally()
        todo = deque(sorted(self.hooks.enabled(), key=lambda _: self.chance()))
        tally.hooks = len(todo)

        def lane() -> None:
            while todo:
                if self.remaining() <= RESERVE:
                    tally.finished = False
                    return
                try:
                    hook = todo.popleft()
                except IndexError:  # another lane took the last one
                    return
                if again := self._guarded_turn(hook, tally):
                    todo.append(again)

        self.lanes(lane)
        return tally

    def _guarded_turn(self, hook: Hook, tally: Tally) -> Hook | None:
        try:
            return self._take_turn(hook, tally)
        except Exception as error:  # noqa: BLE001  (a failure with one hook does not stop the others)
            tally.faults.append(f"{_named(hook)}: {describe(error)}")
            return None

    def _take_turn(self, hook: Hook, tally: Tally) -> Hook | None:
        """Post to one hook; return it where there may be more to post in this run."""
        now = self.clock()
        organization = self.access.organization(hook.organization_id)
        if organization is None or hook.progress.due > now:
            self._see(hook, hook.progress, tally)
            return None
        turn = _Turn(hook, organization, Millis(now + TURN_TIME), hook.progress)
        going = self._work(turn, tally)
        kept = self._keep(turn)
        self._see(hook, turn.progress, tally)
        return turn.hook if going and kept else None

    def _see(self, hook: Hook, progress: Progress, tally: Tally) -> None:
        if progress.failures:
            tally.failing.append(_named(hook))
        if progress.oldest is not None:
            tally.oldest = max(tally.oldest, Millis(self.clock() - progress.oldest))

    def _work(self, turn: _Turn, tally: Tally) -> bool:
        """Post what there is; return whether there may be more for another turn in this run."""
        for post in self._posts(turn, tally):
            if self._is_over(turn):
                return True
            if not self._deliver(turn, post, tally):
                return False
        return self._is_over(turn)

    def _is_over(self, turn: _Turn) -> bool:
        return self.clock() >= turn.ends or self.remaining() <= RESERVE

    def _posts(self, turn: _Turn, tally: Tally) -> Iterator[_Post]:
        """What is to be posted: what is new, what waits and is due, what is replayed."""
        yield from self._new(turn)
        yield from self._due(turn, tally)
        yield from self._replayed(turn)

    def _due(self, turn: _Turn, tally: Tally) -> Iterator[_Post]:
        now = self.clock()
        for one in turn.progress.waiting:
            if one.due > now:
                continue
            found = self._entry(turn, one.position)
            message = message_of(turn.hook, found.event) if found else None
            if message:
                yield _Post(message, one, lambda progress, _position: progress)
            elif found or now - moment(one.position) > LOG_RETENTION:
                turn.progress = turn.progress.without(one.position)
                identifier = one.position.partition("#")[2]
                problem = "the system log has it no longer"
                turn.deliveries.append(Delivery(now, identifier, None, one.attempts, Result.GIVEN_UP, 0, problem))
                tally.counts[Result.GIVEN_UP.value] += 1
            # else the index has not shown it this time

    def _new(self, turn: _Turn) -> Iterator[_Post]:
        yield from self._heard(turn, Stretch(turn.progress.after, self._settled()), Progress.past)

    def _replayed(self, turn: _Turn) -> Iterator[_Post]:
        replay = turn.progress.replay
        if replay is None:
            return
        settled = self._settled()
        stretch = replace(replay, before=min(replay.before, settled))
        at_end = yield from self._heard(turn, stretch, Progress.past_in_replay)
        if at_end and replay.before <= settled:
            turn.progress = replace(turn.progress, replay=None)

    def _settled(self) -> str:
        """The position up to which the log can be read without missing an entry."""
        return position(Millis(self.clock() - SETTLING))

    def _heard(
        self, turn: _Turn, stretch: Stretch, past: Callable[[Progress, str], Progress]
    ) -> Generator[_Post, None, bool]:
        """What the hook is to hear of in a stretch of the log; `past` is the progress after an entry.

        Returns:
            Whether the end was reached: otherwise the turn is over, or no more notices may wait.
        """
        span = Span(Order.ARRIVED, stretch.after, stretch.before)
        for stored in self.reader.entries(turn.organization, span, first=PAGE):
            if self._is_over(turn):
                return False
            message = message_of(turn.hook, stored.event)
            if message is None or not turn.hook.hears_of(message.type):
                turn.progress = past(turn.progress, stored.position)
            elif turn.progress.is_full:
                return False
            else:
                now = self.clock()
                yield _Post(message, Waiting(stored.position, 0, now, now), past)
        return True

    def _entry(self, turn: _Turn, at: str) -> Stored | None:
        """The entry at a position."""
        arrived = moment(at)
        span = Span(Order.ARRIVED, position(arrived), position(Millis(arrived + 1)))
        return next((one for one in self.reader.entries(turn.organization, span, first=1) if one.position == at), None)

    def _deliver(self, turn: _Turn, post: _Post, tally: Tally) -> bool:
        """Post one notice and take in the answer; return whether another post is worthwhile in this turn."""
        if not turn.secrets:
            turn.secrets = unsealed(self.opener, turn.hook, self.clock())
        answer = posted(self.posters, turn.hook, post.message, turn.secrets, now=self.clock())
        if answer.status == HTTPStatus.GONE:
            self._disable(turn, "it answered 410 Gone", tally)
            return False
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            turn.progress = post.settled(_taken(turn.progress, post.waiting, now=self.clock()))
            self._note(turn, post, answer, Result.DELIVERED, tally)
            going = True
        else:
            going = self._fail(turn, post, answer, tally)
        if len(turn.deliveries) >= POSTS_A_WRITE:
            return self._keep(turn) and going
        return going

    def _fail(self, turn: _Turn, post: _Post, answer: Answer, tally: Tally) -> bool:
        """Take in that a notice was not taken; return whether another post is worthwhile in this turn."""
        now, chance = self.clock(), self.chance()
        wish = asked_for(answer.retry_after, now=now)
        unavailable = wish is not None or answer.status == 0
        # such an answer may be about the notice, and says nothing about the others
        again = post.waiting.attempts > 0 and not unavailable
        turn.refused_again += again
        failures = turn.progress.failures + (not again)
        since = now if turn.progress.failing_since is None else turn.progress.failing_since
        dead = now - since >= DEAD_AFTER
        waits = replace(post.waiting, attempts=post.waiting.attempts + 1)
        # what a dead hook did not take is not given up
        due = now if dead else next_attempt(turn.hook, waits, answer, now=now, chance=chance)
        progress = post.settled(turn.progress.without(post.waiting.position))
        if due is not None:
            waits = replace(waits, due=max(due, wish or due))
            progress = replace(progress, waiting=(*progress.waiting, waits))
        ends = unavailable or (turn.refused_again if again else failures) % REFUSALS == 0
        rests = pause(failures if unavailable else failures // REFUSALS, chance=chance) if ends and not again else None
        rest = progress.due if rests is None else max(wish or now, Millis(now + rests))
        turn.progress = replace(progress, failures=failures, failing_since=since, due=rest)
        self._note(turn, post, answer, Result.GIVEN_UP if due is None else Result.WAITING, tally)
        if dead:
            turn.progress = turn.progress.begun_anew(now)
            self._disable(turn, "it has taken nothing for three days", tally)
        return not (ends or dead)

    def _note(self, turn: _Turn, post: _Post, answer: Answer, result: Result, tally: Tally) -> None:
        problem = "" if result is Result.DELIVERED else answer.problem or f"the server answered {answer.status}"
        message, attempt = post.message, post.waiting.attempts + 1
        line = Delivery(self.clock(), message.id, message.type, attempt, result, answer.status, problem)
        turn.deliveries.append(line)
        tally.counts[result.value] += 1

    def _disable(self, turn: _Turn, reason: str, tally: Tally) -> None:
        """Disable a hook; it goes on where it stopped when a person enables it."""
        if not self._keep(turn):
            return
        self.log.append(turn.organization, [hook_disabled(turn.hook, reason, now=self.clock())])
        if self.hooks.disable(turn.hook, reason):
            tally.disabled.append(_named(turn.hook))

    def _keep(self, turn: _Turn) -> bool:
        """Store how far a hook has heard, where that is news; False when another run was faster or the hook is gone."""
        if turn.progress == turn.hook.progress and not turn.deliveries:
            return True
        kept = self.hooks.keep(turn.hook, turn.progress, turn.deliveries)
        turn.deliveries = []
        if kept is None:
            return False
        turn.hook = kept
        return True


def _named(hook: Hook) -> str:
    return f"{hook.organization_id}/{hook.id}"


def _taken(progress: Progress, taken: Waiting, *, now: Millis) -> Progress:
    """The progress of a hook that took a notice: what failed while it took nothing is posted again at once."""
    rest = progress.without(taken.position)
    if progress.failures >= REFUSALS:
        rest = replace(rest, waiting=tuple(replace(one, due=min(one.due, now)) for one in rest.waiting))
    return replace(rest, failures=0, failing_since=None)
