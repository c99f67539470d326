"""A simulated provider: one organization's account, its list, and its faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reprieve.address import comparison_key
from reprieve.errors import Unavailable
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.suppression import Suppression
from tests.simulation.world import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.suppressions.suppression import SuppressionList
    from tests.simulation.oracle import Oracle
    from tests.simulation.world import World


class ProviderFault(Exception):
    """The provider did not answer properly."""


@dataclass
class Upstream:
    """One organization's account at a provider: its list and its behaviour."""

    world: World
    oracle: Oracle
    organization: str
    batch: int
    exact: bool
    poisoned: str
    poison_until: int = 0
    listed: dict[tuple[str, str], Suppression] = field(default_factory=dict)

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        if self.world.chance(Fault.THROTTLE, 6):
            return [LiftAnswer(LiftOutcome.WAIT, "429", self.world.now + 60_000)] * len(emails)
        if self.world.chance(Fault.ACCOUNT, 20):
            return [LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "401")] * len(emails)
        try:
            return self.world.io(
                f"upstream {self.organization} delete {len(emails)}",
                lambda: self._delete(suppression_list, emails),
                error=ProviderFault,
            )
        except ProviderFault:
            return [LiftAnswer(LiftOutcome.RETRY, "503")] * len(emails)

    def put(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        try:
            return self.world.io(
                f"upstream {self.organization} put {len(emails)}",
                lambda: self._put(suppression_list, emails),
                error=ProviderFault,
            )
        except ProviderFault:
            return [LiftAnswer(LiftOutcome.RETRY, "503")] * len(emails)

    def entries(self, suppression_list: SuppressionList, *, start: int, end: int) -> Iterator[Suppression]:
        """The current entries of the list, without event ids."""
        found = self.world.io(
            f"upstream {self.organization} list",
            lambda: [one for (name, _), one in self.listed.items() if name == suppression_list],
            error=lambda: Unavailable("503"),
        )
        return (one for one in found if start <= one.created <= end)

    def _put(self, name: SuppressionList, emails: Sequence[str]) -> list[LiftAnswer]:
        answers = []
        for email in emails:
            if email == self.poisoned and self.world.now < self.poison_until:
                answers.append(LiftAnswer(LiftOutcome.REFUSED, "400"))
            elif self.world.chance(Fault.PARTIAL, 8):
                answers.append(LiftAnswer(LiftOutcome.WAIT, "not tried"))
            else:
                self.listed[name, email] = Suppression(name, comparison_key(email), email, self.world.now)
                self.oracle.put_upstream(self.organization, name, email)
                answers.append(LiftAnswer(LiftOutcome.LISTED, ""))
        return answers

    def _delete(self, name: SuppressionList, emails: Sequence[str]) -> list[LiftAnswer]:
        self.oracle.asked_upstream(self.organization, name, emails, exact=self.exact)
        answers = []
        for email in emails:
            if email == self.poisoned and self.world.now < self.poison_until:
                answers.append(LiftAnswer(LiftOutcome.REFUSED, "400"))
            elif self.world.chance(Fault.PARTIAL, 8):
                answers.append(LiftAnswer(LiftOutcome.WAIT, "not tried"))
            else:
                gone = self.listed.pop((name, email), None)
                self.oracle.done_upstream(self.organization, name, email)
                answers.append(LiftAnswer(LiftOutcome.LIFTED if gone else LiftOutcome.ABSENT, ""))
        return answers

    def close(self) -> None:
        pass
