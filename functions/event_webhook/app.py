"""POST /reprieve/events/{kind}/{org}: the signed event webhook of every provider that has one."""

from functools import partial

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect as reprieve
from reprieve.dialects.reprieve.events import render_report
from reprieve.errors import Unauthenticated
from reprieve.organization import ORGANIZATION_ID
from reprieve.providers.kind import Webhook
from reprieve.providers.registry import PROVIDERS
from reprieve.runtime import http, metrics, settings, wiring
from reprieve.runtime.telemetry import logger
from reprieve.suppressions.ingest import Post

settings.require("DEAD_LETTER_QUEUE_URL")
handler = http.Api(reprieve.DIALECT)
NOT_PROVED = "the webhook's signature does not match"


def take(request: Request, *, webhook: Webhook, provider_name: str) -> Response:
    """Take in a batch of events; the organization in the path is believed because its key verifies the signature."""
    post, identifier = Post(request.headers, request.body, request.now), request.path["org"]
    # the whole internet can post here, so nothing is read for a post that no key could prove
    webhook.check(post)
    if not ORGANIZATION_ID.fullmatch(identifier):
        raise Unauthenticated(NOT_PROVED)
    organization = wiring.access().organization(identifier)
    key = wiring.access().webhook_key(identifier)
    if organization is None or key is None:
        raise Unauthenticated(NOT_PROVED)
    try:
        webhook.verify(post, key)
    except Unauthenticated as refusal:
        # a key that was rotated at one end only loses every event, and the webhook would just seem silent
        logger().warning("webhook refused", organization=organization.id, detail=str(refusal))
        metrics.webhook_refused()
        raise
    batch = webhook.read(post)
    report = wiring.ingest().accept(organization, batch, provider_name=provider_name, now=request.now)
    metrics.ingest(report, service="event-webhook")
    return render_report(report)


for provider in PROVIDERS.values():
    # loaded now and not at the first request, so that a snapshot has it
    if provider.webhook:
        verb = partial(take, webhook=provider.webhook(), provider_name=provider.name)
        handler.open("POST", f"/events/{provider.kind}/{{org}}")(verb)
