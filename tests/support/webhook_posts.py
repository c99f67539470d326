"""Posts to the webhooks of providers whose keys are secrets, signed as each provider signs, for `Post.now` = `now`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from reprieve.suppressions.ingest import Post

if TYPE_CHECKING:
    from reprieve.clock import Millis

RESEND_SECRET = "whsec_" + base64.b64encode(b"canary-of-24-octets-----").decode()


def resend_headers(
    body: bytes, now: Millis, *, secret: str = RESEND_SECRET, message_id: str = "msg_1"
) -> dict[str, str]:
    """The headers of Svix, by lower-case name."""
    key, timestamp = base64.b64decode(secret.removeprefix("whsec_")), str(now // 1000)
    digest = hmac.digest(key, b"%b.%b.%b" % (message_id.encode(), timestamp.encode(), body), hashlib.sha256)
    return {
        "svix-id": message_id,
        "svix-timestamp": timestamp,
        "svix-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def resend_post(event: Any, now: Millis, **options: Any) -> Post:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return Post(resend_headers(body, now, **options), body, now)


MAILGUN_KEY = "canary-of-the-signing-key-at-mailgun"
POSTMARK_KEY = "postmark:canary-of-the-webhooks-password"


def mailgun_body(event: Any, now: Millis, *, key: str = MAILGUN_KEY, token: str = "t" * 50) -> bytes:
    """A post's body: Mailgun's signature is beside its event."""
    timestamp = str(now // 1000)
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return json.dumps({"signature": signed, "event-data": event}).encode()


def mailgun_post(event: Any, now: Millis, **options: Any) -> Post:
    return Post({}, mailgun_body(event, now, **options), now)


def postmark_headers(key: str = POSTMARK_KEY) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}
