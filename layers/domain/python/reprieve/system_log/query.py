"""Queries of the system log, of two kinds.

A *bounded* query asks for a period by when things happened; it ends. A *polling* query follows the log in the order
in which entries arrived, and never ends: its caller comes back with the position where it stopped. So that no entry can
appear behind such a position, polling sees an entry only once it has settled, `span.SETTLING` after it arrived: every
entry carries the time at which it was sent to the store, and a store that takes longer than that is given up on.

The position of a polling query moves only past entries, never with time alone: a caller that has caught up gets the
position back that it came with, and knows from it that there is nothing more to read.

A query costs what its stretch of the log holds: all of it, or, if the filter demands one target, that target's part.
It never costs more time than `BUDGET`: then its page ends early, with the position to go on from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from reprieve import answer_size
from reprieve.clock import Millis, seconds
from reprieve.system_log.filter.matching import by_comparison_key, matches, required_equalities
from reprieve.system_log.keywords import matches_keywords
from reprieve.system_log.span import LOG_RETENTION, SETTLING, Order, Span, position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from reprieve.organization import Organization
    from reprieve.system_log.filter.tree import Expression
    from reprieve.system_log.ports import LogReader
    from reprieve.system_log.span import Stored

#: how long a page may take to find, in milliseconds; an answer must be sent within 29 s
BUDGET: Final = seconds(15)
#: entries that a poller passes over again and again because its filter wants none of them, until its position moves
#: past them. Small, so that polling stays cheap; large enough that a busy log adds fewer while one request is answered
MAX_REREAD: Final = 200
#: the field that the store has an index for
INDEXED: Final = "target.id"


@dataclass(frozen=True, slots=True)
class Query:
    """A query of the system log.

    Attributes:
        since: the earliest moment, in milliseconds: of publication, or of arrival when polling.
        until: the end of the period, exclusive; None polls.
        newest_first: the latest entry comes first; bounded queries only.
        filter: the filter that an entry must match; None for any entry.
        keywords: what an entry must mention.
        limit: how many entries a page may have.
    """

    since: Millis
    until: Millis | None
    newest_first: bool = False
    filter: Expression | None = None
    keywords: Sequence[str] = ()
    limit: int = 100


@dataclass(slots=True)
class Page:
    """Entries, and the position to continue from; None when the query is answered completely."""

    entries: list[Stored] = field(default_factory=list)
    after: str | None = None

    @property
    def events(self) -> list[Mapping[str, Any]]:
        """The entries as LogEvents."""
        return [stored.event for stored in self.entries]


@dataclass(frozen=True, slots=True)
class SystemLog:
    """The system log of any organization; `clock` returns the time in milliseconds."""

    reader: LogReader
    clock: Callable[[], Millis]

    def page(self, organization: Organization, query: Query, *, after: str | None, now: Millis) -> Page:
        """One page of an answer.

        Args:
            organization: whose system log.
            query: the question; on later pages the same, with any limit.
            after: the position at which the previous page ended; None for the first page.
            now: in milliseconds.

        Returns:
            At most `query.limit` entries, fewer if time ran out or they are very large: only a page without a position
            is the last one. A polling query has no last page; one that has caught up returns the position `after`.
        """
        query = replace(query, filter=query.filter and by_comparison_key(query.filter))
        span = _span(query, after, now)
        page = Page(after=(after or span.after) if query.until is None else None)
        if query.limit:
            self._fill(page, organization, query, span)
        return page

    def _fill(self, page: Page, organization: Organization, query: Query, span: Span) -> None:
        deadline = self.clock() + BUDGET
        size = passed_over = 0
        examined = span.before if span.newest_first else span.after
        # one more than the page has, to know whether anything follows
        for stored in self.reader.entries(organization, span, first=query.limit + 1):
            if len(page.entries) == query.limit or self.clock() > deadline:
                page.after = examined
                return
            if _asks_for(query, stored):
                # with the comma behind it
                size += answer_size.of_body(stored.text) + 1
                if page.entries and size >= answer_size.MAX_BODY:
                    page.after = examined
                    return
                page.entries.append(stored)
            else:
                passed_over += 1
            examined = stored.position
        if query.until is None and (page.entries or passed_over > MAX_REREAD):
            page.after = examined


def _span(query: Query, after: str | None, now: Millis) -> Span:
    """The stretch that a page is taken from; it never reaches back more than 90 days."""
    since, target = position(max(query.since, Millis(now - LOG_RETENTION))), _target(query.filter)
    if query.until is None:
        # whole and settled: the millisecond after the last one that nothing can arrive in any more
        settled = position(Millis(now - SETTLING))
        return Span(Order.ARRIVED, max(since, after or ""), settled, target=target)
    until = position(query.until)
    if query.newest_first:
        return Span(Order.PUBLISHED, since, min(until, after or until), newest_first=True, target=target)
    return Span(Order.PUBLISHED, max(since, after or ""), until, target=target)


def _target(expression: Expression | None) -> str | None:
    """The one target that an entry must have; if two are demanded either will do, as the filter is applied anyway."""
    required = required_equalities(expression).get(INDEXED) if expression else None
    return min(required) if required else None


def _asks_for(query: Query, stored: Stored) -> bool:
    if query.filter is not None and not matches(query.filter, stored.event):
        return False
    return not query.keywords or matches_keywords(query.keywords, stored.event)
