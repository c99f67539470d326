"""GET /reprieve/removals and POST /reprieve/removals/{id}/retry (our own): follow removals, and redrive failed ones."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, removals
from reprieve.removals.removal import RemovalState
from reprieve.role import Permission
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)


@handler.route("GET", "/removals", scopes=removals.READ, permission=removals.permission)
def list_removals(request: Request) -> Response:
    """The removals of a request or an address, or a queue a page at a time."""
    question, organization = removals.parse_question(request), request.organization
    if question.request_id is not None:
        reports = wiring.following().of_request(organization, question.request_id)
    elif question.key is not None:
        reports = wiring.following().of_address(organization, question.key)
    else:
        queue = RemovalState(str(question.state))
        page = wiring.following().waiting(organization, queue, limit=question.limit, after=question.after)
        return removals.render_removals(*page)
    return removals.render_removals([one for one in reports if question.state in (None, one.state)])


@handler.route("GET", "/removals/{id}", scopes=removals.READ, permission=Permission.LOOK_UP)
def get_removal(request: Request) -> Response:
    """One removal."""
    return removals.render_removal(wiring.following().one(request.organization, request.path["id"]))


@handler.route("POST", "/removals/{id}/retry", scopes=removals.MANAGE, queues=True)
def retry_removal(request: Request) -> Response:
    """Put a failed removal back into the queue."""
    report = wiring.following().retry(request.context, request.path["id"])
    return removals.render_removal(report)
