"""The brakes of a policy: how much it may lift on a day, and when it is stopped because its lifts fail.

What they hold back is looked at again on the next day. That a mailbox which was missing twice is left to a person is in
the verdict.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, Millis, days
from reprieve.policies.probes import Probes, domain_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.suppressions.suppression import AnyList, Suppression

#: how many addresses a policy may lift per day (UTC)
PER_DAY: Final = 1_000
#: how many of one domain, those apart whose own delivery proves them
PER_DOMAIN: Final = 100
#: how many, as a share of the entries on all lists of failures; fewer than `FEW` are never too many
SHARE: Final = 0.1
FEW: Final = 100
#: a policy is stopped when a greater share of its lifts than this failed again within `WATCH`
FAILED_SHARE: Final = 0.2
WATCH: Final = days(7)
#: how many lifts per day are watched, the first ones; and how many must have been for a policy to be stopped
WATCHED: Final = 50
ENOUGH: Final = 10


@dataclass(frozen=True, slots=True)
class Watched:
    """A lift that is watched: of which address, from which list, and when, in milliseconds."""

    list: AnyList
    key: str
    at: Millis


@dataclass(frozen=True, slots=True)
class Brakes:
    """What the brakes of an organization's policy know.

    Attributes:
        day: the day that is counted, in days since 1970.
        lifted: how many addresses were lifted on it.
        domains: the same by domain.
        version: of the policy whose lifts are watched.
        watched: its lifts of the last days.
        probes: the probes of domains that failed as a whole.
        turn: how often they were kept.
    """

    day: int = 0
    lifted: int = 0
    domains: Mapping[str, int] = field(default_factory=dict, hash=False)
    version: int = 0
    watched: tuple[Watched, ...] = ()
    probes: Probes = field(default_factory=Probes, hash=False)
    turn: int = 0

    def on(self, now: Millis, version: int) -> Brakes:
        """The same at a moment in milliseconds, under a version of the policy: a new day counts from nothing."""
        recent = tuple(one for one in self.watched if one.at > now - WATCH) if version == self.version else ()
        same = replace(self, version=version, watched=recent, probes=self.probes.on(now))
        day = now // DAY
        return same if day == self.day else replace(same, day=day, lifted=0, domains={})

    def room(self, entries: int) -> int:
        """How many addresses may still be lifted today, of lists with that many entries."""
        return max(0, min(PER_DAY, max(FEW, int(SHARE * entries))) - self.lifted)

    def let_through(
        self, due: Sequence[Suppression], entries: int, delivered: Mapping[str, Millis]
    ) -> list[Suppression]:
        """Those of some entries that may be lifted now.

        Args:
            due: which are to be lifted.
            entries: how many the lists have.
            delivered: the deliveries that prove addresses, by key; a domain's cap is not for these.
        """
        counted = Counter(dict(self.domains))
        through: list[Suppression] = []
        for one in due:
            domain = domain_of(one.key)
            if len(through) < self.room(entries) and (one.key in delivered or counted[domain] < PER_DOMAIN):
                counted[domain] += one.key not in delivered
                through.append(one)
        return through

    def counting(self, lifted: Sequence[Suppression], now: Millis, delivered: Mapping[str, Millis]) -> Brakes:
        """The same before some lifts, which count whether they are made or not.

        Args:
            lifted: what is to be lifted.
            now: in milliseconds.
            delivered: as of `let_through`.
        """
        counted = Counter(dict(self.domains))
        counted.update(domain_of(one.key) for one in lifted if one.key not in delivered)
        probes = self.probes.counting(lifted, now, delivered)
        return replace(self, lifted=self.lifted + len(lifted), domains=counted, probes=probes)

    def watching(self, lifted: Sequence[Suppression], now: Millis) -> Brakes:
        """The same after some lifts were made, `now` in milliseconds. A probe may fail, so none is watched."""
        today = sum(one.at // DAY == self.day for one in self.watched)
        expected = [one for one in lifted if not self.probes.needed_by(one)]
        fresh = tuple(Watched(one.list, one.key, now) for one in expected[: max(0, WATCHED - today)])
        return replace(self, watched=(*self.watched, *fresh))

    def is_failing(self, failed: int) -> bool:
        """Whether the policy is to be stopped when so many of the watched lifts have failed again."""
        return len(self.watched) >= ENOUGH and failed > FAILED_SHARE * len(self.watched)
