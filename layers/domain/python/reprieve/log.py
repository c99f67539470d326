"""The system log: immutable entries in the form of Okta's LogEvent, which is the log's own form.

Every entry is complete when it is written, so reading is reading. Members that a client's model insists on are always
there: `version` is text, `severity` and `outcome.result` are of the published sets, `outcome.reason` is 1 to 255
characters or null (the Python SDK raises on anything else). What a mail server said can be longer, so it goes to
`debugContext.debugData.providerMessage`.

`entry` builds every entry; which entry each event has is in `delivery_log`, `removal_log`, `change_log` and
`email_server_log`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final

from reprieve.removal import DAY, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: ids of entries are derived from what they tell, so that telling it twice makes one entry
NAMESPACE: Final = uuid.UUID("6f0c5a52-6d5e-5a0c-9a51-7f6d1d0b8f0e")
REASON_LENGTH: Final = 255
#: Okta lists at most this many addresses in one target of a removal entry
ADDRESSES_A_TARGET: Final = 50
#: how long an entry can be read, in milliseconds
KEPT: Final = 90 * DAY
#: how long a poller waits before it believes that no entry of a moment can still appear, in milliseconds
SETTLING: Final = 10 * SECOND


class EventType(StrEnum):
    """What an entry is about; the names are Okta's where Okta has one."""

    EMAIL_DELIVERY = "system.email.delivery"
    """A provider told what became of a message."""
    BOUNCE_REMOVAL = "system.email.bounce.removal"
    """Somebody asked that addresses be lifted; it says nothing about whether they were."""
    SUPPRESSION_REMOVAL = "reprieve.suppression.removal"
    """Somebody asked that addresses be lifted from a list other than the bounce list."""
    LIST_CLEARED = "reprieve.suppression.cleared"
    """Somebody asked that everything on a list be lifted."""
    REMOVAL_DONE = "reprieve.removal.done"
    """A removal was carried out at the provider and here."""
    REMOVAL_FAILED = "reprieve.removal.failed"
    """A removal was given up after its attempts."""
    REMOVAL_SUPERSEDED = "reprieve.removal.superseded"
    """A newer bounce arrived before a removal could be carried out."""
    TOKEN_CREATE = "system.api_token.create"  # noqa: S105  (a name, not a token)
    """A credential was issued."""
    TOKEN_REVOKE = "system.api_token.revoke"  # noqa: S105  (a name, not a token)
    """A credential was revoked."""
    USER_CREATE = "user.lifecycle.create"
    """A user was added."""
    USER_UPDATE = "user.account.update_profile"
    """A user's addresses or profile were changed."""
    USER_DEACTIVATE = "user.lifecycle.deactivate"
    """A user was deactivated; its addresses stay the organization's."""
    USER_DELETE = "user.lifecycle.delete.completed"
    """A user was deleted; its addresses are no longer the organization's."""
    EMAIL_SERVER_CREATE = "system.custom_email_server.lifecycle.create"
    """An email server was enrolled, or was not because it could not be enabled."""
    EMAIL_SERVER_UPDATE = "system.custom_email_server.lifecycle.update"
    """An email server's settings were changed."""
    EMAIL_SERVER_ACTIVATE = "system.custom_email_server.lifecycle.activate"
    """An email server was enabled, or was not because it failed."""
    EMAIL_SERVER_DEACTIVATE = "system.custom_email_server.lifecycle.deactivate"
    """An email server was disabled."""
    EMAIL_SERVER_DELETE = "system.custom_email_server.lifecycle.delete"
    """An email server was removed."""
    EMAIL_SERVER_TEST = "reprieve.email_server.test"
    """A test mail was handed to an email server, or was not."""


class Severity(StrEnum):
    """Okta's four."""

    DEBUG = "DEBUG"
    """Of interest to developers only."""
    INFO = "INFO"
    """As it should be."""
    WARN = "WARN"
    """Somebody may want to look."""
    ERROR = "ERROR"
    """Somebody has to look."""


class Result(StrEnum):
    """Those of Okta's outcome results that occur here."""

    SUCCESS = "SUCCESS"
    """It happened."""
    FAILURE = "FAILURE"
    """It did not happen."""
    DEFERRED = "DEFERRED"
    """It has not happened yet."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry.

    Attributes:
        uuid: the entry's id.
        published: when it was told, in milliseconds.
        target: the id that `target.id eq` finds it by.
        event: the whole entry as Okta's LogEvent, ready for JSON.
    """

    uuid: str
    published: int
    target: str
    event: Mapping[str, object]


class Order(Enum):
    """In which order entries are read."""

    PUBLISHED = "published"
    """By when they happened: what a question about a period is answered in."""
    ARRIVED = "arrived"
    """By when they were stored: what a poller goes along, so that a late entry comes late instead of never."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the log.

    A position is a time in 13 digits of milliseconds (`position`), or that of an entry (`Stored`). Texts compare as
    positions do.

    Attributes:
        order: which time positions speak of.
        after: the stretch begins behind this position.
        before: and ends in front of this one.
        newest_first: whether it is read backwards.
        target: only entries about this one, in the form of `filter_matching.fold`; None for all.
    """

    order: Order
    after: str
    before: str
    newest_first: bool = False
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it is read: its position, the whole LogEvent, and how many bytes that is."""

    position: str
    event: Mapping[str, Any]
    size: int


#: behind every entry
LATEST: Final = "9" * 13


def position(moment: int) -> str:
    """The position in front of every entry of a moment."""
    return f"{moment:013d}"


@dataclass(frozen=True, slots=True)
class Target:
    """What an entry is about: for a delivery the recipient's address is the id, as Okta has it.

    Attributes:
        id: what `target.id eq` finds it by.
        type: Okta's word for the kind of thing.
        name: for people.
        alternate: another name that it goes by; the first one if there is no other.
        changes: what was so before and is so after, by name; None where nothing is compared.
    """

    id: str
    type: str
    name: str
    alternate: str = ""
    changes: tuple[Mapping[str, object], Mapping[str, object]] | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an entry: the holder of a credential, or the system itself."""

    id: str
    type: str
    name: str


SYSTEM: Final = Actor(id="unknown", type="SystemPrincipal", name="Okta System")
#: whoever runs the operator's command: AWS knows who that was (CloudTrail), this log does not
OPERATOR: Final = Actor(id="operator", type="SystemPrincipal", name="reprieve command")


@dataclass(frozen=True, slots=True)
class Cause:
    """Who did something, and in which request: what all entries of a change have in common."""

    actor: Actor
    request_id: str


def holder(credential_id: str) -> Actor:
    """The holder of a credential."""
    return Actor(credential_id, "User", f"credential {credential_id}")


def by_credential(credential_id: str, request_id: str) -> Cause:
    """The cause of what the holder of a credential did."""
    return Cause(holder(credential_id), request_id)


#: Okta's spelling of the providers' names in debugData
PROVIDER_NAME: Final = {"sendgrid": "Sendgrid", "ses": "SES"}


def timestamp(moment: int) -> str:
    """A moment in milliseconds as `YYYY-MM-DDTHH:mm:ss.SSSZ`."""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}Z"


def entry(
    event_type: EventType,
    *,
    identity: str,
    published: int,
    message: str,
    outcome: tuple[Result, str | None],
    severity: Severity,
    target: Target,
    debug: Mapping[str, str],
    actor: Actor = SYSTEM,
    transaction: tuple[str, str] = ("JOB", ""),
) -> LogEntry:
    """Build an entry.

    Args:
        event_type: what it is about.
        identity: what makes it this entry and no other; the uuid is derived from it and the type.
        published: when, in milliseconds.
        message: `displayMessage`.
        outcome: the result and a reason of at most 255 characters (it is cut there), or None.
        severity: how much somebody should care.
        target: what it is about. There is one, so that `target.id eq` can be answered from an index alone.
        debug: `debugData`; empty values are left out.
        actor: who caused it.
        transaction: WEB or JOB, and its id.
    """
    identifier = str(uuid.uuid5(NAMESPACE, f"{event_type}:{identity}"))
    kind, transaction_id = transaction
    result, reason = outcome
    event: dict[str, object] = {
        "uuid": identifier,
        "published": timestamp(published),
        "eventType": event_type.value,
        "version": "0",
        "severity": severity.value,
        "legacyEventType": None,
        "displayMessage": message,
        "actor": _party(actor.id, actor.type, actor.name, "system@okta.com" if actor is SYSTEM else actor.name),
        "client": {"userAgent": None, "zone": None, "device": None, "id": None, "ipAddress": None},
        "outcome": {"result": result.value, "reason": reason[:REASON_LENGTH] if reason else None},
        "target": [_target(target)],
        "transaction": {"type": kind, "id": transaction_id or identifier, "detail": _detail(actor)},
        "debugContext": {"debugData": _present(debug.items())},
        "authenticationContext": {"externalSessionId": "unknown", "authenticationStep": 0},
        "securityContext": {},
        "request": {"ipChain": []},
    }
    return LogEntry(uuid=identifier, published=published, target=target.id, event=event)


def _target(target: Target) -> dict[str, object]:
    party = _party(target.id, target.type, target.name, target.alternate or target.name)
    if target.changes is None:
        return party
    before, after = target.changes
    return {**party, "changeDetails": {"from": dict(before), "to": dict(after)}}


def _party(identifier: str, kind: str, name: str, alternate: str) -> dict[str, object]:
    return {"id": identifier, "type": kind, "alternateId": alternate, "displayName": name, "detailEntry": None}


def _detail(actor: Actor) -> dict[str, str]:
    return {} if actor in {SYSTEM, OPERATOR} else {"requestApiTokenId": actor.id}


def _present(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in pairs if value}
