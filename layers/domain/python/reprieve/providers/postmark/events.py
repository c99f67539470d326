"""Postmark's webhooks: proving that a post is Postmark's, and reading its event.

Sources: the pages "Webhooks overview", "Bounce webhook", "Spam complaint webhook", "Delivery webhook", "Subscription
change webhook" and "Bounce types" of Postmark's developer documentation.

- Postmark signs nothing. A post is believed for the user name and password in the webhook's URL, or for a header that
  the operator adds to the webhook.
- A bounce says whether Postmark deactivated the address (`Inactive`): that distinguishes a bounce from a block.
- A subscription change repeats what a bounce or a complaint has said, and is all that a broadcast stream sends of them.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import MINUTE, Millis
from reprieve.errors import InvalidInput, Unauthenticated
from reprieve.providers import posts, reading
from reprieve.providers.reading import Meaning
from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.suppression import Permanence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.ingest import Batch, Post

PROVIDER: Final = "postmark"
#: the header that the operator may add to the webhook, in place of a user name and password in its URL
HEADER: Final = "x-webhook-key"
#: the content of a bounce is in its event when the webhook asks for it; Postmark states no limit
MAX_BODY: Final = 1_000_000
_KEY: Final = re.compile(r"[!-~]{24,200}")

_SOFT: Final = Meaning(DeliveryKind.BLOCKED, opinion=Permanence.SOFT)
_ABOUT_THE_MESSAGE: Final = Meaning(DeliveryKind.BLOCKED, suppresses=False)
_LOG_ONLY: Final = Meaning(DeliveryKind.DROPPED, suppresses=False)
#: by type of bounce; a type that is missing here says nothing of a delivery
_TYPES: Final[Mapping[str, Meaning]] = {
    "HardBounce": Meaning(DeliveryKind.BOUNCE, opinion=Permanence.HARD),
    "Transient": _SOFT,
    "DnsError": _SOFT,
    "SoftBounce": _SOFT,
    "Blocked": _SOFT,
    "Unknown": Meaning(DeliveryKind.BLOCKED),
    "SpamNotification": _ABOUT_THE_MESSAGE,
    "VirusNotification": _ABOUT_THE_MESSAGE,
    "DMARCPolicy": _ABOUT_THE_MESSAGE,
    "BadEmailAddress": Meaning(DeliveryKind.DROPPED),
    "SpamComplaint": Meaning(DeliveryKind.SPAM_REPORT),
    "Unsubscribe": Meaning(DeliveryKind.UNSUBSCRIBE),
    "ManuallyDeactivated": _LOG_ONLY,
    "SMTPApiError": _LOG_ONLY,
}
#: the word by which a drop puts an address on the list of invalid ones
_INVALID: Final = "Invalid"
#: the kind of event behind a suppression, by its reason
_SUPPRESSED: Final[Mapping[str, DeliveryKind]] = {
    "HardBounce": DeliveryKind.BOUNCE,
    "SpamComplaint": DeliveryKind.SPAM_REPORT,
}
#: a subscription change counts as this much older than it is, so that the bounce behind it, which has the server's
#: words, is the newer of the two in whatever order they arrive
_CHANGE_YIELDS: Final = MINUTE


def check_key(key: str) -> None:
    """Refuse a key that is too short to prove anything, or that no URL and header can hold.

    Raises:
        InvalidInput: it is not 24 to 200 characters of printable ASCII without spaces.
    """
    if not _KEY.fullmatch(key):
        raise InvalidInput(
            "24 to 200 characters without spaces: user:password, or a key of your own", field="webhook_key"
        )


def check_headers(post: Post) -> None:
    """Refuse a post that cannot be proved whatever its organization's key is; it takes no read.

    Raises:
        Unauthenticated: it has neither a user name and password nor the header.
        LimitExceeded: the body is too large.
    """
    posts.check_size(post, MAX_BODY)
    if not _KEY.fullmatch(_given(post)):
        raise Unauthenticated("the webhook's user name and password, or its key, are missing")


def verify(post: Post, keys: str) -> None:
    """Prove that a post comes from Postmark: it knows the webhook's key.

    Args:
        post: its headers have `user:password` (HTTP basic authentication), or the key in `HEADER`.
        keys: what was agreed, with spaces between, any of which may be given; "" proves nothing.

    Raises:
        Unauthenticated: it is none of them, or what `check_headers` refuses.
        LimitExceeded: the body is too large.
    """
    check_headers(post)
    given = _given(post).encode()
    if not any([hmac.compare_digest(key.encode(), given) for key in keys.split()]):  # noqa: C419  (each takes its time)
        raise Unauthenticated("the webhook's key does not match")


def parse_events(post: Post) -> Batch:
    """Read one post; one that cannot be read is set aside whole."""
    return reading.batch_of(post, PROVIDER, _events)


def _given(post: Post) -> str:
    scheme, _, credentials = post.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return post.headers.get(HEADER, "")
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode()
    except (ValueError, binascii.Error):
        return ""


def _events(found: Mapping[str, Any], now: Millis) -> Sequence[DeliveryEvent] | None:
    match reading.text(found, "RecordType"):
        case "Delivery":
            at = reading.iso_moment(found.get("DeliveredAt"), "DeliveredAt", now)
            meaning = Meaning(DeliveryKind.DELIVERED, reading.text(found, "Details"))
            return [_event(found, "Recipient", at, meaning)]
        case "Bounce" | "SpamComplaint":
            return _bounce(found, now)
        case "SubscriptionChange":
            return _change(found, now)
    return None


def _bounce(found: Mapping[str, Any], now: Millis) -> Sequence[DeliveryEvent] | None:
    name = reading.text(found, "Type") or reading.text(found, "RecordType")
    meaning = _TYPES.get(name)
    if meaning is None:
        return None
    # neither a type's name nor its description is the server's words
    said = reading.diagnosis(found, "Details") or ("" if meaning.suppresses else name)
    if meaning.kind is DeliveryKind.BLOCKED and found.get("Inactive") is True:
        meaning = Meaning(DeliveryKind.BOUNCE)
    at = reading.iso_moment(found.get("BouncedAt"), "BouncedAt", now)
    return [_event(found, "Email", at, replace(meaning, said=_INVALID if name == "BadEmailAddress" else said))]


def _change(found: Mapping[str, Any], now: Millis) -> Sequence[DeliveryEvent] | None:
    """The event behind a change; None for an address that was reactivated, or suppressed by hand."""
    if found.get("SuppressSending") is not True:
        return None
    at = reading.iso_moment(found.get("ChangedAt"), "ChangedAt", now)
    kind = _SUPPRESSED.get(reading.text(found, "SuppressionReason"))
    if kind is not None:
        at = Millis(max(at - _CHANGE_YIELDS, 1))
    elif reading.text(found, "Origin") == "Recipient":
        kind = DeliveryKind.UNSUBSCRIBE
    else:
        return None
    meaning = Meaning(kind, opinion=Permanence.HARD if kind is DeliveryKind.BOUNCE else None)
    return [_event(found, "Recipient", at, meaning)]


def _event(found: Mapping[str, Any], field: str, at: Millis, meaning: Meaning) -> DeliveryEvent:
    message_id, number = reading.text(found, "MessageID"), found.get("ID")
    occasion = [reading.text(found, "RecordType"), number if isinstance(number, int | str) else "", message_id, at]
    email = reading.email(found.get(field), field)
    return reading.event(PROVIDER, email, at, meaning, message_id=message_id, occasion=occasion)
