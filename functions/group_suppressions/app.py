"""/v3/asm/groups/{group_id}/suppressions, /v3/asm/suppressions (SendGrid): who is unsubscribed from which group."""

from reprieve.address import comparison_key
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect, groups, suppressions
from reprieve.role import Permission
from reprieve.runtime import http, wiring
from reprieve.suppressions.listing import Filter, Selection

handler = http.Api(dialect.DIALECT)


@handler.route("POST", "/asm/groups/{group_id}/suppressions", scopes=dialect.member_scopes("create"), queues=True)
def add(request: Request) -> Response:
    """Put addresses on a group's list; of a group that is not there, on the global unsubscribes."""
    addresses, group_id = suppressions.parse_unsubscribe(request), groups.group_id_in(request)
    target = wiring.group_store().all(request.organization).list_for(group_id)
    wiring.unsubscribes().add(request.context, addresses, to=target)
    return suppressions.render_unsubscribed(addresses)


@handler.route("GET", "/asm/groups/{group_id}/suppressions", scopes=dialect.member_scopes("read"))
def members(request: Request) -> Response:
    """The addresses on a group's list."""
    page, by = groups.parse_page(request), request.organization
    group = wiring.group_store().all(by).get(groups.group_id_in(request))
    found, more = wiring.listing().page(
        by, group.list, Selection(), offset=page.offset, limit=page.limit, now=request.now
    )
    return groups.render_emails(found, page, request, more=more)


@handler.route(
    "POST",
    "/asm/groups/{group_id}/suppressions/search",
    scopes=dialect.member_scopes("read"),
    permission=Permission.READ,
)
def search(request: Request) -> Response:
    """Those of some addresses that are on a group's list."""
    wanted, by = suppressions.parse_unsubscribe(request), request.organization
    group = wiring.group_store().all(by).get(groups.group_id_in(request))
    listed = wiring.listing().on_lists(by, [(group.list, one.key) for one in wanted], now=request.now)
    return groups.render_search(wanted, {key for _, key in listed})


@handler.route(
    "DELETE", "/asm/groups/{group_id}/suppressions/{email+}", scopes=dialect.member_scopes("delete"), queues=True
)
def remove(request: Request) -> Response:
    """Take an address off a group's list, whether it is on it or not."""
    group = wiring.group_store().all(request.organization).get(groups.group_id_in(request))
    if not wiring.lists().lift_many(request.context, group.list, [request.address("email")]):
        suppressions.check_address(request)
    return suppressions.render_deleted()


@handler.route("GET", "/asm/suppressions", scopes=dialect.member_scopes("read"))
def entries(request: Request) -> Response:
    """Every entry of every group's list."""
    page, by = groups.parse_page(request), request.organization
    known = wiring.group_store().all(by)
    found, more = wiring.listing().search(
        by, Filter(lists=known.lists), after=None, limit=page.offset + page.limit, now=request.now
    )
    return groups.render_entries(found[page.offset :], known, page, request, more=more)


@handler.route("GET", "/asm/suppressions/{email+}", scopes=dialect.member_scopes("read"), permission=Permission.LOOK_UP)
def groups_of(request: Request) -> Response:
    """Every group, each with whether an address is unsubscribed from it."""
    key, by = comparison_key(request.address("email")), request.organization
    known = wiring.group_store().all(by)
    listed = wiring.listing().on_lists(by, [(name, key) for name in known.lists], now=request.now)
    if not listed:
        suppressions.check_address(request)
    return groups.render_groups_of(known, {name for name, _ in listed})
