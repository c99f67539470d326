"""/v3/suppression (SendGrid): the lists of addresses that are not mailed."""

from reprieve.exchange import Request, Response
from reprieve.runtime import http, wiring
from reprieve.suppression import SuppressionList
from reprieve.wire import sendgrid

handler = http.Api(sendgrid.DIALECT)


@handler.route("GET", "/suppression/bounces", scopes=sendgrid.scopes(SuppressionList.BOUNCES, "read"))
def bounces(request: Request) -> Response:
    """The newest bounces."""
    found = wiring.suppressions().newest(request.by.organization, SuppressionList.BOUNCES, limit=sendgrid.PAGE)
    return sendgrid.render_list(found)
