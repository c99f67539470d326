"""/reprieve/hooks: where an organization's own systems hear of changes."""

from http import HTTPStatus

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, hooks
from reprieve.runtime import http, settings, wiring

settings.require("SECRETS_KEY", "EVENT_BUS")
handler = http.Api(dialect.DIALECT)


@handler.route("GET", "/hooks", scopes=hooks.READ)
def every(request: Request) -> Response:
    """All hooks."""
    return hooks.render_all(wiring.hooks().all(request.organization))


@handler.route("POST", "/hooks", scopes=hooks.MANAGE)
def add(request: Request) -> Response:
    """Add a hook."""
    return hooks.render_secret(*wiring.hooks().add(request.context, hooks.parse_new(request)), HTTPStatus.CREATED)


@handler.route("GET", "/hooks/{id}", scopes=hooks.READ)
def one(request: Request) -> Response:
    """One hook."""
    return hooks.render(wiring.hooks().find(request.organization, hooks.identifier(request)))


@handler.route("PATCH", "/hooks/{id}", scopes=hooks.MANAGE)
def change(request: Request) -> Response:
    """Change a hook."""
    wanted = hooks.parse_changes(request)
    return hooks.render(wiring.hooks().change(request.context, hooks.identifier(request), wanted))


@handler.route("DELETE", "/hooks/{id}", scopes=hooks.MANAGE)
def remove(request: Request) -> Response:
    """Remove a hook."""
    wiring.hooks().remove(request.context, hooks.identifier(request))
    return hooks.render_removed()


@handler.route("POST", "/hooks/{id}/rotate", scopes=hooks.MANAGE)
def rotate(request: Request) -> Response:
    """Give a hook a new secret."""
    keep = hooks.parse_rotation(request)
    return hooks.render_secret(*wiring.hooks().rotate(request.context, hooks.identifier(request), keep_hours=keep))


@handler.route("POST", "/hooks/{id}/test", scopes=hooks.MANAGE)
def test(request: Request) -> Response:
    """Post a notice that reports no change."""
    return hooks.render_tested(wiring.hooks().test(request.context, hooks.identifier(request)))


@handler.route("GET", "/hooks/{id}/deliveries", scopes=hooks.READ)
def deliveries(request: Request) -> Response:
    """A page of the log of deliveries, newest first."""
    limit, after = hooks.parse_page(request)
    verbs, identifier = wiring.hooks(), hooks.identifier(request)
    found, position = verbs.deliveries(request.organization, identifier, after=after, limit=limit)
    return hooks.render_deliveries(found, position, request)


@handler.route("POST", "/hooks/{id}/replay", scopes=hooks.MANAGE)
def replay(request: Request) -> Response:
    """Have a hook hear of changes again."""
    since, until = hooks.parse_replay(request)
    found = wiring.hooks().replay(request.context, hooks.identifier(request), since=since, until=until)
    return hooks.render_replaying(found)
