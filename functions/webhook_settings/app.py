"""/v3/user/webhooks/event (SendGrid): where delivery events are to be posted."""

import secrets
import uuid

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect, event_webhooks
from reprieve.runtime import http, settings, wiring

settings.require("SECRETS_KEY")
handler = http.Api(event_webhooks.DIALECT)
SETTINGS = "/user/webhooks/event/settings"


@handler.route("GET", f"{SETTINGS}/all", scopes=dialect.webhook_scopes("read"))
def every(request: Request) -> Response:
    """All webhooks."""
    return event_webhooks.render_all(wiring.event_webhooks().all(request.organization))


@handler.route("POST", SETTINGS, scopes=dialect.webhook_scopes("create"))
def create(request: Request) -> Response:
    """Add a webhook, which does not sign yet."""
    wanted, identifier = event_webhooks.parse(request), str(uuid.UUID(hex=secrets.token_hex(16)))
    return event_webhooks.render_created(wiring.event_webhooks().create(request.context, identifier, wanted))


@handler.route("GET", f"{SETTINGS}/{{id}}", scopes=dialect.webhook_scopes("read"))
def one(request: Request) -> Response:
    """One webhook."""
    return event_webhooks.render(wiring.event_webhooks().find(request.organization, request.path["id"]))


@handler.route("PATCH", f"{SETTINGS}/{{id}}", scopes=dialect.webhook_scopes("update"))
def change(request: Request) -> Response:
    """Change a webhook."""
    wanted, verbs = event_webhooks.parse(request), wiring.event_webhooks()
    return event_webhooks.render_changed(verbs.change(request.context, request.path["id"], wanted))


@handler.route("DELETE", f"{SETTINGS}/{{id}}", scopes=dialect.webhook_scopes("delete"))
def delete(request: Request) -> Response:
    """Delete a webhook."""
    wiring.event_webhooks().delete(request.context, request.path["id"])
    return Response(204)


@handler.route("GET", f"{SETTINGS}/signed/{{id}}", scopes=dialect.webhook_scopes("read"))
def signed(request: Request) -> Response:
    """The key that verifies a webhook's posts."""
    found = wiring.event_webhooks().find(request.organization, request.path["id"])
    return event_webhooks.render_signed(found)


@handler.route("PATCH", f"{SETTINGS}/signed/{{id}}", scopes=dialect.webhook_scopes("update"))
def sign(request: Request) -> Response:
    """Have a webhook sign, or no longer."""
    enabled, verbs = event_webhooks.parse_signed(request), wiring.event_webhooks()
    return event_webhooks.render_signed(verbs.sign(request.context, request.path["id"], enabled=enabled))


@handler.route("POST", "/user/webhooks/event/test", scopes=dialect.WEBHOOK_TEST)
def test(request: Request) -> Response:
    """Post made-up events."""
    asked, body = event_webhooks.parse_test(request), event_webhooks.test_body(request.now)
    poster = wiring.webhook_poster(request.url)
    wiring.event_webhooks().test(request.context, asked.url, asked.id, body, poster=poster)
    return Response(204)
