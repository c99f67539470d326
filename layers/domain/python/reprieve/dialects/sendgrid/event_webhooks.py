"""SendGrid's settings of event webhooks: their requests and their answers, and the events of a test.

Source: Twilio SendGrid's OpenAPI document of the webhooks, January 2026; docs/reference/sendgrid-api.md lists the
choices where it says nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.access.event_webhook import EVENTS, MAX_WEBHOOKS, WebhookChanges
from reprieve.clock import SECOND, to_seconds
from reprieve.dialects.dialect import Refusal
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect
from reprieve.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.access.event_webhook import EventWebhook
    from reprieve.clock import Millis

#: SendGrid's answer for a webhook that is not there differs from its others
DIALECT: Final = dialect.DIALECT.with_errors({NotFound: Refusal(404, "Invalid id provided.")})
#: the recipient of SendGrid's test events
RECIPIENT: Final = "example@test.com"
#: settings of OAuth, which are refused: a post without the token that they promise could not be believed
OAUTH: Final = ("oauth_client_id", "oauth_client_secret", "oauth_token_url")
#: what each kind of event has besides, in a test
TESTED: Final[Mapping[str, Mapping[str, object]]] = {
    "processed": {},
    "deferred": {"response": "400 try again later", "attempt": "5"},
    "delivered": {"response": "250 OK"},
    "open": {"useragent": "Mozilla/4.0", "ip": "255.255.255.255"},
    "click": {"useragent": "Mozilla/4.0", "ip": "255.255.255.255", "url": "http://www.sendgrid.com/"},
    "bounce": {"reason": "500 unknown recipient", "status": "5.0.0", "type": "bounce"},
    "dropped": {"reason": "Bounced Address", "status": "5.0.0"},
    "spamreport": {},
    "unsubscribe": {},
    "group_unsubscribe": {"asm_group_id": 10, "ip": "255.255.255.255", "useragent": "Mozilla/4.0"},
    "group_resubscribe": {"asm_group_id": 10, "ip": "255.255.255.255", "useragent": "Mozilla/4.0"},
}


@dataclass(frozen=True, slots=True)
class Test:
    """What a test is asked for: the URL, and the webhook whose key signs, None for none."""

    url: str
    id: str | None


def parse(request: Request) -> WebhookChanges:
    """What a POST or a PATCH sets; members that a webhook does not have are ignored.

    Raises:
        InvalidInput: a member is missing, or not what it must be.
    """
    body = request.json_object()
    for name in OAUTH:
        if body.get(name):
            raise InvalidInput("is not supported: posts are signed", field=name)
    given = {name: body[name] for name in (*EVENTS, "enabled") if body.get(name) is not None}
    for name, value in given.items():
        if not isinstance(value, bool):
            raise InvalidInput("must be true or false", field=name)
    enabled = given.pop("enabled", None)
    return WebhookChanges(_text(body, "url"), enabled, given, _text(body, "friendly_name", needed=False))


def parse_signed(request: Request) -> bool:
    """Whether a webhook is to sign.

    Raises:
        InvalidInput: the request does not say.
    """
    enabled = request.json_object().get("enabled")
    if not isinstance(enabled, bool):
        raise InvalidInput("must be true or false", field="enabled")
    return enabled


def parse_test(request: Request) -> Test:
    """Where a test is to post.

    Raises:
        InvalidInput: there is no URL, or a member is not what it must be.
    """
    body = request.json_object()
    return Test(_text(body, "url"), _text(body, "id", needed=False) or None)


def test_body(now: Millis) -> bytes:
    """The events of a test: one of each kind, in the form in which SendGrid's posts have them."""
    about = {"email": RECIPIENT, "timestamp": to_seconds(now), "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>"}
    events = [
        about
        | {"event": kind, "category": ["cat facts"], "sg_event_id": f"test-{kind}-{now}"}
        | {"sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", **more}
        for kind, more in TESTED.items()
    ]
    lines = [json.dumps(event, sort_keys=True, separators=(",", ":")) for event in events]
    return ("[" + ",\r\n".join(lines) + "]\r\n").encode()


def render_created(webhook: EventWebhook) -> Response:
    """The answer to a POST."""
    return Response(HTTPStatus.CREATED, _dated(webhook))


def render_changed(webhook: EventWebhook) -> Response:
    """The answer to a PATCH."""
    return Response(HTTPStatus.OK, _dated(webhook))


def render(webhook: EventWebhook) -> Response:
    """One webhook."""
    return Response(HTTPStatus.OK, _keyed(_plain(webhook), webhook))


def render_all(webhooks: Sequence[EventWebhook]) -> Response:
    """All webhooks. SendGrid shows none as a list with an empty one; here it is an empty list."""
    rows = [_keyed(_dated(one), one) for one in webhooks]
    return Response(HTTPStatus.OK, {"max_allowed": MAX_WEBHOOKS, "webhooks": rows})


def render_signed(webhook: EventWebhook) -> Response:
    """The key that verifies a webhook's posts; empty when they are not signed."""
    return Response(HTTPStatus.OK, {"id": webhook.id, "public_key": webhook.public_key})


def _plain(webhook: EventWebhook) -> dict[str, Any]:
    kinds = {name: name in webhook.events for name in EVENTS}
    named = {"friendly_name": webhook.friendly_name or None, "id": webhook.id}
    return {"enabled": webhook.enabled, "url": webhook.url, **kinds, **named}


def _dated(webhook: EventWebhook) -> dict[str, Any]:
    dates = {"created_date": _date(webhook.created), "updated_date": _date(webhook.updated)}
    return {**_plain(webhook), **dates}


def _keyed(shown: dict[str, Any], webhook: EventWebhook) -> dict[str, Any]:
    return {**shown, "public_key": webhook.public_key} if webhook.public_key else shown


def _date(moment: Millis) -> str:
    return datetime.fromtimestamp(moment // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(body: Mapping[str, Any], name: str, *, needed: bool = True) -> Any:  # noqa: ANN401  (text, or None)
    value = body.get(name)
    if value is None and not needed:
        return None
    if not isinstance(value, str):
        raise InvalidInput("must be set, as text" if needed else "must be text", field=name)
    return value
