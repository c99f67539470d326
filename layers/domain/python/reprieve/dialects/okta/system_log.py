"""Okta's System Log API: `GET /v1/logs`.

Sources: Okta's management OpenAPI document 2026.06.3, its page "System log query", and what its clients rely on. What
they leave open:

- `until` is exclusive, so that adjoining periods have no entry in common;
- DESCENDING without `until` asks for the period up to now: only an ascending query can go on for ever;
- a cursor carries its whole query, because Okta's Python SDK repeats nothing but the cursor. A parameter that is sent
  beside it must say the same, except `limit`: a page of another query would be a wrong answer;
- the last page of a bounded query can be empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import Millis, days
from reprieve.dialects.exchange import Response
from reprieve.dialects.okta import dialect
from reprieve.dialects.okta.links import page_links
from reprieve.dialects.okta.moments import moment_in
from reprieve.errors import InvalidCursor, InvalidInput
from reprieve.paging import Cursors, WholeNumber
from reprieve.system_log.filter.parser import parse
from reprieve.system_log.filter.tree import InvalidFilter, UnsupportedCombination
from reprieve.system_log.keywords import parse_keywords
from reprieve.system_log.query import Query

if TYPE_CHECKING:
    from reprieve.dialects.dialect import Refusal
    from reprieve.dialects.exchange import Request
    from reprieve.system_log.query import Page

READ: Final = ("okta.logs.read",)

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
LIMIT: Final = WholeNumber("limit", 0, MAX_LIMIT)
#: how far `since` reaches back by default, and how far back it can be set, in milliseconds
DEFAULT_PERIOD: Final = days(7)
MAX_PERIOD: Final = days(180)
#: characters of a filter: it comes back in two links, and a gateway has room for some 10,000 characters of headers
MAX_FILTER: Final = 4_000
#: Okta's two sentences about a text that is not a date
BAD_DATE: Final = (
    "The date format in your query is not recognized. Please enter dates using ISO8601 string format.",
    "must be a valid date-time or empty.",
)
TOO_OLD: Final = "Invalid parameter: The since parameter is over 180 days prior to the current day."

POSITION: Final = re.compile(r"[0-9]{13}(?:#[0-9a-f-]{36})?")


class InvalidParameter(InvalidInput):
    """A parameter that cannot be understood; Okta lists everything that is wrong with it."""

    def __init__(self, field: str, *problems: str) -> None:
        super().__init__(problems[0], field=field)
        self.problems = problems


class SinceTooOld(InvalidInput):
    """`since` is earlier than a query may ask for."""


def _invalid_parameter(error: InvalidParameter, _: Request) -> Refusal:
    summary = " ".join(f"'{error.field}': {problem}" for problem in error.problems)
    return dialect.invalid(summary, *(f"{error.field}: {problem}" for problem in error.problems))


#: Okta's dialect, with what only its System Log refuses
DIALECT: Final = dialect.DIALECT.with_errors(
    {
        InvalidFilter: lambda error, _: dialect.refusal("E0000053", error.summary),
        UnsupportedCombination: lambda error, _: dialect.refusal("E0000031", error.summary),
        SinceTooOld: dialect.refusal("E0000053", TOO_OLD),
        InvalidParameter: _invalid_parameter,
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed query of the system log.

    Attributes:
        query: the query.
        after: the position to continue from, or None.
        filter: the filter as it was written, for the cursor.
        q: the keywords as they were written.
    """

    query: Query
    after: str | None
    filter: str
    q: str


def parse_query(request: Request) -> Asked:
    """Read the query of a request.

    Raises:
        InvalidParameter: `since`, `until`, `q`, `limit` or `sortOrder` cannot be understood.
        SinceTooOld: `since` is more than 180 days back.
        InvalidFilter: see `filter.parser.parse`.
        UnsupportedCombination: likewise.
        InvalidCursor: `after` is not a cursor of this organization, or is a cursor of another query.
    """
    limit = _limit(request)
    after = request.parameter("after")
    if after:
        asked = _cursors(request).read(after, _carried)
        if _differs(request, asked):
            raise InvalidCursor("after")
        return asked if limit is None else replace(asked, query=replace(asked.query, limit=limit))
    newest_first = _newest_first(request.parameter("sortOrder"))
    since, until = _moment(request, "since"), _moment(request, "until")
    if since is not None and since < request.now - MAX_PERIOD:
        raise SinceTooOld("over 180 days back", field="since")
    if until is None and newest_first:
        until = request.now
    if since is None:
        since = Millis((request.now if until is None else until) - DEFAULT_PERIOD)
    return _asked(
        since=since,
        until=until,
        newest_first=newest_first,
        filter_text=request.parameter("filter") or "",
        q=request.parameter("q") or "",
        limit=DEFAULT_LIMIT if limit is None else limit,
    )


def render_page(page: Page, asked: Asked, request: Request) -> Response:
    """200 with the entries, and links; a page that makes no progress repeats the cursor of its request.

    An entry is stored in the form in which it is shown, so its text is put into the answer as it is.
    """
    if page.after is None:
        after = None
    elif page.after == asked.after:
        after = request.parameter("after")
    else:
        after = write_cursor(replace(asked, after=page.after), request)
    body = f"[{','.join(stored.text for stored in page.entries)}]"
    return Response(HTTPStatus.OK, body, page_links(request, after))


def _asked(
    *,
    since: Millis,
    until: Millis | None,
    newest_first: bool,
    filter_text: str,
    q: str,
    limit: int,
    after: str | None = None,
) -> Asked:
    if len(filter_text) > MAX_FILTER:
        raise InvalidFilter("it is too long", summary=f"Invalid filter: it is longer than {MAX_FILTER} characters.")
    expression = parse(filter_text) if filter_text else None
    query = Query(since, until, newest_first, expression, _keywords(q), limit)
    return Asked(query, after, filter_text, q)


def _keywords(q: str) -> tuple[str, ...]:
    try:
        return parse_keywords(q)
    except InvalidInput as refusal:
        raise InvalidParameter("q", refusal.problem) from None


def _limit(request: Request) -> int | None:
    try:
        return LIMIT.read(request.parameter("limit"))
    except InvalidInput as refusal:
        raise InvalidParameter("limit", f"{refusal.problem}.") from None


def _newest_first(text: str | None) -> bool:
    if text not in {None, "ASCENDING", "DESCENDING"}:
        raise InvalidParameter("sortOrder", "must be ASCENDING or DESCENDING.")
    return text == "DESCENDING"


def _moment(request: Request, name: str) -> Millis | None:
    """A moment in milliseconds; None if the parameter is absent or empty."""
    text = request.parameter(name)
    moment = moment_in(text) if text else None
    if text and moment is None:
        raise InvalidParameter(name, *BAD_DATE)
    return moment


def _differs(request: Request, asked: Asked) -> bool:
    """Whether a parameter beside the cursor contradicts it."""
    query = asked.query
    said = {
        "since": (_moment(request, "since"), query.since),
        "until": (_moment(request, "until"), query.until),
        "sortOrder": (_newest_first(request.parameter("sortOrder")), query.newest_first),
        "filter": (request.parameter("filter"), asked.filter),
        "q": (request.parameter("q"), asked.q),
    }
    return any(request.parameter(name) and beside != carried for name, (beside, carried) in said.items())


def _cursors(request: Request) -> Cursors:
    return Cursors(request.organization.id, "system log", "after")


def write_cursor(asked: Asked, request: Request) -> str:
    """The cursor of a query and a position in it, for the organization that asks."""
    query = asked.query
    carried = [query.since, query.until, query.newest_first, asked.filter, asked.q, query.limit, asked.after]
    return _cursors(request).write(carried)


def _carried(content: Any) -> Asked:  # noqa: ANN401  (JSON)
    match content:
        case [
            int(since),
            int() | None as until,
            bool(newest_first),
            str(filter_text),
            str(q),
            int(limit),
            str(after),
        ] if POSITION.fullmatch(after):
            return _asked(
                since=Millis(since),
                until=None if until is None else Millis(until),
                newest_first=newest_first,
                filter_text=filter_text,
                q=q,
                limit=min(max(limit, 0), MAX_LIMIT),
                after=after,
            )
    raise ValueError("not a query and a position")
