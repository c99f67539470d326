"""Policies: what follows from the evidence about an address, by named cases and by properties."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reprieve.clock import DAY, HOUR
from reprieve.policies.policy import DEFAULT, Policy, Rule, Then, When
from reprieve.policies.verdict import Decision, Ground, Verdict, verdict
from reprieve.suppressions.evidence import OF_FAILURES, Evidence, Outcome, newest
from reprieve.suppressions.suppression import (
    HOLDS,
    Classification,
    GroupList,
    Permanence,
    Suppression,
    SuppressionList,
)

NOW = 1_800_000_000_000
HARD, SOFT, UNDETERMINED = Permanence.HARD, Permanence.SOFT, Permanence.UNDETERMINED
GONE, FULL, OTHER = Classification.INVALID_ADDRESS, Classification.MAILBOX_UNAVAILABLE, Classification.UNCLASSIFIED
BOUNCES, BLOCKS, INVALID = SuppressionList.BOUNCES, SuppressionList.BLOCKS, SuppressionList.INVALID_EMAILS


def entry(**attributes: Any) -> Suppression:
    given = {"list": BOUNCES, "key": "a@x.org", "email": "a@x.org", "created": NOW}
    return Suppression(**{**given, **attributes})  # type: ignore[arg-type]


def failed(days_ago: float, permanence: Permanence = HARD, words: Classification = OTHER, status: str = "") -> Outcome:
    return Outcome(int(NOW - days_ago * DAY), permanence, words, status)


def judged(*outcomes: Outcome, on: Any = BOUNCES, policy: Policy = DEFAULT, **known: Any) -> Verdict:
    return verdict(entry(list=on), Evidence(newest(outcomes), **known), policy, now=NOW)


def until(days_from_now: float) -> int:
    return int(NOW + days_from_now * DAY)


HOLD, LIFT, ASK, STAY = Decision.HOLD, Decision.LIFT, Decision.ASK, Decision.STAY
CASES: dict[str, tuple[Verdict, Verdict]] = {
    "one hard bounce holds for 7 days": (
        judged(failed(2)),
        Verdict(HOLD, Ground.FIRST, until(5), "hard bounce", 1),
    ),
    "and not a millisecond longer": (
        judged(failed(7)),
        Verdict(LIFT, Ground.FIRST, until(0), "hard bounce", 1),
    ),
    "one that says that the mailbox does not exist holds as long": (
        judged(failed(1, HARD, GONE, "5.1.1")),
        Verdict(HOLD, Ground.FIRST, until(6), "hard bounce", 1),
    ),
    "two failures that agree that the domain does not exist hold for 30 days": (
        judged(failed(8, HARD, GONE, "5.1.2"), failed(2, HARD, GONE, "5.1.2")),
        Verdict(HOLD, Ground.REPEATED, until(28), "hard bounce", 2),
    ),
    "three hold for a year": (
        judged(*(failed(ago, HARD, GONE, "5.1.2") for ago in (40, 20, 1))),
        Verdict(HOLD, Ground.REPEATED, until(364), "hard bounce", 3),
    ),
    "lasting failures that do not agree hold for 7 days": (
        judged(failed(8, HARD, GONE, "5.1.2"), failed(2, HARD)),
        Verdict(HOLD, Ground.FIRST, until(5), "hard bounce", 2),
    ),
    "a passing one that says so does not agree with a lasting one": (
        judged(failed(8, SOFT, GONE, "4.1.2"), failed(2, HARD, GONE, "5.1.2")),
        Verdict(HOLD, Ground.FIRST, until(5), "hard bounce", 2),
    ),
    "of a first lasting failure and repeated passing ones the longest hold counts": (
        judged(failed(9), *(failed(ago, SOFT) for ago in (7, 5, 3, 1)), on=BLOCKS),
        Verdict(HOLD, Ground.REPEATED, until(15), "passing failure", 5),
    ),
    "a full mailbox holds as any passing failure does": (
        judged(failed(0.5, SOFT, FULL, "4.2.2"), on=BLOCKS),
        Verdict(HOLD, Ground.FIRST, until(0.5), "passing failure", 1),
    ),
    "a missing mailbox once, after a lift, holds for 30 days": (
        judged(failed(20), failed(2, HARD, GONE, "5.1.1"), lifts=1, lifted_at=until(-10)),
        Verdict(HOLD, Ground.RELAPSED, until(28), "hard bounce", 2),
    ),
    "failures within a day are one": (
        judged(failed(2, HARD, GONE, "5.1.1"), failed(1.5, HARD, GONE, "5.1.1")),
        Verdict(HOLD, Ground.FIRST, until(5.5), "hard bounce", 1),
    ),
    "those that are a day apart are two": (
        judged(failed(2, SOFT), failed(1, SOFT), on=BLOCKS),
        Verdict(HOLD, Ground.REPEATED, until(1), "passing failure", 2),
    ),
    "a mailbox that was missing twice is left to a person, as a spam trap would be": (
        judged(failed(300, HARD, GONE, "5.1.1"), failed(200, HARD, GONE, "5.1.1"), lifts=1, lifted_at=until(-250)),
        Verdict(ASK, Ground.SPAM_TRAP, failures=2),
    ),
    "even after a delivery": (
        judged(failed(3, HARD, GONE, "5.1.1"), failed(1, HARD, GONE, "5.1.6"), delivered_at=NOW),
        Verdict(ASK, Ground.SPAM_TRAP, failures=2),
    ),
    "a bounce after a lift holds for 30 days": (
        judged(failed(20), failed(2), lifts=1, lifted_at=until(-10)),
        Verdict(HOLD, Ground.RELAPSED, until(28), "hard bounce", 2),
    ),
    "one that was lifted in the millisecond of its bounce had bounced": (
        judged(failed(20), failed(2), lifts=1, lifted_at=until(-20)),
        Verdict(HOLD, Ground.RELAPSED, until(28), "hard bounce", 2),
    ),
    "one after two lifts for a year": (
        judged(failed(50), failed(20), failed(2), lifts=2, lifted_at=until(-10)),
        Verdict(HOLD, Ground.RELAPSED, until(363), "hard bounce", 3),
    ),
    "failures that agree more often than it was lifted are what counts": (
        judged(*(failed(ago, HARD, GONE, "5.1.2") for ago in (40, 20, 1)), lifts=1, lifted_at=until(-30)),
        Verdict(HOLD, Ground.REPEATED, until(364), "hard bounce", 3),
    ),
    "a lift before the first bounce does not count": (
        judged(failed(2), lifts=1, lifted_at=until(-10)),
        Verdict(HOLD, Ground.FIRST, until(5), "hard bounce", 1),
    ),
    "a block holds for 24 hours": (
        judged(failed(0.5, SOFT), on=BLOCKS),
        Verdict(HOLD, Ground.FIRST, until(0.5), "passing failure", 1),
    ),
    "each further one doubles that": (
        judged(*(failed(ago, SOFT, FULL, "4.2.2") for ago in (5, 3, 1)), on=BLOCKS),
        Verdict(HOLD, Ground.REPEATED, until(3), "passing failure", 3),
    ),
    "an undetermined bounce holds as a block does": (
        judged(failed(0.5, UNDETERMINED)),
        Verdict(HOLD, Ground.FIRST, until(0.5), "passing failure", 1),
    ),
    "a delivery ends it": (
        judged(failed(0.5, SOFT), on=BLOCKS, delivered_at=until(-0.4)),
        Verdict(LIFT, Ground.DELIVERED, failures=1),
    ),
    "one in the same millisecond does not": (
        judged(failed(0.5, SOFT), on=BLOCKS, delivered_at=until(-0.5)),
        Verdict(HOLD, Ground.FIRST, until(0.5), "passing failure", 1),
    ),
    "a delivery before the failure does not": (
        judged(failed(0.5, SOFT), on=BLOCKS, delivered_at=until(-0.6)),
        Verdict(HOLD, Ground.FIRST, until(0.5), "passing failure", 1),
    ),
    "the longest hold counts, from the latest failure on": (
        judged(failed(3, HARD), failed(1.5, SOFT)),
        Verdict(HOLD, Ground.FIRST, until(5.5), "hard bounce", 2),
    ),
    "an invalid address is left to a person": (
        judged(failed(30, HARD, GONE), on=INVALID),
        Verdict(ASK, Ground.RULE, rule="invalid address", failures=1),
    ),
    "so is one that failed eight times": (
        judged(*(failed(ago, SOFT) for ago in range(10, 90, 10)), on=BLOCKS),
        Verdict(ASK, Ground.OFTEN, failures=8),
    ),
    "until a message is delivered": (
        judged(*(failed(ago, SOFT) for ago in range(10, 90, 10)), on=BLOCKS, delivered_at=NOW),
        Verdict(LIFT, Ground.DELIVERED, failures=8),
    ),
    "without a rule it stays": (
        judged(failed(30), policy=Policy(())),
        Verdict(STAY, Ground.NO_RULE, failures=1),
    ),
    "without evidence it is left to a person": (judged(), Verdict(ASK, Ground.NO_RULE)),
}


@pytest.mark.parametrize(("found", "expected"), CASES.values(), ids=CASES)
def test_the_default_policy_agrees_with_the_table(found: Verdict, expected: Verdict) -> None:
    assert found == expected


MATCHING: dict[str, When] = {
    "lists": When(lists=frozenset({BOUNCES, BLOCKS})),
    "words": When(words=("no thanks", "MAILBOX FULL")),
    "domains": When(domains=frozenset({"x.org"})),
    "accounts": When(accounts=frozenset({"eu", "us"})),
    "lifted_fewer": When(lifted_fewer=(2, 30)),
    "permanences": When(permanences=frozenset({SOFT})),
    "classifications": When(classifications=frozenset({FULL})),
    "statuses": When(statuses=("5.1.", "4.2.2")),
}
OTHERS: dict[str, When] = {
    "lists": When(lists=frozenset({BLOCKS})),
    "words": When(words=("no thanks",)),
    "domains": When(domains=frozenset({"org", "y.x.org"})),
    "accounts": When(accounts=frozenset({"us"})),
    "lifted_fewer": When(lifted_fewer=(1, 30)),
    "permanences": When(permanences=frozenset({HARD, UNDETERMINED})),
    "classifications": When(classifications=frozenset({GONE})),
    "statuses": When(statuses=("4.2.1", "5.")),
}


@pytest.mark.parametrize("name", MATCHING)
def test_a_condition_of_a_rule_restricts_it(name: str) -> None:
    failure = failed(3, SOFT, FULL, "4.2.2")
    one = entry(reason="the mailbox full, sorry", accounts=frozenset({("eu", "a@x.org")}))
    evidence = Evidence((failure,), 1, until(-30))
    assert MATCHING[name].matches(one, evidence, failure, now=NOW)
    assert not OTHERS[name].matches(one, evidence, failure, now=NOW)
    everything = replace(MATCHING["lists"], **{other: getattr(MATCHING[other], other) for other in MATCHING})
    assert everything.matches(one, evidence, failure, now=NOW)
    assert not replace(everything, **{name: getattr(OTHERS[name], name)}).matches(one, evidence, failure, now=NOW)


def test_lifts_count_as_long_as_the_latest_is_within_the_days() -> None:
    once = When(lifted_fewer=(1, 30))
    assert not once.matches(entry(), Evidence((), 1, until(-30)), failed(1), now=NOW)
    assert once.matches(entry(), Evidence((), 1, until(-30)), failed(1), now=NOW + 1)
    assert once.matches(entry(), Evidence(), failed(1), now=NOW)


def test_the_first_rule_that_matches_decides() -> None:
    rules = (
        Rule("full", Then.HOLD, When(statuses=("4.2.2",)), (3,)),
        Rule("rest", Then.LIFT),
        Rule("late", Then.ASK),
    )
    assert judged(failed(1, SOFT, FULL, "4.2.2"), policy=Policy(rules)).until == until(2)
    found = judged(failed(0, SOFT, FULL, "4.2.1"), policy=Policy(rules))
    assert found == Verdict(LIFT, Ground.RULE, rule="rest", failures=1)
    assert judged(failed(0), policy=Policy(rules[2:])) == Verdict(ASK, Ground.RULE, rule="late", failures=1)
    notifying = Policy((Rule("partners", Then.NOTIFY),))
    assert judged(failed(900), policy=notifying) == Verdict(Decision.NOTIFY, Ground.RULE, rule="partners", failures=1)


@pytest.mark.parametrize(
    "on", [SuppressionList.SPAM_REPORTS, SuppressionList.UNSUBSCRIBES, GroupList.of(7), HOLDS], ids=str
)
def test_no_policy_touches_what_a_recipient_or_an_operator_wants(on: Any) -> None:
    lifting = Policy((Rule("all", Then.LIFT),))
    untouched = Verdict(STAY, Ground.WISH)
    assert judged(failed(900), on=on, policy=lifting, delivered_at=NOW, lifts=1, lifted_at=NOW) == untouched
    assert judged(on=on, policy=lifting) == untouched


def test_the_lists_of_failures_are_three() -> None:
    assert {BOUNCES, BLOCKS, INVALID} == OF_FAILURES


ATS = st.integers(NOW - 500 * DAY, NOW) | st.integers(NOW - 3 * DAY, NOW)
OUTCOMES = st.builds(
    Outcome, ATS, st.sampled_from(Permanence), st.sampled_from([GONE, OTHER]), st.sampled_from(["", "5.1.1", "4.2.2"])
)
LISTS = st.sampled_from([*SuppressionList, GroupList.of(3), HOLDS])
WHENS = st.builds(
    When,
    lists=st.frozensets(st.sampled_from(sorted(OF_FAILURES)), max_size=2),
    permanences=st.frozensets(st.sampled_from(Permanence), max_size=2),
    classifications=st.frozensets(st.sampled_from([GONE, OTHER]), max_size=1),
    statuses=st.sampled_from([(), ("5.1.1",), ("4.",)]),
)
RULES = st.builds(Rule, st.just("r"), st.sampled_from(Then), WHENS, st.just((1, 5, 9)))
POLICIES = st.just(DEFAULT) | st.builds(Policy, st.lists(RULES, max_size=4))


def length(one: Verdict) -> tuple[int, int]:
    """How long an address stays suppressed: never automatically lifted is longest."""
    if one.decision in {STAY, Decision.NOTIFY, ASK}:
        return 1, 0
    return 0, one.until or 0


@given(
    st.lists(OUTCOMES, min_size=1, max_size=12),
    OUTCOMES,
    LISTS,
    POLICIES,
    st.integers(0, 3),
    st.none() | ATS,
)
def test_a_further_failure_never_shortens_a_hold(
    outcomes: list[Outcome], further: Outcome, on: Any, policy: Policy, lifts: int, lifted_at: int | None
) -> None:
    known = {"lifts": lifts, "lifted_at": lifted_at if lifts else None}
    before = judged(*outcomes, on=on, policy=policy, **known)
    assert length(judged(*outcomes, further, on=on, policy=policy, **known)) >= length(before)


@given(st.lists(OUTCOMES, min_size=1, max_size=7), OUTCOMES, POLICIES, ATS)
def test_nor_does_one_among_those_that_are_kept_when_a_message_was_delivered(
    outcomes: list[Outcome], further: Outcome, policy: Policy, delivered_at: int
) -> None:
    assume(len({*outcomes, further}) < 8)
    before = judged(*outcomes, policy=policy, delivered_at=delivered_at)
    assert length(judged(*outcomes, further, policy=policy, delivered_at=delivered_at)) >= length(before)


@given(st.lists(OUTCOMES, max_size=12), LISTS, POLICIES, st.integers(0, 3), st.none() | ATS, st.none() | ATS)
def test_the_verdict_is_total_and_a_hold_has_an_end_ahead(
    outcomes: list[Outcome], on: Any, policy: Policy, lifts: int, lifted_at: int | None, delivered_at: int | None
) -> None:
    found = judged(*outcomes, on=on, policy=policy, lifts=lifts, lifted_at=lifted_at, delivered_at=delivered_at)
    assert (found.decision is HOLD) == (found.until is not None and found.until > NOW)
    assert found.until is None or found.decision in {HOLD, LIFT}
    assert found.decision is STAY or on in OF_FAILURES


@given(st.lists(OUTCOMES, min_size=1, max_size=7), st.integers(0, 400 * DAY))
def test_time_only_ever_ends_a_hold(outcomes: list[Outcome], later: int) -> None:
    evidence = Evidence(newest(outcomes))
    now, then = (verdict(entry(), evidence, DEFAULT, now=moment) for moment in (NOW, NOW + later))
    assert then.until == now.until
    assert (then.decision == now.decision) or (now.decision, then.decision) == (HOLD, LIFT)


def test_the_first_hold_of_a_rule_is_the_first_number_and_the_last_one_goes_on() -> None:
    rule = Rule("r", Then.HOLD, hold_days=(1, 3))
    assert [rule.hold(number) // HOUR for number in range(4)] == [24, 72, 72, 72]
