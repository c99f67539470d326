"""Resend's webhook: proving that a post is Resend's, and reading its event.

Sources: Resend's machine-readable description (resend/resend-openapi, resend.yaml, "webhooks"), the pages "Event Types"
and "Retries and Replays" of its documentation, and the Standard Webhooks specification, by which Svix signs its posts.

- A post holds one event. What it says of its time is the same in each repeat, and so is the event's id here.
- An event of a mail with several recipients does not say which of them it is about: they are candidates, and nothing is
  listed. The address that Resend itself then suppresses comes with `suppression.added`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import MINUTE, Millis, minutes
from reprieve.errors import InvalidInput, Unauthenticated
from reprieve.providers import posts, reading
from reprieve.providers.reading import Meaning
from reprieve.suppressions.classifier import classify
from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.suppression import Permanence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.ingest import Batch, Post

PROVIDER: Final = "resend"
ID: Final = "svix-id"
TIMESTAMP: Final = "svix-timestamp"
SIGNATURE: Final = "svix-signature"
#: each repeat is signed anew, so Svix's own tolerance is enough, ahead and back
WINDOW: Final = minutes(5)
#: an event with the headers of a mail; Resend states no limit
MAX_BODY: Final = 1_000_000
#: signatures of version 1, in base64, among those of versions that are not ours
_VERSION: Final = "v1,"
_SIGNATURES: Final = re.compile(r"[!-~]{1,200}(?: [!-~]{1,200}){0,9}")
PREFIX: Final = "whsec_"
#: the shortest secret that is taken, in octets; Resend's have 24
MIN_SECRET: Final = 16

#: what happened, by type of event; others, such as sent, opened and clicked, are not ours
_KINDS: Final[Mapping[str, DeliveryKind]] = {
    "email.delivered": DeliveryKind.DELIVERED,
    "email.delivery_delayed": DeliveryKind.DEFERRED,
    "email.bounced": DeliveryKind.BOUNCE,
    "email.complained": DeliveryKind.SPAM_REPORT,
    "email.suppressed": DeliveryKind.DROPPED,
    "email.failed": DeliveryKind.DROPPED,
}
#: the kinds that say something of one recipient alone
_ABOUT_ONE: Final = frozenset({DeliveryKind.BOUNCE, DeliveryKind.BLOCKED, DeliveryKind.SPAM_REPORT})
#: a bounce that only says that the address is on a list
_ECHOES: Final = frozenset({"Suppressed", "OnAccountSuppressionList"})
#: what concerns the message and not the address
_ABOUT_THE_MESSAGE: Final = frozenset({"MessageTooLarge", "ContentRejected", "AttachmentRejected"})
#: the kind of event that put an address on Resend's list, by the entry's origin; `manual` is an entry that the operator
#: or a hold of ours made
_ADDED: Final[Mapping[str, DeliveryKind]] = {"bounce": DeliveryKind.BOUNCE, "complaint": DeliveryKind.SPAM_REPORT}
#: an addition counts as this much older than it is, so that the bounce behind it, which has the server's words, is the
#: newer of the two in whatever order they arrive
_ADDITION_YIELDS: Final = MINUTE


def check_secret(secret: str) -> None:
    """Refuse a signing secret that cannot verify.

    Raises:
        InvalidInput: it is not one as Resend shows it.
    """
    if len(_secret(secret)) < MIN_SECRET:
        raise InvalidInput(f"not a signing secret as Resend shows it: {PREFIX}...", field="webhook_key")


def check_headers(post: Post) -> None:
    """Refuse a post that cannot be proved whatever its organization's secret is; it takes no read.

    Raises:
        Unauthenticated: a header is missing or malformed, or it was signed too long ago or in the future.
        LimitExceeded: the body is too large.
    """
    posts.check_size(post, MAX_BODY)
    if not post.headers.get(ID) or not post.headers.get(SIGNATURE):
        raise Unauthenticated("the webhook's signature is missing")
    if not _SIGNATURES.fullmatch(post.headers[SIGNATURE]) or _VERSION not in post.headers[SIGNATURE]:
        raise Unauthenticated("the webhook's signature is not one of version 1")
    posts.check_signing_time(post.headers.get(TIMESTAMP, ""), post.now, oldest=WINDOW, newest=WINDOW)


def verify(post: Post, secrets: str) -> None:
    """Prove that a post comes from Resend: HMAC-SHA256 over its id, its timestamp and the raw body.

    Args:
        post: its `now` decides about its age.
        secrets: `whsec_` and base64, as Resend shows it; several with spaces between, any of which may have signed; ""
            proves nothing.

    Raises:
        Unauthenticated: no secret's signature, or what `check_headers` refuses.
        LimitExceeded: the body is too large.
    """
    check_headers(post)
    signed = b"%b.%b.%b" % (post.headers[ID].encode(), post.headers[TIMESTAMP].encode(), post.body)
    given = [one[len(_VERSION) :] for one in post.headers[SIGNATURE].split(" ") if one.startswith(_VERSION)]
    for secret in filter(None, map(_secret, secrets.split())):
        expected = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
        if any(hmac.compare_digest(expected, one) for one in given):
            return
    raise Unauthenticated("the webhook's signature does not match")


def parse_events(post: Post) -> Batch:
    """Read one post; one that cannot be read is set aside whole."""
    return reading.batch_of(post, PROVIDER, _events)


def _secret(text: str) -> bytes:
    """The octets of a secret; none for what is not one."""
    if not text.startswith(PREFIX):
        return b""
    try:
        return base64.b64decode(text[len(PREFIX) :], validate=True)
    except (ValueError, binascii.Error):
        return b""


def _events(found: Mapping[str, Any], now: Millis) -> Sequence[DeliveryEvent] | None:
    name, data = reading.text(found, "type"), reading.member(found, "data")
    if name == "suppression.added":
        added = _addition(found, data, now)
        return None if added is None else [added]
    kind = _KINDS.get(name)
    if kind is None:
        return None
    at, message_id = reading.iso_moment(found.get("created_at"), "created_at", now), reading.text(data, "email_id")
    meaning, to = _meaning(kind, data), data.get("to")
    recipients = [reading.email(one, "to") for one in to] if isinstance(to, list) else []
    if not recipients:
        raise InvalidInput("missing or empty", field="to")
    if meaning.kind in _ABOUT_ONE and len(recipients) > 1:
        said = f"one of {len(recipients)} recipients, Resend does not say which"
        meaning = Meaning(meaning.kind, said, suppresses=False)
    return [
        reading.event(PROVIDER, email, at, meaning, message_id=message_id, occasion=[name, message_id, at])
        for email in dict.fromkeys(recipients)
    ]


def _meaning(kind: DeliveryKind, data: Mapping[str, Any]) -> Meaning:
    if kind is DeliveryKind.DROPPED:
        suppressed, failed = reading.member(data, "suppressed"), reading.member(data, "failed")
        said = reading.text(suppressed, "reason") or reading.text(suppressed, "type") or reading.text(failed, "reason")
        return Meaning(kind, said, suppresses=False)
    return _bounced(reading.member(data, "bounce")) if kind is DeliveryKind.BOUNCE else Meaning(kind)


def _bounced(bounce: Mapping[str, Any]) -> Meaning:
    permanence, subtype = reading.text(bounce, "type"), reading.text(bounce, "subType")
    # Resend's own sentences are not looked at but for the echo of its list: they are not the server's words
    if "suppressed sending" in reading.text(bounce, "message") or subtype in _ECHOES:
        return Meaning(DeliveryKind.DROPPED, "previous_bounce", suppresses=False)
    said = _diagnosis(bounce) or f"{permanence or 'Permanent'}/{subtype or 'General'}"
    if permanence in {"", "Permanent"}:
        opinion = Permanence.SOFT if subtype == "MailboxFull" else Permanence.HARD
        return Meaning(DeliveryKind.BOUNCE, said, opinion)
    if permanence == "Undetermined" and classify(said).permanence is Permanence.HARD:
        return Meaning(DeliveryKind.BOUNCE, said, Permanence.HARD)
    return Meaning(DeliveryKind.BLOCKED, said, Permanence.SOFT, subtype not in _ABOUT_THE_MESSAGE)


def _diagnosis(bounce: Mapping[str, Any]) -> str:
    """The receiving server's own words; "" where there are none or several."""
    codes = bounce.get("diagnosticCode")
    first = codes[0] if isinstance(codes, list) and len(codes) == 1 else codes
    return reading.diagnosis({"code": first}, "code")


def _addition(found: Mapping[str, Any], data: Mapping[str, Any], now: Millis) -> DeliveryEvent | None:
    """The event behind an address that Resend has put on its list; None for one that was put there by hand."""
    kind = _ADDED.get(reading.text(data, "origin"))
    if kind is None:
        return None
    email = reading.email(data.get("email"), "email")
    at = reading.iso_moment(data.get("created_at") or found.get("created_at"), "created_at", now)
    meaning = Meaning(kind, opinion=Permanence.HARD if kind is DeliveryKind.BOUNCE else None)
    return reading.event(
        PROVIDER,
        email,
        Millis(max(at - _ADDITION_YIELDS, 1)),
        meaning,
        message_id=reading.text(data, "source_id"),
        occasion=["suppression.added", reading.text(data, "id"), at],
    )
