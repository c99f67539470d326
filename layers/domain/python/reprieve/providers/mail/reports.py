"""Mails that report on other mails: what became of them, and for whom.

Three forms are read: delivery status notifications (RFC 3464 in the frame of RFC 6522; RFC 6533 for addresses in
UTF-8), complaints (RFC 5965), and the many forms of bounces without a standard. There flufl.bounce finds the
recipients, and no more: whether a refusal is permanent is up to our own classifier, since flufl.bounce calls four
fifths of the temporary ones permanent.

A status notification says with a word, the action, what happened. Of these only `failed` can put an address on a list.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flufl.bounce import all_failures

from reprieve.address import is_address
from reprieve.errors import InvalidInput
from reprieve.providers import reading
from reprieve.providers.mail.opening import MAX_FIELD, address, embedded, field, fields, opened, parts, text
from reprieve.providers.mail.receipt import receipt
from reprieve.providers.reading import Meaning
from reprieve.suppressions.classifier import classify
from reprieve.suppressions.delivery import FUTURE, DeliveryKind
from reprieve.suppressions.ingest import Batch, Unreadable
from reprieve.suppressions.suppression import Permanence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from reprieve.clock import Millis
    from reprieve.suppressions.ingest import Post

# what it logs of a mail that confuses it is no news: the mail is set aside with a reason of ours
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

PROVIDER: Final = "mail"
#: the recipients that one mail may report on, as fields or as addresses; a forged one may name thousands
MAX_RECIPIENTS: Final = 500
#: what is kept of a server's words, in characters; the classifier reads as much
MAX_WORDS: Final = 4_000
#: the addresses by which a mail's organization is looked for
MAX_SENDERS: Final = 6

_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_TYPE: Final = re.compile(r"\s*([A-Za-z0-9-]{1,40})\s*;\s*")
#: RFC 6533's spelling of a character in an address of the type utf-8
_ESCAPED: Final = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
#: how much of a text is searched for a recipient, in characters
MAX_TEXT: Final = 50_000
#: the line after which a text is a copy of the mail that it returns
_COPY: Final = re.compile(
    r"^[ \t]*-{2,}.{0,40}(?:copy of|original message|below this line|unsent message|returned message|transcript)",
    re.IGNORECASE | re.MULTILINE,
)
#: a complaint's feedback types that mean one; `not-spam` means the opposite, `auth-failure` is about a signature
_COMPLAINTS: Final = frozenset({"abuse", "fraud", "virus", "other"})
_RETURNED: Final = frozenset({"message/rfc822", "message/global"})
_RETURNED_FIELDS: Final = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_UNKNOWN: Final = "unknown@invalid"
_IDENTITY: Final = re.compile(r"(?:[!-~]{1,64}@)?(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")


def read_report(post: Post) -> Batch:
    """The events in a mail whose sender is proved, such as by the credential that it was posted with.

    Args:
        post: its body is the mail.

    Returns:
        An event per recipient; `ignored` is 1 for a mail that reports nothing of ours, such as an automatic reply.

    Raises:
        InvalidInput: it cannot be read.
    """
    return _batch(opened(post.body), post.now)


def parse_report(post: Post) -> Batch:
    """The same; a mail that cannot be read is in the batch as it came."""
    try:
        return read_report(post)
    except InvalidInput as problem:
        return Batch([], [Unreadable(PROVIDER, str(problem), post.body)])


def parse_received(post: Post) -> Batch:
    """The events in a mail that Amazon SES received from anywhere; those of an unproved one are for the log alone.

    Args:
        post: its body is the mail, as SES stores it.
    """
    mail = opened(post.body)
    proved = receipt(mail).proved
    try:
        batch = _batch(mail, post.now)
    except InvalidInput as problem:
        return Batch([], [Unreadable(PROVIDER, str(problem), post.body)])
    return batch if proved else replace(batch, events=[replace(event, suppresses=False) for event in batch.events])


def unwrapped(mail: bytes) -> bytes:
    """The mail itself: there is no envelope around it."""
    return mail


def senders(mail: bytes) -> tuple[str, ...]:
    """By which the organization of a mail is known, the most reliable first: `identity/ADDRESS`, `identity/DOMAIN`.

    First whom SES received it for, then whom it says that it is to, and last whom the returned mail was from: a mailbox
    may take in the complaints of several organizations.
    """
    message = opened(mail)
    original = _original(message)
    named = [receipt(message).recipient, *map(address, fields(message, "to"))]
    if original is not None:
        named += [address(field(original, "return-path")), address(field(original, "from"))]
    found = [one.lower() for one in named if one.isascii() and "@" in one][:MAX_SENDERS]
    return tuple(dict.fromkeys(f"identity/{name}" for one in found for name in (one, one.rpartition("@")[2])))


def checked_sender(sender: str) -> str:
    """A sender in the form that `senders` gives it.

    Raises:
        InvalidInput: it is not the name of an identity.
    """
    kind, _, name = sender.partition("/")
    if kind != "identity" or not _IDENTITY.fullmatch(name):
        raise InvalidInput("identity/ADDRESS or identity/DOMAIN", field="sender")
    return f"{kind}/{name.lower()}"


def _batch(mail: Message, now: Millis) -> Batch:
    # before the findings, for which a mail is taken apart
    original, own_id = _original(mail), _identifier(mail)
    found = list(dict.fromkeys(_findings(mail)))
    if not found:
        return Batch([], ignored=1)
    at = _moment(mail, now)
    message_id = _identifier(original) if original is not None else ""
    # a repeated report is known by its own id. One without an id is known by the mail that it returns and its own time
    occasion = own_id or [message_id, at]
    return Batch(
        [
            reading.event(PROVIDER, email, at, meaning, message_id=message_id, occasion=[meaning.kind, occasion])
            for email, meaning in found
        ]
    )


def _findings(mail: Message) -> Iterator[tuple[str, Meaning]]:
    """The recipients that a mail reports on, and what happened to each, by the first form that it has."""
    sections = list(parts(mail))
    complaint = next((one for one in sections if one.get_content_type() == "message/feedback-report"), None)
    if complaint is not None:
        yield from _complained(complaint, _original(mail))
        return
    groups = [
        group for one in sections if one.get_content_type() == "message/delivery-status" for group in embedded(one)
    ]
    if any(field(group, "action") for group in groups):
        _check_number(len(groups))
        words, alone = _words(sections), sum(1 for group in groups if field(group, "action")) == 1
        for group in groups:
            yield from _status(group, words, alone=alone)
    else:
        yield from _without_standard(mail, sections)


def _status(group: Message, words: str, *, alone: bool) -> Iterator[tuple[str, Meaning]]:
    """What a group of fields of a status notification says about its recipient."""
    given = (_recipient(field(group, name)) for name in ("original-recipient", "final-recipient"))
    email = next((one for one in given if one), "")
    if not email:
        return
    action = re.split(r"[\s(;]", field(group, "action").lower(), maxsplit=1)[0]
    found = _STATUS.search(field(group, "status"))
    status = found[0] if found else ""
    said = " ".join(_untyped(field(group, "diagnostic-code"))[1].split())[:MAX_WORDS]
    match action:
        case "failed":
            yield email, _refusal(said or _words_about(email, words, alone=alone), status)
        case "delayed":
            yield email, Meaning(DeliveryKind.DEFERRED, said, status=status)
        case "delivered":
            yield email, Meaning(DeliveryKind.DELIVERED, said, status=status)
        case "relayed" | "expanded":
            return
        case _:
            yield email, Meaning(DeliveryKind.BLOCKED, said, status=status, suppresses=False)


def _refusal(words: str, status: str = "", *, suppresses: bool = True) -> Meaning:
    """A refusal. Nothing but our list keeps mail from the address, so only a permanent one is a bounce."""
    hard = classify(words, status=status).permanence is Permanence.HARD
    return Meaning(DeliveryKind.BOUNCE if hard else DeliveryKind.BLOCKED, words, status=status, suppresses=suppresses)


def _complained(report: Message, original: Message | None) -> Iterator[tuple[str, Meaning]]:
    """Who complained. With several candidates the report does not say which of them it was."""
    about = next(iter(embedded(report)), None)
    if about is None or field(about, "feedback-type").lower() not in _COMPLAINTS:
        return
    given = fields(about, "original-rcpt-to")
    _check_number(len(given))
    named = [_recipient(one) for one in given]
    if not any(named) and original is not None:
        named = [_recipient(address(one)) for value in fields(original, "to") for one in _several(value)]
    emails = list(dict.fromkeys(one for one in named if one))
    kind = field(about, "feedback-type").lower()
    said = kind if len(emails) == 1 else f"one of {len(emails)} recipients, the report does not say which"
    for email in emails:
        yield email, Meaning(DeliveryKind.SPAM_REPORT, said, suppresses=len(emails) == 1)


def _without_standard(mail: Message, sections: list[Message]) -> Iterator[tuple[str, Meaning]]:
    """What flufl.bounce finds in a mail's words; the mail that it returns is taken out before."""
    if field(mail, "auto-submitted").lower().startswith("auto-replied"):
        return
    # a bounce goes to the sender of the envelope and comes from none (RFC 5321, section 4.5.5)
    from_none = address(field(mail, "return-path")) == ""
    author = address(field(mail, "from")) or _UNKNOWN
    del mail["from"]
    mail["from"] = author  # flufl.bounce takes it that there is one
    for one in sections:
        if one.get_content_type() in _RETURNED | _RETURNED_FIELDS:
            one.set_payload("")
        elif not one.is_multipart() and "content-type" in one:
            # without the parameters: flufl.bounce decodes by whatever encoding they name
            one.replace_header("content-type", one.get_content_type())
    try:
        temporary, permanent = all_failures(mail)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InvalidInput("its form cannot be read", field="mail") from None
    found, words = permanent | temporary, _words(sections)
    _check_number(len(found))
    for octets in sorted(found):
        email = _recipient(octets.decode("ascii", "replace"))
        if email:
            said = _words_about(email, words, alone=len(found) == 1)
            if octets in permanent:
                yield email, _refusal(said, suppresses=from_none)
            else:
                yield email, Meaning(DeliveryKind.DEFERRED, said)


def _check_number(recipients: int) -> None:
    if recipients > MAX_RECIPIENTS:
        raise InvalidInput(f"it reports on more than {MAX_RECIPIENTS} recipients", field="mail")


def _words(sections: list[Message]) -> str:
    """What the reporting server says for people to read, up to the copy of the mail that it returns."""
    for one in sections:
        if one.get_content_type() in {"text/plain", "text/html"}:
            return _COPY.split(text(one)[:MAX_TEXT], maxsplit=1)[0]
    return ""


def _words_about(email: str, words: str, *, alone: bool) -> str:
    """The part of a server's words that is about a recipient: its paragraph, or all of it if it is alone in it."""
    place = max(words.lower().find(email.lower()), 0)
    start = max(place - MAX_FIELD, 0) if alone else words.rfind("\n\n", 0, place) + 1
    end = -1 if alone else words.find("\n\n", place)
    return " ".join(words[start : end if end > 0 else start + MAX_WORDS].split())[:MAX_WORDS]


def _original(mail: Message) -> Message | None:
    """The mail that a report returns, or its fields; None without either."""
    for one in parts(mail):
        kind = one.get_content_type()
        if kind in _RETURNED_FIELDS and not embedded(one):
            return opened(text(one).encode())
        if kind in _RETURNED | _RETURNED_FIELDS:
            return next(iter(embedded(one)), None)
    return None


def _recipient(value: str) -> str:
    """The address in a recipient's field, without its type, its brackets or a comment; "" for none that is one."""
    kind, rest = _untyped(value)
    given = rest[:MAX_FIELD]
    if kind == "utf-8":
        given = _ESCAPED.sub(_character, given)
    given = address(given) if "<" in given or "(" in given else given.strip()
    return given if is_address(given) else ""


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""  # noqa: PLR2004  (Unicode's bounds)


def _untyped(value: str) -> tuple[str, str]:
    """The type of a field's value in lower case, "" for none, and the value after it."""
    found = _TYPE.match(value)
    return (found[1].lower(), value[found.end() :].strip()) if found else ("", value.strip())


def _several(value: str) -> list[str]:
    return value.split(",") if len(value) <= MAX_FIELD else []


def _identifier(mail: Message) -> str:
    return field(mail, "message-id")[:MAX_FIELD]


def _moment(mail: Message, now: Millis) -> Millis:
    """When a report was written or, if its own clock says nothing that can be, received."""
    for stamp in (field(mail, "date"), field(mail, "received").rpartition(";")[2]):
        try:
            at = reading.from_mail_date(stamp[:MAX_FIELD])
        except ValueError:
            continue
        if 0 < at <= now + FUTURE:
            return at
    raise InvalidInput("missing, or not a time that can be", field="Date")
