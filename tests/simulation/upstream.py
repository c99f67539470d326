"""A simulated provider: one of an organization's accounts, its list, and its faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reprieve.address import comparison_key
from reprieve.errors import Unavailable
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.suppression import Suppression
from tests.simulation.world import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reprieve.suppressions.suppression import SuppressionList
    from tests.simulation.oracle import Oracle
    from tests.simulation.world import World


class ProviderFault(Exception):
    """The provider did not answer properly."""


@dataclass
class Upstream:
    """One of an organization's accounts at a provider: its list and its behaviour. It takes spellings as they are.

    Attributes:
        mark: the account's.
        down_until: until when it fails, by time-outs, by asking to wait, or by refusing the account.
        trouble: which of the three.
    """

    world: World
    oracle: Oracle
    organization: str
    mark: str
    batch: int
    exact: bool
    poisoned: str
    poison_until: int = 0
    down_until: int = 0
    trouble: LiftOutcome = LiftOutcome.RETRY
    listed: dict[tuple[str, str], Suppression] = field(default_factory=dict)

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        if self.world.now < self.down_until:
            return self._fail(len(emails))
        if self.world.chance(Fault.THROTTLE, 6):
            return [LiftAnswer(LiftOutcome.WAIT, "429", self.world.now + 60_000)] * len(emails)
        if self.world.chance(Fault.ACCOUNT, 20):
            return [LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "401")] * len(emails)
        return self._change("delete", self._delete, suppression_list, emails)

    def put(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        if self.world.now < self.down_until:
            return self._fail(len(emails))
        return self._change("put", self._put, suppression_list, emails)

    def _fail(self, count: int) -> list[LiftAnswer]:
        self.world.fired[Fault.DOWN] += 1
        return [LiftAnswer(self.trouble, "down")] * count

    def entries(self, suppression_list: SuppressionList, *, start: int, end: int) -> Iterator[Suppression]:
        """The current entries of the list, without event ids."""
        found = self.world.io(
            f"upstream {self.organization} list",
            lambda: [one for (name, _), one in self.listed.items() if name == suppression_list],
            error=lambda: Unavailable("503"),
        )
        return (one for one in found if start <= one.created <= end)

    def _change(
        self,
        word: str,
        effect: Callable[[SuppressionList, Sequence[str]], list[LiftAnswer]],
        name: SuppressionList,
        emails: Sequence[str],
    ) -> list[LiftAnswer]:
        what = f"upstream {self.organization} {self.mark.partition(' ')[0]} {word} {len(emails)}"
        try:
            return self.world.io(what, lambda: effect(name, emails), error=ProviderFault)
        except ProviderFault:
            return [LiftAnswer(LiftOutcome.RETRY, "503")] * len(emails)

    def _put(self, name: SuppressionList, emails: Sequence[str]) -> list[LiftAnswer]:
        return [self._trouble_with(email) or self._put_one(name, email) for email in emails]

    def _put_one(self, name: SuppressionList, email: str) -> LiftAnswer:
        self.listed[name, email] = Suppression(name, comparison_key(email), email, self.world.now)
        self.oracle.put_upstream(self.organization, self.mark, name, email)
        return LiftAnswer(LiftOutcome.LISTED, "")

    def _delete(self, name: SuppressionList, emails: Sequence[str]) -> list[LiftAnswer]:
        self.oracle.asked_upstream(self.organization, self.mark, name, emails, exact=self.exact)
        return [self._trouble_with(email) or self._delete_one(name, email) for email in emails]

    def _delete_one(self, name: SuppressionList, email: str) -> LiftAnswer:
        gone = self.listed.pop((name, email), None)
        self.oracle.done_upstream(self.organization, self.mark, name, email)
        return LiftAnswer(LiftOutcome.LIFTED if gone else LiftOutcome.ABSENT, "")

    def _trouble_with(self, email: str) -> LiftAnswer | None:
        if email == self.poisoned and self.world.now < self.poison_until:
            return LiftAnswer(LiftOutcome.REFUSED, "400")
        if self.world.chance(Fault.PARTIAL, 8):
            return LiftAnswer(LiftOutcome.WAIT, "not tried")
        return None

    def close(self) -> None:
        pass
