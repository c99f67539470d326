"""How far the runs of a policy have looked through an organization's lists.

Every hold ends as many days after an entry's latest failure as some rule has. So between two runs only those entries
can have become due that are as old as one of these numbers of days, and no others need be looked at: neither a due time
nor an index of due times is kept, and nothing is written for an entry that stays.

What this does not see is looked at by a walk through all lists, oldest first: after each change of the policy and every
30 days, for entries that came long after their failure (an import, a comparison with the provider); and for what the
brakes held back. A walk that the brakes let lift no more waits for the next day where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, EPOCH, HOUR, SECOND, Millis, Seconds, days, minutes, to_seconds
from reprieve.system_log.span import Order, Span, position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.policies.policy import Policy
    from reprieve.suppressions.listing import Position
    from reprieve.suppressions.suppression import AnyList

#: news of a failure can come this much later: providers repeat a webhook for a day, the comparison looks back two
LATE: Final = days(2)
#: deliveries that arrived longer ago are not read: a policy was disabled meanwhile, or its brakes held them back
UNREAD: Final = days(7)
#: how often all lists are walked through, changes of the policy apart
WALK: Final = days(30)
#: a step ends this long ago, when what was sent then has come and is in the index
SETTLING: Final = minutes(10)
#: the most time that one step takes in, so that a run that was cut off repeats little
STEP: Final = Millis(6 * HOUR)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an organization's lists have been looked through.

    Attributes:
        version: of the policy by which.
        walked: when the latest walk began, in milliseconds.
        looked: the moment up to which all that became due has been looked at; while a walk is under way, its beginning.
        place: the entry that the walk has come to; None before the first.
        walking: whether a walk is under way.
        rests: the moment before which a walk does not go on, in milliseconds: the brakes let nothing through.
        announced: the moment up to which the ends of holds were announced before the walk, in milliseconds.
        counted: how many entries a walk under way has come by.
        entries: how many entries the lists had at the latest walk.
        heard: the position in the system log, by arrival, up to which deliveries were read; "" for none yet.
        turn: how often it was kept.
    """

    version: int = 0
    walked: Millis = EPOCH
    looked: Millis = EPOCH
    place: Position | None = None
    walking: bool = False
    counted: int = 0
    entries: int = 0
    heard: str = ""
    turn: int = 0
    rests: Millis = EPOCH
    announced: Millis = EPOCH

    @property
    def size(self) -> int:
        """How many entries the lists have, as far as walks know."""
        return max(self.entries, self.counted)

    def begun(self, version: int, *, now: Millis) -> Progress:
        """The same, or the beginning of a walk where one is due and none is under way."""
        is_known = version == self.version
        if is_known and (self.walking or now < self.walked + WALK):
            return self
        # entries are looked for by the second
        announced = Millis(self.looked - SECOND) if is_known else EPOCH
        begun = replace(self, version=version, walked=now, looked=now, announced=announced)
        return replace(begun, place=None, walking=True, counted=0, rests=EPOCH)

    @property
    def may_rest(self) -> bool:
        """Whether a walk may wait for the brakes: it knows how long the lists are, and has nothing else to look for."""
        return self.entries > 0 and self.announced > EPOCH

    def resting(self, now: Millis) -> Progress:
        """The same with a walk that goes on on the next day (UTC)."""
        return replace(self, rests=_next_day(now))

    def walks(self, now: Millis) -> bool:
        """Whether a walk is under way that does not rest at a moment."""
        return self.walking and now >= self.rests

    def again(self, now: Millis, *, at: Millis) -> Progress:
        """The same with a walk that is due at a moment, on the next day (UTC) at the earliest."""
        due = max(at, _next_day(now))
        return replace(self, walked=min(self.walked, Millis(due - WALK)))

    def unheard(self, now: Millis) -> Span:
        """The stretch of the system log whose deliveries are news: of the last days, fewer where none was ever read."""
        heard = self.heard or position(Millis(now - LATE))
        return Span(Order.ARRIVED, max(heard, position(Millis(now - UNREAD))), position(Millis(now - SETTLING)))

    def step(self, now: Millis) -> Millis:
        """The end of the next step, in milliseconds."""
        return max(self.looked, min(Millis(now - SETTLING), Millis(self.looked + STEP)))


def _next_day(now: Millis) -> Millis:
    return Millis((now // DAY + 1) * DAY)


def ages(policy: Policy, name: AnyList, *, announces: bool = False) -> list[Millis]:
    """The ages at which a policy may come to lift or report an entry of a list, in milliseconds, for late news, too.

    Args:
        policy: the rules.
        name: of the list.
        announces: whether the ends of holds are announced.
    """
    rules = policy.rules_of(name)
    found = {one for rule in rules for one in rule.ages}
    announced = {one for rule in rules for one in rule.announced} if announces else set()
    return sorted(found | announced | {Millis(one + LATE) for one in found})


def windows(
    policy: Policy, name: AnyList, start: Millis, end: Millis, *, announces: bool = False
) -> Iterator[tuple[Seconds, Seconds]]:
    """The seconds in which those entries were created that reach one of the ages in some time.

    Args:
        policy: whose ages.
        name: of which list.
        start: the first moment, in milliseconds.
        end: the moment after the last.
        announces: as of `ages`.

    Yields:
        The first and the last second. Those of two ages do not overlap where the time is shorter than a day.
    """
    for age in ages(policy, name, announces=announces):
        first, last = to_seconds(Millis(start - age)), Seconds(to_seconds(Millis(end - age)) - 1)
        if first <= last:
            yield first, last
