"""The meaning of a provider's statuses and headers, as far as all of them agree.

Sources: RFC 9110, and what each provider's own module names. The sentences are ours: nothing that a provider writes
reaches an operator's screen or a log.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import SECOND, Millis, Seconds, days, to_millis
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import MAX_BACKOFF

if TYPE_CHECKING:
    from collections.abc import Mapping

#: fixed words, so that nothing of what a provider writes reaches an operator's screen or a log
_SENTENCE: Final[Mapping[int, str]] = {
    400: "the provider refused the address",
    401: "the API key was not accepted",
    403: "the API key lacks the permission, or the provider blocks the account for a while",
    404: "the address is not on the provider's list",
    413: "the provider found the request too large",
    429: "too many requests",
    451: "the account belongs to another region",
}
NOT_TRIED: Final = LiftAnswer(LiftOutcome.WAIT, "not tried: no time was left")
LIFTED: Final = LiftAnswer(LiftOutcome.LIFTED, "lifted")
OTHER_REASON: Final = LiftAnswer(LiftOutcome.ABSENT, "the address is suppressed for another reason, and stays so")
NO_SUCH_API: Final = "there is no such API at the configured base URL"


class StatusKind(Enum):
    """The meaning of a status, before it is known whether the call was about one address or many."""

    DONE = auto()
    """The selected addresses are off the list."""
    MISSING = auto()
    """404: the address is not listed, or the path does not exist."""
    REFUSED = auto()
    """Something selected is not acceptable."""
    THROTTLED = auto()
    """The account must wait."""
    FAULT = auto()
    """The provider has a fault."""
    BROKEN = auto()
    """The account or its configuration is at fault, and every address would get the same answer."""


def kind_of(status: int) -> StatusKind:
    """Read a status (the page "Errors" of the API reference).

    Args:
        status: of the final response; redirects are not followed and have their own meaning here.

    Returns:
        The kind. A redirect, 405 and 406 mean that the base URL leads somewhere else, 451 that the account's data
        live in another region: no address is to blame.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return StatusKind.DONE
    if status == HTTPStatus.NOT_FOUND:
        return StatusKind.MISSING
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return StatusKind.THROTTLED
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST or status in {401, 403, 405, 406, 451}:
        return StatusKind.BROKEN
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in {408, 425}:
        return StatusKind.REFUSED
    return StatusKind.FAULT


OUTCOME: Final[Mapping[StatusKind, LiftOutcome]] = {
    StatusKind.DONE: LiftOutcome.LIFTED,
    StatusKind.MISSING: LiftOutcome.ABSENT,
    StatusKind.REFUSED: LiftOutcome.REFUSED,
    StatusKind.THROTTLED: LiftOutcome.WAIT,
    StatusKind.FAULT: LiftOutcome.RETRY,
    StatusKind.BROKEN: LiftOutcome.ACCOUNT_BROKEN,
}


def sentence(status: int) -> str:
    """A status for an operator: the number and a sentence of ours, nothing of the provider's text."""
    if known := _SENTENCE.get(status):
        return f"{status}: {known}"
    match kind_of(status):
        case StatusKind.DONE:
            return f"{status}: lifted"
        case StatusKind.REFUSED:
            return f"{status}: the provider refused the address"
        case StatusKind.BROKEN:
            return f"{status}: {NO_SUCH_API}"
        case _:
            return f"{status}: the provider failed"


def comeback(status: int, headers: Mapping[str, str], *, now: Millis) -> Millis | None:
    """Read the moment at which the provider asks us to come back.

    Every answer carries X-RateLimit-Reset (the page "Rate limits"), so it counts only when the limit was hit. It is a
    Unix second by that page and seconds left by one other; a number too small to be a date is the latter. Retry-After
    is not documented, but a proxy in front of an API may send it.

    Args:
        status: of the response.
        headers: of the response, by any letter case.
        now: our clock, in milliseconds.

    Returns:
        Milliseconds since the epoch, from one second to `MAX_BACKOFF` ahead whatever was sent; None when nothing
        readable was.
    """
    asked: Millis | None = None
    if kind_of(status) is StatusKind.THROTTLED:
        asked = _moment(headers.get("X-RateLimit-Reset"), now)
    if asked is None:
        asked = _moment(headers.get("Retry-After"), now)
    return None if asked is None else Millis(min(max(asked, now + SECOND), now + MAX_BACKOFF))


def _moment(text: str | None, now: Millis) -> Millis | None:
    """The moment that a header means, in milliseconds: a Unix second, a number of seconds, or an HTTP date."""
    text = (text or "").strip()
    if re.fullmatch("[0-9]{1,12}", text):
        number = to_millis(Seconds(int(text)))
        # more seconds than a year has are a date, since 1971; fewer are a wait
        return number if number > days(366) else Millis(now + number)
    with suppress(ValueError, OverflowError):
        return Millis(int(parsedate_to_datetime(text).timestamp() * SECOND))
    return None


def decoded(body: bytes) -> Any:  # noqa: ANN401 - that is what JSON is
    """Decode a body; None when it is not JSON, however it is broken."""
    with suppress(ValueError, RecursionError):
        return json.loads(body)
    return None
