"""/v3/mail_settings/address_whitelist (SendGrid): addresses and domains that are never suppressed."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect, suppressions
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)


@handler.route("GET", "/mail_settings/address_whitelist", scopes=dialect.READ_WHITELIST)
def get(request: Request) -> Response:
    """The settings."""
    return suppressions.render_whitelist(wiring.whitelists().find(request.organization))


@handler.route("PATCH", "/mail_settings/address_whitelist", scopes=dialect.UPDATE_WHITELIST)
def change(request: Request) -> Response:
    """Change whether it applies, or the whole list."""
    enabled, entries = suppressions.parse_whitelist(request)
    return suppressions.render_whitelist(wiring.whitelists().change(request.context, enabled=enabled, entries=entries))
