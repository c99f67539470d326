"""A policy: for how long a failed delivery withholds mail from an address, and what happens then.

A policy is an ordered list of rules over a closed set of conditions; the first rule that matches a failure decides
about it. It reaches only lists of failures: complaints, unsubscribes and holds are what a recipient or an operator
wants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.address import fold
from reprieve.clock import DAY, Millis, days
from reprieve.suppressions.suppression import Classification, Permanence, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.suppressions.evidence import Evidence, Outcome
    from reprieve.suppressions.suppression import AnyList, Suppression


class Then(StrEnum):
    """What a rule has happen."""

    HOLD = "hold"
    """The address stays suppressed for some days after its latest failure, and is lifted then."""
    LIFT = "lift"
    """It is lifted."""
    ASK = "ask"
    """It stays suppressed until a person decides."""
    NOTIFY = "notify"
    """It stays suppressed, and the organization's own systems hear of it."""


@dataclass(frozen=True, slots=True)
class When:
    """The conditions of a rule; one that is empty or None does not restrict it, and all others must hold.

    The first five are about the entry, the other three about the failure.

    Attributes:
        lists: the lists that the entry may be on.
        words: texts of which the entry's reason contains one, in any letter case.
        domains: the domains that the address may have, as lower-case A-labels.
        accounts: the provider accounts of which one reported the entry, by name.
        lifted_fewer: how often the address must not yet have been lifted, and the days that count; see `_lifts`.
        permanences: the permanences that the failure may have.
        classifications: the classes that it may have.
        statuses: the beginnings of enhanced status codes of which it has one: `5.1.1`, or `4.` for a class.
    """

    lists: frozenset[AnyList] = frozenset()
    words: tuple[str, ...] = ()
    domains: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    lifted_fewer: tuple[int, int] | None = None
    permanences: frozenset[Permanence] = frozenset()
    classifications: frozenset[Classification] = frozenset()
    statuses: tuple[str, ...] = ()

    def matches(self, entry: Suppression, evidence: Evidence, failure: Outcome, *, now: Millis) -> bool:
        """Whether one failure of an entry meets every condition."""
        reason = fold(entry.reason)
        return (
            (not self.lists or entry.list in self.lists)
            and (not self.words or any(fold(word) in reason for word in self.words))
            and (not self.domains or entry.key.rpartition("@")[2] in self.domains)
            and (not self.accounts or not self.accounts.isdisjoint(entry.reporters))
            and (self.lifted_fewer is None or _lifts(evidence, self.lifted_fewer[1], now) < self.lifted_fewer[0])
            and (not self.permanences or failure.permanence in self.permanences)
            and (not self.classifications or failure.classification in self.classifications)
            and (not self.statuses or failure.status.startswith(self.statuses))
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: by which a person recognizes it.
        then: what happens.
        when: to which failures.
        hold_days: of HOLD, for how many days after the latest failure: the first number for a first failure, the next
            ones for repeated failures, the last one for all others. They never decrease.
    """

    name: str
    then: Then
    when: When = field(default_factory=When)
    hold_days: tuple[int, ...] = ()

    @property
    def ages(self) -> frozenset[Millis]:
        """The ages at which it may come to lift or report an entry, in milliseconds after the latest failure.

        An address that was lifted too often may be lifted again when the last lift no longer counts.
        """
        forgotten = () if self.when.lifted_fewer is None else (self.when.lifted_fewer[1],)
        at_once = (0,) if self.then in {Then.LIFT, Then.NOTIFY} else ()
        return frozenset(map(days, {*self.hold_days, *forgotten, *at_once}))

    @property
    def announced(self) -> frozenset[Millis]:
        """The ages at which a hold of it is to end within a day."""
        return frozenset(days(one - 1) for one in self.hold_days)

    def hold(self, repetitions: int) -> Millis:
        """For how long an address is held that has failed again so often, in milliseconds."""
        return days(self.hold_days[min(repetitions, len(self.hold_days) - 1)])


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of an organization, in order."""

    rules: Sequence[Rule]

    @property
    def is_plain(self) -> bool:
        """Whether what is known beyond its latest failure can only prolong an entry's hold.

        The conditions on lifts and accounts can match, or cease to, by what the index of the lists does not have.
        """
        return not any(rule.when.lifted_fewer or rule.when.accounts for rule in self.rules)

    @property
    def notifies(self) -> bool:
        """Whether a rule has the organization hear of a failure."""
        return any(rule.then is Then.NOTIFY for rule in self.rules)

    def rules_of(self, name: AnyList) -> list[Rule]:
        """The rules that can decide about an entry of a list, in order."""
        found = []
        for rule in self.rules:
            if not rule.when.lists or name in rule.when.lists:
                found.append(rule)
                if rule.when == When(lists=rule.when.lists):
                    break
        return found

    def rule_for(self, entry: Suppression, evidence: Evidence, failure: Outcome, *, now: Millis) -> Rule | None:
        """The first rule that matches a failure; None when none does."""
        return next((rule for rule in self.rules if rule.when.matches(entry, evidence, failure, now=now)), None)


#: one hard bounce holds a week, repeated ones a month and then a year; a block holds a day, doubling
DEFAULT: Final = Policy(
    (
        Rule("invalid address", Then.ASK, When(lists=frozenset({SuppressionList.INVALID_EMAILS}))),
        Rule("hard bounce", Then.HOLD, When(permanences=frozenset({Permanence.HARD})), (7, 30, 365)),
        Rule("passing failure", Then.HOLD, When(), (1, 2, 4, 8, 16, 32, 64)),
    )
)


def _lifts(evidence: Evidence, within: int, now: Millis) -> int:
    """How often the address was lifted within some days; only the latest lift has a time, so it may be too many."""
    return 0 if evidence.lifted_at is None or evidence.lifted_at < now - within * DAY else evidence.lifts
