"""Okta's System Log API: `GET /v1/logs`.

Sources: Okta's management OpenAPI document 2026.06.3 and its page "System log query". What they leave open:

- `until` is exclusive, so that adjoining periods have no entry in common;
- DESCENDING without `until` asks for the period up to now: only an ascending query can go on for ever;
- a cursor carries its whole query, because Okta's Python SDK repeats nothing but the cursor. A parameter that is sent
  beside it must say the same, except `limit`: a page of another query would be a wrong answer;
- a cursor tells nobody anything that they could not ask for themselves, and the organization always comes from the
  credential; so it needs no secret, only a checksum, which is over the organization too;
- the last page of a bounded query can be empty.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from reprieve.clock import DAY
from reprieve.dialects.exchange import Response
from reprieve.dialects.okta.dialect import OktaDialect, envelope
from reprieve.errors import InvalidInput
from reprieve.system_log.filter.parser import parse
from reprieve.system_log.filter.tree import InvalidFilter, UnsupportedCombination
from reprieve.system_log.keywords import parse_keywords
from reprieve.system_log.query import Query

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request
    from reprieve.errors import ReprieveError
    from reprieve.system_log.query import Page

READ: Final = ("okta.logs.read",)

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
#: how far `since` reaches back unless it is said, and how far back it may be said, in milliseconds
DEFAULT_PERIOD: Final = 7 * DAY
OLDEST_SINCE: Final = 180 * DAY
#: in milliseconds, 2286: positions have 13 digits
END_OF_TIME: Final = 9_999_999_999_999
#: characters of a filter: it comes back in two links, and a gateway has room for some 10,000 characters of headers
MAX_FILTER: Final = 4_000
#: `self` is left as it was asked up to this many characters
MAX_SELF: Final = 4_000

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: RFC 3339; a plus that was not escaped in the URL arrives as a space
DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+ -][0-9]{2}:[0-9]{2})"
)
#: both of Okta's sentences about a date that is none
BAD_DATE: Final = (
    "The date format in your query is not recognized. Please enter dates using ISO8601 string format.",
    "must be a valid date-time or empty.",
)
TOO_OLD: Final = "Invalid parameter: The since parameter is over 180 days prior to the current day."

VERSION: Final = 1
CHECKSUM: Final = 12
POSITION: Final = re.compile(r"[0-9]{13}(?:#[0-9a-f-]{36})?")
#: characters that a cursor can unfold to
MAX_CURSOR: Final = 3 * MAX_FILTER


class InvalidParameter(InvalidInput):
    """A parameter that says nothing we understand; Okta tells all that is wrong with it."""

    def __init__(self, field: str, *problems: str) -> None:
        super().__init__(problems[0], field=field)
        self.problems = problems


class SinceTooOld(InvalidInput):
    """`since` is further back than can be asked."""


class InvalidCursor(InvalidInput):
    """An `after` that no page of this organization's log named, or not for this query."""


class LogDialect(OktaDialect):
    """Okta's dialect, with what only its System Log refuses."""

    def refuse(self, error: ReprieveError, request: Request, error_id: str) -> Response:
        """See `exchange.Dialect`."""
        causes: list[str] = []
        match error:
            case InvalidFilter():
                code, summary = "E0000053", error.summary
            case UnsupportedCombination():
                code, summary = "E0000031", error.summary
            case SinceTooOld():
                code, summary = "E0000053", TOO_OLD
            case InvalidCursor():
                code, summary, causes = "E0000029", "Invalid paging request.", ["Invalid cursor."]
            case InvalidParameter():
                told = " ".join(f"'{error.field}': {problem}" for problem in error.problems)
                code, summary = "E0000001", f"Api validation failed: {told}"
                causes = [f"{error.field}: {problem}" for problem in error.problems]
            case _:
                return super().refuse(error, request, error_id)
        return Response(HTTPStatus.BAD_REQUEST, envelope(code, summary, error_id, causes))


DIALECT: Final = LogDialect()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, understood.

    Attributes:
        query: what it asks.
        after: the position to go on from, or None.
        filter: the filter as it was written, for the cursor.
        q: the keywords as they were written.
    """

    query: Query
    after: str | None
    filter: str
    q: str


def parse_query(request: Request) -> Asked:
    """What a request asks for.

    Raises:
        InvalidParameter: `since`, `until`, `q`, `limit` or `sortOrder` cannot be taken.
        SinceTooOld: `since` is more than 180 days back.
        InvalidFilter: see `filter_parser.parse`.
        UnsupportedCombination: likewise.
        InvalidCursor: `after` is no cursor of this organization, or of another query.
    """
    limit = _limit(request.parameter("limit"))
    after = request.parameter("after")
    if after:
        asked = _read_cursor(after, request.organization.id)
        if _differs(request, asked):
            raise InvalidCursor("the cursor is of another query", field="after")
        return asked if limit is None else replace(asked, query=replace(asked.query, limit=limit))
    newest_first = _newest_first(request.parameter("sortOrder"))
    since, until = _moment(request, "since"), _moment(request, "until")
    if since is not None and since < request.now - OLDEST_SINCE:
        raise SinceTooOld("over 180 days back", field="since")
    if until is None and newest_first:
        until = request.now
    if since is None:
        since = (request.now if until is None else until) - DEFAULT_PERIOD
    return _asked(
        since=since,
        until=until,
        newest_first=newest_first,
        filter_text=request.parameter("filter") or "",
        q=request.parameter("q") or "",
        limit=DEFAULT_LIMIT if limit is None else limit,
    )


def render_page(page: Page, asked: Asked, request: Request) -> Response:
    """200 with the entries; Link headers for itself and, if there is one, last as the SDKs need it, the next page."""
    base = request.url.rstrip("/")
    words = [(name, value) for name, values in request.query.items() for value in values[-1:]]
    itself = f"?{urlencode(words, quote_via=quote)}" if words else ""
    links = [f'<{base}{itself}>; rel="self"'] if len(itself) <= MAX_SELF else []
    if page.after is not None:
        cursor = write_cursor(replace(asked, after=page.after), request.organization.id)
        links.append(f'<{base}?after={cursor}&limit={asked.query.limit}>; rel="next"')
    return Response(HTTPStatus.OK, page.events, tuple(("Link", link) for link in links))


def _asked(
    *,
    since: int,
    until: int | None,
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


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > MAX_LIMIT:
        raise InvalidParameter("limit", f"must be a whole number from 0 to {MAX_LIMIT}.")
    return int(text)


def _newest_first(text: str | None) -> bool:
    if text not in {None, "ASCENDING", "DESCENDING"}:
        raise InvalidParameter("sortOrder", "must be ASCENDING or DESCENDING.")
    return text == "DESCENDING"


def _moment(request: Request, name: str) -> int | None:
    """A date-time in milliseconds; None if it is absent or empty."""
    text = request.parameter(name)
    moment = _instant(text) if text else None
    if text and moment is None:
        raise InvalidParameter(name, *BAD_DATE)
    return moment


def _instant(text: str) -> int | None:
    """Milliseconds, rounded up, which is right for both ends of a period; None for what is no date-time."""
    if not DATE_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper().replace(" ", "+"))
    except ValueError:
        return None
    return min(-((EPOCH - moment) // timedelta(milliseconds=1)), END_OF_TIME)


def _differs(request: Request, asked: Asked) -> bool:
    """Whether a parameter beside the cursor says something else than the cursor does."""
    query = asked.query
    said = {
        "since": (_moment(request, "since"), query.since),
        "until": (_moment(request, "until"), query.until),
        "sortOrder": (_newest_first(request.parameter("sortOrder")), query.newest_first),
        "filter": (request.parameter("filter"), asked.filter),
        "q": (request.parameter("q"), asked.q),
    }
    return any(request.parameter(name) and beside != carried for name, (beside, carried) in said.items())


# ---- cursors: a checksum, and the query as compressed JSON


def write_cursor(asked: Asked, organization_id: str) -> str:
    """The cursor of a query and a position in it, for one organization."""
    query = asked.query
    facts = [VERSION, query.since, query.until, query.newest_first, asked.filter, asked.q, query.limit, asked.after]
    content = zlib.compress(json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode(), 9)
    return _armoured(_checksum(content, organization_id) + content)


def _read_cursor(text: str, organization_id: str) -> Asked:
    broken = InvalidCursor("not a cursor of this organization", field="after")
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise broken from None
    content = raw[CHECKSUM:]
    # base64 has several spellings of the same bytes, and only one is ours
    if _armoured(raw) != text or raw[:CHECKSUM] != _checksum(content, organization_id):
        raise broken
    try:
        facts = json.loads(zlib.decompressobj().decompress(content, MAX_CURSOR))
        version, since, until, newest_first, filter_text, q, limit, after = facts
        asked = _asked(
            since=int(since),
            until=None if until is None else int(until),
            newest_first=bool(newest_first),
            filter_text=str(filter_text),
            q=str(q),
            limit=min(max(int(limit), 0), MAX_LIMIT),
            after=str(after),
        )
    except (ValueError, TypeError, OverflowError, RecursionError, zlib.error, InvalidInput):
        raise broken from None
    if version != VERSION or not POSITION.fullmatch(str(after)):
        raise broken
    return asked


def _armoured(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _checksum(content: bytes, organization_id: str) -> bytes:
    return hashlib.sha256(b"system log\0" + organization_id.encode() + b"\0" + content).digest()[:CHECKSUM]
