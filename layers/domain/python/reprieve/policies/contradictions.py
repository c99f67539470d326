"""What a policy may not say: a rule that no failure can reach, a hold that shrinks, a reach beyond failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.errors import InvalidInput
from reprieve.policies.policy import Then
from reprieve.suppressions.evidence import MAX_OUTCOMES, OF_FAILURES

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.policies.policy import Policy, Rule, When

MAX_RULES: Final = 20
#: of a hold, in days
MAX_DAYS: Final = 3_650
#: as many as failures are kept; a longer list has days that no address reaches
MAX_HOLDS: Final = MAX_OUTCOMES
#: the conditions that are sets
_SETS: Final = ("lists", "domains", "accounts", "permanences", "classifications")


def check(policy: Policy) -> None:
    """Refuse a policy that contradicts itself.

    Raises:
        InvalidInput: it does; the field is the path of the member, counted from 0, as `rules[2].hold_days`.
    """
    if not 1 <= len(policy.rules) <= MAX_RULES:
        raise InvalidInput(f"1 to {MAX_RULES} rules", field="rules")
    for number, rule in enumerate(policy.rules):
        path = f"rules[{number}]"
        before = policy.rules[:number]
        if any(one.name == rule.name for one in before):
            raise InvalidInput("another rule has this name", field=f"{path}.name")
        _check_reach(rule.when, f"{path}.when")
        _check_days(rule, path)
        covering = next((one for one in before if _covers(one.when, rule.when)), None)
        if covering is not None:
            raise InvalidInput(f"no failure gets here: {covering.name!r} before it decides all of them", field=path)


def _check_reach(when: When, path: str) -> None:
    if not when.lists <= OF_FAILURES:
        names = ", ".join(sorted(OF_FAILURES))
        raise InvalidInput(
            f"a policy reaches {names}; the other lists are what a recipient or an operator wants",
            field=f"{path}.lists",
        )


def _check_days(rule: Rule, path: str) -> None:
    days, path = rule.hold_days, f"{path}.hold_days"
    if rule.then is not Then.HOLD:
        if days:
            raise InvalidInput(f"only a rule with then {Then.HOLD.value!r} has days", field=path)
        return
    if not 1 <= len(days) <= MAX_HOLDS or not all(1 <= one <= MAX_DAYS for one in days):
        raise InvalidInput(f"1 to {MAX_HOLDS} numbers of days, each 1 to {MAX_DAYS}", field=path)
    if list(days) != sorted(days):
        raise InvalidInput("a later hold must not be shorter than an earlier one", field=path)


def _covers(first: When, second: When) -> bool:
    """Whether the first matches whatever the second matches."""
    return (
        all(_includes(getattr(first, name), getattr(second, name)) for name in _SETS)
        and _each(second.statuses, first.statuses, str.startswith)
        and _each(second.words, first.words, lambda longer, shorter: shorter.casefold() in longer.casefold())
        and _is_no_stricter(first.lifted_fewer, second.lifted_fewer)
    )


def _includes(first: frozenset[str], second: frozenset[str]) -> bool:
    return not first or (bool(second) and second <= first)


def _each(second: tuple[str, ...], first: tuple[str, ...], within: Callable[[str, str], bool]) -> bool:
    """Whether each of the second's texts is one of the first's, or more of it."""
    return not first or (bool(second) and all(any(within(one, other) for other in first) for one in second))


def _is_no_stricter(first: tuple[int, int] | None, second: tuple[int, int] | None) -> bool:
    """Whether an address that was lifted fewer times by the second's count was so by the first's."""
    return first is None or (second is not None and second[0] <= first[0] and second[1] >= first[1])
