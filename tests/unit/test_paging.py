"""Cursors, which work only in the query that they were issued for, and numbers in a query."""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.errors import InvalidCursor, InvalidInput
from reprieve.paging import MAX_CONTENT, Cursors, WholeNumber, unix_seconds

MINE = Cursors("acme", "users", "after")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def as_it_is(content: Any) -> Any:
    return content


@given(json_values)
def test_a_cursor_means_what_it_was_written_with(content: object) -> None:
    cursor = MINE.write(content)
    assert MINE.read(cursor, as_it_is) == content
    assert cursor == MINE.write(content)
    # in a URL it is its own escaped form
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(json_values, st.text(max_size=10), st.text(max_size=10))
def test_a_cursor_of_another_organization_or_question_is_refused(content: object, one: str, other: str) -> None:
    cursor = Cursors(one, other, "after").write(content)
    for asking in (
        Cursors(f"{one}x", other, "after"),
        Cursors(one, f"{other}x", "after"),
        Cursors(other, one, "after"),
    ):
        if asking != Cursors(one, other, "after"):
            with pytest.raises(InvalidCursor):
                asking.read(cursor, as_it_is)


@given(json_values, st.data())
def test_an_altered_cursor_is_refused(content: object, data: st.DataObject) -> None:
    cursor = MINE.write(content)
    spot = data.draw(st.integers(0, len(cursor)))
    changed = cursor[:spot] + data.draw(st.text(max_size=2)) + cursor[spot + data.draw(st.integers(0, 2)) :]
    if changed != cursor:
        with pytest.raises(InvalidCursor):
            MINE.read(changed, as_it_is)


@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_no_invented_text_is_a_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor, match="after: must be the cursor of the previous page, unchanged"):
        MINE.read(text, as_it_is)


@pytest.mark.parametrize("spelling", ["{}=", "{}==", "{}\n", "!{}", "{}!", " {}", "{}A"])
def test_a_cursor_has_one_spelling_only(spelling: str) -> None:
    """Base64 as Python reads it ignores what is not of its alphabet, and what follows its padding."""
    with pytest.raises(InvalidCursor):
        MINE.read(spelling.format(MINE.write([1])), as_it_is)


def test_content_without_the_checksum_is_not_a_cursor() -> None:
    for raw in (b"[1]", zlib.compress(b"[1]"), bytes(12) + zlib.compress(b"[1]")):
        with pytest.raises(InvalidCursor):
            MINE.read(urlsafe_b64encode(raw).rstrip(b"=").decode(), as_it_is)


@pytest.mark.parametrize("refusal", [ValueError("x"), TypeError("x"), InvalidInput("x")])
def test_content_that_cannot_be_used_makes_the_cursor_invalid(refusal: Exception) -> None:
    def refuse(_: object) -> object:
        raise refusal

    with pytest.raises(InvalidCursor) as refused:
        MINE.read(MINE.write([1]), refuse)
    assert refused.value.field == "after"


def test_a_cursor_unfolds_to_no_more_than_its_bound() -> None:
    fits, too_much = "x" * (MAX_CONTENT - 2), "x" * (MAX_CONTENT - 1)
    assert MINE.read(MINE.write(fits), as_it_is) == fits
    with pytest.raises(InvalidCursor):
        MINE.read(MINE.write(too_much), as_it_is)


LIMIT = WholeNumber("limit", 1, 200)
CAPPED = WholeNumber("limit", 1, 200, capped=True)


@given(st.integers(-(10**6), 10**6) | st.integers(), st.integers(0, 5))
def test_a_number_is_read_refused_or_capped_by_its_range(number: int, zeros: int) -> None:
    text = f"{'-' if number < 0 else ''}{'0' * zeros}{abs(number)}"
    for rule in (LIMIT, CAPPED):
        if number < 1 or (number > 200 and not rule.capped):
            with pytest.raises(InvalidInput) as refused:
                rule.read(text)
            assert str(refused.value) == f"limit: {rule.rule}"
        else:
            assert rule.read(text) == min(number, 200)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_is_refused_by_name(text: str) -> None:
    for rule in (LIMIT, CAPPED, unix_seconds("start_time", minimum=None)):
        with suppress(InvalidInput):
            number = rule.read(text)
            assert number is not None
            assert text.isascii()
            assert int(text) == number or rule.capped


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "+1", "--1", "1.0", "1e2", "0x10", "1_0", "ten", "١", "１", "9" * 5_000]
)
def test_what_is_not_written_as_a_whole_number_is_refused(text: str) -> None:
    for rule in (LIMIT, CAPPED):
        with pytest.raises(InvalidInput):
            rule.read(text)


def test_an_absent_number_is_none() -> None:
    assert LIMIT.read(None) is None


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (LIMIT, "must be a whole number from 1 to 200"),
        (CAPPED, "must be a whole number, 1 or more"),
        (unix_seconds("start_time"), "must be a whole number of Unix seconds, 0 or more"),
        (unix_seconds("start_time", minimum=None), "must be a whole number of Unix seconds"),
    ],
)
def test_a_refusal_says_what_the_number_must_be(rule: WholeNumber, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rule.read("yesterday")
    assert str(refused.value) == f"{rule.field}: {sentence}"


def test_a_moment_farther_than_any_clock_is_as_good_as_the_farthest() -> None:
    anything = unix_seconds("end_time", minimum=None)
    assert (anything.read("9" * 30), anything.read(f"-{'9' * 30}"), anything.read("-5")) == (10**12, -(10**12), -5)
    assert json.dumps(unix_seconds("end_time").read("1767225600")) == "1767225600"
