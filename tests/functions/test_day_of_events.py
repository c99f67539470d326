"""A day of events of five providers leaves exactly the lists that a brute-force model predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.day_of_events import begin
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.mark.parametrize(("count", "together"), [(8_000, 1), (2_000, 25)])
def test_a_day_of_events_out_of_order_repeated_and_between_lifts_leaves_the_predicted_lists(
    dynamodb: DynamoDBClient, count: int, together: int
) -> None:
    day = begin(DEMO, together=together)
    day.run(count, seed=count)
    assert day.lists() == day.model.lists()
    assert day.counts["arrived"] > count
    assert day.counts["lifts"] > count // 100
    assert len(day.model.newest) > count // 20
