"""The page of the system log: a search whose form explains its grammar, the entries, and what is newer.

A search is a form, because a filter holds addresses, which belong in no URL. A cursor carries the period and the
position, and is good for one search only.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import MINUTE, SECOND, Millis, days
from reprieve.dialects.console import page, session
from reprieve.dialects.console.address import moment_of
from reprieve.errors import InvalidCursor, InvalidInput
from reprieve.paging import Cursors
from reprieve.system_log.filter.fields import SCALARS
from reprieve.system_log.filter.parser import parse as parse_filter
from reprieve.system_log.filter.tree import InvalidFilter, UnsupportedCombination
from reprieve.system_log.keywords import parse_keywords
from reprieve.system_log.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.dialects.console.address import Moment
    from reprieve.dialects.exchange import Request, Response
    from reprieve.system_log.query import Page

#: entries on a page
PAGE: Final = 50
#: how far back a search without a beginning reaches, in milliseconds
PERIOD: Final = days(7)
#: how often a page asks for what is newer, in seconds, and for how many minutes
EVERY, MINUTES = 10, 30
TURNS: Final = MINUTES * MINUTE // (EVERY * SECOND)
#: characters of a field of the form
MAX_FILTER, MAX_WORDS = 4_000, 500
POSITION: Final = re.compile(r"[0-9]{13}(?:#[0-9a-f-]{36})?")
MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
#: what the parser says of a place, which the page says in its own way
PLACE: Final = re.compile(r" at position [0-9]+")
#: what the fields of the form are called on the page; the keywords are `q` to their parser
LABELS: Final = {"filter": "Filter", "words": "Words", "q": "Words", "since": "From", "until": "Until"}
#: members that are the same in every entry, or are shown in its line
LEFT_OUT: Final = frozenset({"version", "legacyEventType", "displayMessage", "authenticationContext"})

#: filters that show what the grammar can do: what each finds, and the filter
EXAMPLES: Final = (
    ("Mail that was not delivered", 'eventType eq "system.email.delivery" and outcome.result eq "FAILURE"'),
    ("One address", 'target.id eq "ada@example.com"'),
    ("Lifts and how they ended", 'eventType co "removal"'),
    ("What people changed", 'actor.type eq "User" and not (eventType sw "user.session")'),
    ("What needs a look", 'severity eq "WARN" or severity eq "ERROR"'),
)
#: the operators of the grammar, in words
OPERATORS: Final = (
    ("eq, ne", "is, is not"),
    ("co", "has it somewhere"),
    ("sw, ew", "begins with it, ends with it"),
    ("gt, ge, lt, le", "comes after, after or the same, before, before or the same"),
    ("pr", "has any value; nothing follows it"),
)


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it was typed.

    Attributes:
        filter: the filter.
        words: the keywords.
        since: the beginning of the period, in UTC, as a browser writes it; "" for a week ago.
        until: its end, exclusive, likewise; "" for now.
    """

    filter: str = ""
    words: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A search that was understood.

    Attributes:
        search: as it was typed.
        query: what is asked of the log.
        after: the position to go on from; None for the first page.
        turns: how often its page may ask for what is newer by itself.
    """

    search: Search
    query: Query
    after: str | None = None
    turns: int = TURNS


@dataclass(frozen=True, slots=True)
class Member:
    """One value of an entry: its name in a filter, and the filter that finds it ("" where none does)."""

    name: str
    value: str
    filter: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, in a line that unfolds to its members: what happened, what it is about, and its values."""

    moment: Moment
    about: str
    members: list[Member]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a search: the sentence, and where in the filter, if it is one place of it.

    Attributes:
        says: the sentence.
        before: the filter up to that place.
        at: the word at that place; "" at the end of the filter.
        rest: what follows.
        marked: whether there is one place.
        instead: a field that is spelled nearly as the word is; "" if none is.
    """

    says: str
    before: str = ""
    at: str = ""
    rest: str = ""
    marked: bool = False
    instead: str = ""


def everything(request: Request) -> Asked:
    """The search that the page begins with: all entries of the last week."""
    return _understood(Search(), request)


def parse(request: Request) -> Asked:
    """The search in a form.

    Raises:
        InvalidInput: a field cannot be understood.
        UnreadableBody: the form cannot be read.
    """
    search = _typed(request)
    if after := session.form(request).get("after"):
        since, until, position = _cursors(request, search, "older").read(after, _older)
        return _asked(search, since, until, after=position)
    return _understood(search, request)


def parse_newer(request: Request) -> Asked:
    """The search in a form that asks for what is newer.

    Raises:
        InvalidCursor: the position is of another search.
        InvalidInput: a field cannot be understood.
        UnreadableBody: the form cannot be read.
    """
    search = _typed(request)
    after = session.form(request).get("after", "")
    since, position, turns = _cursors(request, search, "newer").read(after, _newer)
    if session.form(request).get("again"):
        turns = TURNS
    return _asked(search, since, None, after=position, turns=turns)


def render(found: Page, asked: Asked, request: Request) -> Response:
    """A page of entries, newest first."""
    search, query = asked.search, asked.query
    older = [query.since, query.until, found.after]
    is_live = asked.after is None and not search.until
    return _render(
        request,
        search,
        lines=[_line(event) for event in found.events],
        older=_cursors(request, search, "older").write(older) if found.after else "",
        newer=_newer_cursor(request, search, request.now, None, TURNS) if is_live else "",
        turns=TURNS,
        is_older=asked.after is not None,
    )


def render_newer(found: Page, asked: Asked, request: Request) -> Response:
    """What is newer, newest first, with the position to go on from."""
    turns = max(asked.turns - 1, 0)
    return _render(
        request,
        asked.search,
        lines=[_line(event) for event in reversed(found.events)],
        newer=_newer_cursor(request, asked.search, asked.query.since, found.after, turns),
        turns=turns,
        is_newer=True,
    )


def render_refused(problem: InvalidInput, request: Request) -> Response:
    """The form as it was typed, and what is wrong with it."""
    fault = fault_of(problem, _typed(request).filter)
    return _render(request, _typed(request), status=HTTPStatus.BAD_REQUEST, fault=fault)


def _render(request: Request, search: Search, *, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
    nothing = {"lines": [], "older": "", "newer": "", "turns": 0, "is_older": False, "is_newer": False, "fault": None}
    return page.render(
        "log",
        request,
        status=status,
        search=search,
        examples=EXAMPLES,
        operators=OPERATORS,
        every=EVERY,
        minutes=MINUTES,
        **(nothing | values),
    )


def _typed(request: Request) -> Search:
    """The fields of a form, as they were typed."""
    given = session.form(request)
    return Search(*(given.get(name, "").strip() for name in ("filter", "words", "since", "until")))


def _understood(search: Search, request: Request) -> Asked:
    until = _moment(search.until, "until") if search.until else request.now
    since = _moment(search.since, "since") if search.since else Millis(until - PERIOD)
    if since >= until:
        raise InvalidInput("the period ends before it begins", field="until")
    return _asked(search, since, until)


def _asked(
    search: Search, since: Millis, until: Millis | None, *, after: str | None = None, turns: int = TURNS
) -> Asked:
    for name, text, most in (("filter", search.filter, MAX_FILTER), ("words", search.words, MAX_WORDS)):
        if len(text) > most:
            raise InvalidInput(f"at most {most} characters", field=name)
    expression = parse_filter(search.filter) if search.filter else None
    query = Query(since, until, until is not None, expression, parse_keywords(search.words), PAGE)
    return Asked(search, query, after, turns)


def _moment(text: str, name: str) -> Millis:
    """A moment in UTC, to the minute or the second, as a browser writes it."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC) if MOMENT.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidInput("write a moment in UTC as 2026-01-31T09:30", field=name)
    return Millis(round(moment.timestamp()) * SECOND)


def _cursors(request: Request, search: Search, way: str) -> Cursors:
    typed = [search.filter, search.words, search.since, search.until]
    return Cursors(request.organization.id, json.dumps(["console log", way, *typed]), "after")


def _newer_cursor(request: Request, search: Search, since: Millis, after: str | None, turns: int) -> str:
    return _cursors(request, search, "newer").write([since, after, turns])


def _older(content: Any) -> tuple[Millis, Millis, str]:  # noqa: ANN401  (JSON)
    match content:
        case [int(since), int(until), str(after)] if POSITION.fullmatch(after):
            return Millis(since), Millis(until), after
    raise ValueError("not a period and a position")


def _newer(content: Any) -> tuple[Millis, str | None, int]:  # noqa: ANN401  (JSON)
    match content:
        case [int(since), str() | None as after, int(turns)] if after is None or POSITION.fullmatch(after):
            return Millis(since), after, min(turns, TURNS)
    raise ValueError("not a beginning and a position")


def _line(event: Mapping[str, Any]) -> Line:
    members = [_member(name, value) for name, value in _leaves(event, "")]
    return Line(moment_of(event), event["target"][0]["displayName"], members)


def _leaves(value: object, name: str) -> Iterator[tuple[str, object]]:
    """The values of an entry with their names in a filter; those that are null or the same in all are left out."""
    if isinstance(value, dict):
        for part, inner in value.items():
            if part not in LEFT_OUT:
                yield from _leaves(inner, f"{name}.{part}" if name else part)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    elif value not in (None, ""):
        yield name, value


def _member(name: str, value: object) -> Member:
    written = f"{name} eq {json.dumps(value, ensure_ascii=False)}"
    try:
        parse_filter(written)
    except (InvalidFilter, UnsupportedCombination):
        written = ""
    return Member(name, value if isinstance(value, str) else json.dumps(value), written)


def fault_of(problem: InvalidInput, text: str) -> Fault:
    """What is wrong, in a sentence with the place."""
    if isinstance(problem, InvalidCursor):
        return Fault("This page of the search is no longer known. Search again.")
    if not isinstance(problem, (InvalidFilter, UnsupportedCombination)):
        return Fault(f"The field “{LABELS[problem.field or '']}”: {problem.problem.rstrip('.')}.")
    # the sentence quotes the whole filter, which the page shows anyway
    says = PLACE.sub("", problem.summary.removeprefix(f"Invalid filter '{text}': ")).rstrip(".")
    if problem.position is None:
        return Fault(f"{says}.")
    before, after = text[: problem.position], text[problem.position :]
    word = re.match(r"\S*", after)
    at = word[0] if word else ""
    near = [] if at in SCALARS else difflib.get_close_matches(at, SCALARS, n=1)
    where = f"at character {problem.position + 1}" if at else "at the end"
    return Fault(
        f"{says[:1].upper()}{says[1:]}, {where}.", before, at, after[len(at) :], marked=True, instead="".join(near)
    )
