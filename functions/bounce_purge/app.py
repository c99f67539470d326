"""/v3/mail_settings/bounce_purge (SendGrid): after how many days bounces and blocks expire."""

from reprieve.exchange import Request, Response
from reprieve.runtime import http, wiring
from reprieve.wire import sendgrid, sendgrid_lists

handler = http.Api(sendgrid.DIALECT, meter=wiring.meter("sendgrid"), prepare=wiring.acting(sendgrid.acts_for))


@handler.route("GET", "/mail_settings/bounce_purge", scopes=("mail_settings.bounce_purge.read",))
def get(request: Request) -> Response:
    """The settings."""
    return sendgrid_lists.render_purge(request.by.organization.purge)


@handler.route("PATCH", "/mail_settings/bounce_purge", scopes=("mail_settings.bounce_purge.update",))
def change(request: Request) -> Response:
    """Change some of the settings; null takes an age away."""
    organization = request.by.organization
    purge = sendgrid_lists.parse_purge(request, organization.purge)
    wiring.access().set_purge(organization.id, purge)
    return sendgrid_lists.render_purge(purge)
