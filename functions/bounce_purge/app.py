"""/v3/mail_settings/bounce_purge (SendGrid): after how many days bounces and blocks expire."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect as sendgrid
from reprieve.dialects.sendgrid import suppressions as sendgrid_lists
from reprieve.runtime import http, wiring

handler = http.Api(sendgrid.DIALECT, meter=wiring.meter("sendgrid"), prepare=wiring.acting(sendgrid.acts_for))


@handler.route("GET", "/mail_settings/bounce_purge", scopes=("mail_settings.bounce_purge.read",))
def get(request: Request) -> Response:
    """The settings."""
    return sendgrid_lists.render_purge(request.organization.purge)


@handler.route("PATCH", "/mail_settings/bounce_purge", scopes=("mail_settings.bounce_purge.update",))
def change(request: Request) -> Response:
    """Change some of the settings; null takes an age away."""
    changes = sendgrid_lists.parse_purge(request)
    return sendgrid_lists.render_purge(wiring.organizations().change_purge(request.context, changes))
