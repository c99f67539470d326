"""JSON as it arrives from outside; read strictly, it can be stored, and shown again as JSON (RFC 8259)."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from reprieve.errors import UnreadableBody

#: levels of arrays and objects; far more than any API uses, and few enough for every later step that recurses
MAX_DEPTH: Final = 100
TOO_DEEP: Final = f"the body is nested more than {MAX_DEPTH} deep"


def parse(body: bytes) -> Any:  # noqa: ANN401  (JSON is anything until a dialect has looked at it)
    """The value of a JSON text as Python reads it, for callers that check each part themselves.

    Raises:
        UnreadableBody: it is empty or not JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise UnreadableBody("the body is not JSON") from problem


def parse_strictly(body: bytes) -> Any:  # noqa: ANN401
    """The value of a JSON text in UTF-8.

    Every text in it, the names of members included, can be encoded as UTF-8, and every number is finite.

    Args:
        body: the raw bytes; a byte order mark is skipped.

    Raises:
        UnreadableBody: it is empty, not UTF-8 or not JSON; a text has half of a surrogate pair; a number is `NaN`,
            `Infinity`, beyond a double's range (`1e999`) or longer than Python converts (4,300 digits); or arrays and
            objects are nested more than `MAX_DEPTH` deep.
    """
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_float=_finite, parse_constant=_refuse)
    except (UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise UnreadableBody("the body is not JSON") from problem
    except ValueError as problem:
        raise UnreadableBody("the body has a number that is too long") from problem
    except RecursionError as problem:
        raise UnreadableBody(TOO_DEEP) from problem
    _check_depth(value)
    if b"\\u" in body:
        _check_text(value)
    return value


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise UnreadableBody("the body has a number that is out of range")
    return number


def _refuse(word: str) -> None:
    raise UnreadableBody(f"the body has {word}, which is not JSON")


def _check_text(value: object) -> None:
    """Refuse half of a surrogate pair, which only an escape can bring in."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as problem:
        raise UnreadableBody("the body has text that is not Unicode: half of a surrogate pair") from problem


def _check_depth(value: object) -> None:
    """Refuse deep nesting, level by level, without recursion."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise UnreadableBody(TOO_DEEP)
