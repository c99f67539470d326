"""One address: why it is not mailed, a lift with its dry run, and how far the lift has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import check_list, handler
from reprieve.dialects.console import address, removal, site
from reprieve.role import Permission
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/", scopes=(), permission=Permission.LOOK_UP)
def start(request: Request) -> Response:
    """The page with the one box; to those who may not look an address up, the first page that they may open."""
    return address.render_start(request)


@handler.route("POST", "/address", scopes=site.READ_ADDRESSES, permission=Permission.LOOK_UP)
def look_up(request: Request) -> Response:
    """Why an address is not mailed."""
    answer = wiring.addresses().explain(request.context, address.parse_look_up(request))
    return address.render_answer(answer, request)


@handler.route("POST", "/lifts/dry-run", scopes=site.LIFT, permission=Permission.LIFT)
def rehearse(request: Request) -> Response:
    """What a lift would do, to those alone who may lift the address from the list."""
    wanted = address.parse_lift(request)
    by_owner = address.by_owner(request.context, wanted.list)
    wiring.allowance().check(request.context, wanted.list)
    answer = wiring.addresses().explain(request.context, wanted.email)
    if not (by_owner or answer.belongs):
        raise removal.of_a_stranger()
    return address.render_dry_run(answer, wanted, request)


@handler.route("POST", "/lifts", scopes=site.LIFT, permission=Permission.LIFT, queues=True)
def lift(request: Request) -> Response:
    """Lift one address from one list."""
    wanted = address.parse_lift(request)
    if address.by_owner(request.context, wanted.list):
        check_list(request, wanted.list)
        ids = wiring.lists().lift_many(request.context, wanted.list, [wanted.email])
        return removal.render_started(removal.lifted(ids, wanted), request)
    (outcome,) = wiring.removals().request(request.context, [wanted.email])
    return removal.render_started(removal.accepted(outcome), request)


@handler.route("GET", "/removals", scopes=site.READ_REMOVALS)
def waiting(request: Request) -> Response:
    """The first page of the lifts that wait for the provider, or that failed."""
    return _queue(request, removal.parse_link(request))


@handler.route("POST", "/removals", scopes=site.READ_REMOVALS, permission=Permission.READ)
def later(request: Request) -> Response:
    """A later page of them. It is a form, because a page's cursor names an address."""
    return _queue(request, removal.parse_later(request))


@handler.route("GET", "/removals/{id}", scopes=site.READ_REMOVALS, permission=Permission.LOOK_UP)
def follow(request: Request) -> Response:
    """How far a lift has come."""
    return removal.render(wiring.following().one(request.organization, request.path["id"]), request)


@handler.route("POST", "/removals/{id}/retry", scopes=site.RETRY, queues=True)
def retry(request: Request) -> Response:
    """Retry a failed lift."""
    wiring.following().retry(request.context, request.path["id"])
    return removal.render_started(request.path["id"], request)


def _queue(request: Request, asked: removal.Queue) -> Response:
    found = wiring.following().waiting(request.organization, asked.state, limit=removal.PAGE, after=asked.after)
    return removal.render_queue(*found, asked, request)
