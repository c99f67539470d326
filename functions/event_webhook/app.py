"""POST /reprieve/events/sendgrid/{org}: SendGrid's signed Event Webhook."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect as reprieve
from reprieve.dialects.reprieve.events import render_report
from reprieve.errors import Unauthenticated
from reprieve.providers.sendgrid import events as sendgrid_events
from reprieve.runtime import http, metrics, wiring
from reprieve.runtime.telemetry import logger
from reprieve.suppressions.ingest import Post

handler = http.Api(reprieve.DIALECT)


@handler.route("POST", "/events/sendgrid/{org}")
def events(request: Request) -> Response:
    """Take in a batch of events; the organization in the path is believed because its key verifies the signature."""
    organization = wiring.access().organization(request.path["org"])
    key = wiring.access().webhook_key(request.path["org"])
    if organization is None or key is None:
        raise Unauthenticated("the webhook's signature does not match")
    post = Post(request.headers, request.body, request.now)
    try:
        sendgrid_events.verify(post, key)
    except Unauthenticated as refusal:
        # a key that was rotated at one end only loses every event, and would look like silence
        logger().warning("webhook refused", organization=organization.id, detail=str(refusal))
        metrics.webhook_refused()
        raise
    report = wiring.ingest().accept(organization, sendgrid_events.parse_events(post), now=request.now)
    metrics.ingest(report)
    return render_report(report)
