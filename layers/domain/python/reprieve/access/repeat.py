"""A request that is sent again because its answer was lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, seconds

if TYPE_CHECKING:
    from reprieve.clock import Millis


#: how long an answer is kept
ANSWER_RETENTION: Final = DAY


#: how long a key belongs to a request that has not been answered: a little longer than a request can last
UNDER_WAY: Final = seconds(35)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered.

    Attributes:
        status: the HTTP status.
        body: the body as text.
    """

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of the request that has a key.

    Attributes:
        fingerprint: what the request was, so that another one under the same key is noticed.
        answer: None while it is under way.
        until: when the key is free, in milliseconds.
    """

    fingerprint: str
    answer: Answer | None
    until: Millis
