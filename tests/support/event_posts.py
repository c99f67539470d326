"""Posts of delivery events to the event webhook, over the gateway, and what becomes of them."""

from __future__ import annotations

import base64
import json
import time
import zlib
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec

from reprieve.runtime import wiring
from reprieve.suppressions.listing import Selection
from tests.support.gateway import DEMO, Answer, Gateway, Matching, function
from tests.support.webhook import signed

if TYPE_CHECKING:
    from reprieve.suppressions.suppression import AnyList


KEY = ec.generate_private_key(ec.SECP256R1())
SECONDS = int(time.time()) - 60


def post(call: Gateway, *events: object, **more: Any) -> Answer:
    return post_body(call, json.dumps(events).encode(), **more)


def post_body(
    call: Gateway, body: bytes, *, organization: str = "demo", tamper: bytes = b"", timestamp: str = "", key: Any = KEY
) -> Answer:
    return call(
        function("event_webhook"),
        "POST",
        "/events/{kind}/{org}",
        path={"kind": "sendgrid", "org": organization},
        headers=signed(key, body, timestamp),
        body=body + tamper,
        organization=None,
        stage="reprieve",
        as_base64=True,
    )


def letter(content: bytes, reason: str) -> dict[str, object]:
    """A dead letter of one part, as it is in the queue."""
    return {
        "organization": "demo",
        "provider": "sendgrid",
        "reason": reason,
        "id": Matching("[0-9a-f]{16}"),
        "part": 1,
        "parts": 1,
        "content": base64.b64encode(zlib.compress(content)).decode(),
    }


def bounce(number: int = 0, **fields: object) -> dict[str, object]:
    return {
        "email": f"u{number}@company.com",
        "event": "bounce",
        "type": "bounce",
        "reason": "550 5.1.1 no such user ",
        "status": "5.1.1",
        "sg_event_id": f"event-{number}",
        "timestamp": SECONDS,
        **fields,
    }


def listed(name: AnyList) -> list[str]:
    return [entry.email for entry in wiring.listing().each(DEMO, name, Selection(), now=wiring.now())]
