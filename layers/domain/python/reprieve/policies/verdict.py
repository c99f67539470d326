"""The verdict of a policy about one entry: a pure function of evidence, policy and moment.

Whatever the rules say:

- complaints, unsubscribes, groups and holds stay;
- an address whose mailbox was missing twice (5.1.1) is left to a person: it may have become a spam trap;
- a delivery after the latest failure ends a suppression;
- an address that failed as often as evidence is kept is left to a person.

Failures within a day count as one, since an outage of the receiving server refuses several messages alike. Each failure
is judged by the first rule that matches it, and the longest hold counts, from the latest failure on: so no further
failure shortens a hold, and every hold ends as many days after the latest failure as some rule has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, EPOCH, Millis
from reprieve.policies.policy import Then
from reprieve.suppressions.evidence import MAX_OUTCOMES, OF_FAILURES
from reprieve.suppressions.suppression import Classification, Permanence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.policies.policy import Policy, Rule
    from reprieve.suppressions.evidence import Evidence, Outcome
    from reprieve.suppressions.suppression import Suppression

#: the mailbox does not exist, or has moved (RFC 3463, 5.1.1 and 5.1.6)
NO_MAILBOX: Final = frozenset({"5.1.1", "5.1.6"})


class Decision(StrEnum):
    """What a policy would have happen to an entry."""

    HOLD = "hold"
    """It stays suppressed until a moment, and is lifted then."""
    LIFT = "lift"
    """It would be lifted now."""
    ASK = "ask"
    """It stays suppressed until a person decides."""
    STAY = "stay"
    """It stays suppressed until it is lifted; the policy does not touch it."""
    NOTIFY = "notify"
    """The same, and the organization's own systems hear of it."""


class Ground(StrEnum):
    """Why."""

    WISH = "wish"
    """The list is of what a recipient or an operator wants."""
    SPAM_TRAP = "spam_trap"
    """Its mailbox was missing twice, at least a day apart."""
    DELIVERED = "delivered"
    """A message was delivered after the latest failure."""
    OFTEN = "often"
    """It failed as often as evidence is kept."""
    NO_RULE = "no_rule"
    """No rule matches one of its failures."""
    RULE = "rule"
    """A rule asks a person, notifies, or lifts."""
    FIRST = "first"
    """A rule holds it for its first failure."""
    REPEATED = "repeated"
    """A rule holds it for longer, since it failed before."""
    RELAPSED = "relapsed"
    """A rule holds it for longer, since it failed again after a lift."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict.

    Attributes:
        decision: what would happen.
        ground: why.
        until: when a hold ends, or has ended, in milliseconds; None where there is none.
        rule: the name of the rule that decided; "" for none.
        failures: how many failures it has had, a day apart.
    """

    decision: Decision
    ground: Ground
    until: Millis | None = None
    rule: str = ""
    failures: int = 0


def verdict(entry: Suppression, evidence: Evidence, policy: Policy, *, now: Millis) -> Verdict:
    """What a policy would have happen to an entry, from the evidence about it.

    Args:
        entry: on its list.
        evidence: about the same address on the same list; without outcomes, the entry is left to a person.
        policy: the rules.
        now: in milliseconds.
    """
    if entry.list not in OF_FAILURES:
        return Verdict(Decision.STAY, Ground.WISH)
    outcomes = evidence.outcomes
    failures = _apart(outcomes)
    if _apart(one for one in outcomes if one.status in NO_MAILBOX) > 1:
        return Verdict(Decision.ASK, Ground.SPAM_TRAP, failures=failures)
    if outcomes and evidence.delivered_at is not None and evidence.delivered_at > outcomes[-1].at:
        return Verdict(Decision.LIFT, Ground.DELIVERED, failures=failures)
    if len(outcomes) >= MAX_OUTCOMES:
        return Verdict(Decision.ASK, Ground.OFTEN, failures=failures)
    found = [
        _judged(failure, policy.rule_for(entry, evidence, failure, now=now), evidence, now) for failure in outcomes
    ]
    longest = max(found, key=_length, default=Verdict(Decision.ASK, Ground.NO_RULE))
    return replace(longest, failures=failures)


def _judged(failure: Outcome, rule: Rule | None, evidence: Evidence, now: Millis) -> Verdict:
    """The verdict about one failure; the number of all of them is not in it."""
    if rule is None:
        return Verdict(Decision.STAY, Ground.NO_RULE)
    if rule.then is not Then.HOLD:
        return Verdict(Decision(rule.then), Ground.RULE, rule=rule.name)
    again, repeated = relapses(evidence), _repeated(failure, evidence.outcomes)
    until = Millis(evidence.outcomes[-1].at + rule.hold(max(again, repeated)))
    ground = Ground.RELAPSED if again and again >= repeated else Ground.REPEATED if repeated else Ground.FIRST
    return Verdict(Decision.HOLD if until > now else Decision.LIFT, ground, until, rule.name)


def _length(one: Verdict) -> tuple[int, Millis]:
    """The order of verdicts, by how long an address stays suppressed."""
    order = (Decision.LIFT, Decision.HOLD, Decision.STAY, Decision.NOTIFY, Decision.ASK)
    return order.index(one.decision), one.until or EPOCH


def _repeated(failure: Outcome, outcomes: Iterable[Outcome]) -> int:
    """How often it failed again in a way that makes a failure more believable.

    A failure that can pass is by any other; a lasting one by those that agree with it that the mailbox or the domain
    does not exist. One that says otherwise takes nothing away.
    """
    if failure.permanence is not Permanence.HARD:
        return _apart(outcomes) - 1
    agreeing = [
        one
        for one in outcomes
        if one.permanence is Permanence.HARD and one.classification is Classification.INVALID_ADDRESS
    ]
    return max(0, _apart(agreeing) - 1)


def relapses(evidence: Evidence) -> int:
    """How often the address failed again after a lift; a lift of an address that had not failed is not one."""
    outcomes = evidence.outcomes
    if evidence.lifted_at is None or not outcomes:
        return 0
    return evidence.lifts if outcomes[0].at <= evidence.lifted_at else 0


def _apart(outcomes: Iterable[Outcome]) -> int:
    """The greatest number of these outcomes, oldest first, that are at least a day apart."""
    count, since = 0, None
    for one in outcomes:
        if since is None or one.at >= since + DAY:
            count, since = count + 1, one.at
    return count
