"""A provider account in a run of the job: how it is called, and what the answers of an organization's accounts lead to.

Removals are settled elsewhere (`removals.job`): nothing is read or written here, only providers are called.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, TypeAlias

from reprieve.clock import Millis, minutes, seconds
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import MAX_ATTEMPTS, OUTAGE, RemovalState, backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reprieve.access.provider_account import ProviderAccount
    from reprieve.removals.ports import Provider
    from reprieve.removals.removal import Removal

#: how long a broken account is paused before it is tried again
PAUSE: Final = minutes(15)
#: no further call of a turn begins with less than this
LEAST: Final = seconds(5)

#: the answer that is recorded where a provider was not called, because another list of ours keeps the address there
KEPT_THERE: Final = LiftAnswer(LiftOutcome.ABSENT, "not called: another list keeps it at the provider")
#: what is recorded of an account that was not called, beside what others answered
NOT_CALLED: Final = "not called in this run"

#: answers about an address, which show that the provider is well
WORTH_MORE: Final = frozenset({LiftOutcome.LIFTED, LiftOutcome.ABSENT, LiftOutcome.LISTED, LiftOutcome.REFUSED})

#: the answers that count as a failed attempt
COUNT_AS_ATTEMPTS: Final = frozenset({LiftOutcome.RETRY, LiftOutcome.REFUSED})

#: a removal, and the answer for one spelling of its address; None where the provider was not called for it
Reply: TypeAlias = "tuple[Removal, LiftAnswer | None]"


@dataclass(slots=True)
class Upstream:
    """One of an organization's accounts during a run.

    Attributes:
        provider: its adapter; None when it is paused or could not be opened.
        back: when it may be called again, in milliseconds, while it is not called in this run; None while it is.
    """

    account: ProviderAccount
    provider: Provider | None
    back: Millis | None = None

    def call(self, rows: Sequence[Removal], *, ends: Millis, clock: Callable[[], Millis]) -> list[Reply]:
        """Call the provider for removals or additions, a batch at a time.

        An account that did nothing, or does not accept the credentials, is left alone for the rest of the run: it does
        no better when it is called again at once.

        Args:
            rows: of one list, either removals or additions.
            ends: when the time is up, in milliseconds.
            clock: the time in milliseconds.

        Returns:
            One reply per removal and spelling, in order.
        """
        wanted = [
            (row, email) for row in rows for email in ([row.email] if row.adds else row.spellings(self.account.name))
        ]
        answers: list[LiftAnswer | None] = []
        while self.provider and len(answers) < len(wanted) and self.back is None:
            left = Millis(ends - clock())
            if left < LEAST:
                break
            act = self.provider.put if rows[0].adds else self.provider.lift
            some = wanted[len(answers) : len(answers) + self.provider.batch]
            got = act(rows[0].list, [email for _, email in some], budget=left)
            outcomes = {answer.outcome for answer in got}
            if LiftOutcome.ACCOUNT_BROKEN in outcomes or WORTH_MORE.isdisjoint(outcomes):
                self.back = Millis(clock() + PAUSE)
            answers += got
        return [(row, answer) for (row, _), answer in zip_longest(wanted, answers)]


#: an account, and its answer for a removal; None where it was not called
Answered: TypeAlias = tuple[Upstream, LiftAnswer | None]


def by_removal(replies: Iterable[Reply]) -> dict[str, LiftAnswer]:
    """One account's answers, by the removals' ids; none for one that it was not called for in every spelling."""
    found: dict[str, list[LiftAnswer | None]] = {}
    for row, answer in replies:
        found.setdefault(row.id, []).append(answer)
    return {identifier: answer for identifier, each in found.items() if (answer := _together(each))}


def judge(row: Removal, answers: Sequence[Answered], *, now: Millis, spread: Callable[[], float]) -> Settlement:
    """The settlement that the answers of the accounts that are concerned lead to.

    It is done when each has carried it out, now or before, and is given up when each that has not refuses or fails.

    Args:
        row: which removal or addition.
        answers: one of each account that is concerned.
        now: in milliseconds.
        spread: random numbers in [0, 1) for the backoff's jitter.
    """
    marks = [one.account.mark for one, answer in answers if answer and answer.outcome.carried_out]
    carried = frozenset([*marks, *(one.account.mark for one, _ in answers if one.account.mark in row.carried)])
    left = [(one, answer) for one, answer in answers if one.account.mark not in carried]
    if not left:
        return Settlement(row, RemovalState.DONE, row.attempts, None, _said(answers, answers) or row.last_answer)
    faults = [answer.outcome for _, answer in left if answer and answer.outcome in COUNT_AS_ATTEMPTS]
    # what another account has carried out meanwhile is progress
    attempts = (0 if marks else row.attempts) + bool(faults)
    patience = row.requested_at + OUTAGE if LiftOutcome.RETRY in faults else 0
    said = _said(left, answers)
    if len(faults) == len(left) and attempts >= MAX_ATTEMPTS and now >= patience:
        return Settlement(row, RemovalState.FAILED, attempts, None, said, carried)
    due_at = min(_back(one, answer, attempts, now, spread) for one, answer in left)
    return Settlement(row, RemovalState.PENDING, attempts, due_at, said, carried)


def _back(
    upstream: Upstream, answer: LiftAnswer | None, attempts: int, now: Millis, spread: Callable[[], float]
) -> Millis:
    """The moment from which an account may be called again for a removal."""
    if answer is None:
        return upstream.back or now
    if answer.outcome is LiftOutcome.ACCOUNT_BROKEN:
        return Millis(now + PAUSE)
    waits = backoff(1 if answer.outcome is LiftOutcome.WAIT else attempts, spread=spread())
    return Millis(max(now + waits, answer.retry_at or 0))


def _together(answers: Sequence[LiftAnswer | None]) -> LiftAnswer | None:
    """One account's answer for an address that was called for in several spellings; None while one was not."""
    given = [answer for answer in answers if answer]
    wrong = next((answer for answer in given if not answer.outcome.carried_out), None)
    if wrong or len(given) < len(answers):
        return wrong
    return next((answer for answer in given if answer.outcome is LiftOutcome.LIFTED), given[0])


def _said(some: Sequence[Answered], among: Sequence[Answered]) -> str:
    """What some of the accounts answered; with their names where there are others."""
    if len(among) == 1:
        return next((answer.detail for _, answer in some if answer), "")
    said = [(one, answer.detail if answer else NOT_CALLED) for one, answer in some]
    return "; ".join(f"{one.account.name}: {detail}" for one, detail in said)
