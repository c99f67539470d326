"""GET /reprieve/removals and POST /reprieve/removals/{id}/retry (our own): follow removals, and redrive failed ones."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect as reprieve
from reprieve.dialects.reprieve import removals as wire
from reprieve.removals.removal import RemovalState
from reprieve.runtime import http, wiring

handler = http.Api(reprieve.DIALECT, meter=wiring.meter("reprieve"))


@handler.route("GET", "/removals", scopes=wire.READ)
def list_removals(request: Request) -> Response:
    """The removals of a request or an address, or a queue a page at a time."""
    question, organization = wire.parse_question(request), request.organization
    if question.request_id is not None:
        reports = wiring.following().of_request(organization, question.request_id)
    elif question.key is not None:
        reports = wiring.following().of_address(organization, question.key)
    else:
        queue = RemovalState(str(question.state))
        page = wiring.following().waiting(organization, queue, limit=question.limit, after=question.after)
        return wire.render_removals(*page)
    return wire.render_removals([one for one in reports if question.state in (None, one.state)])


@handler.route("GET", "/removals/{id}", scopes=wire.READ)
def get_removal(request: Request) -> Response:
    """One removal."""
    return wire.render_removal(wiring.following().one(request.organization, request.path["id"]))


@handler.route("POST", "/removals/{id}/retry", scopes=wire.MANAGE)
def retry_removal(request: Request) -> Response:
    """Put a failed removal back into the queue."""
    report = wiring.following().retry(request.organization, request.path["id"], now=request.now)
    return wire.render_removal(report)
