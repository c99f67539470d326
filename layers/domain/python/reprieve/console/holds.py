"""Holds: what is held by hand, and holding and lifting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import handler
from reprieve.dialects.console import holds, site
from reprieve.role import Permission
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/holds", scopes=site.READ_HOLDS)
def newest(request: Request) -> Response:
    """The first page of the holds."""
    return _page(request)


@handler.route("POST", "/holds", scopes=site.READ_HOLDS, permission=Permission.READ)
def later(request: Request) -> Response:
    """A later page of them. It is a form, because a page's cursor names an address."""
    return _page(request, cursor=holds.parse_cursor(request))


@handler.route("POST", "/holds/add", scopes=site.MANAGE_HOLDS, queues=True)
def add(request: Request) -> Response:
    """Hold an address or a domain."""
    wanted = holds.parse_hold(request)
    hold = wiring.holds().add(request.context, wanted.subject, reason=wanted.reason, until=wanted.until)
    return _page(request, notice=holds.held(hold))


@handler.route("POST", "/holds/lift", scopes=site.MANAGE_HOLDS, queues=True)
def lift(request: Request) -> Response:
    """Lift a hold."""
    subject = holds.parse_subject(request)
    wiring.holds().lift(request.context, subject)
    return _page(request, notice=holds.lifted(subject))


def _page(request: Request, *, cursor: str = "", notice: str = "") -> Response:
    limit, after = holds.parse_page(request, cursor)
    found, position = wiring.holds().page(request.organization, after=after, limit=limit, now=request.now)
    return holds.render(found, position, request, is_first=after is None, notice=notice)
