"""/v3/mail_settings/bounce_purge (SendGrid): after how many days bounces and blocks expire."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect, suppressions
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)


@handler.route("GET", "/mail_settings/bounce_purge", scopes=dialect.READ_PURGE)
def get(request: Request) -> Response:
    """The settings."""
    return suppressions.render_purge(request.organization.purge)


@handler.route("PATCH", "/mail_settings/bounce_purge", scopes=dialect.UPDATE_PURGE)
def change(request: Request) -> Response:
    """Change some of the settings; null removes an age."""
    changes = suppressions.parse_purge(request)
    return suppressions.render_purge(wiring.organizations().change_purge(request.context, changes))
