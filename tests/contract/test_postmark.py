"""Postmark's adapter: reasons, what it refuses by name, its streams and its days."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from reprieve.errors import Unavailable
from reprieve.removals.lift import LiftOutcome
from reprieve.suppressions.suppression import HOLDS, Permanence, SuppressionList
from tests.support.providers import BOUNCES, BUDGET, NOW, SPAM, PostmarkBench, outcomes
from tests.support.upstream import foreign

if TYPE_CHECKING:
    from collections.abc import Iterator

UNSUBSCRIBES = SuppressionList.UNSUBSCRIBES
ABSENT, REFUSED, BROKEN = LiftOutcome.ABSENT, LiftOutcome.REFUSED, LiftOutcome.ACCOUNT_BROKEN


@pytest.fixture
def postmark() -> Iterator[PostmarkBench]:
    with ExitStack() as stack:
        yield PostmarkBench(stack)


def test_a_complaint_is_refused_by_name_and_one_that_is_not_there_is_not(postmark: PostmarkBench) -> None:
    postmark.put(SPAM, "ann@example.org")
    complained, absent = postmark.provider.lift(SPAM, ["ann@example.org", "bob@example.org"], budget=BUDGET)
    assert (complained.outcome, complained.detail) == (
        REFUSED,
        "only Postmark's support lifts a spam complaint: write to it",
    )
    assert absent.outcome is ABSENT
    assert postmark.listed(SPAM) == {"ann@example.org"}


@pytest.mark.parametrize(("asked", "kept"), [(BOUNCES, SPAM), (UNSUBSCRIBES, BOUNCES), (BOUNCES, UNSUBSCRIBES)])
def test_an_entry_for_another_reason_is_never_forgiven(
    postmark: PostmarkBench, asked: SuppressionList, kept: SuppressionList
) -> None:
    postmark.put(kept, "ann@example.org")
    assert outcomes(postmark.provider.lift(asked, ["ann@example.org"], budget=BUDGET)) == [ABSENT]
    assert postmark.listed(kept) == {"ann@example.org"}


def test_an_entry_is_found_in_any_letter_case_and_deleted_as_it_is_spelled(postmark: PostmarkBench) -> None:
    postmark.put(BOUNCES, "Ann@Example.org")
    assert outcomes(postmark.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.LIFTED]
    assert postmark.fake.seen[-1].json == {"Suppressions": [{"EmailAddress": "Ann@Example.org"}]}


def test_what_postmark_does_not_let_be_changed_is_refused(postmark: PostmarkBench) -> None:
    failed = {"Suppressions": [{"EmailAddress": "ann@example.org", "Status": "Failed", "Message": "boo@example.org"}]}
    postmark.put(BOUNCES, "ann@example.org")
    postmark.fake.trouble += [None, lambda handler: handler.answer(200, failed)]
    (answer,) = postmark.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)
    assert (answer.outcome, answer.detail) == (REFUSED, "Postmark does not let this suppression be changed")
    postmark.fake.trouble += [None, lambda handler: handler.answer(200, failed)]
    assert outcomes(postmark.provider.put(HOLDS, ["bob@example.org"], budget=BUDGET)) == [REFUSED]


@pytest.mark.parametrize("answer", [{}, {"Suppressions": []}, {"Suppressions": [7]}, "text"])
def test_an_answer_that_is_not_about_the_address_is_tried_again(postmark: PostmarkBench, answer: object) -> None:
    postmark.put(BOUNCES, "ann@example.org")
    postmark.fake.trouble += [None, lambda handler: handler.answer(200, answer)]
    assert outcomes(postmark.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.RETRY]


@pytest.mark.parametrize("verb", ["lift", "put"])
def test_a_stream_that_the_server_lacks_breaks_the_account_and_blames_no_address(
    postmark: PostmarkBench, verb: str
) -> None:
    postmark.fake.streams.clear()
    (first, second) = getattr(postmark.provider, verb)(HOLDS, ["a@example.org", "b@example.org"], budget=BUDGET)
    assert (first, second.outcome) == (second, BROKEN)
    assert first.detail == "Postmark's server has no such message stream"
    assert postmark.calls() == 1


def test_a_404_is_about_the_base_url(postmark: PostmarkBench) -> None:
    postmark.fake.always = foreign(404)
    assert outcomes(postmark.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [BROKEN]


def test_what_is_suppressed_already_is_held_as_it_is(postmark: PostmarkBench) -> None:
    postmark.put(SPAM, "ann@example.org")
    (answer,) = postmark.provider.put(HOLDS, ["ann@example.org"], budget=BUDGET)
    assert answer.detail == "on the provider's list already, and left as it is"
    assert postmark.calls() == 1


def test_a_range_whose_answer_is_too_large_is_halved_until_it_is_not(postmark: PostmarkBench) -> None:
    postmark.fake.largest = 4
    day, begin = 86_400, 1_700_000_000
    for n in range(20):
        postmark.put(BOUNCES, f"n{n}@example.org", begin + n * day)
    found = list(postmark.provider.entries(BOUNCES, start=begin * 1000, end=(begin + 30 * day) * 1000))
    assert sorted(one.email for one in found) == sorted(f"n{n}@example.org" for n in range(20))
    assert {one.permanence for one in found} == {Permanence.HARD}


def test_a_day_that_is_too_large_is_an_unread_list(postmark: PostmarkBench) -> None:
    postmark.fake.largest = 0
    postmark.put(BOUNCES, "ann@example.org")
    with pytest.raises(Unavailable, match="Postmark: the answer was too large"):
        list(postmark.provider.entries(BOUNCES, start=1_700_000_000_000, end=1_700_000_001_000))


@pytest.mark.parametrize("answer", [[], {"Suppressions": None}])
def test_what_is_not_a_list_is_an_unread_list(postmark: PostmarkBench, answer: object) -> None:
    postmark.fake.always = lambda handler: handler.answer(200, answer)
    with pytest.raises(Unavailable, match=r"^Postmark: "):
        list(postmark.provider.entries(BOUNCES, start=0, end=NOW))
