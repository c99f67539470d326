"""/v1/email-servers (Okta): the organization's own SMTP servers. One that is to be enabled is tried first."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import email_servers
from reprieve.runtime import http, settings, wiring

settings.require(*settings.MAIL)
handler = http.Api(email_servers.DIALECT)


@handler.route("GET", "/v1/email-servers", scopes=email_servers.READ)
def page(request: Request) -> Response:
    """List the servers."""
    return email_servers.render_list(wiring.email_servers().all(request.organization))


@handler.route("POST", "/v1/email-servers", scopes=email_servers.MANAGE)
def create(request: Request) -> Response:
    """Enrol a server."""
    wanted, secret = email_servers.parse_create(request)
    return email_servers.render_created(wiring.email_servers().create(request.context, wanted, secret))


@handler.route("GET", "/v1/email-servers/{emailServerId}", scopes=email_servers.READ)
def get(request: Request) -> Response:
    """Show a server."""
    return email_servers.render_server(
        wiring.email_servers().get(request.organization, email_servers.identifier(request))
    )


@handler.route("PATCH", "/v1/email-servers/{emailServerId}", scopes=email_servers.MANAGE)
def update(request: Request) -> Response:
    """Change a part of a server."""
    edit = email_servers.parse_update(request)
    return email_servers.render_updated(
        wiring.email_servers().update(request.context, email_servers.identifier(request), edit)
    )


@handler.route("DELETE", "/v1/email-servers/{emailServerId}", scopes=email_servers.MANAGE)
def delete(request: Request) -> Response:
    """Delete a server."""
    wiring.email_servers().delete(request.context, email_servers.identifier(request))
    return email_servers.render_done()
