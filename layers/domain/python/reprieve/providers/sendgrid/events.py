"""SendGrid's Event Webhook: proving that a post is SendGrid's, and reading its events.

Source: SendGrid's pages on the Event Webhook and its signature; the vectors of its own SDKs are in `tests/vectors`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from reprieve import json_body
from reprieve.address import comparison_key
from reprieve.clock import DAY, SECOND, Seconds, hours, minutes, to_millis
from reprieve.errors import InvalidInput, LimitExceeded, Unauthenticated, UnreadableBody
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch, Post
from reprieve.suppressions.suppression import Classification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis


SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"
#: SendGrid repeats a post for 24 hours and does not say whether it signs it anew, so an hour more is accepted;
#: replays within the window change nothing, because events are told apart by their id
OLDEST: Final = hours(25)
#: how far a clock ahead of ours may be
NEWEST: Final = minutes(5)
#: SendGrid posts at 768 kB or after 30 seconds, whichever comes first; some thousands of events can be a little more
MAX_BODY: Final = 2_000_000
#: an event from further ahead than this cannot be right, and would outlive every watermark
FUTURE: Final = DAY

#: `type` of a bounce event that is a block; `expired` is SendGrid's older word for a deferral given up
BLOCKED: Final = frozenset({"blocked", "expired"})
KINDS: Final = {
    "delivered": DeliveryKind.DELIVERED,
    "bounce": DeliveryKind.BOUNCE,
    "blocked": DeliveryKind.BLOCKED,
    "deferred": DeliveryKind.DEFERRED,
    "dropped": DeliveryKind.DROPPED,
    "spamreport": DeliveryKind.SPAM_REPORT,
    "unsubscribe": DeliveryKind.UNSUBSCRIBE,
}
#: events that are SendGrid's but not ours
OTHERS: Final = frozenset(
    {"processed", "open", "click", "group_unsubscribe", "group_resubscribe", "account_status_change"}
)


def verify(post: Post, public_key: str) -> None:
    """Prove that a post comes from SendGrid: ECDSA over P-256 and SHA-256, over the timestamp and the raw body.

    Args:
        post: its `now` decides about its age.
        public_key: base64 of the DER SubjectPublicKeyInfo, as SendGrid's settings show it; "" proves nothing.

    Raises:
        Unauthenticated: no key, no or a wrong signature, or signed too long ago or in the future.
        LimitExceeded: the body is larger than SendGrid ever sends.
    """
    if len(post.body) > MAX_BODY:
        raise LimitExceeded("too large", field="body")
    timestamp = post.headers.get(TIMESTAMP, "")
    if not timestamp.isascii() or not timestamp.isdigit():
        raise Unauthenticated("the webhook's timestamp is missing or no number")
    if not -NEWEST <= post.now - int(timestamp[:15]) * SECOND <= OLDEST:
        raise Unauthenticated("the webhook's timestamp is outside the accepted window")
    signed = timestamp.encode() + post.body
    if not public_key or not signature_matches(public_key, post.headers.get(SIGNATURE, ""), signed):
        raise Unauthenticated("the webhook's signature does not match")


def signature_matches(public_key: str, signature: str, signed: bytes) -> bool:
    """Whether a signature is right. Anything malformed, the key included, is simply not right.

    Args:
        public_key: base64 of the DER SubjectPublicKeyInfo.
        signature: base64 of the DER sequence of r and s.
        signed: the bytes that were signed.
    """
    try:
        key = load_der_public_key(base64.b64decode(public_key, validate=True))
        der = base64.b64decode(signature, validate=True)
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return False
    try:
        key.verify(der, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def parse_events(post: Post) -> Batch:
    """Sort a post's events; one that cannot be read does not hinder the others.

    Raises:
        UnreadableBody: the body is no JSON array.
    """
    content = json_body.parse(post.body)
    if not isinstance(content, list):
        raise UnreadableBody("the body is not an array of events")
    events, malformed, ignored = [], [], 0
    for raw in content:
        try:
            event = _event(raw, post.now)
        except InvalidInput as problem:
            malformed.append({"reason": str(problem), "event": raw})
            continue
        if event is None:
            ignored += 1
        else:
            events.append(event)
    return Batch(events, malformed, ignored)


def _event(raw: object, now: Millis) -> DeliveryEvent | None:
    """One event; None when it is of a kind that is not ours.

    Raises:
        InvalidInput: it cannot be read.
    """
    if not isinstance(raw, dict):
        raise InvalidInput("not an object", field="event")
    name = _text(raw, "event")
    if name in OTHERS:
        return None
    kind = KINDS.get(name)
    if kind is None:
        raise InvalidInput("not a known kind of event", field="event")
    if kind is DeliveryKind.BOUNCE and _text(raw, "type").lower() in BLOCKED:
        kind = DeliveryKind.BLOCKED
    email = _text(raw, "email")
    if not email.strip():
        raise InvalidInput("missing or empty", field="email")
    return DeliveryEvent(
        id=_text(raw, "sg_event_id") or _derived_id(raw),
        kind=kind,
        email=email,
        key=comparison_key(email),
        at=_moment(raw, now),
        message=_text(raw, "reason") or _text(raw, "response"),
        status=_text(raw, "status"),
        classification=Classification.read(_text(raw, "bounce_classification")),
        provider="sendgrid",
        message_id=_text(raw, "sg_message_id"),
        ip=_text(raw, "ip"),
    )


def _moment(raw: Mapping[str, Any], now: Millis) -> Millis:
    stamp = raw.get("timestamp")
    if isinstance(stamp, str) and stamp.isascii() and stamp.isdigit():
        stamp = int(stamp[:15])
    if not isinstance(stamp, int) or isinstance(stamp, bool) or not 0 < stamp * SECOND <= now + FUTURE:
        raise InvalidInput("not a moment in whole seconds", field="timestamp")
    return to_millis(Seconds(stamp))


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    return value if isinstance(value, str) else ""


def _derived_id(raw: Mapping[str, Any]) -> str:
    """An id for an event without one: the same content has the same id."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
