"""Lifting many addresses that are pasted: a dry run first, then the lift, and how far it has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import check_list, handler
from reprieve.dialects.console import address, lists, many, site
from reprieve.role import Permission
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.access.repeat import Answer
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/lifts/many", scopes=site.LIFT, permission=Permission.LIFT)
def ask(request: Request) -> Response:
    """The form for the addresses."""
    return many.render_form(wiring.group_store().all(request.organization), request)


@handler.route("POST", "/lifts/many/dry-run", scopes=site.LIFT, permission=Permission.LIFT)
def rehearse(request: Request) -> Response:
    """What a lift of many addresses would do, for each of them."""
    wanted = many.parse(request)
    by_owner = address.by_owner(request.context, wanted.list)
    groups = wiring.group_store().all(request.organization)
    lists.check_group(wanted.list, groups)
    found = wiring.rehearsals().of(request.context, wanted.list, wanted.addresses, by_owner=by_owner)
    return many.render_dry_run(found, wanted, groups, request)


@handler.route("POST", "/lifts/many", scopes=site.LIFT, permission=Permission.LIFT, queues=True)
def lift(request: Request) -> Response:
    """Lift many addresses from one list, once however often the form is sent."""
    wanted = many.parse_lift(request)
    by_owner = address.by_owner(request.context, wanted.list)
    if by_owner:
        check_list(request, wanted.list)

    def work() -> Answer:
        if by_owner:
            wiring.lists().lift_many(request.context, wanted.list, wanted.spelled)
            return many.keep(many.Started(request.id, len(wanted.spelled)))
        return many.keep(many.started(wiring.removals().request(request.context, wanted.spelled), request))

    with many.one_form():
        answer, _ = wiring.repeats().once(request.organization, wanted.key, wanted.fingerprint, work, now=request.now)
    return many.render_started(answer, request)


@handler.route("GET", "/lifts/many/{id}", scopes=site.READ_REMOVALS, permission=Permission.LOOK_UP)
def follow(request: Request) -> Response:
    """How far a lift of many addresses has come."""
    found = wiring.following().of_request(request.organization, request.path["id"])
    return many.render(found, wiring.group_store().all(request.organization), request)
