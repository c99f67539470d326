"""The lists: what is on them, by filters, files out and in, and the unsubscribe groups that have lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import handler
from reprieve.dialects.console import export, imports, lists, site
from reprieve.role import Permission
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.dialects.exchange import Request, Response
    from reprieve.suppressions.listing import Filter, Position
    from reprieve.suppressions.suppression import Suppression


@handler.route("GET", "/lists", scopes=site.READ_LISTS)
def newest(request: Request) -> Response:
    """The first page of all lists, or of the one that a link names."""
    return _page(request, lists.parse_link(request))


@handler.route("POST", "/lists", scopes=site.READ_LISTS, permission=Permission.READ)
def search(request: Request) -> Response:
    """A page of what the filters leave. It is a form, because a filter can name an address, as a page's cursor does."""
    return _page(request, lists.parse_search(request))


@handler.route("POST", "/lists/export", scopes=site.READ_LISTS, permission=Permission.READ)
def part(request: Request) -> Response:
    """One part of an export, with what is in it and where the next one begins."""
    asked = export.parse(request)
    found, more = _read(request, asked.page.wanted, asked.page.after, limit=export.ROWS)
    fitting = export.fitting(found)
    return export.render(fitting, asked, request, more=more or len(fitting) < len(found))


@handler.route("POST", "/lists/file", scopes=site.READ_LISTS, permission=Permission.READ)
def file(request: Request) -> Response:
    """The file of one part: all from its first entry to its last, though others have come onto the lists since."""
    asked = export.parse_file(request)
    found, more = _read(request, asked.wanted, asked.part.page.after, limit=export.ROWS + export.ARRIVED)
    inside = export.inside(found, asked, more=more)
    return export.render_file(wiring.terms().of(request.organization, inside, now=request.now), asked.part, request)


@handler.route("GET", "/lists/import", scopes=site.IMPORT, permission=Permission.CHANGE)
def ask(request: Request) -> Response:
    """The form for a file."""
    return imports.render_form(wiring.group_store().all(request.organization), request)


@handler.route("POST", "/lists/import", scopes=site.IMPORT)
def take_in(request: Request) -> Response:
    """Put the rows of a file on a list."""
    groups = wiring.group_store().all(request.organization)
    wanted = imports.parse(request, groups)
    report = wiring.list_imports().run(request.context, wanted.list, wanted.rows, wanted.refused)
    return imports.render(report, wanted, groups, request)


@handler.route("GET", "/groups", scopes=site.READ_GROUPS)
def groups(request: Request) -> Response:
    """The unsubscribe groups, each with a link to its list."""
    return lists.render_groups(wiring.group_store().all(request.organization), request)


def _read(
    request: Request, wanted: Filter, after: Position | None, *, limit: int
) -> tuple[Sequence[Suppression], bool]:
    """The entries after a position, and whether there are more behind them."""
    with lists.bounded():
        return wiring.listing().search(request.organization, wanted, after=after, limit=limit, now=request.now)


def _page(request: Request, asked: lists.Asked) -> Response:
    by, store = request.organization, wiring.listing()
    with lists.bounded():
        found, more = store.search(by, asked.wanted, after=asked.after, limit=asked.limit, now=request.now)
        total = asked.total or (None if more or asked.after else (len(found), True))
        if asked.counts and total is None:
            total = store.total(by, asked.wanted, now=request.now)
    with_terms = list(wiring.terms().of(by, found, now=request.now))
    return lists.render(with_terms, total, asked, wiring.group_store().all(by), request, more=more)
