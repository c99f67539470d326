"""POST /v1/email-servers/{id}/test (Okta): send the one fixed test mail through a server."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import email_servers
from reprieve.runtime import http, settings, wiring

settings.require(*settings.MAIL)
handler = http.Api(email_servers.DIALECT)


@handler.route("POST", "/v1/email-servers/{emailServerId}/test", scopes=email_servers.MANAGE)
def test(request: Request) -> Response:
    """Send the test mail, and report the result in Okta's words."""
    sender, recipient = email_servers.parse_test(request)
    servers = wiring.email_servers()
    servers.test(request.context, email_servers.identifier(request), sender=sender, recipient=recipient)
    return email_servers.render_done()
