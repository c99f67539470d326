"""Amazon SES's notifications: who sent the mail, and what became of it.

SES publishes them in two forms, which may both be set up for the same mail: by configuration set (`eventType`) and by
identity (`notificationType`). SNS wraps them in an envelope unless raw message delivery is on; EventBridge wraps them
in an event of its own. All of these are read, and the same event has the same id whichever way it came.

Sources: the SES developer guide ("Amazon SNS notification contents", "Contents of event data that Amazon SES publishes
to Amazon SNS", "Monitoring events using EventBridge"). The subtypes that these pages do not list
(OnTenantSuppressionList, EmailValidationSuppressed, UnsubscribedRecipient) are what clients in use know.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import comparison_key
from reprieve.clock import Millis, from_timestamp
from reprieve.errors import InvalidInput
from reprieve.suppressions.classifier import classify
from reprieve.suppressions.delivery import FUTURE, DeliveryEvent, DeliveryKind, check_recipient, check_size, writable
from reprieve.suppressions.ingest import Batch, Unreadable
from reprieve.suppressions.suppression import Permanence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reprieve.suppressions.ingest import Post

PROVIDER: Final = "ses"
#: SNS and SQS carry at most this much of a message
MAX_NOTIFICATION: Final = 262_144
#: an address with its name, in characters; the standard library reads nested comments by recursion
MAX_ADDRESS: Final = 500
#: the feedback of a mailbox provider that means the opposite of a complaint
NOT_SPAM: Final = "not-spam"

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: what mail is sent with, and the form of its name
_SENDERS: Final = {
    "configuration-set": _NAME,
    "tenant": _NAME,
    "identity": re.compile(r"(?:[!-~]{1,64}@)?(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}"),
}


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The meaning of a bounce's subtype.

    Attributes:
        kind: what happened, for us.
        suppresses: False for what concerns the message alone, and for the echo of a list that SES keeps itself.
        opinion: what SES calls it; the receiving server's own words and codes count for more.
    """

    kind: DeliveryKind
    suppresses: bool = True
    opinion: Permanence | None = None


_HARD: Final = _Meaning(DeliveryKind.BOUNCE, opinion=Permanence.HARD)
_SOFT: Final = _Meaning(DeliveryKind.BLOCKED, opinion=Permanence.SOFT)
_ABOUT_THE_MESSAGE: Final = _Meaning(DeliveryKind.BLOCKED, suppresses=False)
#: SES did not even try, because of a list of its own: no news about the address, and no new bounce
_ECHO: Final = _Meaning(DeliveryKind.DROPPED, suppresses=False)
_UNSUBSCRIBED: Final = _Meaning(DeliveryKind.UNSUBSCRIBE)

#: by type, then by subtype; a subtype that is missing here means what its type's first one does
_MEANINGS: Final[Mapping[str, Mapping[str, _Meaning]]] = {
    "Permanent": {
        "General": _HARD,
        "NoEmail": _HARD,
        "Suppressed": _HARD,  # SES's global list, which nothing but such a bounce ever shows
        "OnAccountSuppressionList": _ECHO,
        "OnTenantSuppressionList": _ECHO,
        "EmailValidationSuppressed": _ECHO,
        "UnsubscribedRecipient": _UNSUBSCRIBED,
    },
    "Transient": {
        "General": _SOFT,
        "MailboxFull": _SOFT,
        "CustomTimeoutExceeded": _SOFT,
        "MessageTooLarge": _ABOUT_THE_MESSAGE,
        "ContentRejected": _ABOUT_THE_MESSAGE,
        "AttachmentRejected": _ABOUT_THE_MESSAGE,
        "UnsubscribedRecipient": _UNSUBSCRIBED,
    },
    "Undetermined": {"Undetermined": _SOFT},
}


def unwrapped(message: bytes) -> bytes | None:
    """The notification inside a message of SNS or EventBridge; one that has no envelope, as it is.

    Args:
        message: the body of a queue's message.

    Returns:
        None for a plain sentence, as SES posts once to a new topic.

    Raises:
        InvalidInput: it is JSON, but not an object, or its envelope holds none.
    """
    if not message.lstrip().startswith((b"{", b"[")):
        return None
    found = _object(message)
    if found.get("Type") == "Notification":
        inner = found.get("Message")
        if not isinstance(inner, str):
            raise InvalidInput("missing", field="Message")
        return unwrapped(inner.encode("utf-8", "surrogatepass"))
    if "detail-type" in found:
        return json.dumps(found.get("detail")).encode()
    return message


def senders(notification: bytes) -> tuple[str, ...]:
    """What the mail was sent with, the most reliable first: `configuration-set/x`, `identity/x`, `tenant/x`.

    An address is followed by its domain, in lower case: either can be the identity. The tenant is last, because it is
    in a header that the mail's author wrote.

    Raises:
        InvalidInput: it cannot be read.
    """
    mail = _member(_object(notification), "mail")
    tags = mail.get("tags")
    sets = tags.get("ses:configuration-set") if isinstance(tags, dict) else None
    found = [f"configuration-set/{name}" for name in _texts(sets)]
    arn = _text(mail, "sourceArn").rpartition(":identity/")[2]
    for identity in (arn, _address(_text(mail, "source"))):
        domain = identity.rpartition("@")[2]
        found += [f"identity/{name.lower()}" for name in (identity, domain) if name]
    found += [f"tenant/{name}" for name in _header(mail, "x-ses-tenant")]
    return tuple(dict.fromkeys(found))


def checked_sender(sender: str) -> str:
    """A sender in the form that `senders` gives it.

    Raises:
        InvalidInput: it is not the name of a configuration set, a tenant or an identity.
    """
    kind, _, name = sender.partition("/")
    form = _SENDERS.get(kind)
    if form is None or not form.fullmatch(name):
        raise InvalidInput(
            "configuration-set/NAME, identity/ADDRESS, identity/DOMAIN or tenant/NAME, as SES names them",
            field="sender",
        )
    return f"{kind}/{name.lower()}" if kind == "identity" else sender


def parse_events(post: Post) -> Batch:
    """Read one notification.

    Args:
        post: its body is the notification, without an envelope.

    Returns:
        An event per recipient. If one of them cannot be read, the notification is set aside whole beside the events of
        the others, which change nothing when it is read again.
    """
    try:
        found = _object(post.body)
        name = found.get("eventType", found.get("notificationType"))
        read = _READERS.get(name) if isinstance(name, str) else None
        if read is None:
            return Batch([], ignored=1)
        recipients = list(read(found))
    except InvalidInput as problem:
        return Batch([], [_unreadable(problem, post)])
    events, unreadable = [], []
    for recipient in recipients:
        try:
            events.append(_event(found, recipient, post.now))
        except InvalidInput as problem:
            unreadable = [_unreadable(problem, post)]
    return Batch(events, unreadable, ignored=0 if recipients else 1)


@dataclass(frozen=True, slots=True)
class _Recipient:
    """One recipient of a notification, and what it says of the delivery.

    Attributes:
        email: as SES spells it, which may be an address with a name.
        about: the member of the notification that holds its time.
        meaning: what happened.
        message: the receiving server's text, or SES's reason.
        status: the enhanced status code, or "".
    """

    email: object
    about: Mapping[str, Any]
    meaning: _Meaning
    message: str = ""
    status: str = ""


def _bounced(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    about = _member(notification, "bounce")
    kind, subtype = _text(about, "bounceType"), _text(about, "bounceSubType")
    subtypes = _MEANINGS.get(kind)
    if subtypes is None:
        raise InvalidInput("not a known type of bounce", field="bounceType")
    meaning = subtypes.get(subtype) or next(iter(subtypes.values()))
    for each in _rows(about, "bouncedRecipients"):
        message, status = _diagnosis(each) or f"{kind}/{subtype}", _text(each, "status")
        hard = kind == "Undetermined" and classify(message, status=status).permanence is Permanence.HARD
        yield _Recipient(each.get("emailAddress"), about, _HARD if hard else meaning, message, status)


def _complained(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    """The recipient who complained. Mailbox providers redact who did; SES then names all whom it could have been."""
    about = _member(notification, "complaint")
    feedback, rows = _text(about, "complaintFeedbackType"), _rows(about, "complainedRecipients")
    if feedback == NOT_SPAM:
        return
    meaning = _ECHO if _text(about, "complaintSubType") else _Meaning(DeliveryKind.SPAM_REPORT, len(rows) == 1)
    message = feedback if len(rows) == 1 else f"one of {len(rows)} recipients, Amazon SES does not know which"
    for each in rows:
        yield _Recipient(each.get("emailAddress"), about, meaning, message)


def _delivered(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    about = _member(notification, "delivery")
    for email in _list(about, "recipients"):
        yield _Recipient(email, about, _Meaning(DeliveryKind.DELIVERED), _text(about, "smtpResponse"))


def _delayed(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    about = _member(notification, "deliveryDelay")
    for each in _rows(about, "delayedRecipients"):
        message = _diagnosis(each) or _text(about, "delayType")
        yield _Recipient(
            each.get("emailAddress"), about, _Meaning(DeliveryKind.DEFERRED), message, _text(each, "status")
        )


def _rejected(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    """Every recipient of a mail in which SES found a virus; it says nothing about them."""
    mail, reason = _member(notification, "mail"), _text(_member(notification, "reject"), "reason")
    for email in _list(mail, "destination"):
        yield _Recipient(email, mail, _ECHO, reason)


#: by `eventType` or `notificationType`; others, such as Send, Open and Click, are not ours
_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[_Recipient]]]] = {
    "Bounce": _bounced,
    "Complaint": _complained,
    "Delivery": _delivered,
    "DeliveryDelay": _delayed,
    "Reject": _rejected,
}


def _event(notification: Mapping[str, Any], recipient: _Recipient, now: Millis) -> DeliveryEvent:
    email, at = _email(recipient.email), _moment(recipient.about, now)
    key, kind = comparison_key(email), recipient.meaning.kind
    message_id = _text(_member(notification, "mail"), "messageId")
    # a deferral has no id of its own and repeats, each at its time; a bounce's time differs between the two forms
    occasion = _text(recipient.about, "feedbackId") or [message_id, at if kind is DeliveryKind.DEFERRED else 0]
    event = DeliveryEvent(
        id=hashlib.sha256(json.dumps([PROVIDER, key, kind, occasion]).encode()).hexdigest()[:32],
        kind=kind,
        email=email,
        key=key,
        at=at,
        message=recipient.message,
        status=recipient.status,
        provider=PROVIDER,
        message_id=message_id,
        suppresses=recipient.meaning.suppresses,
        opinion=recipient.meaning.opinion,
    )
    check_size(event)
    return event


def _email(given: object) -> str:
    """The address, without the name or the type (`rfc822;`) that a delivery status notification puts before it."""
    text = given if isinstance(given, str) else ""
    text = text.rpartition(";")[2] if text[:7].lower() == "rfc822;" else text
    email = (_address(text) if text.rstrip().endswith(">") else text).strip()
    check_recipient(email, field="emailAddress")
    return email


def _address(text: str) -> str:
    """The address in a text that may have a name too; "" for a text that is too long to be one."""
    return parseaddr(text)[1] if len(text) <= MAX_ADDRESS else ""


def _moment(about: Mapping[str, Any], now: Millis) -> Millis:
    try:
        at = from_timestamp(_text(about, "timestamp"))
    except ValueError:
        raise InvalidInput("not a time in ISO 8601", field="timestamp") from None
    if not 0 < at <= now + FUTURE:
        raise InvalidInput("not a time that can be", field="timestamp")
    return at


def _diagnosis(row: Mapping[str, Any]) -> str:
    """The receiving server's own words, without the type that precedes them in a delivery status notification."""
    text = _text(row, "diagnosticCode")
    return text[5:].strip() if text[:5].lower() == "smtp;" else text.strip()


def _header(mail: Mapping[str, Any], name: str) -> list[str]:
    headers = mail.get("headers")
    rows = [row for row in headers if isinstance(row, dict)] if isinstance(headers, list) else []
    return [_text(row, "value") for row in rows if _text(row, "name").lower() == name and _text(row, "value")]


def _object(text: bytes) -> dict[str, Any]:
    if len(text) > MAX_NOTIFICATION:
        raise InvalidInput(f"more than {MAX_NOTIFICATION} octets", field="notification")
    try:
        found = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise InvalidInput("not JSON in UTF-8", field="notification") from None
    if not isinstance(found, dict):
        raise InvalidInput("not an object", field="notification")
    return found


def _member(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise InvalidInput("missing, or not an object", field=name)
    return value


def _list(parent: Mapping[str, Any], name: str) -> list[Any]:
    value = parent.get(name)
    if not isinstance(value, list):
        raise InvalidInput("missing, or not an array", field=name)
    return value


def _rows(parent: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [row if isinstance(row, dict) else {} for row in _list(parent, name)]


def _text(parent: Mapping[str, Any], name: str) -> str:
    value = parent.get(name)
    return writable(value) if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [writable(one) for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def _unreadable(problem: InvalidInput, post: Post) -> Unreadable:
    return Unreadable(PROVIDER, str(problem), post.body)
