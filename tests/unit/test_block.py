"""Kinds of blocks, and what an unblock may lift."""

from __future__ import annotations

import pytest

from reprieve.removals.block import UNBLOCKS, Block, BlockKind, BlockState, UnblockOutcome, describe
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
    assert BlockState(bounce, soft).kind(5) is kind


def test_the_threshold_is_the_organizations() -> None:
    assert BlockState(soft=HALF).kind(4) is BlockKind.TEMPORARY


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (BlockState(), UnblockOutcome.FREE),
        (BlockState(soft=HALF), UnblockOutcome.FREE),
        (BlockState(bounce=HARD), UnblockOutcome.PERMANENT),
        (BlockState(bounce=HARD, unblocked=5), UnblockOutcome.PERMANENT),
        (BlockState(bounce=SOFT, unblocked=4), UnblockOutcome.UNBLOCKED),
        (BlockState(bounce=SOFT, unblocked=5), UnblockOutcome.EXHAUSTED),
        (BlockState(bounce=UNSURE, unblocked=4), UnblockOutcome.UNBLOCKED),
        (BlockState(soft=BLOCKED, unblocked=6), UnblockOutcome.EXHAUSTED),
        (BlockState(unblocked=5), UnblockOutcome.FREE),
        (BlockState(unblocked=1, requests=frozenset({"this"})), UnblockOutcome.UNBLOCKED),
        (BlockState(unblocked=1, requests=frozenset({"another"})), UnblockOutcome.FREE),
    ],
)
def test_an_unblock_is_judged(state: BlockState, outcome: UnblockOutcome) -> None:
    assert state.outcome(5, "this") is outcome


def test_what_is_shown_of_an_address() -> None:
    assert describe(BlockState(SOFT, HALF, unblocked=2), 5) == Block(BlockKind.TEMPORARY, 4, "soft", 1_000, 2, 3)
    assert describe(BlockState(), 5) == Block(BlockKind.NONE, 0, "", None, 0, UNBLOCKS)
