"""What is blocked how, and what an unblock may do about it."""

from __future__ import annotations

import pytest

from reprieve.removals.block import UNBLOCKS, Block, BlockKind, Standing, Verdict, describe
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList

KEY = "ann@example.org"


def listed(place: SuppressionList, permanence: Permanence, count: int = 1) -> Suppression:
    return Suppression(place, KEY, KEY, 1_000, reason=f"{permanence}", permanence=permanence, count=count)


HARD = listed(SuppressionList.BOUNCES, Permanence.HARD)
SOFT = listed(SuppressionList.BOUNCES, Permanence.SOFT)
UNSURE = listed(SuppressionList.BOUNCES, Permanence.UNDETERMINED)
BLOCKED = listed(SuppressionList.BLOCKS, Permanence.SOFT, 5)
HALF = listed(SuppressionList.BLOCKS, Permanence.SOFT, 4)


@pytest.mark.parametrize(
    ("bounce", "soft", "kind"),
    [
        (None, None, BlockKind.NONE),
        (HARD, None, BlockKind.PERMANENT),
        (HARD, BLOCKED, BlockKind.PERMANENT),
        (SOFT, None, BlockKind.TEMPORARY),
        (SOFT, HALF, BlockKind.TEMPORARY),
        (UNSURE, None, BlockKind.TEMPORARY),
        (None, BLOCKED, BlockKind.TEMPORARY),
        (None, HALF, BlockKind.NONE),
    ],
)
def test_lists_and_permanence_say_how_an_address_is_blocked(
    bounce: Suppression | None, soft: Suppression | None, kind: BlockKind
) -> None:
    assert Standing(bounce, soft).kind(5) is kind


def test_the_threshold_is_the_organizations() -> None:
    assert Standing(soft=HALF).kind(4) is BlockKind.TEMPORARY


@pytest.mark.parametrize(
    ("standing", "verdict"),
    [
        (Standing(), Verdict.FREE),
        (Standing(soft=HALF), Verdict.FREE),
        (Standing(bounce=HARD), Verdict.PERMANENT),
        (Standing(bounce=HARD, unblocked=5), Verdict.PERMANENT),
        (Standing(bounce=SOFT, unblocked=4), Verdict.UNBLOCKED),
        (Standing(bounce=SOFT, unblocked=5), Verdict.EXHAUSTED),
        (Standing(bounce=UNSURE, unblocked=4), Verdict.UNBLOCKED),
        (Standing(soft=BLOCKED, unblocked=6), Verdict.EXHAUSTED),
        (Standing(unblocked=5), Verdict.FREE),
        (Standing(unblocked=1, requests=frozenset({"this"})), Verdict.UNBLOCKED),
        (Standing(unblocked=1, requests=frozenset({"another"})), Verdict.FREE),
    ],
)
def test_an_unblock_is_judged(standing: Standing, verdict: Verdict) -> None:
    assert standing.verdict(5, "this") is verdict


def test_what_is_shown_of_an_address() -> None:
    assert describe(Standing(SOFT, HALF, unblocked=2), 5) == Block(BlockKind.TEMPORARY, 4, "soft", 1_000, 2, 3)
    assert describe(Standing(), 5) == Block(BlockKind.NONE, 0, "", None, 0, UNBLOCKS)
