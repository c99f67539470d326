"""POST /reprieve/events/sendgrid/{org}: SendGrid's signed Event Webhook."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect as reprieve
from reprieve.dialects.reprieve.events import render_report
from reprieve.errors import Unauthenticated
from reprieve.organization import ORGANIZATION_ID
from reprieve.providers.sendgrid import events as sendgrid_events
from reprieve.runtime import http, metrics, wiring
from reprieve.suppressions.ingest import Post

handler = http.Api(reprieve.DIALECT)
NOT_PROVED = "the webhook's signature does not match"


@handler.route("POST", "/events/sendgrid/{org}")
def events(request: Request) -> Response:
    """Take in a batch of events; the organization in the path is believed because its key verifies the signature."""
    post, identifier = Post(request.headers, request.body, request.now), request.path["org"]
    # anybody can post here, so nothing is read for what could not be proved by any key
    sendgrid_events.check_headers(post)
    if not ORGANIZATION_ID.fullmatch(identifier):
        raise Unauthenticated(NOT_PROVED)
    organization = wiring.access().organization(identifier)
    account = wiring.access().provider_account(identifier)
    if organization is None or account is None:
        raise Unauthenticated(NOT_PROVED)
    sendgrid_events.verify(post, account.webhook_key)
    report = wiring.ingest().take(organization, sendgrid_events.parse_events(post))
    metrics.ingest(report)
    return render_report(report)
