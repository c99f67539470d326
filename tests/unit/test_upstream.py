"""How an account is called for removals, and what the answers of several accounts lead to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import Millis
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import FIRST_BACKOFF, RemovalState
from reprieve.removals.upstream import LEAST, PAUSE, Upstream, by_removal, judge
from tests.support.log_entries import NOW, a_removal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.suppressions.suppression import AnyList

LIFTED = LiftAnswer(LiftOutcome.LIFTED, "204")
ABSENT = LiftAnswer(LiftOutcome.ABSENT, "404")
REFUSED = LiftAnswer(LiftOutcome.REFUSED, "400")
BROKEN = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "401")
MAIN, OTHER = ProviderAccount("none"), ProviderAccount("none", name="other")
ROWS = [a_removal(number) for number in range(3)]


@dataclass
class Scripted:
    """A provider that takes one address per call, and gives the next answer to each."""

    answers: list[LiftAnswer]
    batch: int = 1
    asked: list[str] = field(default_factory=list)

    def lift(self, _: AnyList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        assert budget >= LEAST
        self.asked += emails
        return [self.answers.pop(0) for _ in emails]


def called(provider: Scripted, *, left: int = LEAST) -> tuple[list[LiftAnswer | None], Millis | None]:
    """The answers for three removals, and when the account may be called again."""
    upstream = Upstream(MAIN, provider)  # type: ignore[arg-type]
    replies = upstream.call(ROWS, ends=Millis(NOW + left), clock=lambda: NOW)
    assert [row for row, _ in replies] == ROWS
    return [answer for _, answer in replies], upstream.back


def test_an_account_is_called_a_batch_at_a_time() -> None:
    provider = Scripted([LIFTED, ABSENT, REFUSED])
    assert called(provider) == ([LIFTED, ABSENT, REFUSED], None)
    assert provider.asked == [row.email for row in ROWS]


@pytest.mark.parametrize("outcome", [LiftOutcome.ACCOUNT_BROKEN, LiftOutcome.RETRY, LiftOutcome.WAIT])
def test_an_account_that_does_nothing_is_not_called_again_in_a_run(outcome: LiftOutcome) -> None:
    answer = LiftAnswer(outcome)
    assert called(Scripted([LIFTED, answer])) == ([LIFTED, answer, None], NOW + PAUSE)


def test_an_account_that_is_refused_is_left_alone_whatever_else_the_call_did() -> None:
    assert called(Scripted([LIFTED, BROKEN], batch=2)) == ([LIFTED, BROKEN, None], NOW + PAUSE)


def test_no_call_begins_when_too_little_time_is_left() -> None:
    assert called(Scripted([]), left=LEAST - 1) == ([None] * 3, None)


@pytest.mark.parametrize(
    ("answers", "together"),
    [
        ([LIFTED], LIFTED),
        ([ABSENT, LIFTED], LIFTED),
        ([ABSENT, ABSENT], ABSENT),
        ([LIFTED, REFUSED], REFUSED),
        ([REFUSED, None], REFUSED),
        ([LIFTED, None], None),
        ([None], None),
    ],
)
def test_a_removal_is_lifted_by_an_account_when_each_spelling_is(
    answers: list[LiftAnswer | None], together: LiftAnswer | None
) -> None:
    row = ROWS[0]
    assert by_removal((row, answer) for answer in answers) == ({row.id: together} if together else {})


def test_what_another_account_has_carried_out_starts_the_attempts_of_the_rest_anew() -> None:
    row = replace(ROWS[0], attempts=9)
    answers = [(Upstream(MAIN, None), LIFTED), (Upstream(OTHER, None), REFUSED)]
    due_at = Millis(NOW + FIRST_BACKOFF // 2)
    settled = Settlement(row, RemovalState.PENDING, 1, due_at, "other: 400", frozenset([MAIN.mark]))
    assert judge(row, answers, now=NOW, spread=lambda: 0.5) == settled


@pytest.mark.parametrize(("back", "due"), [(NOW + 1, NOW + 1), (NOW + 2 * PAUSE, NOW + PAUSE)])
def test_a_removal_is_due_when_the_first_account_may_be_called_again(back: Millis, due: Millis) -> None:
    answers = [(Upstream(MAIN, None, back), None), (Upstream(OTHER, None), BROKEN)]
    said = "default: not called in this run; other: 401"
    settled = Settlement(ROWS[0], RemovalState.PENDING, 1, due, said)
    assert judge(ROWS[0], answers, now=NOW, spread=lambda: 0.5) == settled


def test_what_an_account_has_carried_out_before_need_not_be_carried_out_again() -> None:
    row = replace(ROWS[0], carried=frozenset([MAIN.mark]))
    answers = [(Upstream(MAIN, None), None), (Upstream(OTHER, None), LIFTED)]
    assert judge(row, answers, now=NOW, spread=lambda: 0.5).state is RemovalState.DONE
