"""POST /api/v1/org/email/bounces/remove-list (Okta): ask that addresses be lifted from the bounce list."""

from reprieve.exchange import Request, Response
from reprieve.runtime import http, wiring
from reprieve.wire import okta

handler = http.Api(okta.DIALECT)


@handler.route("POST", "/v1/org/email/bounces/remove-list", scopes=okta.MANAGE_ORGANIZATION)
def remove_list(request: Request) -> Response:
    """Accept what may be lifted; the job carries it out."""
    addresses = okta.parse_remove_list(request)
    outcomes = wiring.removals().request(
        request.by, addresses, request_id=request.id, provider="sendgrid", now=request.now
    )
    return okta.render_remove_list(outcomes)
