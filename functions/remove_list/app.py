"""POST /api/v1/org/email/bounces/remove-list (Okta): ask that addresses be lifted from the bounce list."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import dialect, removals
from reprieve.role import Permission
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)


@handler.route(
    "POST",
    "/v1/org/email/bounces/remove-list",
    scopes=removals.MANAGE_ORGANIZATION,
    permission=Permission.LIFT,
    queues=True,
)
def remove_list(request: Request) -> Response:
    """Accept what may be lifted; the job carries it out."""
    addresses = removals.parse_remove_list(request)
    outcomes = wiring.removals().request(request.context, addresses)
    return removals.render_remove_list(outcomes)
