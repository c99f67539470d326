"""Reading a provider's events: texts, addresses and moments, each refused by the name of its field."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import comparison_key
from reprieve.clock import SECOND, Millis, from_timestamp
from reprieve.errors import InvalidInput
from reprieve.suppressions.delivery import FUTURE, DeliveryEvent, check_recipient, check_size, writable
from reprieve.suppressions.ingest import Batch, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprieve.suppressions.delivery import DeliveryKind
    from reprieve.suppressions.ingest import Post
    from reprieve.suppressions.suppression import Permanence

    #: the events of one JSON object, given the time of its arrival; None for a kind that is not ours
    Read = Callable[[Mapping[str, Any], Millis], Sequence[DeliveryEvent] | None]

#: an address with its name, in characters; the standard library reads nested comments by recursion
MAX_ADDRESS: Final = 500


def batch_of(post: Post, provider: str, read: Read) -> Batch:
    """The batch of a post that is one JSON object; one that cannot be read is set aside whole, as it came."""
    try:
        events = read(json_object(post.body), post.now)
    except InvalidInput as problem:
        return Batch([], [Unreadable(provider, str(problem), post.body)])
    return Batch([], ignored=1) if events is None else Batch(events)


def json_object(body: bytes, *, field: str = "event") -> dict[str, Any]:
    """The JSON object that a body is.

    Args:
        body: any octets.
        field: its name in an error.

    Raises:
        InvalidInput: it is not one, or has more digits or levels than can be read.
    """
    try:
        found = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise InvalidInput("not JSON in UTF-8, or more digits or levels than can be read", field=field) from None
    if not isinstance(found, dict):
        raise InvalidInput("not an object", field=field)
    return found


def text(parent: Mapping[str, Any], name: str) -> str:
    """A text, with U+FFFD for each half of a surrogate pair; "" for anything else."""
    value = parent.get(name)
    return writable(value) if isinstance(value, str) else ""


def word(parent: Mapping[str, Any], name: str) -> str:
    """A text or a whole number as a text; "" for anything else."""
    value = parent.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def diagnosis(parent: Mapping[str, Any], name: str) -> str:
    """The receiving server's own words, without the type that precedes them in a delivery status notification."""
    found = text(parent, name)
    return (found[5:] if found[:5].lower() == "smtp;" else found).strip()


def member(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def email(value: object, field: str) -> str:
    """An address, without the name that may stand before it.

    Raises:
        InvalidInput: there is none, or it cannot be written or is too long to have a key of its own.
    """
    given = value if isinstance(value, str) else ""
    if given.rstrip().endswith(">"):
        from email.utils import parseaddr  # noqa: PLC0415  (loads half of `email`, and few addresses have a name)

        given = parseaddr(given)[1] if len(given) <= MAX_ADDRESS else ""
    given = given.strip()
    check_recipient(given, field=field)
    return given


def iso_moment(value: object, field: str, now: Millis) -> Millis:
    """A moment in ISO 8601, in UTC where it names no zone.

    Raises:
        InvalidInput: it is not one, or lies further ahead than `FUTURE`.
    """
    try:
        at = from_timestamp(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        raise InvalidInput("not a time in ISO 8601", field=field) from None
    if not 0 < at <= now + FUTURE:
        raise InvalidInput("not a time that can be", field=field)
    return at


def from_mail_date(text: str) -> Millis:
    """The moment in milliseconds that a text in the form of RFC 5322 names, in UTC where it names no zone.

    Raises:
        ValueError: it is not in that form, or no clock shows it.
    """
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  (see `email`)

    try:
        found = parsedate_to_datetime(text)
        return Millis(round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * SECOND))
    except (TypeError, IndexError, OverflowError):
        raise ValueError("not a date of a mail") from None


def seconds_moment(value: object, field: str, now: Millis) -> Millis:
    """A moment in seconds since the epoch, with a fraction or without.

    Raises:
        InvalidInput: it is not one, or lies further ahead than `FUTURE`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value * SECOND <= now + FUTURE:
        raise InvalidInput("not a time that can be", field=field)
    return Millis(round(value * SECOND))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a provider's event is for us.

    Attributes:
        kind: what happened.
        said: the receiving server's words, or else the provider's reason.
        opinion: the provider's own verdict on a bounce.
        suppresses: whether it can put the address on a list.
        status: the enhanced status code, or "".
    """

    kind: DeliveryKind
    said: str = ""
    opinion: Permanence | None = None
    suppresses: bool = True
    status: str = ""


def identifier(*identity: object) -> str:
    """The id of an event: the same for the same parts, which JSON can write, and for no others."""
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]


def event(
    provider: str, email: str, at: Millis, meaning: Meaning, *, message_id: str, occasion: Sequence[object]
) -> DeliveryEvent:
    """One event about one recipient.

    Args:
        provider: the kind of provider.
        email: the recipient.
        at: when it happened.
        meaning: what it is.
        message_id: of the mail, or "".
        occasion: what distinguishes it from every other event about the recipient; equal in each repeat.

    Raises:
        InvalidInput: it has more text than a log entry can hold.
    """
    key = comparison_key(email)
    found = DeliveryEvent(
        id=identifier(provider, key, *occasion),
        kind=meaning.kind,
        email=email,
        key=key,
        at=at,
        message=meaning.said,
        status=meaning.status,
        provider=provider,
        message_id=message_id,
        suppresses=meaning.suppresses,
        opinion=meaning.opinion,
    )
    check_size(found)
    return found
