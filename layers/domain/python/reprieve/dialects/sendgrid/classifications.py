"""SendGrid's statistics of bounces and blocks: by day and classification, and by day and domain."""

from __future__ import annotations

from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, Seconds, to_seconds
from reprieve.dialects import spreadsheet
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import InvalidInput, NotFound
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import Classification, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.suppressions.counts import Day

#: what SendGrid classifies
CLASSIFIED: Final = (SuppressionList.BOUNCES, SuppressionList.BLOCKS)
ISO_DATE: Final = len("2026-01-31")
LAST_SECOND_OF_DAY: Final = to_seconds(DAY) - 1


def parse_days(request: Request) -> Selection:
    """The days asked for, both inclusive, UTC; none given means all.

    Raises:
        InvalidInput: one is no date.
    """
    start, end = _day(request, "start_date"), _day(request, "end_date")
    return Selection(start, None if end is None else Seconds(end + LAST_SECOND_OF_DAY))


def _day(request: Request, name: str) -> Seconds | None:
    text = request.parameter(name)
    if text is None:
        return None
    try:
        if len(text) != ISO_DATE:
            raise ValueError  # noqa: TRY301  (fromisoformat takes other forms, too)
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("must be a date, YYYY-MM-DD", field=name) from None
    return Seconds(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()))


def classification_in(request: Request) -> Classification:
    """The classification in the path, in any letter case.

    Raises:
        NotFound: there is none of that name.
    """
    text = request.path["classification"].replace("%20", " ").casefold()
    for member in Classification:
        if member.casefold() == text:
            return member
    raise NotFound("classification", "of that name")


def render_by_classification(days: Sequence[Day], request: Request) -> Response:
    """Days with their classifications."""
    return _render(days, request, "classification")


def render_by_domain(days: Sequence[Day], request: Request) -> Response:
    """Days with their domains."""
    return _render(days, request, "domain")


def _render(days: Sequence[Day], request: Request, name: str) -> Response:
    if spreadsheet.wanted(request):
        rows = [(day.date, word, count) for day in days for word, count in day.counts]
        return Response(
            HTTPStatus.OK, spreadsheet.render(("date", name, "count"), rows), content_type=spreadsheet.CONTENT_TYPE
        )
    result = [{"date": day.date, "stats": [{name: word, "count": count} for word, count in day.counts]} for day in days]
    return Response(HTTPStatus.OK, {"result": result})
