"""A policy as text: compact JSON, kept with the organization, and the same as rows of a body or a file.

A condition that does not restrict a rule is left out, as are the days of a rule that does not hold.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from reprieve.policies.policy import DEFAULT, Policy, Rule, Then, When
from reprieve.suppressions.suppression import Classification, Permanence, list_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reprieve.organization import Organization

#: how each condition that is a set is read, by its name; the order is that in which they are written
_MEMBERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "lists": list_named,
    "permanences": Permanence,
    "classifications": Classification,
    "statuses": str,
    "words": str,
    "domains": str,
    "accounts": str,
}
#: the conditions whose order is kept
_ORDERED: Final = frozenset({"statuses", "words"})


def policy_of(organization: Organization) -> Policy:
    """The policy of an organization, in force or not; the default one where it has none of its own."""
    text = organization.policy.rules
    return _read(text) if text else DEFAULT


def rows(policy: Policy) -> list[dict[str, Any]]:
    """The rules of a policy as plain values, in order."""
    return [_row(rule) for rule in policy.rules]


def policy_from(found: Iterable[Mapping[str, Any]]) -> Policy:
    """The policy that rows describe, which have been checked."""
    return Policy(tuple(_rule(row) for row in found))


def text_of(policy: Policy) -> str:
    """A policy as it is kept; "" for the default one, which is not."""
    if policy == DEFAULT:
        return ""
    return json.dumps(rows(policy), ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=64)
def _read(text: str) -> Policy:
    return policy_from(json.loads(text))


def _row(rule: Rule) -> dict[str, Any]:
    when: dict[str, Any] = {
        name: list(found) if name in _ORDERED else sorted(str(one) for one in found)
        for name in _MEMBERS
        if (found := getattr(rule.when, name))
    }
    if rule.when.lifted_fewer is not None:
        times, within = rule.when.lifted_fewer
        when["lifted_fewer"] = {"times": times, "days": within}
    row: dict[str, Any] = {"name": rule.name, "when": when, "then": rule.then.value}
    return row | ({"hold_days": list(rule.hold_days)} if rule.hold_days else {})


def _rule(row: Mapping[str, Any]) -> Rule:
    when = row.get("when", {})
    sets: dict[str, Any] = {name: _set(name, when[name]) for name in _MEMBERS if when.get(name)}
    fewer = when.get("lifted_fewer")
    lifted_fewer = (fewer["times"], fewer["days"]) if fewer else None
    days = tuple(row.get("hold_days", ()))
    return Rule(row["name"], Then(row["then"]), When(**sets, lifted_fewer=lifted_fewer), days)


def _set(name: str, found: Sequence[str]) -> frozenset[Any] | tuple[Any, ...]:
    values = [_MEMBERS[name](one) for one in found]
    return tuple(dict.fromkeys(values)) if name in _ORDERED else frozenset(values)
