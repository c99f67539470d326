"""The size of an answer: Lambda returns no more than 6 MB, so that is what a page can hold.

A function's answer is JSON whose `body` is a text, and in most answers that text is JSON again: a quote takes four
bytes, a control character seven. Lambda's runtime for Python 3.11 also escapes what is not ASCII. Sizes here are those
of the largest form, so an answer that fits here fits on every runtime.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import Final

#: bytes of Lambda's response, headers included: its error names this number
MAX_RESPONSE: Final = 6_291_556
#: bytes of a body, which leaves room for headers
MAX_BODY: Final = 6_200_000
#: the most bytes that one character takes
LARGEST: Final = 12


def of_body(body: str) -> int:
    """The bytes that a body takes in Lambda's response."""
    return len(json.dumps(body)) - 2


def of_text(text: str) -> int:
    """The bytes that a text takes in Lambda's response, where the body is JSON; without its quotes."""
    return of_body(json.dumps(text, ensure_ascii=False)[1:-1])


def cut(text: str, most: int) -> str:
    """The text as far as it takes at most `most` bytes, by `of_text`; never half of a character."""
    text = text[:most]
    if len(text) * LARGEST <= most or of_text(text) <= most:
        return text
    return text[: bisect_right(range(len(text)), most, key=lambda end: of_text(text[:end])) - 1]
