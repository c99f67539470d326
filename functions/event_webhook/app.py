"""POST /reprieve/events/{kind}/{org}: the event webhook of every provider that has one."""

from collections.abc import Mapping

from reprieve.access.webhook_keys import account_of, only_account
from reprieve.clock import DAY, Millis
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect as reprieve
from reprieve.dialects.reprieve.events import CREATE, render_report
from reprieve.errors import Conflict, NoSuchRoute, NotFound, Unauthenticated
from reprieve.organization import ORGANIZATION_ID, Organization
from reprieve.providers.kind import Webhook
from reprieve.providers.registry import PROVIDERS
from reprieve.runtime import http, metrics, settings, wiring
from reprieve.runtime.telemetry import logger
from reprieve.suppressions.ingest import Post

settings.require("DEAD_LETTER_QUEUE_URL", "SECRETS_KEY")
handler = http.Api(reprieve.DIALECT)
NOT_PROVED = "the webhook's signature does not match"
PROVED_ANOTHER = "the webhook's token has proved another post"
#: longer than any provider's signature is believed
NONCES_KEPT = 2 * DAY
#: loaded now and not at the first request, so that a snapshot has them
WEBHOOKS = {one.kind: (one.name, one.webhook()) for one in PROVIDERS.values() if one.webhook}


@handler.open("POST", "/events/{kind}/{org}", scopes=CREATE)
def take(request: Request) -> Response:
    """Take in a batch of events; the organization in the path is believed because its key verifies the signature.

    Which of its accounts the events come from is known by the key, too. A post without a signature is believed because
    it has the organization's own token, where the provider gets one.
    """
    post, identifier, kind = Post(request.headers, request.body, request.now), request.path["org"], request.path["kind"]
    if kind not in WEBHOOKS:
        raise NoSuchRoute(request.resource)
    provider_name, webhook = WEBHOOKS[kind]
    # the whole internet can post here, so nothing is read for a post that nothing could prove
    webhook.check(post)
    if not ORGANIZATION_ID.fullmatch(identifier):
        raise Unauthenticated(NOT_PROVED)
    signed = not (webhook.by_token and webhook.by_token(post))
    organization = wiring.access().organization(identifier) if signed else handler.owner(request, identifier)
    keys = wiring.webhook_keys().of(identifier, kind)
    if organization is None or not keys:
        raise Unauthenticated(NOT_PROVED) if signed else NotFound("account that takes events of", kind)
    try:
        account = prove(post, webhook, keys, organization, kind) if signed else only_account(keys)
    except (Unauthenticated, Conflict) as refusal:
        # a key that was rotated at one end only loses every event, and the webhook would just seem silent
        logger().warning("webhook refused", organization=organization.id, detail=str(refusal))
        metrics.webhook_refused()
        raise
    batch = webhook.read(post)
    report = wiring.ingest().accept(organization, batch, provider_name=provider_name, account=account, now=request.now)
    metrics.ingest(report, service="event-webhook")
    return render_report(report)


def prove(post: Post, webhook: Webhook, keys: Mapping[str, str], organization: Organization, kind: str) -> str:
    """The account one of whose keys verifies the post.

    Raises:
        Unauthenticated: no key does, or what signs the post has signed other content before.
    """
    account = account_of(keys, lambda key: webhook.verify(post, key))
    if webhook.nonce:
        nonce, until = f"{kind} {webhook.nonce(post)}", Millis(post.now + NONCES_KEPT)
        if not wiring.repeats().proves(organization, nonce, post.body, until=until):
            raise Unauthenticated(PROVED_ANOTHER)
    return account
