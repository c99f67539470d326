"""Amazon SES's notifications: who sent the mail, and what became of it.

SES publishes them in two forms, which may both be set up for the same mail: by configuration set (`eventType`) and by
identity (`notificationType`). SNS wraps them in an envelope unless raw message delivery is on; EventBridge wraps them
in an event of its own. All of these are read, and the same event has the same id whichever way it came.

Sources: the SES developer guide ("Amazon SNS notification contents", "Contents of event data that Amazon SES publishes
to Amazon SNS", "Monitoring events using EventBridge"). The subtypes that these pages do not list
(OnTenantSuppressionList, EmailValidationSuppressed, UnsubscribedRecipient) are what clients in use know.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, Final

from reprieve.errors import InvalidInput
from reprieve.providers import reading
from reprieve.providers.reading import MAX_ADDRESS, Meaning, diagnosis, text
from reprieve.suppressions.classifier import classify
from reprieve.suppressions.delivery import DeliveryKind, writable
from reprieve.suppressions.ingest import Batch, Unreadable
from reprieve.suppressions.suppression import Permanence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reprieve.clock import Millis
    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.ingest import Post

PROVIDER: Final = "ses"
#: SNS and SQS carry at most this much of a message
MAX_NOTIFICATION: Final = 262_144
#: the feedback of a mailbox provider that means the opposite of a complaint
NOT_SPAM: Final = "not-spam"

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: what mail is sent with, and the form of its name
_SENDERS: Final = {
    "configuration-set": _NAME,
    "tenant": _NAME,
    "identity": re.compile(r"(?:[!-~]{1,64}@)?(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}"),
}


_HARD: Final = Meaning(DeliveryKind.BOUNCE, opinion=Permanence.HARD)
_SOFT: Final = Meaning(DeliveryKind.BLOCKED, opinion=Permanence.SOFT)
_ABOUT_THE_MESSAGE: Final = Meaning(DeliveryKind.BLOCKED, suppresses=False)
#: SES did not even try, because of a list of its own: no news about the address, and no new bounce
_ECHO: Final = Meaning(DeliveryKind.DROPPED, suppresses=False)
#: the same, and the list is that of the account or the tenant: evidence that SES withholds mail, in SendGrid's words
_LISTED: Final = replace(_ECHO, said="Bounced Address")
_COMPLAINED: Final = replace(_ECHO, said="Spam Reporting Address")
_UNSUBSCRIBED: Final = Meaning(DeliveryKind.UNSUBSCRIBE)

#: by type, then by subtype; a subtype that is missing here means what its type's first one does
_MEANINGS: Final[Mapping[str, Mapping[str, Meaning]]] = {
    "Permanent": {
        "General": _HARD,
        "NoEmail": _HARD,
        "Suppressed": _HARD,  # SES's global list, which nothing but such a bounce ever shows
        "OnAccountSuppressionList": _LISTED,
        "OnTenantSuppressionList": _LISTED,
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
    arn = text(mail, "sourceArn").rpartition(":identity/")[2]
    for identity in (arn, _address(text(mail, "source"))):
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
    """

    email: object
    about: Mapping[str, Any]
    meaning: Meaning


def _bounced(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    about = _member(notification, "bounce")
    kind, subtype = text(about, "bounceType"), text(about, "bounceSubType")
    subtypes = _MEANINGS.get(kind)
    if subtypes is None:
        raise InvalidInput("not a known type of bounce", field="bounceType")
    meaning = subtypes.get(subtype) or next(iter(subtypes.values()))
    for each in _rows(about, "bouncedRecipients"):
        said = meaning.said or diagnosis(each, "diagnosticCode") or f"{kind}/{subtype}"
        status = text(each, "status")
        hard = kind == "Undetermined" and classify(said, status=status).permanence is Permanence.HARD
        happened = replace(_HARD if hard else meaning, said=said, status=status)
        yield _Recipient(each.get("emailAddress"), about, happened)


def _complained(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    """The recipient who complained. Mailbox providers redact who did; SES then names all whom it could have been."""
    about = _member(notification, "complaint")
    feedback, rows = text(about, "complaintFeedbackType"), _rows(about, "complainedRecipients")
    if feedback == NOT_SPAM:
        return
    said = feedback if len(rows) == 1 else f"one of {len(rows)} recipients, Amazon SES does not know which"
    complaint = Meaning(DeliveryKind.SPAM_REPORT, suppresses=len(rows) == 1)
    meaning = _COMPLAINED if text(about, "complaintSubType") else replace(complaint, said=said)
    for each in rows:
        yield _Recipient(each.get("emailAddress"), about, meaning)


def _delivered(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    about = _member(notification, "delivery")
    meaning = Meaning(DeliveryKind.DELIVERED, text(about, "smtpResponse"))
    for email in _list(about, "recipients"):
        yield _Recipient(email, about, meaning)


def _delayed(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    about = _member(notification, "deliveryDelay")
    for each in _rows(about, "delayedRecipients"):
        said = diagnosis(each, "diagnosticCode") or text(about, "delayType")
        meaning = Meaning(DeliveryKind.DEFERRED, said, status=text(each, "status"))
        yield _Recipient(each.get("emailAddress"), about, meaning)


def _rejected(notification: Mapping[str, Any]) -> Iterator[_Recipient]:
    """Every recipient of a mail in which SES found a virus; it says nothing about them."""
    mail, reason = _member(notification, "mail"), text(_member(notification, "reject"), "reason")
    for email in _list(mail, "destination"):
        yield _Recipient(email, mail, replace(_ECHO, said=reason))


#: by `eventType` or `notificationType`; others, such as Send, Open and Click, are not ours
_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[_Recipient]]]] = {
    "Bounce": _bounced,
    "Complaint": _complained,
    "Delivery": _delivered,
    "DeliveryDelay": _delayed,
    "Reject": _rejected,
}


def _event(notification: Mapping[str, Any], recipient: _Recipient, now: Millis) -> DeliveryEvent:
    email, meaning = _email(recipient.email), recipient.meaning
    at = reading.iso_moment(recipient.about.get("timestamp"), "timestamp", now)
    message_id = text(_member(notification, "mail"), "messageId")
    # a deferral has no id of its own and repeats, each at its time; a bounce's time differs between the two forms
    occasion = text(recipient.about, "feedbackId") or [message_id, at if meaning.kind is DeliveryKind.DEFERRED else 0]
    return reading.event(PROVIDER, email, at, meaning, message_id=message_id, occasion=[meaning.kind, occasion])


def _email(given: object) -> str:
    """The address, without the name or the type (`rfc822;`) that a delivery status notification puts before it."""
    typed = isinstance(given, str) and given[:7].lower() == "rfc822;"
    return reading.email(str(given).rpartition(";")[2] if typed else given, "emailAddress")


def _address(given: str) -> str:
    """The address in a text that may have a name too; "" for a text that is too long to be one."""
    return parseaddr(given)[1] if len(given) <= MAX_ADDRESS else ""


def _header(mail: Mapping[str, Any], name: str) -> list[str]:
    headers = mail.get("headers")
    rows = [row for row in headers if isinstance(row, dict)] if isinstance(headers, list) else []
    return [text(row, "value") for row in rows if text(row, "name").lower() == name and text(row, "value")]


def _object(notification: bytes) -> dict[str, Any]:
    if len(notification) > MAX_NOTIFICATION:
        raise InvalidInput(f"more than {MAX_NOTIFICATION} octets", field="notification")
    return reading.json_object(notification, field="notification")


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


def _texts(value: object) -> list[str]:
    return [writable(one) for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def _unreadable(problem: InvalidInput, post: Post) -> Unreadable:
    return Unreadable(PROVIDER, str(problem), post.body)
