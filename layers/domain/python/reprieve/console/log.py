"""The system log: what happened, found by a filter or by words, and what is newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import handler
from reprieve.dialects.console import log, site
from reprieve.errors import InvalidInput
from reprieve.role import Permission
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/log", scopes=site.READ_LOG)
def latest(request: Request) -> Response:
    """The latest entries."""
    return _found(log.everything(request), request)


@handler.route("POST", "/log", scopes=site.READ_LOG, permission=Permission.READ)
def search(request: Request) -> Response:
    """The entries that a form asks for, newest first; where it cannot be understood, what is wrong with it."""
    try:
        asked = log.parse(request)
    except InvalidInput as problem:
        return log.render_refused(problem, request)
    return _found(asked, request)


@handler.route("POST", "/log/newer", scopes=site.READ_LOG, permission=Permission.READ)
def newer(request: Request) -> Response:
    """What has arrived since a search, or since this was last asked."""
    asked = log.parse_newer(request)
    page = wiring.system_log().page(request.organization, asked.query, after=asked.after, now=request.now)
    return log.render_newer(page, asked, request)


def _found(asked: log.Asked, request: Request) -> Response:
    page = wiring.system_log().page(request.organization, asked.query, after=asked.after, now=request.now)
    return log.render(page, asked, request)
