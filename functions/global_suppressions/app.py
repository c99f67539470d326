"""/v3/asm/suppressions/global (SendGrid): who wants no mail at all."""

from reprieve.address import comparison_key
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect, suppressions
from reprieve.role import Permission
from reprieve.runtime import http, wiring
from reprieve.suppressions.suppression import SuppressionList

handler = http.Api(dialect.DIALECT)


@handler.route("POST", "/asm/suppressions/global", scopes=dialect.global_scopes("create"), queues=True)
def unsubscribe(request: Request) -> Response:
    """Put addresses on the unsubscribes."""
    addresses = suppressions.parse_unsubscribe(request)
    wiring.unsubscribes().add(request.context, addresses)
    return suppressions.render_unsubscribed(addresses)


@handler.route(
    "GET",
    "/asm/suppressions/global/{email+}",
    scopes=dialect.global_scopes("read"),
    permission=Permission.LOOK_UP,
)
def unsubscribed(request: Request) -> Response:
    """Whether an address is unsubscribed."""
    key, by = comparison_key(request.address("email")), request.organization
    found = wiring.listing().get(by, SuppressionList.UNSUBSCRIBES, key, now=request.now)
    if not found:
        suppressions.check_address(request)
    return suppressions.render_unsubscribe(found)


@handler.route("DELETE", "/asm/suppressions/global/{email+}", scopes=dialect.global_scopes("delete"), queues=True)
def resubscribe(request: Request) -> Response:
    """Take an address off the unsubscribes, whether it is on them or not."""
    emails, name = [request.address("email")], SuppressionList.UNSUBSCRIBES
    if not wiring.lists().lift_many(request.context, name, emails):
        suppressions.check_address(request)
    return suppressions.render_deleted()
