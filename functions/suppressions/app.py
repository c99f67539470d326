"""/v3/suppression (SendGrid): the lists of addresses that are not mailed."""

from collections.abc import Callable

from reprieve.address import comparison_key
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect, suppressions
from reprieve.role import Permission
from reprieve.runtime import http, wiring
from reprieve.suppressions.suppression import SuppressionList

handler = http.Api(dialect.DIALECT)
Verb = Callable[[Request], Response]


def on_lists(
    method: str, path: str, action: str, lists: tuple[SuppressionList, ...], permission: Permission
) -> Callable[[Verb], Verb]:
    """Register a verb on the paths of several lists, each with its own scopes."""

    def register(verb: Verb) -> Verb:
        for name in lists:
            scopes, resource = dialect.scopes(name, action), f"/suppression/{name}{path}"
            handler.route(method, resource, scopes=scopes, permission=permission, queues=method == "DELETE")(verb)
        return verb

    return register


@on_lists("GET", "", "read", tuple(SuppressionList), Permission.READ)
def page(request: Request) -> Response:
    """A page of a list."""
    asked, by, store = suppressions.parse_list(request), request.organization, wiring.listing()
    if asked.offset is None:
        asked = asked.at_last_page(store.count(by, asked.list, asked.selection, now=request.now))
    found, more = store.page(
        by, asked.list, asked.selection, offset=asked.offset or 0, limit=asked.limit, now=request.now
    )
    return suppressions.render_list(found, asked, request, more=more)


@on_lists("GET", "/{email+}", "read", suppressions.MANAGED, Permission.LOOK_UP)
def one(request: Request) -> Response:
    """One address."""
    name, key = suppressions.list_of(request), comparison_key(request.address("email"))
    found = wiring.listing().get(request.organization, name, key, now=request.now)
    if not found:
        suppressions.check_address(request)
    return suppressions.render_one(found)


@on_lists("DELETE", "", "delete", suppressions.MANAGED, Permission.LIFT)
def delete_many(request: Request) -> Response:
    """Lift some addresses, or all."""
    emails, name = suppressions.parse_delete(request), suppressions.list_of(request)
    if emails is None:
        wiring.lists().clear(request.context, name)
    else:
        wiring.lists().lift_many(request.context, name, emails)
    return suppressions.render_deleted()


@on_lists("DELETE", "/{email+}", "delete", suppressions.MANAGED, Permission.LIFT)
def delete(request: Request) -> Response:
    """Lift one address."""
    name, email = suppressions.list_of(request), request.address("email")
    wiring.lists().lift(request.context, name, email)
    return suppressions.render_deleted()
