"""Policies as text, and what contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, Millis
from reprieve.errors import InvalidInput
from reprieve.organization import MAX_POLICY, Organization, PolicySetting
from reprieve.policies.contradictions import check
from reprieve.policies.policy import DEFAULT, Policy, Rule, Then, When
from reprieve.policies.written import policy_from, policy_of, rows, text_of
from reprieve.suppressions.evidence import OF_FAILURES, Evidence, Outcome
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = Millis(1_767_225_600_000)
WORDS = ("full", "mailbox full", "5.2.2")
DOMAINS = ("x.io", "y.io")
STATUSES = ("5.", "5.1.", "5.1.1", "4.2.2")

whens = st.builds(
    When,
    lists=st.frozensets(st.sampled_from(sorted(OF_FAILURES))),
    words=st.lists(st.sampled_from(WORDS), unique=True, max_size=2).map(tuple),
    domains=st.frozensets(st.sampled_from(DOMAINS)),
    accounts=st.frozensets(st.sampled_from(("default", "frankfurt"))),
    lifted_fewer=st.none() | st.tuples(st.integers(1, 3), st.integers(1, 3)),
    permanences=st.frozensets(st.sampled_from(Permanence)),
    classifications=st.frozensets(st.sampled_from(Classification), max_size=3),
    statuses=st.lists(st.sampled_from(STATUSES), unique=True, max_size=2).map(tuple),
)
days = st.lists(st.integers(1, 400), min_size=1, max_size=8).map(lambda found: tuple(sorted(found)))
rules = st.one_of(
    st.builds(Rule, st.text("ab", min_size=1), st.just(Then.HOLD), whens, days),
    st.builds(Rule, st.text("ab", min_size=1), st.sampled_from((Then.LIFT, Then.ASK, Then.NOTIFY)), whens),
)
policies = st.lists(rules, min_size=1, max_size=6).map(lambda found: Policy(tuple(found)))
outcomes = st.builds(
    Outcome,
    st.integers(0, 9).map(lambda ago: Millis(NOW - ago * DAY)),
    st.sampled_from(Permanence),
    st.sampled_from(Classification),
    st.sampled_from(("", "5.1.1", "5.1.10", "5.2.2", "4.2.2")),
)
entries = st.builds(
    Suppression,
    list=st.sampled_from(sorted(OF_FAILURES)),
    key=st.sampled_from(("a@x.io", "a@y.io", "a@z.io")),
    email=st.just("a@x.io"),
    created=st.just(NOW),
    reason=st.sampled_from(("", "Mailbox FULL", "is full", "no such user")),
    accounts=st.sampled_from((frozenset(), frozenset({("frankfurt", "a@x.io")}))),
)
lifted = st.builds(
    Evidence,
    st.just(()),
    st.integers(1, 4),
    st.integers(0, 5).map(lambda ago: Millis(NOW - ago * DAY)),
)


def with_policy(text: str) -> Organization:
    return Organization("acme", "Acme", policy=PolicySetting(text, 1))


@given(policies)
def test_a_policy_is_the_same_after_a_journey_through_text(policy: Policy) -> None:
    text = text_of(policy)
    if len(text.encode()) <= MAX_POLICY:
        assert policy_of(with_policy(text)) == policy
    assert policy_from(rows(policy)) == policy


def test_the_default_policy_is_kept_as_nothing_so_that_a_better_one_replaces_it() -> None:
    assert text_of(DEFAULT) == ""
    assert policy_of(with_policy("")) == DEFAULT
    check(DEFAULT)


@given(policies, entries, outcomes, st.one_of(st.just(Evidence()), lifted))
def test_a_rule_that_is_called_unreachable_never_decides(
    policy: Policy, entry: Suppression, failure: Outcome, evidence: Evidence
) -> None:
    named = Policy(tuple(replace(rule, name=f"{number}") for number, rule in enumerate(policy.rules)))
    path = refused(named)
    if path is not None:
        number = int(path.removeprefix("rules[").removesuffix("]"))
        assert named.rule_for(entry, evidence, failure, now=NOW) is not named.rules[number]


def refused(policy: Policy) -> str | None:
    """The path at which a policy is refused, None when it is not."""
    try:
        check(policy)
    except InvalidInput as problem:
        return problem.field
    return None


@pytest.mark.parametrize(
    ("first", "second", "unreachable"),
    [
        (When(), When(domains=frozenset({"x.io"})), True),
        (When(domains=frozenset({"x.io"})), When(), False),
        (When(words=("full",)), When(words=("mailbox FULL", "too full")), True),
        (When(words=("mailbox full",)), When(words=("full",)), False),
        (When(statuses=("5.",)), When(statuses=("5.1.1", "5.2")), True),
        (When(statuses=("5.1.1",)), When(statuses=("5.1.",)), False),
        (When(lifted_fewer=(3, 30)), When(lifted_fewer=(2, 30)), True),
        (When(lifted_fewer=(3, 30)), When(lifted_fewer=(3, 20)), False),
        (When(lifted_fewer=(3, 30)), When(), False),
        (
            When(permanences=frozenset({Permanence.HARD})),
            When(permanences=frozenset(Permanence), lists=frozenset({SuppressionList.BLOCKS})),
            False,
        ),
    ],
)
def test_a_rule_is_unreachable_behind_one_that_matches_all_that_it_matches(
    first: When, second: When, *, unreachable: bool
) -> None:
    policy = Policy((Rule("a", Then.LIFT, first), Rule("b", Then.ASK, second)))
    if not unreachable:
        check(policy)
        return
    with pytest.raises(InvalidInput) as caught:
        check(policy)
    assert (caught.value.field, caught.value.problem) == (
        "rules[1]",
        "no failure gets here: 'a' before it decides all of them",
    )


def test_a_policy_reaches_no_list_but_those_of_failures() -> None:
    others: Sequence[SuppressionList] = [one for one in SuppressionList if one not in OF_FAILURES]
    assert others == [SuppressionList.SPAM_REPORTS, SuppressionList.UNSUBSCRIBES]
    for name in others:
        with pytest.raises(InvalidInput, match="a policy reaches blocks, bounces, invalid_emails"):
            check(Policy((Rule("a", Then.LIFT, When(lists=frozenset({name}))),)))
