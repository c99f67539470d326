"""Resend's adapter: origins, spellings, pages, its pace and its own words for what is missing."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from reprieve.errors import InvalidInput, Unavailable
from reprieve.providers.resend.adapter import BATCH, PACE
from reprieve.removals.lift import LiftOutcome
from reprieve.suppressions.suppression import HOLDS, Permanence, SuppressionList
from tests.support.providers import BOUNCES, BUDGET, KEY, NOW, SPAM, ResendBench, outcomes
from tests.support.upstream import foreign, status

if TYPE_CHECKING:
    from collections.abc import Iterator

UNSUBSCRIBES = SuppressionList.UNSUBSCRIBES
LIFTED, ABSENT, WAIT = LiftOutcome.LIFTED, LiftOutcome.ABSENT, LiftOutcome.WAIT


@pytest.fixture
def resend() -> Iterator[ResendBench]:
    with ExitStack() as stack:
        yield ResendBench(stack)


@pytest.mark.parametrize(("asked", "kept"), [(BOUNCES, SPAM), (SPAM, BOUNCES), (UNSUBSCRIBES, BOUNCES), (HOLDS, SPAM)])
def test_an_entry_of_another_origin_is_never_forgiven(
    resend: ResendBench, asked: SuppressionList, kept: SuppressionList
) -> None:
    resend.put(kept, "ann@example.org")
    (answer,) = resend.provider.lift(asked, ["ann@example.org"], budget=BUDGET)
    assert (answer.outcome, answer.detail) == (ABSENT, "the address is suppressed for another reason, and stays so")
    assert resend.listed(kept) == {"ann@example.org"}


def test_an_entry_is_deleted_by_its_id_so_that_what_takes_its_place_stays(resend: ResendBench) -> None:
    resend.put(BOUNCES, "ann@example.org")
    complained = lambda handler: (resend.put(SPAM, "ann@example.org"), handler.answer(*handler.work()))  # noqa: E731
    resend.fake.trouble += [None, complained]
    assert outcomes(resend.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [ABSENT]
    assert resend.listed(SPAM) == {"ann@example.org"}


def test_lower_case_and_the_comparison_key_are_tried_before_absence_is_believed(resend: ResendBench) -> None:
    for stored, asked in (("ann@example.org", "Ann@Example.org"), ("jörg@xn--exmple-cua.org", "jörg@exämple.org")):
        resend.put(BOUNCES, stored)
        assert outcomes(resend.provider.lift(BOUNCES, [asked], budget=BUDGET)) == [LIFTED]


@pytest.mark.parametrize("name", [SuppressionList.BLOCKS, SuppressionList.INVALID_EMAILS])
def test_a_list_that_resend_does_not_keep_takes_no_call(resend: ResendBench, name: SuppressionList) -> None:
    (answer,) = resend.provider.lift(name, ["ann@example.org"], budget=BUDGET)
    assert (answer.outcome, answer.detail, resend.calls()) == (ABSENT, "the provider keeps no such list", 0)


def test_what_is_suppressed_already_is_held_as_it_is(resend: ResendBench) -> None:
    resend.put(BOUNCES, "ann@example.org")
    (answer,) = resend.provider.put(HOLDS, ["ann@example.org"], budget=BUDGET)
    assert answer.detail == "on the provider's list already, and left as it is"
    assert resend.listed(BOUNCES) == {"ann@example.org"}


@pytest.mark.parametrize("verb", ["lift", "put"])
def test_a_404_that_is_not_resends_own_is_about_the_base_url(resend: ResendBench, verb: str) -> None:
    resend.fake.always = foreign(404)
    answers = getattr(resend.provider, verb)(HOLDS, ["a@example.org", "b@example.org"], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.ACCOUNT_BROKEN] * 2
    assert resend.calls() == 1


def test_calls_keep_resends_pace_and_a_full_batch_fits_into_a_turn(resend: ResendBench) -> None:
    emails = [f"n{n}@example.org" for n in range(BATCH)]
    for email in emails:
        resend.put(BOUNCES, email)
    assert outcomes(resend.provider.lift(BOUNCES, emails, budget=BUDGET)) == [LIFTED] * BATCH
    assert resend.time.slept == pytest.approx([PACE] * (2 * BATCH - 1))


def test_what_does_not_fit_into_the_budget_waits(resend: ResendBench) -> None:
    answers = resend.provider.lift(BOUNCES, [f"n{n}@example.org" for n in range(5)], budget=1_000)
    assert outcomes(answers) == [ABSENT, ABSENT, WAIT, WAIT, WAIT]
    assert resend.calls() == 2


def test_a_wait_ends_when_resend_asks_us_back(resend: ResendBench) -> None:
    resend.fake.always = status(429, Retry_After="90")
    (answer,) = resend.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)
    assert (answer.outcome, answer.retry_at) == (WAIT, NOW + 90_000)


def test_a_list_of_many_pages_is_read_whole_and_a_throttled_page_is_asked_for_again(resend: ResendBench) -> None:
    for n in range(10):
        resend.put(BOUNCES, f"n{n}@example.org", 1_700_000_000 + n)
    resend.fake.trouble += [None, status(429, Retry_After="2"), status(429)]
    found = list(resend.provider.entries(BOUNCES, start=0, end=NOW))
    assert [one.email for one in found] == [f"n{n}@example.org" for n in range(10)]
    assert {one.permanence for one in found} == {Permanence.HARD}
    assert max(resend.time.slept) == pytest.approx(2)


def test_pages_that_form_a_circle_are_an_unread_list(resend: ResendBench) -> None:
    row = {"id": "s-1", "email": "ann@example.org", "origin": "bounce", "created_at": "2023-11-14T22:13:20Z"}
    resend.fake.always = lambda handler: handler.answer(200, {"has_more": True, "data": [row]})
    with pytest.raises(Unavailable, match="Resend: the list's pages form a circle"):
        list(resend.provider.entries(BOUNCES, start=0, end=NOW))


@pytest.mark.parametrize("answer", [[], {"data": None}, {"has_more": True, "data": []}, "text"])
def test_what_is_not_a_page_is_an_unread_list(resend: ResendBench, answer: object) -> None:
    resend.fake.always = lambda handler: handler.answer(200, answer)
    with pytest.raises(Unavailable, match=r"^Resend: "):
        list(resend.provider.entries(BOUNCES, start=0, end=NOW))


def test_rows_without_an_address_are_left_out_and_one_without_a_time_gets_the_end(resend: ResendBench) -> None:
    rows = [
        *({"id": "1"}, {"id": "2", "email": 7}, "row", {"email": "x" * 400 + "@x.io"}),
        {"id": "3", "email": "a@x.io", "created_at": "soon"},
        {"id": "4", "email": "b@x.io", "created_at": "2023-10-06 23:47:56.678+00"},
        {"id": "5", "email": "c@x.io", "created_at": "1969-12-31T23:59:59Z"},
    ]
    resend.fake.always = lambda handler: handler.answer(200, {"has_more": False, "data": rows})
    found = {one.email: one.created for one in resend.provider.entries(BOUNCES, start=0, end=NOW)}
    assert found == {"a@x.io": NOW, "b@x.io": 1_696_636_076_678, "c@x.io": NOW}


@pytest.mark.parametrize("options", [{"base_url": "ftp://x"}, {"base_url": "https://u:p@x"}, {"api_key": "re\n"}])
def test_what_cannot_be_used_is_refused_without_being_quoted(resend: ResendBench, options: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        resend.adapter(**options)
    assert next(iter(options.values())).strip() not in str(caught.value)
    assert KEY not in repr(resend.provider)
