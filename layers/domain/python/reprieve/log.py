"""The system log: immutable entries in the form of Okta's LogEvent, which is the log's own form.

Every entry is complete when it is written, so reading is reading. Members that a client's model insists on are always
there: `version` is text, `severity` and `outcome.result` are of the published sets, `outcome.reason` is 1 to 255
characters or null (the Python SDK raises on anything else). What a mail server said can be longer, so it goes to
`debugContext.debugData.providerMessage`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.delivery import DeliveryKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprieve.delivery import DeliveryEvent
    from reprieve.removal import Removal

#: ids of entries are derived from what they tell, so that telling it twice makes one entry
NAMESPACE: Final = uuid.UUID("6f0c5a52-6d5e-5a0c-9a51-7f6d1d0b8f0e")
REASON_LENGTH: Final = 255
#: Okta lists at most this many addresses in one target of a removal entry
ADDRESSES_A_TARGET: Final = 50


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


@dataclass(frozen=True, slots=True)
class Target:
    """What an entry is about: for a delivery the recipient's address is the id, as Okta has it."""

    id: str
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an entry: the holder of a credential, or the system itself."""

    id: str
    type: str
    name: str


SYSTEM: Final = Actor(id="unknown", type="SystemPrincipal", name="Okta System")

_DELIVERED: Final = (Result.SUCCESS, Severity.INFO)
_REFUSED: Final = (Result.FAILURE, Severity.WARN)
OUTCOME: Final = {
    DeliveryKind.DELIVERED: _DELIVERED,
    DeliveryKind.BOUNCE: _REFUSED,
    DeliveryKind.BLOCKED: _REFUSED,
    DeliveryKind.DEFERRED: (Result.DEFERRED, Severity.INFO),
    DeliveryKind.DROPPED: _REFUSED,
    DeliveryKind.SPAM_REPORT: _REFUSED,
    DeliveryKind.UNSUBSCRIBE: _REFUSED,
}

#: Okta's spelling of the providers' names in debugData
PROVIDER_NAME: Final = {"sendgrid": "Sendgrid", "ses": "SES"}


def timestamp(moment: int) -> str:
    """A moment in milliseconds as `YYYY-MM-DDTHH:mm:ss.SSSZ`."""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}Z"


def delivery(event: DeliveryEvent) -> LogEntry:
    """The entry of one delivery event; the same event always makes the same entry."""
    result, severity = OUTCOME[event.kind]
    debug = {
        "providerMessage": event.message,
        "emailProvider": PROVIDER_NAME.get(event.provider, event.provider),
        "emailRequestId": event.message_id,
        "enhancedStatusCode": event.status,
    }
    return entry(
        EventType.EMAIL_DELIVERY,
        identity=event.id,
        published=event.at,
        message="Email delivery",
        outcome=(result, event.kind.value),
        severity=severity,
        targets=[Target(event.key, "email", event.email)],
        debug=debug,
    )


def removal_requested(
    emails: Sequence[str], *, actor: Actor, request_id: str, provider: str, now: int
) -> list[LogEntry]:
    """The entries of one request: at most 50 addresses a target, one target an entry, as Okta writes them."""
    groups = [emails[start : start + ADDRESSES_A_TARGET] for start in range(0, len(emails), ADDRESSES_A_TARGET)]
    return [
        entry(
            EventType.BOUNCE_REMOVAL,
            identity=f"{request_id}:{number}",
            published=now,
            message="Remove email addresses from the bounce list",
            outcome=(Result.SUCCESS, None),
            severity=Severity.INFO,
            targets=[Target(f"{request_id}:{number}", "EmailList", ", ".join(group))],
            debug={"bounceEmailProvider": PROVIDER_NAME.get(provider, provider), "requestId": request_id},
            actor=actor,
            transaction=("WEB", request_id),
        )
        for number, group in enumerate(groups)
    ]


def removal_done(row: Removal, *, now: int) -> LogEntry:
    """The entry of a removal that was carried out, at the provider and here."""
    return _removal_ended(EventType.REMOVAL_DONE, row, now, "Removed from the list", (Result.SUCCESS, None))


def removals_done(rows: Sequence[Removal], *, now: int) -> list[LogEntry]:
    """The entries of removals that were carried out together: at most 50 addresses of one request and list an entry.

    A removal that is alone in its request has the entry of `removal_done`, found by its address; of the others the
    target is the list of addresses, as in the entry of the request.
    """
    by_request: dict[tuple[str, str, str], list[Removal]] = {}
    for row in rows:
        by_request.setdefault((row.request_id, row.list.value, row.requested_by), []).append(row)
    entries = []
    for (request_id, name, credential), all_of_them in by_request.items():
        for start in range(0, len(all_of_them), ADDRESSES_A_TARGET):
            group = all_of_them[start : start + ADDRESSES_A_TARGET]
            if len(group) == 1:
                entries.append(removal_done(group[0], now=now))
                continue
            ids = ", ".join(row.id for row in group)
            entries.append(
                entry(
                    EventType.REMOVAL_DONE,
                    identity=ids,
                    published=now,
                    message="Removed from the list",
                    outcome=(Result.SUCCESS, None),
                    severity=Severity.INFO,
                    targets=[Target(group[0].id, "EmailList", ", ".join(row.email for row in group))],
                    debug={"list": name, "removalId": ids, "requestId": request_id, "requestedBy": credential},
                )
            )
    return entries


def removal_superseded(row: Removal, *, now: int) -> LogEntry:
    """The entry of a removal that a newer bounce overtook: the address stays suppressed."""
    outcome = (Result.FAILURE, "a newer bounce arrived")
    return _removal_ended(EventType.REMOVAL_SUPERSEDED, row, now, "Still suppressed", outcome)


def removal_failed(row: Removal, *, now: int, reason: str) -> LogEntry:
    """The entry of a removal that was given up.

    Args:
        row: the removal.
        now: in milliseconds.
        reason: the provider's last answer, cleaned.
    """
    return _removal_ended(
        EventType.REMOVAL_FAILED, row, now, "Could not be removed from the list", (Result.FAILURE, reason)
    )


def _removal_ended(
    event_type: EventType, row: Removal, now: int, message: str, outcome: tuple[Result, str | None]
) -> LogEntry:
    return entry(
        event_type,
        identity=row.id,
        published=now,
        message=message,
        outcome=outcome,
        severity=Severity.INFO if outcome[0] is Result.SUCCESS else Severity.WARN,
        targets=[Target(row.key, "email", row.email)],
        debug={
            "list": row.list.value,
            "removalId": row.id,
            "requestId": row.request_id,
            "requestedBy": row.requested_by,
        },
    )


def entry(
    event_type: EventType,
    *,
    identity: str,
    published: int,
    message: str,
    outcome: tuple[Result, str | None],
    severity: Severity,
    targets: Sequence[Target],
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
        targets: what it is about; the first is the one it is indexed by.
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
        "target": [_party(target.id, target.type, target.name, target.name) for target in targets],
        "transaction": {"type": kind, "id": transaction_id or identifier, "detail": _detail(actor)},
        "debugContext": {"debugData": _present(debug.items())},
        "authenticationContext": {"externalSessionId": "unknown", "authenticationStep": 0},
        "securityContext": {},
        "request": {"ipChain": []},
    }
    return LogEntry(uuid=identifier, published=published, target=targets[0].id, event=event)


def _party(identifier: str, kind: str, name: str, alternate: str) -> dict[str, object]:
    return {"id": identifier, "type": kind, "alternateId": alternate, "displayName": name, "detailEntry": None}


def _detail(actor: Actor) -> dict[str, str]:
    return {} if actor is SYSTEM else {"requestApiTokenId": actor.id}


def _present(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in pairs if value}
