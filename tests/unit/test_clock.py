"""Moments as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import Millis, from_timestamp, timestamp

MIDNIGHT = 1_767_225_600_000


@given(moment=st.integers(0, 4_102_444_800_000).map(Millis))
def test_a_moment_is_read_as_it_is_written_to_the_millisecond(moment: Millis) -> None:
    assert from_timestamp(timestamp(moment)) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01", MIDNIGHT),
        ("2026-01-01T00:00:00", MIDNIGHT),
        ("2026-01-01T01:30:00+01:30", MIDNIGHT),
        ("2026-01-01T00:00:00.123999Z", MIDNIGHT + 123),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_a_moment_is_in_utc_unless_it_says_otherwise_and_is_rounded_down(text: str, moment: int) -> None:
    assert from_timestamp(text) == moment


@pytest.mark.parametrize("text", ["", "tomorrow", "1767225600.5", "2026-13-01", "2026-01-01T25:00:00"])
def test_text_that_is_not_in_iso_8601_is_not_a_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_timestamp(text)
