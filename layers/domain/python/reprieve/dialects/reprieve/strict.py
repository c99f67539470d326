"""What is refused of all requests alike: names that a query or a body does not have; and the pages of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from reprieve.errors import InvalidInput
from reprieve.paging import WholeNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reprieve.dialects.exchange import Request
    from reprieve.paging import Cursors

_T = TypeVar("_T")

#: the items of a page, where the request does not say
PAGE: Final = 100
LIMIT: Final = WholeNumber("limit", 1, 500)
#: the parameters of a list that has no others
PAGING: Final = ("limit", "cursor")
#: the most characters of an unknown name that an answer repeats
MAX_NAME: Final = 50


def check_parameters(request: Request, known: Sequence[str]) -> None:
    """Refuse a query with a parameter that the route does not have.

    Raises:
        InvalidInput: it has one; names it, and those that the route has.
    """
    _check(request.query, known, "parameter")


def members(request: Request, known: Sequence[str]) -> dict[str, Any]:
    """The members of a body, a JSON object that has no others than these.

    Raises:
        UnreadableBody: it is not a JSON object.
        InvalidInput: it has another; names it, and those that it may have.
    """
    body = request.json_object()
    _check(body, known, "member")
    return body


def parse_page(request: Request, cursors: Cursors, meaning: Callable[[Any], _T]) -> tuple[int, _T | None]:
    """The size of a page, and the position after which it begins; None for the first.

    Args:
        request: its query has no other parameters.
        cursors: of the list that is read.
        meaning: makes the position of a cursor's content; see `Cursors.read`.

    Raises:
        InvalidInput: a parameter is unknown or cannot be used.
        InvalidCursor: the cursor is not one of this list.
    """
    check_parameters(request, PAGING)
    cursor = request.parameter(cursors.field)
    after = None if cursor is None else cursors.read(cursor, meaning)
    return LIMIT.read(request.parameter(LIMIT.field)) or PAGE, after


def _check(given: Iterable[str], known: Sequence[str], noun: str) -> None:
    if unknown := sorted(set(given) - set(known)):
        raise InvalidInput(f"there is no such {noun}, only {', '.join(known)}", field=unknown[0][:MAX_NAME])
