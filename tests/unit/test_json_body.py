"""The strict reader of JSON: its values can be stored and shown again, and everything else is refused."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.errors import UnreadableBody
from reprieve.json_body import MAX_DEPTH, parse_strictly

HALF = "half of a surrogate pair"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b" [1, -0.5e3, true, null] ", [1, -500.0, True, None]),
        (b'"text"', "text"),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('"é😀"'.encode(), "é😀"),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'{"\u00e9": "\\ud800"}', {"é": "\\ud800"}),
        (b"1e308", 1e308),
        (b"1e-999", 0.0),
        (b"9" * 4300, int("9" * 4300)),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)),
    ],
)
def test_json_is_read(body: bytes, value: object) -> None:
    assert parse_strictly(body) == value


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        *((body, "is not JSON") for body in (b"", b" ", b"{", b"{'a': 1}", b"[1,]", b'"a\nb"', b"{} {}", b"nan")),
        *((body, "is not JSON") for body in (b"\xff", b'"\xed\xa0\x80"', '{"a": 1}'.encode("utf-16"))),
        *((body, HALF) for body in (rb'"\ud800"', rb'["\udfff"]', rb'{"a": "x\uD83Dy"}', rb'{"\ud800": 1}')),
        (rb'{"a": [{"b": {"\ude00\ud83d": null}}]}', HALF),
        *((body, "which is not JSON") for body in (b"NaN", b"[Infinity]", b'{"a": -Infinity}')),
        *((body, "out of range") for body in (b"1e999", b"[-1e400]", b"1" + b"0" * 400 + b".5")),
        (b"9" * 4301, "too long"),
        (b"[" + b"9" * 5000 + b"]", "too long"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested"),
        (b"[" * 100_000, "nested"),
    ],
)
def test_what_cannot_be_stored_and_shown_is_refused_with_the_reason(body: bytes, problem: str) -> None:
    with pytest.raises(UnreadableBody, match=problem):
        parse_strictly(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=5), inner),
    max_leaves=20,
)


@given(anything, st.booleans())
def test_a_value_is_read_as_it_was_written_or_refused_if_it_cannot_be_shown(value: object, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    try:
        body = text.encode()
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        with pytest.raises(UnreadableBody):
            parse_strictly(text.encode("utf-8", "surrogatepass"))
    else:
        assert parse_strictly(body) == value


@given(st.binary(max_size=50) | st.text('[]{}",:\\ud80c9e-.NaI \n', max_size=50).map(str.encode))
def test_any_bytes_give_a_value_that_can_be_shown_or_a_refusal(body: bytes) -> None:
    try:
        value = parse_strictly(body)
    except UnreadableBody:
        return
    assert parse_strictly(json.dumps(value, allow_nan=False, ensure_ascii=False).encode()) == value
    assert not isinstance(value, float) or math.isfinite(value)
