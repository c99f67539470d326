"""/v3/asm/suppressions/global (SendGrid): who wants no mail at all."""

from reprieve.address import comparison_key
from reprieve.exchange import Request, Response
from reprieve.runtime import http, wiring
from reprieve.suppression import SuppressionList
from reprieve.wire import sendgrid, sendgrid_lists

handler = http.Api(sendgrid.DIALECT, meter=wiring.meter("sendgrid"), prepare=wiring.acting(sendgrid.acts_for))


@handler.route("POST", "/asm/suppressions/global", scopes=sendgrid.global_scopes("create"))
def unsubscribe(request: Request) -> Response:
    """Put addresses on the unsubscribes."""
    addresses = sendgrid_lists.parse_unsubscribe(request)
    wiring.lists().unsubscribe(request.by, addresses, request_id=request.id, now=request.now)
    return sendgrid_lists.render_unsubscribed(addresses)


@handler.route("GET", "/asm/suppressions/global/{email+}", scopes=sendgrid.global_scopes("read"))
def unsubscribed(request: Request) -> Response:
    """Whether an address is unsubscribed."""
    key, by = comparison_key(sendgrid_lists.address_in(request)), request.by.organization
    found = wiring.listing().get(by, SuppressionList.UNSUBSCRIBES, key, now=request.now)
    if not found:
        sendgrid_lists.check_address(request)
    return sendgrid_lists.render_unsubscribe(found)


@handler.route("DELETE", "/asm/suppressions/global/{email+}", scopes=sendgrid.global_scopes("delete"))
def resubscribe(request: Request) -> Response:
    """Take an address off the unsubscribes, whether it is on them or not."""
    emails, name = [sendgrid_lists.address_in(request)], SuppressionList.UNSUBSCRIBES
    if not wiring.lists().lift_many(request.by, name, emails, request_id=request.id, now=request.now):
        sendgrid_lists.check_address(request)
    return sendgrid_lists.render_deleted()
