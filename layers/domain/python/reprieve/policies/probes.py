"""Probes of domains that failed as a whole: one address is lifted, and the others follow a delivery to their domain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH, Millis, days
from reprieve.suppressions.evidence import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprieve.suppressions.suppression import Suppression

#: the domain does not exist, takes no mail, or cannot be reached (RFC 3463: x.1.2, x.4.1, x.4.3, x.4.4; RFC 7505:
#: 5.1.10). 5.4.1 is not among them, because Exchange Online says so of a mailbox that it does not know
NO_DOMAIN: Final = frozenset({"4.1.2", "5.1.2", "5.1.10", "4.4.1", "4.4.3", "5.4.3", "4.4.4", "5.4.4"})
#: how long the others wait for a delivery before another address is lifted, and how long a delivery counts
WAIT: Final = days(7)
#: how many domains are probed at a time
MAX_PROBES: Final = 100


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe of a domain.

    Attributes:
        at: when it was lifted, in milliseconds; of an address whose own delivery proves it, when that was.
        delivered: when a message to the domain was last delivered since then; EPOCH for not yet.
    """

    at: Millis
    delivered: Millis = EPOCH

    @property
    def ends(self) -> Millis:
        """When it counts no more, in milliseconds: whatever is delivered, after twice the wait at the latest."""
        return Millis(min(max(self.at, self.delivered), self.at + WAIT) + WAIT)

    def hearing(self, delivered: Millis) -> Probe:
        """The same after a delivery to the domain; one from before the probe says nothing."""
        return replace(self, delivered=max(self.delivered, delivered)) if delivered >= self.at else self


@dataclass(frozen=True, slots=True)
class Probes:
    """The probes of an organization that count, by domain."""

    known: Mapping[str, Probe] = field(default_factory=dict)

    def on(self, now: Millis) -> Probes:
        """The same without those whose time is over, `now` in milliseconds."""
        return Probes({name: one for name, one in self.known.items() if one.ends > now})

    @property
    def answered(self) -> frozenset[str]:
        """The domains that a message was delivered to."""
        return frozenset(name for name, one in self.known.items() if one.delivered > EPOCH)

    def needed_by(self, one: Suppression) -> bool:
        """Whether an entry is of a domain that failed as a whole, and no message to it was delivered since."""
        found = self.known.get(domain_of(one.key))
        return Outcome.of(one).status in NO_DOMAIN and (found is None or found.delivered <= one.created)

    def let_through(self, due: Iterable[Suppression]) -> list[Suppression]:
        """Those of some entries that wait for no probe; the first one of a domain that is not probed is its probe."""
        through: list[Suppression] = []
        probed = set(self.known)
        for one in due:
            domain = domain_of(one.key)
            if not self.needed_by(one):
                through.append(one)
            elif domain not in probed and len(probed) < MAX_PROBES:
                probed.add(domain)
                through.append(one)
        return through

    def until(self, one: Suppression, now: Millis) -> Millis:
        """Until when an entry waits that was not let through at a moment, in milliseconds."""
        found = self.known.get(domain_of(one.key))
        return found.ends if found else Millis(now + WAIT)

    def counting(self, lifted: Iterable[Suppression], now: Millis, delivered: Mapping[str, Millis]) -> Probes:
        """The same before some lifts.

        Args:
            lifted: what is to be lifted.
            now: in milliseconds.
            delivered: the deliveries that prove addresses, by key.
        """
        probes = {domain_of(one.key): Probe(delivered.get(one.key, now)) for one in lifted if self.needed_by(one)}
        return Probes({**self.known, **probes}).hearing(delivered)

    def hearing(self, delivered: Mapping[str, Millis]) -> Probes:
        """The same after deliveries to some addresses, by the moment of each."""
        heard = dict(self.known)
        for key, moment in delivered.items():
            if one := heard.get(name := domain_of(key)):
                heard[name] = one.hearing(moment)
        return Probes(heard)


def domain_of(key: str) -> str:
    """The domain of an address."""
    return key.rpartition("@")[2]
