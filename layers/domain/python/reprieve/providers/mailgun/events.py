"""Mailgun's webhooks: proving that a post is Mailgun's, and reading its event.

Sources: the pages "Securing Webhooks" and "Webhook Payloads" of Mailgun's manual, "Webhooks" of its help center (what
is repeated, and when), and its Go client (mailgun/mailgun-go, events).

- The signature covers a timestamp and a token, and not the event. So a token proves one content alone (`nonce`): a
  repeat is taken, and the same token with another event is refused.
- `event-data.id` is unique within a day, so the time is part of an event's identity.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import hours, minutes
from reprieve.errors import InvalidInput, Unauthenticated
from reprieve.providers import posts, reading
from reprieve.providers.reading import Meaning
from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.suppression import Permanence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.clock import Millis
    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.ingest import Batch, Post

PROVIDER: Final = "mailgun"
#: Mailgun repeats a post for a little more than 8 hours and does not say whether it signs it anew
OLDEST: Final = hours(9)
NEWEST: Final = minutes(5)
#: an event with the headers of a mail; Mailgun states no limit
MAX_BODY: Final = 1_000_000
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,100}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")
_KEY: Final = re.compile(r"[!-~]{16,200}")

#: what happened, by name; others, such as accepted, opened and clicked, are not ours
_KINDS: Final[Mapping[str, DeliveryKind]] = {
    "delivered": DeliveryKind.DELIVERED,
    "failed": DeliveryKind.BOUNCE,
    "rejected": DeliveryKind.DROPPED,
    "complained": DeliveryKind.SPAM_REPORT,
    "unsubscribed": DeliveryKind.UNSUBSCRIBE,
}
#: codes of Mailgun's own: an earlier bounce, an earlier complaint
_ECHOES: Final = frozenset({605, 606, 607})
#: a mail server's own codes
_REPLIES: Final = range(400, 600)
#: among them, Mailgun's for a domain without a mail server and for one that does not answer
_NO_REPLIES: Final = frozenset({498, 499})


def check_key(key: str) -> None:
    """Refuse a signing key that cannot verify.

    Raises:
        InvalidInput: it does not have the form of Mailgun's HTTP webhook signing key.
    """
    if not _KEY.fullmatch(key):
        raise InvalidInput("not an HTTP webhook signing key as Mailgun shows it", field="webhook_key")


def check_signature(post: Post) -> None:
    """Refuse a post that cannot be proved whatever its organization's key is; it takes no read.

    Raises:
        Unauthenticated: the signature is missing or malformed, or it was made too long ago or in the future.
        LimitExceeded: the body is too large.
    """
    posts.check_size(post, MAX_BODY)
    given = _signature(post)
    if not _TOKEN.fullmatch(reading.word(given, "token")) or not _SIGNATURE.fullmatch(reading.word(given, "signature")):
        raise Unauthenticated("the webhook's signature is missing or malformed")
    posts.check_signing_time(reading.word(given, "timestamp"), post.now, oldest=OLDEST, newest=NEWEST)


def verify(post: Post, keys: str) -> None:
    """Prove that a post comes from Mailgun: HMAC-SHA256 over its timestamp and its token.

    Args:
        post: its `now` decides about its age.
        keys: HTTP webhook signing keys with spaces between, any of which may have signed; "" proves nothing. Where a
            subaccount's event is signed by the primary account's key besides, that key verifies it, too.

    Raises:
        Unauthenticated: no key's signature, or what `check_signature` refuses.
        LimitExceeded: the body is too large.
    """
    check_signature(post)
    given = _signature(post)
    signed = f"{reading.word(given, 'timestamp')}{reading.word(given, 'token')}".encode()
    signatures = [reading.word(given, name).encode() for name in ("signature", "parent-signature")]
    for key in keys.split():
        expected = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest().encode()
        if any(hmac.compare_digest(expected, one) for one in signatures):
            return
    raise Unauthenticated("the webhook's signature does not match")


def nonce(post: Post) -> str:
    """The token of a post, which proves this content and no other."""
    return reading.word(_signature(post), "token")


def parse_events(post: Post) -> Batch:
    """Read one post; one that cannot be read is set aside whole."""
    return reading.batch_of(post, PROVIDER, _events)


def _signature(post: Post) -> Mapping[str, Any]:
    try:
        return reading.member(reading.json_object(post.body), "signature")
    except InvalidInput:
        return {}


def _events(found: Mapping[str, Any], now: Millis) -> Sequence[DeliveryEvent] | None:
    data = reading.member(found, "event-data")
    name = reading.text(data, "event")
    kind = _KINDS.get(name)
    if kind is None:
        return None
    headers = reading.member(reading.member(data, "message"), "headers")
    at = reading.seconds_moment(data.get("timestamp"), "timestamp", now)
    recipients = [data.get("recipient")]
    if kind is DeliveryKind.DROPPED and not data.get("recipient"):
        from email.utils import getaddresses  # noqa: PLC0415  (loads half of `email`, and only rejections need it)

        # a rejection is about the mail: its recipients are in the header
        recipients = [email for _, email in getaddresses([reading.text(headers, "to")[: reading.MAX_ADDRESS]])]
    message_id, meaning = reading.text(headers, "message-id"), _meaning(kind, data)
    occasion = [name, reading.text(data, "id"), message_id, at]
    return [
        reading.event(PROVIDER, email, at, meaning, message_id=message_id, occasion=occasion)
        for email in dict.fromkeys(reading.email(one, "recipient") for one in recipients)
    ]


def _meaning(kind: DeliveryKind, data: Mapping[str, Any]) -> Meaning:
    match kind:
        case DeliveryKind.BOUNCE:
            return _failed(data)
        case DeliveryKind.DROPPED:
            return Meaning(kind, reading.text(reading.member(data, "reject"), "reason"), suppresses=False)
        case DeliveryKind.UNSUBSCRIBE:
            # from a mailing list of Mailgun's own is not from all mail
            return Meaning(kind, suppresses=not reading.member(data, "mailing-list"))
    return Meaning(kind, _said(reading.member(data, "delivery-status")))


def _failed(data: Mapping[str, Any]) -> Meaning:
    status, reason = reading.member(data, "delivery-status"), reading.text(data, "reason")
    code, said, enhanced = status.get("code"), _said(status), reading.text(status, "enhanced-code")
    if reason.startswith("suppress-") or (isinstance(code, int) and code in _ECHOES):
        return Meaning(DeliveryKind.DROPPED, reason or said, suppresses=False)
    if reading.text(data, "severity") == "temporary":
        return Meaning(DeliveryKind.DEFERRED, said, status=enhanced)
    if reason == "bounce" and reading.text(status, "bounce-type") != "soft":
        return Meaning(DeliveryKind.BOUNCE, said, Permanence.HARD, status=enhanced)
    return Meaning(DeliveryKind.BLOCKED, said or reason, Permanence.SOFT, status=enhanced)


def _said(status: Mapping[str, Any]) -> str:
    """The server's answer as it was in the conversation: its code, and its words."""
    code, words = status.get("code"), reading.text(status, "message") or reading.text(status, "description")
    is_reply = isinstance(code, int) and code in _REPLIES and code not in _NO_REPLIES
    return f"{code} {words}".strip() if is_reply and not words.startswith(str(code)) else words
