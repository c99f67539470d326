"""One contract for every provider (`removals.ports.Provider`); the tests of a single adapter are in its own file."""

from __future__ import annotations

import traceback
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.errors import Unavailable
from reprieve.providers.none import NoProvider
from reprieve.providers.registry import PROVIDERS
from reprieve.removals.lift import LiftOutcome
from reprieve.suppressions.suppression import HOLDS, AnyList, GroupList, SuppressionList
from tests.support.providers import (
    BENCHES,
    BOUNCES,
    BUDGET,
    KEY,
    NOW,
    ODD,
    SPAM,
    SUCCESS,
    Bench,
    assert_clean,
    outcomes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=BENCHES.values(), ids=list(BENCHES))
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield request.param(stack)


def test_every_kind_of_provider_that_has_a_list_is_held_to_the_contract() -> None:
    """Mails report bounces and have no list, like no provider at all."""
    assert {*BENCHES, "mail", "none"} == PROVIDERS.keys()


# ---- the contract of all


@pytest.fixture(params=[*BENCHES.values(), None], ids=[*BENCHES, "none"])
def provider(request: pytest.FixtureRequest) -> Iterator[Any]:
    with ExitStack() as stack:
        yield NoProvider() if request.param is None else request.param(stack).provider


@pytest.mark.parametrize("suppression_list", [*SuppressionList, GroupList.of(7)])
def test_each_address_gets_one_answer_and_an_absent_one_is_success(provider: Any, suppression_list: AnyList) -> None:
    emails = [f"unknown{n}@example.org" for n in range(min(provider.batch, 20))]
    answers = provider.lift(suppression_list, emails, budget=BUDGET)
    assert len(answers) == len(emails)
    assert set(outcomes(answers)) <= SUCCESS
    assert_clean(answers)


@pytest.mark.parametrize("suppression_list", SuppressionList)
def test_an_empty_selection_has_no_answers(provider: Any, suppression_list: SuppressionList) -> None:
    assert provider.lift(suppression_list, [], budget=BUDGET) == []


def test_a_full_batch_is_answered(provider: Any) -> None:
    emails = [f"n{n}@example.org" for n in range(provider.batch)]
    assert len(provider.lift(BOUNCES, emails, budget=BUDGET)) == provider.batch


@pytest.mark.parametrize("suppression_list", SuppressionList)
def test_an_empty_list_has_no_entries(provider: Any, suppression_list: SuppressionList) -> None:
    assert list(provider.entries(suppression_list, start=0, end=NOW)) == []


@pytest.mark.parametrize("suppression_list", [*SuppressionList, GroupList.of(7), HOLDS])
def test_what_is_put_on_a_list_is_on_it_or_kept_here_and_each_address_gets_an_answer(
    provider: Any, suppression_list: AnyList
) -> None:
    emails = [f"new{n}@example.org" for n in range(min(provider.batch, 20))]
    for _ in range(2):
        answers = provider.put(suppression_list, emails, budget=BUDGET)
        assert outcomes(answers) == [LiftOutcome.LISTED] * len(emails)
        assert_clean(answers)
    assert provider.put(suppression_list, [], budget=BUDGET) == []


# ---- the contract of those with an upstream


@pytest.mark.parametrize("name", [BOUNCES, SPAM])
def test_what_is_listed_is_lifted_and_nothing_else(bench: Bench, name: SuppressionList) -> None:
    for email in [*ODD, "stays@example.org"]:
        bench.put(name, email)
    answers = bench.provider.lift(name, ODD, budget=BUDGET)
    if name in bench.keeps:
        assert outcomes(answers) == [LiftOutcome.REFUSED] * len(ODD)
        assert bench.listed(name) == {*ODD, "stays@example.org"}
    else:
        assert outcomes(answers) == [LiftOutcome.LIFTED] * len(ODD)
        assert bench.listed(name) == {"stays@example.org"}
    assert_clean(answers)


def test_lifting_twice_is_success_both_times(bench: Bench) -> None:
    bench.put(BOUNCES, "ann@example.org")
    assert bench.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)[0].outcome is LiftOutcome.LIFTED
    assert bench.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)[0].outcome in SUCCESS


def test_another_list_keeps_its_entry(bench: Bench) -> None:
    bench.put(SPAM, "ann@example.org")
    assert bench.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)[0].outcome in SUCCESS
    assert bench.listed(SPAM) == {"ann@example.org"}


def test_another_tenant_keeps_its_entry(bench: Bench) -> None:
    bench.put(BOUNCES, "ann@example.org")
    bench.put(BOUNCES, "ann@example.org", other=True)
    bench.other.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)
    assert bench.listed(BOUNCES) == {"ann@example.org"}
    assert bench.listed(BOUNCES, other=True) == set()
    assert [e.email for e in bench.provider.entries(BOUNCES, start=0, end=NOW)] == ["ann@example.org"]
    assert list(bench.other.entries(BOUNCES, start=0, end=NOW)) == []


def test_an_empty_selection_makes_no_call(bench: Bench) -> None:
    bench.put(BOUNCES, "ann@example.org")
    assert bench.provider.lift(BOUNCES, [], budget=BUDGET) == []
    assert bench.calls() == 0
    assert bench.listed(BOUNCES)


@pytest.mark.parametrize("name", [BOUNCES, SPAM])
def test_a_throttled_batch_waits_after_one_call(bench: Bench, name: SuppressionList) -> None:
    bench.throttle()
    answers = bench.provider.lift(name, [f"n{n}@example.org" for n in range(5)], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.WAIT] * 5
    assert bench.calls() == 1
    assert_clean(answers)


def test_a_broken_account_blames_no_address(bench: Bench) -> None:
    bench.put(BOUNCES, "n1@example.org")
    bench.break_account()
    answers = bench.provider.lift(BOUNCES, [f"n{n}@example.org" for n in range(5)], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.ACCOUNT_BROKEN] * 5
    assert bench.calls() == 1
    assert bench.listed(BOUNCES)
    assert_clean(answers)


def test_a_fault_before_the_effect_can_be_tried_again(bench: Bench) -> None:
    bench.put(BOUNCES, "ann@example.org")
    bench.fail()
    answers = bench.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.RETRY]
    assert_clean(answers)
    assert bench.listed(BOUNCES)
    assert outcomes(bench.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.LIFTED]
    assert not bench.listed(BOUNCES)


def test_a_lost_answer_can_be_tried_again(bench: Bench) -> None:
    bench.put(BOUNCES, "ann@example.org")
    bench.lose_answers()
    assert outcomes(bench.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.RETRY]
    assert not bench.listed(BOUNCES)
    assert bench.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)[0].outcome in SUCCESS


def test_entries_are_those_of_the_time_range_with_both_ends(bench: Bench) -> None:
    for n, second in enumerate(range(1_700_000_000, 1_700_000_010)):
        bench.put(BOUNCES, f"N{n}@example.org", second)
    bench.put(SPAM, "spam@example.org", 1_700_000_005)
    bench.put(BOUNCES, "days-later@example.org", 1_700_500_000)
    found = list(bench.provider.entries(BOUNCES, start=1_700_000_002_000, end=1_700_000_007_000))
    assert {entry.email: entry.created for entry in found} == {
        f"N{n}@example.org": 1_700_000_000_000 + n * 1000 for n in range(2, 8)
    }
    assert all(entry.list is BOUNCES and entry.key == entry.email.lower() and entry.provider for entry in found)


def test_entries_of_half_seconds_take_in_only_whole_ones_between_them(bench: Bench) -> None:
    for second in (1, 2, 3):
        bench.put(BOUNCES, f"n{second}@example.org", second)
    assert [e.email for e in bench.provider.entries(BOUNCES, start=1_001, end=2_999)] == ["n2@example.org"]
    assert not list(bench.provider.entries(BOUNCES, start=1_001, end=1_999))
    assert not list(bench.provider.entries(BOUNCES, start=3_000, end=2_000))


@pytest.mark.parametrize("suppression_list", SuppressionList)
def test_an_address_that_is_not_listed_has_no_entry(provider: Any, suppression_list: SuppressionList) -> None:
    for email in ("unknown@example.org", ".", "text that is no address"):
        assert provider.entry_of(suppression_list, email, otherwise=1) is None


@pytest.mark.parametrize("name", [BOUNCES, SPAM])
def test_the_entry_of_one_address_is_the_one_that_the_whole_list_has(bench: Bench, name: SuppressionList) -> None:
    for email in [*ODD, "stays@example.org", "ann@example.org.au"]:
        bench.put(name, email)
    listed = {entry.email: entry for entry in bench.provider.entries(name, start=0, end=NOW)}
    assert {email: bench.provider.entry_of(name, email, otherwise=1) for email in ODD} == {
        email: listed[email] for email in ODD
    }
    assert bench.provider.entry_of(name, "ann@example.org", otherwise=1) is None


def test_an_entry_is_found_in_another_letter_case_and_not_on_another_list_or_in_another_account(bench: Bench) -> None:
    bench.put(BOUNCES, "ann@example.org")
    found = bench.provider.entry_of(BOUNCES, "Ann@example.org", otherwise=1)
    assert (found.email, found.created) == ("ann@example.org", 1_700_000_000_000)
    assert bench.provider.entry_of(SPAM, "ann@example.org", otherwise=1) is None
    assert bench.other.entry_of(BOUNCES, "ann@example.org", otherwise=1) is None


@pytest.mark.parametrize("trouble", ["throttle", "break_account", "fail"])
def test_trouble_is_never_taken_for_an_address_without_an_entry(bench: Bench, trouble: str) -> None:
    getattr(bench, trouble)()
    with pytest.raises(Unavailable) as caught:
        bench.provider.entry_of(BOUNCES, "ann@example.org", otherwise=1)
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(secret in shown for secret in (KEY, "boo@", "AKIACANARY", "urllib3"))


@pytest.mark.parametrize("trouble", ["throttle", "break_account", "fail"])
def test_entries_say_when_the_list_cannot_be_read(bench: Bench, trouble: str) -> None:
    getattr(bench, trouble)()
    with pytest.raises(Unavailable) as caught:
        list(bench.provider.entries(BOUNCES, start=0, end=NOW))
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(secret in shown for secret in (KEY, "boo@", "AKIACANARY", "urllib3"))


def test_a_hold_is_put_at_the_provider_and_lifted_there_under_any_spelling(bench: Bench) -> None:
    place = bench.provider.kept_with(HOLDS)[0]
    assert outcomes(bench.provider.put(HOLDS, ["Ann@example.org"], budget=BUDGET)) == [LiftOutcome.LISTED]
    assert bench.listed(place) == {"Ann@example.org"}
    assert outcomes(bench.provider.lift(HOLDS, ["Ann@example.org"], budget=BUDGET)) == [LiftOutcome.LIFTED]
    assert bench.listed(place) == set()
    assert bench.provider.kept_with(place) == (HOLDS,)
    assert bench.provider.kept_with(SPAM) == ()


@pytest.mark.parametrize("name", [BOUNCES, SPAM])
def test_a_list_that_the_provider_fills_itself_is_never_added_to(bench: Bench, name: SuppressionList) -> None:
    assert outcomes(bench.provider.put(name, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.LISTED]
    assert bench.calls() == 0


def test_a_lost_answer_of_a_hold_can_be_tried_again(bench: Bench) -> None:
    bench.lose_answers()
    for outcome in (LiftOutcome.RETRY, LiftOutcome.LISTED):
        assert outcomes(bench.provider.put(HOLDS, ["ann@example.org"], budget=BUDGET)) == [outcome]


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [("throttle", LiftOutcome.WAIT), ("break_account", LiftOutcome.ACCOUNT_BROKEN), ("fail", LiftOutcome.RETRY)],
)
def test_trouble_of_a_hold_means_what_it_means_of_a_removal(bench: Bench, trouble: str, outcome: LiftOutcome) -> None:
    getattr(bench, trouble)()
    answers = bench.provider.put(HOLDS, ["ann@example.org"], budget=BUDGET)
    assert outcomes(answers) == [outcome]
    assert_clean(answers)
