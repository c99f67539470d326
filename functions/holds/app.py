"""/reprieve/holds: addresses and domains that no mail is to go to, by hand."""

from http import HTTPStatus

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, holds
from reprieve.role import Permission
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)


@handler.route("POST", "/holds", scopes=holds.MANAGE, queues=True)
def add(request: Request) -> Response:
    """Hold an address or a domain."""
    wanted = holds.parse_hold(request)
    hold = wiring.holds().add(request.context, wanted.subject, reason=wanted.reason, until=wanted.until)
    return holds.render_hold(hold, HTTPStatus.CREATED)


@handler.route("GET", "/holds", scopes=holds.READ)
def page(request: Request) -> Response:
    """A page of the holds that are in force, newest first."""
    limit, after = holds.parse_page(request)
    found, position = wiring.holds().page(request.organization, after=after, limit=limit, now=request.now)
    return holds.render_page(found, position, request)


@handler.route("GET", "/holds/{subject+}", scopes=holds.READ, permission=Permission.LOOK_UP)
def one(request: Request) -> Response:
    """The hold of one address or domain."""
    return holds.render_hold(wiring.holds().find(request.organization, holds.subject(request), now=request.now))


@handler.route("DELETE", "/holds/{subject+}", scopes=holds.MANAGE, queues=True)
def lift(request: Request) -> Response:
    """Lift a hold."""
    wiring.holds().lift(request.context, holds.subject(request))
    return holds.render_lifted()
