"""Processes that run step by step on one thread, in an order that a list of choices decides.

A process is a greenlet. It runs until its next I/O and stops there: everything between two I/Os is one step. `World.io`
is that point; it is also where faults happen. A run is a function of its choices alone, so a run that failed can be had
again, and cut down to the fewest choices that still fail.
"""

from __future__ import annotations

import random
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from greenlet import greenlet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

START = 1_800_000_000_000


class Fault(StrEnum):
    """The faults, here and upstream; a run counts how often each occurred."""

    BEFORE = "error before the effect"
    LOST = "effect, but the response is lost"
    CRASH_BEFORE = "crash before the effect"
    CRASH_AFTER = "crash after the effect"
    ZOMBIE = "worker stopped for longer than its lease"
    TWICE = "sent twice, done twice"
    LATE = "error, and the effect long after"
    THROTTLE = "provider asks to wait"
    PARTIAL = "part of a batch is left undone"
    LAG = "index lags"
    STALE = "read of what was before"
    SKEW = "clock skew"
    DUPLICATE = "webhook sent twice"
    REORDER = "webhooks out of order"
    ACCOUNT = "provider refuses the account"
    DOWN = "one of two providers fails for a day"
    CHANGED = "account added, removed or changed"
    EXPIRED = "item expired"


#: those that happen at an I/O of the store; the provider knows THROTTLE besides
AT_IO = (
    Fault.BEFORE,
    Fault.LOST,
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
    Fault.ZOMBIE,
    Fault.TWICE,
    Fault.LATE,
)


class Crash(BaseException):
    """The death of a process. It is not an Exception, so that no error handler catches it."""


class Failure(BaseException):
    """A broken invariant. It is not an Exception, so that no error handler catches it."""


class Choices:
    """Numbers from a seed or from a recording; missing ones of a recording are 0, the dullest choice."""

    def __init__(self, seed: int | None = None, played: Sequence[int] = ()) -> None:
        self._random = None if seed is None else random.Random(seed)
        self._apart = random.Random(f"beside {seed}")
        self._played = played
        self.made: list[int] = []

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1."""
        at = len(self.made)
        if self._random is not None:
            chosen = int(self._random.random() * bound)
        else:
            chosen = self._played[at] % bound if at < len(self._played) else 0
        self.made.append(chosen)
        return chosen

    def aside(self, bound: int) -> int:
        """A number from 0 to bound - 1, drawn apart: where it is 0, the history is the one that it was without it."""
        if self._random is None:
            return self.below(bound)
        chosen = int(self._apart.random() * bound)
        self.made.append(chosen)
        return chosen

    def one_in(self, odds: int) -> bool:
        """True once in `odds` times; 0 in a playback is False."""
        return self.below(odds) == odds - 1


class World:
    """Time, processes and faults.

    Attributes:
        now: the true time in milliseconds.
        odds: of a fault at an I/O, one in so many; 0 for none.
        planned: faults at given I/Os, by number, instead of by chance.
        fired: how often each fault happened.
        trace: the history so far, for the report of a failure.
    """

    def __init__(self, choices: Choices, *, odds: int = 0, planned: dict[int, Fault] | None = None) -> None:
        self.choices = choices
        self.odds = odds
        self.planned = planned
        self.now = START
        self.steps = 0
        self.ios = 0
        self.calm = False
        self.fired: Counter[Fault] = Counter()
        self.trace: list[str] = []
        self.alive: list[Process] = []
        self.hub = greenlet.getcurrent()

    def start(self, name: str, task: Callable[[], object], *, skew: int = 0) -> Process:
        """Add a process; it runs when its turn comes."""
        process = Process(self, name, task, skew)
        self.alive.append(process)
        return process

    def run(self) -> None:
        """Run until every process has ended."""
        while self.alive:
            awake = [process for process in self.alive if process.until <= self.now]
            if not awake:
                self.now = min(process.until for process in self.alive)
                continue
            process = awake[self.choices.below(len(awake))] if len(awake) > 1 else awake[0]
            self.steps += 1
            self.now += (1, 5, 40, 700)[self.choices.below(4)]
            process.step()
            if process.over:
                self.alive.remove(process)

    def io(self, what: str, effect: Callable[[], T], *, error: Callable[[], Exception]) -> T:
        """One I/O of the running process: let others run first, then do it, or fail as the faults have it."""
        process = greenlet.getcurrent()
        if not isinstance(process, Process):
            return effect()
        self.hub.switch()
        fault = self._fault()
        if fault is None:
            self.note(process.name, what)
            return effect()
        self.fired[fault] += 1
        self.note(process.name, f"{what}: {fault}")
        if fault is Fault.ZOMBIE:
            process.until = self.now + (160_000, 400_000)[self.choices.below(2)]
            self.hub.switch()
            return effect()
        if fault is Fault.TWICE:
            return self._twice(process, what, effect)
        if fault is Fault.LATE:
            self._later(process, what, effect)
        if fault is Fault.CRASH_BEFORE:
            raise Crash
        if fault in {Fault.BEFORE, Fault.LATE}:
            raise error()
        effect()
        raise Crash if fault is Fault.CRASH_AFTER else error()

    def _twice(self, process: Process, what: str, effect: Callable[[], T]) -> T:
        """Send the call twice: the first answer is lost, or the first sending arrives late."""
        if self.choices.below(2):
            self._later(process, what, effect)
            return effect()
        _deaf(effect)
        self.sleep((0, 5, 20)[self.choices.below(3)])
        return effect()

    def _later(self, process: Process, what: str, effect: Callable[[], object]) -> None:
        """Execute the call some time from now, even if its sender is gone."""
        late = self.start(f"{process.name}, late: {what}", lambda: _deaf(effect))
        late.sender = process
        late.until = self.now + (500, 5_000, 60_000, 300_000)[self.choices.below(4)]

    def running(self) -> object:
        """The running process; for a late call, its sender."""
        process = greenlet.getcurrent()
        return process.sender if isinstance(process, Process) else process

    def sleep(self, seconds: float) -> None:
        """The simulation's `time.sleep` for the running process."""
        process = greenlet.getcurrent()
        if isinstance(process, Process):
            process.until = self.now + int(seconds * 1000)
            self.hub.switch()

    def let_others_run(self) -> None:
        """Within one call of the running process, at a point where it does nothing that can fail."""
        if isinstance(greenlet.getcurrent(), Process):
            self.hub.switch()

    def chance(self, fault: Fault, odds: int) -> bool:
        """Whether a fault of another kind happens here, counted if it does."""
        if self.calm or not self.odds or not self.choices.one_in(odds):
            return False
        self.fired[fault] += 1
        return True

    def note(self, who: str, what: str) -> None:
        """Write down what happened."""
        self.trace.append(f"{self.now - START:>9} {who}: {what}")

    def _fault(self) -> Fault | None:
        self.ios += 1
        if self.calm:
            return None
        if self.planned is not None:
            return self.planned.get(self.ios)
        if self.odds and self.choices.one_in(self.odds):
            return AT_IO[self.choices.below(len(AT_IO))]
        return None


def _deaf(effect: Callable[[], object]) -> None:
    """Do it, and hear no answer."""
    try:
        effect()
    except Failure:
        raise
    except Exception:  # noqa: BLE001  (whatever the answer would have been)
        pass


class Process(greenlet):
    """One process: a request's function, a webhook's, a run of the job."""

    def __init__(self, world: World, name: str, task: Callable[[], object], skew: int) -> None:
        super().__init__(self._body)
        self.world = world
        self.name = name
        self.task = task
        self.skew = skew
        self.sender = self
        self.until = 0
        #: its first and its latest step, by I/O
        self.first = self.last = 0
        self.over = False
        self.crashed = False

    def clock(self) -> int:
        """The time as this process's host has it."""
        return self.world.now + self.skew

    def step(self) -> None:
        """Run until the next I/O."""
        # a process that another one started must not go on there when it ends
        self.world.hub = self.parent = greenlet.getcurrent()
        self.first = self.first or self.world.ios + 1
        self.switch()
        self.last = self.world.ios
        self.over = self.dead

    def _body(self, *_: Any) -> None:
        try:
            self.task()
        except Crash:
            self.crashed = True


def half(begin: int) -> str:
    """The suffix of the names in the second half of the history."""
    return "" if begin == START else "x"
