"""/v1/email-servers (Okta): the organization's own SMTP servers. One that is to be enabled is tried first."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import email_servers as wire
from reprieve.runtime import http, settings, wiring

settings.require(*settings.MAIL)
handler = http.Api(wire.DIALECT)


@handler.route("GET", "/v1/email-servers", scopes=wire.READ)
def page(request: Request) -> Response:
    """List the servers."""
    return wire.render_list(wiring.email_servers().all(request.organization))


@handler.route("POST", "/v1/email-servers", scopes=wire.MANAGE)
def create(request: Request) -> Response:
    """Enrol a server."""
    settings, secret = wire.parse_create(request)
    return wire.render_created(wiring.email_servers().create(request.context, settings, secret))


@handler.route("GET", "/v1/email-servers/{emailServerId}", scopes=wire.READ)
def get(request: Request) -> Response:
    """Show a server."""
    return wire.render_server(wiring.email_servers().get(request.organization, wire.identifier(request)))


@handler.route("PATCH", "/v1/email-servers/{emailServerId}", scopes=wire.MANAGE)
def update(request: Request) -> Response:
    """Change a part of a server."""
    edit = wire.parse_update(request)
    return wire.render_updated(wiring.email_servers().update(request.context, wire.identifier(request), edit))


@handler.route("DELETE", "/v1/email-servers/{emailServerId}", scopes=wire.MANAGE)
def delete(request: Request) -> Response:
    """Delete a server."""
    wiring.email_servers().delete(request.context, wire.identifier(request))
    return wire.render_done()
