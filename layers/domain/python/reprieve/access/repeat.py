"""Repeats: requests that are sent again because their answer was lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reprieve.clock import DAY, seconds

#: how long an answer is kept
ANSWER_RETENTION: Final = DAY


#: how long a key belongs to a request that has not been answered: a little longer than a request can last
UNDER_WAY: Final = seconds(35)


@dataclass(frozen=True, slots=True)
class Answer:
    """The stored answer to a request.

    Attributes:
        status: the HTTP status.
        body: the body as text.
    """

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The state of the request that has a key.

    Attributes:
        fingerprint: identifies the request's content, so that a different request under the same key is detected.
        answer: None while it is under way.
    """

    fingerprint: str
    answer: Answer | None
