"""Outcomes: what is kept of an event, and the form in which a record holds it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.store.suppression_item import evidence_of, outcomes_in, outcomes_of
from reprieve.suppressions.evidence import Evidence, Outcome, newest
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList

NOW = 1_800_000_000_000
STATUSES = st.sampled_from(["", "5.1.1", "4.2.2", "5.999.999"])
OUTCOMES = st.builds(
    Outcome, st.integers(0, 9_999_999_999_999), st.sampled_from(Permanence), st.sampled_from(Classification), STATUSES
)


def entry(**attributes: Any) -> Suppression:
    given = {"list": SuppressionList.BOUNCES, "key": "a@x.org", "email": "a@x.org", "created": NOW}
    return Suppression(**{**given, **attributes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "kept"),
    [("5.1.1", "5.1.1"), (" 4.2.2 ", "4.2.2"), ("550", ""), ("5.1.1 user unknown", ""), ("3.1.1", ""), ("", "")],
)
def test_only_an_enhanced_status_code_is_kept_as_a_status(status: str, kept: str) -> None:
    found = Outcome.of(entry(status=status, permanence=Permanence.SOFT, classification=Classification.CONTENT))
    assert found == Outcome(NOW, Permanence.SOFT, Classification.CONTENT, kept)


@given(st.lists(OUTCOMES, max_size=20))
def test_a_record_holds_the_newest_eight_in_less_than_400_octets(outcomes: list[Outcome]) -> None:
    kept = newest(outcomes)
    texts = outcomes_in(kept)
    assert kept == tuple(sorted(set(outcomes)))[-8:]
    assert outcomes_of({"outcomes": texts}) == kept
    assert len("outcomes") + sum(len(text.encode()) + 1 for text in texts) < 400
    assert all(len(text.encode()) <= 26 for text in texts)


@given(st.lists(OUTCOMES, max_size=12), st.randoms())
def test_the_order_of_arrival_does_not_matter(outcomes: list[Outcome], random: Any) -> None:
    shuffled = [*outcomes, *outcomes]
    random.shuffle(shuffled)
    assert newest(shuffled) == newest(outcomes)


def test_a_record_from_before_outcomes_were_kept_has_its_newest_event() -> None:
    item = {
        "partition": "acme#bounces#0",
        "address": "a@x.org",
        "email": "a@x.org",
        "bounced_at": NOW,
        "permanence": "hard",
        "classification": "Invalid Address",
        "status": "5.1.1",
        "forgiven_until": NOW - 5,
        "forgiven_bounce": NOW - 3,
    }
    found = (Outcome(NOW, Permanence.HARD, Classification.INVALID_ADDRESS, "5.1.1"),)
    assert evidence_of(item) == Evidence(found)  # a watermark alone is not a lift
    assert evidence_of(item | {"lifts": 2}) == Evidence(found, 2, NOW - 3)
