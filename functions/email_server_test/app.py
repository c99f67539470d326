"""POST /v1/email-servers/{id}/test (Okta): send the one fixed test mail through a server."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import email_servers as wire
from reprieve.runtime import http, settings, wiring

settings.require(*settings.MAIL)
handler = http.Api(wire.DIALECT)


@handler.route("POST", "/v1/email-servers/{emailServerId}/test", scopes=wire.MANAGE)
def test(request: Request) -> Response:
    """Talk to the server, and say in Okta's words how that went."""
    sender, recipient = wire.parse_test(request)
    servers = wiring.email_servers()
    servers.test(request.context, wire.identifier(request), sender=sender, recipient=recipient)
    return wire.render_done()
