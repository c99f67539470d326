"""GET /api/v1/logs (Okta): the system log."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import system_log
from reprieve.runtime import http, wiring

handler = http.Api(system_log.DIALECT)


@handler.route("GET", "/v1/logs", scopes=system_log.READ)
def logs(request: Request) -> Response:
    """Answer a bounded query, or the next page of a polling one."""
    asked = system_log.parse_query(request)
    page = wiring.system_log().page(request.organization, asked.query, after=asked.after, now=request.now)
    return system_log.render_page(page, asked, request)
