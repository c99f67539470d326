"""An organization's own email servers: which there are, which is enabled, and a test mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import settings as handler
from reprieve.dialects.console import email_servers, site
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/email-servers", scopes=site.READ_SERVERS)
def servers(request: Request) -> Response:
    """The servers."""
    return _servers(request)


@handler.route("POST", "/email-servers/{id}/enable", scopes=site.MANAGE_SERVERS)
def enable(request: Request) -> Response:
    """Have the organization's mail go through a server, if it works."""
    wiring.email_servers().update(request.context, request.path["id"], email_servers.enabled)
    return email_servers.render_done()


@handler.route("POST", "/email-servers/{id}/disable", scopes=site.MANAGE_SERVERS)
def disable(request: Request) -> Response:
    """Have no mail go through a server."""
    wiring.email_servers().update(request.context, request.path["id"], email_servers.disabled)
    return email_servers.render_done()


@handler.route("POST", "/email-servers/{id}/delete", scopes=site.MANAGE_SERVERS)
def delete(request: Request) -> Response:
    """Delete a server with its secret."""
    wiring.email_servers().delete(request.context, request.path["id"])
    return email_servers.render_done()


@handler.route("POST", "/email-servers/{id}/test", scopes=site.MANAGE_SERVERS)
def test(request: Request) -> Response:
    """Send the test mail through a server, and say what became of it."""
    sender, recipient = email_servers.parse_test(request)
    wiring.email_servers().test(request.context, request.path["id"], sender=sender, recipient=recipient)
    return _servers(request, email_servers.TESTED)


def _servers(request: Request, notice: str = "") -> Response:
    return email_servers.render(wiring.email_servers().all(request.organization), request, notice)
