"""/v3/suppression (SendGrid): the lists of addresses that are not mailed."""

from collections.abc import Callable

from reprieve.address import comparison_key
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect as sendgrid
from reprieve.dialects.sendgrid import suppressions as sendgrid_lists
from reprieve.runtime import http, wiring
from reprieve.suppressions.suppression import SuppressionList

handler = http.Api(sendgrid.DIALECT, meter=wiring.meter("sendgrid"), prepare=wiring.acting(sendgrid.acts_for))
Verb = Callable[[Request], Response]


def on_lists(method: str, path: str, action: str, lists: tuple[SuppressionList, ...]) -> Callable[[Verb], Verb]:
    """Register a verb on the paths of several lists, each with its own scopes."""

    def register(verb: Verb) -> Verb:
        for name in lists:
            handler.route(method, f"/suppression/{name}{path}", scopes=sendgrid.scopes(name, action))(verb)
        return verb

    return register


@on_lists("GET", "", "read", tuple(SuppressionList))
def page(request: Request) -> Response:
    """A page of a list."""
    asked, by, store = sendgrid_lists.parse_list(request), request.organization, wiring.listing()
    if asked.offset is None:
        asked = asked.at_last_page(store.count(by, asked.list, asked.selection, now=request.now))
    found, more = store.page(
        by, asked.list, asked.selection, offset=asked.offset or 0, limit=asked.limit, now=request.now
    )
    return sendgrid_lists.render_list(found, asked, request, more=more)


@on_lists("GET", "/{email+}", "read", sendgrid_lists.MANAGED)
def one(request: Request) -> Response:
    """One address."""
    name, key = sendgrid_lists.list_of(request), comparison_key(request.address("email"))
    found = wiring.listing().get(request.organization, name, key, now=request.now)
    if not found:
        sendgrid_lists.check_address(request)
    return sendgrid_lists.render_one(found)


@on_lists("DELETE", "", "delete", sendgrid_lists.MANAGED)
def delete_many(request: Request) -> Response:
    """Lift some addresses, or all."""
    emails, name = sendgrid_lists.parse_delete(request), sendgrid_lists.list_of(request)
    if emails is None:
        wiring.lists().clear(request.context, name)
    else:
        wiring.lists().lift_many(request.context, name, emails)
    return sendgrid_lists.render_deleted()


@on_lists("DELETE", "/{email+}", "delete", sendgrid_lists.MANAGED)
def delete(request: Request) -> Response:
    """Lift one address."""
    name, email = sendgrid_lists.list_of(request), request.address("email")
    wiring.lists().lift(request.context, name, email)
    return sendgrid_lists.render_deleted()
