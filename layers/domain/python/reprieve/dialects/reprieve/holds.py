"""The Reprieve dialect's holds: their requests, and their form in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import Millis, Seconds, from_timestamp, timestamp
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import strict
from reprieve.dialects.reprieve.dialect import moment
from reprieve.errors import InvalidInput
from reprieve.paging import Cursors
from reprieve.suppressions.listing import Position
from reprieve.suppressions.suppression import HOLDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.removals.hold import Hold

READ: Final = ("reprieve.holds.read", "reprieve.holds.manage")
MANAGE: Final = ("reprieve.holds.manage",)
MEMBERS: Final = ("email", "domain", "reason", "until")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A hold as it is asked for."""

    subject: str
    reason: str
    until: Millis | None


def parse_hold(request: Request) -> Wanted:
    """The body of a POST.

    Raises:
        InvalidInput: a member is unknown, missing or not what it must be; it is named.
    """
    body = strict.members(request, MEMBERS)
    given = [name for name in ("email", "domain") if body.get(name) is not None]
    if len(given) != 1:
        raise InvalidInput("exactly one of email and domain must be given", field="email")
    subject = _text(body, given[0])
    if ("@" in subject) != (given == ["email"]):
        raise InvalidInput("neither an email address nor the domain of one", field=given[0])
    return Wanted(subject, _text(body, "reason"), _moment(body.get("until")))


def subject(request: Request) -> str:
    """The address or domain in a path."""
    return request.address("subject")


def parse_page(request: Request) -> tuple[int, Position | None]:
    """The size of a page, and the position after which it begins; None for the first.

    Raises:
        InvalidInput: a parameter is unknown or cannot be used.
        InvalidCursor: the cursor is not one of this organization's holds.
    """
    return strict.parse_page(request, _cursors(request), _position)


def hold(one: Hold) -> dict[str, Any]:
    """A hold as JSON."""
    return {
        "email": None if one.domain else one.entry.email,
        "domain": one.domain,
        "reason": one.entry.reason,
        "author": one.entry.author,
        "since": timestamp(one.entry.created),
        "until": moment(one.entry.until),
        "at_provider": one.at_provider.value,
    }


def render_hold(one: Hold, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """One hold."""
    return Response(status, hold(one))


def render_page(found: Sequence[Hold], position: Position | None, request: Request) -> Response:
    """A page of holds, with the cursor of the next or null."""
    cursor = next_cursor(position, request) if position else None
    return Response(HTTPStatus.OK, {"holds": [hold(one) for one in found], "next": cursor})


def next_cursor(position: Position, request: Request) -> str:
    """The cursor of the page behind a position."""
    return _cursors(request).write([position.second, position.key])


def render_lifted() -> Response:
    """The answer to a DELETE."""
    return Response(HTTPStatus.NO_CONTENT)


def _cursors(request: Request) -> Cursors:
    return Cursors(request.organization.id, "holds", "cursor")


def _position(content: Any) -> Position:  # noqa: ANN401  (JSON)
    match content:
        case [int(second), str(key)]:
            return Position(Seconds(max(0, second)), key, HOLDS)
    raise ValueError("not a position")


def _text(body: dict[str, Any], name: str) -> str:
    if not isinstance(body.get(name), str):
        raise InvalidInput("must be a string", field=name)
    return str(body[name])


def _moment(value: object) -> Millis | None:
    if value is None:
        return None
    try:
        return from_timestamp(value if isinstance(value, str) else "")
    except ValueError:
        raise InvalidInput("must be a moment in ISO 8601, or null", field="until") from None
