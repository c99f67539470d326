"""What a run need not look at: the ages, the windows, and the verdict of the index are right for every policy."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, HOUR, MINUTE, SECOND, Millis, to_seconds
from reprieve.policies.policy import Policy, Rule, Then, When
from reprieve.policies.progress import LATE, SETTLING, STEP, UNREAD, WALK, Progress, ages, windows
from reprieve.policies.verdict import Decision, verdict
from reprieve.suppressions.evidence import OF_FAILURES, Evidence, Outcome, newest
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from reprieve.system_log.span import Order, Span, position

NOW = Millis(1_767_225_600_000)

whens = st.builds(
    When,
    lists=st.frozensets(st.sampled_from(sorted(OF_FAILURES)), max_size=2),
    words=st.sampled_from(((), ("full",))),
    domains=st.sampled_from((frozenset(), frozenset({"x.io"}))),
    permanences=st.frozensets(st.sampled_from(Permanence), max_size=2),
    classifications=st.frozensets(st.sampled_from(Classification), max_size=2),
    statuses=st.sampled_from(((), ("5.1.",), ("4.",))),
)
days = st.lists(st.integers(1, 60), min_size=1, max_size=4).map(lambda found: tuple(sorted(found)))
rules = st.one_of(
    st.builds(Rule, st.just("hold"), st.just(Then.HOLD), whens, days),
    st.builds(Rule, st.just("other"), st.sampled_from((Then.LIFT, Then.ASK, Then.NOTIFY)), whens),
)
policies = st.lists(rules, min_size=1, max_size=5).map(lambda found: Policy(tuple(found)))
outcomes = st.builds(
    Outcome,
    st.integers(0, 100 * 24).map(lambda ago: Millis(NOW - ago * HOUR)),
    st.sampled_from(Permanence),
    st.sampled_from((Classification.INVALID_ADDRESS, Classification.UNCLASSIFIED)),
    st.sampled_from(("", "5.1.1", "5.2.2", "4.2.2")),
)
evidences = st.builds(
    lambda found, lifts, ago: Evidence(newest(found), lifts, Millis(NOW - ago * DAY) if lifts else None),
    st.lists(outcomes, min_size=1, max_size=8),
    st.integers(0, 3),
    st.integers(0, 100),
)


def entry_of(evidence: Evidence, name: SuppressionList) -> Suppression:
    """The entry that the latest of the outcomes made."""
    latest = evidence.outcomes[-1]
    return Suppression(
        name, "a@x.io", "a@x.io", latest.at, "is full", latest.status, latest.permanence, latest.classification
    )


@given(policies, evidences, st.sampled_from(sorted(OF_FAILURES)))
def test_every_hold_ends_at_one_of_the_ages(policy: Policy, evidence: Evidence, name: SuppressionList) -> None:
    found = verdict(entry_of(evidence, name), evidence, policy, now=NOW)
    if found.until is not None:
        assert found.until - evidence.outcomes[-1].at in ages(policy, name)
        # and is announced a day before
        assert found.until - DAY - evidence.outcomes[-1].at in ages(policy, name, announces=True)
    elif found.decision in {Decision.LIFT, Decision.NOTIFY}:
        assert 0 in ages(policy, name)


@given(policies, evidences, st.sampled_from(sorted(OF_FAILURES)))
def test_what_all_of_the_evidence_lets_go_its_latest_failure_alone_lets_go(
    policy: Policy, evidence: Evidence, name: SuppressionList
) -> None:
    entry = entry_of(evidence, name)
    if verdict(entry, evidence, policy, now=NOW).decision is Decision.LIFT:
        alone = Evidence((Outcome.of(entry),))
        assert verdict(entry, alone, policy, now=NOW).decision is Decision.LIFT


@given(
    st.lists(st.integers(1, STEP // MINUTE), min_size=1, max_size=12),
    st.integers(0, 12),
    st.integers(-2_000, 2_000),
    st.sampled_from((DAY, DAY + LATE)),
)
def test_each_entry_is_looked_at_once_at_each_age_and_never_before(
    steps: list[int], which: int, around: int, age: int
) -> None:
    policy = Policy((Rule("day", Then.HOLD, hold_days=(1,)),))
    ends = [NOW]
    for minutes in steps:
        ends.append(Millis(ends[-1] + minutes * MINUTE))
    due = Millis(ends[which % len(ends)] + around)
    created = to_seconds(Millis(due - age))
    # an entry is of age three times: a day before its hold ends, then, and once more for what was late
    moments = [to_seconds(Millis(due - age + one)) for one in (0, DAY, DAY + LATE)]
    seen = [
        end
        for start, end in pairwise(ends)
        for first, last in windows(policy, SuppressionList.BOUNCES, start, end, announces=True)
        if first <= created <= last
    ]
    # within a second of the border of two runs, the later one looks at it
    assert seen == [
        end for start, end in pairwise(ends) if any(to_seconds(start) <= one < to_seconds(end) for one in moments)
    ]
    assert all(end > due - age for end in seen)


def test_a_walk_begins_with_each_version_and_every_month_and_on_the_day_after_what_was_held_back() -> None:
    walked = Progress(3, walked=NOW, looked=NOW)
    assert walked.begun(3, now=Millis(NOW + WALK - 1)) == walked
    assert walked.begun(3, now=Millis(NOW + WALK)).walking
    assert walked.begun(4, now=NOW) == Progress(4, walked=NOW, looked=NOW, walking=True)
    later = walked.again(Millis(NOW + 5 * HOUR), at=NOW)
    assert not later.begun(3, now=Millis(NOW + DAY - 1)).walking
    assert later.begun(3, now=Millis(NOW + DAY)).walking
    held = walked.again(NOW, at=Millis(NOW + 9 * DAY))
    assert not held.begun(3, now=Millis(NOW + 9 * DAY - 1)).walking
    assert held.begun(3, now=Millis(NOW + 9 * DAY)).walking
    assert walked.again(NOW, at=Millis(NOW + 2 * WALK)) == walked
    assert later.again(NOW, at=Millis(NOW + 9 * DAY)) == later


def test_a_walk_that_rests_goes_on_on_the_next_day_and_no_other_begins_before_it_has_ended() -> None:
    walking = Progress(3, walked=NOW, looked=NOW, walking=True, entries=9, announced=NOW)
    assert walking.may_rest
    resting = walking.resting(Millis(NOW + 5 * HOUR))
    assert not resting.walks(Millis(NOW + DAY - 1))
    assert resting.walks(Millis(NOW + DAY))
    late = Millis(NOW + 2 * WALK)
    assert resting.again(NOW, at=NOW).begun(3, now=late) == resting.again(NOW, at=NOW)
    assert resting.begun(4, now=NOW) == Progress(4, walked=NOW, looked=NOW, walking=True, entries=9)


def test_a_walk_does_not_rest_before_the_lists_are_counted_or_all_that_ends_soon_is_announced() -> None:
    first = Progress().begun(1, now=NOW)
    assert not first.may_rest
    counted = replace(first, walking=False, entries=9)
    again = counted.begun(1, now=Millis(NOW + WALK))
    assert (again.may_rest, again.announced) == (True, NOW - SECOND)
    assert not counted.begun(2, now=NOW).may_rest


def test_a_step_leaves_out_what_may_still_be_coming_and_never_goes_back() -> None:
    found = Progress(1, looked=NOW)
    assert found.step(NOW) == NOW
    assert found.step(Millis(NOW + HOUR)) == NOW + HOUR - SETTLING
    assert found.step(Millis(NOW + 9 * HOUR)) == NOW + STEP
    assert replace(found, looked=Millis(NOW + DAY)).step(NOW) == NOW + DAY


def test_deliveries_are_read_from_where_the_run_before_left_them_but_of_a_week_at_most() -> None:
    settled = position(Millis(NOW - SETTLING))
    heard = f"{position(Millis(NOW - UNREAD + 1))}#id"
    assert Progress(heard=heard).unheard(NOW) == Span(Order.ARRIVED, heard, settled)
    old = f"{position(Millis(NOW - UNREAD - 1))}#id"
    assert Progress(heard=old).unheard(NOW) == Span(Order.ARRIVED, position(Millis(NOW - UNREAD)), settled)
    assert Progress().unheard(NOW) == Span(Order.ARRIVED, position(Millis(NOW - LATE)), settled)
