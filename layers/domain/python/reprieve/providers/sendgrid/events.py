"""SendGrid's Event Webhook: proving that a post is SendGrid's, and reading its events.

Source: SendGrid's pages on the Event Webhook and its signature; the vectors of its own SDKs are in `tests/vectors`.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from reprieve.address import comparison_key
from reprieve.clock import SECOND, Seconds, hours, minutes, to_millis
from reprieve.errors import InvalidInput, Unauthenticated
from reprieve.providers import posts, reading
from reprieve.providers.reading import text
from reprieve.suppressions.delivery import FUTURE, DeliveryEvent, DeliveryKind, check_recipient, check_size
from reprieve.suppressions.ingest import Batch, Post, Unreadable
from reprieve.suppressions.suppression import GROUP_ID, Classification

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.clock import Millis


PROVIDER: Final = "sendgrid"
SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"
#: SendGrid repeats a post for 24 hours and does not say whether it signs it anew, so an hour more is accepted;
#: replays within the window change nothing, because a repeated event has the same id
OLDEST: Final = hours(25)
#: how far a clock ahead of ours may be
NEWEST: Final = minutes(5)
#: SendGrid posts at 768 kB or after 30 seconds, whichever comes first; what a function can be passed is 6 MB, in base64
MAX_BODY: Final = 4_000_000
#: base64 of a DER sequence of two integers of P-256: a signature of 8 to 72 bytes
SIGNATURE_FORM: Final = re.compile(r"(?:[A-Za-z0-9+/]{4}){2,24}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

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
    "group_unsubscribe": DeliveryKind.GROUP_UNSUBSCRIBE,
    "group_resubscribe": DeliveryKind.GROUP_RESUBSCRIBE,
}
#: events that are SendGrid's but not ours
OTHERS: Final = frozenset({"processed", "open", "click", "account_status_change"})
#: the kinds that are about one unsubscribe group
OF_GROUPS: Final = frozenset({DeliveryKind.GROUP_UNSUBSCRIBE, DeliveryKind.GROUP_RESUBSCRIBE})


def is_by_token(post: Post) -> bool:
    """Whether a post is unsigned and carries an access token instead, as SendGrid offers it (OAuth 2.0)."""
    return posts.has_token(post) and post.headers.keys().isdisjoint({SIGNATURE, TIMESTAMP})


def check(post: Post) -> None:
    """Refuse a post that neither a key nor a token could prove; it takes no read, and raises what `verify` does."""
    if is_by_token(post):
        posts.check_size(post, MAX_BODY)
    else:
        check_headers(post)


def check_headers(post: Post) -> None:
    """Refuse a post that cannot be proved whatever its organization's key is; it takes no read.

    Args:
        post: its `now` decides about its age.

    Raises:
        Unauthenticated: the signature or its timestamp is missing or malformed, or it was signed too long ago or in the
            future.
        LimitExceeded: the body is larger than SendGrid ever sends.
    """
    posts.check_size(post, MAX_BODY)
    signature = post.headers.get(SIGNATURE)
    if not signature:
        raise Unauthenticated("the webhook's signature is missing")
    if not SIGNATURE_FORM.fullmatch(signature):
        raise Unauthenticated("the webhook's signature is not a signature in base64")
    posts.check_signing_time(post.headers.get(TIMESTAMP, ""), post.now, oldest=OLDEST, newest=NEWEST)


def verify(post: Post, public_keys: str) -> None:
    """Prove that a post comes from SendGrid: ECDSA over P-256 and SHA-256, over the timestamp and the raw body.

    Args:
        post: its `now` decides about its age.
        public_keys: base64 of the DER SubjectPublicKeyInfo, as SendGrid's settings show it; several with spaces
            between, any of which may have signed, so that keys can be rotated; "" proves nothing.

    Raises:
        Unauthenticated: no key, no key's signature, or what `check_headers` refuses.
        LimitExceeded: the body is larger than SendGrid ever sends.
    """
    check_headers(post)
    signed = post.headers[TIMESTAMP].encode() + post.body
    if not any(signature_matches(key, post.headers[SIGNATURE], signed) for key in public_keys.split()):
        raise Unauthenticated("the webhook's signature does not match")


def signature_matches(public_key: str, signature: str, signed: bytes) -> bool:
    """Whether a signature is right. Anything malformed, the key included, is simply not right.

    Args:
        public_key: base64 of the DER SubjectPublicKeyInfo.
        signature: base64 of the DER sequence of r and s.
        signed: the bytes that were signed.
    """
    key = usable_key(public_key)
    if key is None:
        return False
    try:
        key.verify(base64.b64decode(signature, validate=True), signed, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def usable_key(text: str) -> ec.EllipticCurvePublicKey | None:
    """The public key of an ECDSA pair over P-256; None for anything else.

    Args:
        text: base64 of the DER SubjectPublicKeyInfo.
    """
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1) else None


def parse_events(post: Post) -> Batch:
    """Sort a post's events. Whatever arrives, every byte of it is in an event, ignored, or set aside as it came.

    The array is taken apart before any of its events is read, so that one that is not JSON or not UTF-8, or that no
    parser takes (a number of 5,000 digits, as many levels), is set aside by itself. A body that is not an array is set
    aside whole.
    """
    pieces = _pieces(post.body)
    if pieces is None:
        return Batch([], [Unreadable(PROVIDER, "the body is not an array of events", post.body)])
    events, unreadable, ignored = [], [], 0
    for piece in pieces:
        try:
            event = _event(reading.json_object(piece), post.now)
        except InvalidInput as problem:
            unreadable.append(Unreadable(PROVIDER, str(problem), b"[%b]" % piece))
            continue
        if event is None:
            ignored += 1
        else:
            events.append(event)
    return Batch(events, unreadable, ignored)


#: what matters where an array is taken apart: an object without another in it, at one go; a text, in which nothing else
#: matters; or a sign of JSON's structure
TOKEN: Final = re.compile(rb'\{[^"{}]*+(?:"(?:[^"\\]++|\\.)*+"[^"{}]*+)*+\}|"(?:[^"\\]++|\\.)*+"|[\[\]{},]', re.DOTALL)
SPACE: Final = b" \t\r\n"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def _pieces(body: bytes) -> list[bytes] | None:
    """The elements of the array in a body, each as its bytes; None if it is not an array.

    An element need not be JSON itself, as long as its brackets and texts are closed.
    """
    text = body.removeprefix(BYTE_ORDER_MARK).strip(SPACE)
    if not text.startswith(b"["):
        return None
    places = list(_commas(text))
    if not places or places[-1] != len(text) - 1:
        return None
    starts = [0, *places[:-1]]
    pieces = [text[start + 1 : end].strip(SPACE) for start, end in zip(starts, places, strict=True)]
    if pieces == [b""]:
        return []
    return None if b"" in pieces else pieces


def _commas(text: bytes) -> Iterator[int]:
    """Where the elements of the array that a text begins with end: at its commas, and at last at its bracket."""
    depth = 0
    for found in TOKEN.finditer(text):
        sign = found[0]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
        if depth == 0 or (depth == 1 and sign == b","):
            yield found.start()
        if depth == 0:
            return


def _event(raw: Mapping[str, Any], now: Millis) -> DeliveryEvent | None:
    """One event; None when it is of a kind that is not ours.

    Raises:
        InvalidInput: it cannot be read.
    """
    name = text(raw, "event")
    if name in OTHERS:
        return None
    kind = KINDS.get(name)
    if kind is None:
        raise InvalidInput("not a known kind of event", field="event")
    if kind is DeliveryKind.BOUNCE and text(raw, "type").lower() in BLOCKED:
        kind = DeliveryKind.BLOCKED
    email, at = _email(raw), _moment(raw, now)
    key, message_id = comparison_key(email), text(raw, "sg_message_id")
    group = _group(raw) if kind in OF_GROUPS else 0
    event = DeliveryEvent(
        id=_id(key, kind, at, message_id, group),
        kind=kind,
        email=email,
        key=key,
        at=at,
        message=text(raw, "reason") or text(raw, "response"),
        status=text(raw, "status"),
        classification=Classification.read(text(raw, "bounce_classification")),
        provider=PROVIDER,
        message_id=message_id,
        ip=text(raw, "ip"),
        group=group or _group_of_drop(raw, kind),
    )
    check_size(event)
    return event


def _email(raw: Mapping[str, Any]) -> str:
    email = raw.get("email")
    text = email if isinstance(email, str) else ""
    check_recipient(text, field="email")
    return text


def _moment(raw: Mapping[str, Any], now: Millis) -> Millis:
    stamp = raw.get("timestamp")
    if isinstance(stamp, str) and stamp.isascii() and stamp.isdigit():
        stamp = int(stamp[:15])
    if not isinstance(stamp, int) or isinstance(stamp, bool) or not 0 < stamp * SECOND <= now + FUTURE:
        raise InvalidInput("not a moment in whole seconds", field="timestamp")
    return to_millis(Seconds(stamp))


def _group(raw: Mapping[str, Any]) -> int:
    group = reading.word(raw, "asm_group_id")
    if not GROUP_ID.fullmatch(group):
        raise InvalidInput("not the id of a group", field="asm_group_id")
    return int(group)


def _group_of_drop(raw: Mapping[str, Any], kind: DeliveryKind) -> int:
    """The group that a dropped message was of, 0 for none; what cannot be read is none, and loses nothing."""
    group = reading.word(raw, "asm_group_id") if kind is DeliveryKind.DROPPED else ""
    return int(group) if GROUP_ID.fullmatch(group) else 0


def _id(key: str, kind: DeliveryKind, at: int, message_id: str, group: int) -> str:
    """What makes it this event and no other. SendGrid's `sg_event_id` does not: it is a new one in some repeats."""
    return reading.identifier(key, kind, at, message_id, *([group] if group else []))
