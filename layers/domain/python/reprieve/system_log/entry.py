"""The system log: immutable entries in the form of Okta's LogEvent, which is the log's own form.

Every entry is complete when it is written, so reading adds nothing. Members that a client's model insists on are always
there: `version` is text, `severity` and `outcome.result` are of the published sets, `outcome.reason` is 1 to 255
characters or null (the Python SDK raises on anything else). What a mail server said can be longer, so it goes to
`debugContext.debugData.providerMessage`. Okta's `requestUri` is the path that was asked for; ours is the route's
template, because a path can hold a secret (the token of an unsubscribe link).

`entry` builds every entry; the `log_entries` module of each subject says which entry an event gets.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.clock import timestamp
from reprieve.context import NOWHERE, SYSTEM, Actor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.clock import Millis
    from reprieve.context import Context, Origin

#: the id of an entry is derived from its event, so that logging an event twice makes one entry
NAMESPACE: Final = bytes.fromhex("6f0c5a526d5e5a0c9a517f6d1d0b8f0e")
REASON_LENGTH: Final = 255
#: Okta lists at most this many addresses in one target of an entry
ADDRESSES_A_TARGET: Final = 50


class EventType(StrEnum):
    """The type of an event; the names are Okta's where Okta has one."""

    EMAIL_DELIVERY = "system.email.delivery"
    """A provider reported what became of a message."""
    BOUNCE_REMOVAL = "system.email.bounce.removal"
    """A caller asked that addresses be lifted; it says nothing about whether they were."""
    SUPPRESSION_REMOVAL = "reprieve.suppression.removal"
    """A caller asked that addresses be lifted from a list other than the bounce list."""
    LIST_CLEARED = "reprieve.suppression.cleared"
    """A caller asked that everything on a list be lifted."""
    REMOVAL_DONE = "reprieve.removal.done"
    """A removal was carried out at the provider and here."""
    REMOVAL_FAILED = "reprieve.removal.failed"
    """A removal was given up after its attempts."""
    REMOVAL_SUPERSEDED = "reprieve.removal.superseded"
    """A newer bounce arrived before a removal could be carried out."""
    HOLD_CREATE = "reprieve.hold.create"
    """An address or a domain was held by hand."""
    HOLD_LIFT = "reprieve.hold.lift"
    """A hold was lifted by hand."""
    ADDITION_DONE = "reprieve.addition.done"
    """An entry that was put on a list by hand is on the provider's list, too."""
    ADDITION_FAILED = "reprieve.addition.failed"
    """An addition to the provider's list was given up after its attempts; the address stays suppressed here."""
    TOKEN_CREATE = "system.api_token.create"  # noqa: S105  (a name, not a token)
    """A credential was issued."""
    TOKEN_UPDATE = "system.api_token.update"  # noqa: S105  (a name, not a token)
    """A credential was renamed, or its scopes or its role were replaced."""
    TOKEN_REVOKE = "system.api_token.revoke"  # noqa: S105  (a name, not a token)
    """A credential was revoked."""
    SESSION_START = "user.session.start"
    """A session of the console was opened."""
    SESSION_END = "user.session.end"
    """A session of the console was closed by its user."""
    CLIENT_CREATE = "application.lifecycle.create"
    """An OAuth client was created."""
    CLIENT_UPDATE = "application.lifecycle.update"
    """How far an OAuth client's access tokens may go was changed."""
    CLIENT_REVOKE = "application.lifecycle.delete"
    """An OAuth client was revoked."""
    SIGN_IN_SET = "system.idp.lifecycle.update"
    """Where an organization's people sign in to the console was set or changed."""
    SIGN_IN_REMOVE = "system.idp.lifecycle.deactivate"
    """An organization's people sign in at their identity provider no more."""
    ISSUER_TRUST = "system.idp.lifecycle.create"
    """An organization trusts an outside issuer."""
    ISSUER_DISTRUST = "system.idp.lifecycle.delete"
    """An organization trusts an outside issuer no more."""
    TOKEN_GRANT = "app.oauth2.token.grant.access_token"  # noqa: S105  (a name, not a token)
    """An access token was issued to a client."""
    REFRESH_REVOKE = "app.oauth2.token.revoke"
    """A refresh token was revoked."""
    KEY_ROTATE = "app.oauth2.as.key.rollover"
    """A new key for signing access tokens was made."""
    ORGANIZATION_CREATE = "reprieve.organization.create"
    """An organization was added."""
    ORGANIZATION_UPDATE = "reprieve.organization.update"
    """An organization's settings were changed."""
    ORGANIZATION_EXPORT = "reprieve.organization.export"
    """Everything of an organization is read by the operator, to be kept outside."""
    ORGANIZATION_REPLACE = "reprieve.organization.replace"
    """An import is about to overwrite an organization."""
    ORGANIZATION_IMPORT = "reprieve.organization.import"
    """An organization was added, or overwritten, from an export."""
    PURGE_UPDATE = "reprieve.bounce_purge.update"
    """The settings of the bounce purge were changed."""
    POLICY_LIFT = "reprieve.policy.lift"
    """A policy asked that an address be lifted; it says nothing about whether it was."""
    POLICY_EXPIRING = "reprieve.policy.expiring"
    """A hold by a policy ends within a day."""
    POLICY_NOTIFY = "reprieve.policy.notify"
    """A rule of a policy has the organization's own systems hear of a failure."""
    POLICY_STOP = "reprieve.policy.stop"
    """A policy was disabled by itself, because too many of its lifts failed again."""
    POLICY_UPDATE = "reprieve.policy.update"
    """The policy for failed deliveries was changed, enabled or disabled."""
    RATE_WARNING = "reprieve.rate.warning"
    """The share of messages that bounce or are reported as spam came near the limit of the provider."""
    WHITELIST_UPDATE = "reprieve.address_whitelist.update"
    """The address whitelist was changed."""
    PROVIDER_UPDATE = "reprieve.provider_account.update"
    """A provider account was set or changed."""
    PROVIDER_REMOVE = "reprieve.provider_account.remove"
    """An operator removed a provider account."""
    PROVIDER_PAUSE = "reprieve.provider_account.pause"
    """A provider refused an account, so calls to it are paused."""
    PROVIDER_RESUME = "reprieve.provider_account.resume"
    """A pause of a provider account was ended early."""
    EVENT_WEBHOOK_CREATE = "reprieve.event_webhook.create"
    """An event webhook was set (SendGrid)."""
    EVENT_WEBHOOK_UPDATE = "reprieve.event_webhook.update"
    """An event webhook was changed, or began or ceased to sign."""
    EVENT_WEBHOOK_DELETE = "reprieve.event_webhook.delete"
    """An event webhook was deleted."""
    HOOK_CREATE = "reprieve.hook.create"
    """A hook was added."""
    HOOK_UPDATE = "reprieve.hook.update"
    """A hook's settings were changed."""
    HOOK_ROTATE = "reprieve.hook.rotate"
    """A hook was given a new secret."""
    HOOK_REPLAY = "reprieve.hook.replay"
    """A hook hears again of the changes of a period."""
    HOOK_DISABLE = "reprieve.hook.disable"
    """A hook was disabled because it does not answer as it must."""
    HOOK_DELETE = "reprieve.hook.delete"
    """A hook was removed."""
    SENDER_CLAIM = "reprieve.sender.claim"
    """An organization claimed what mail is sent with: a configuration set, a tenant or an identity."""
    SENDER_RELEASE = "reprieve.sender.release"
    """A claim on a sender was given up."""
    SUPPRESSION_ADD = "reprieve.suppression.add"
    """Addresses were put on a list by an API, an import or the reconciliation, not by an event of the provider."""
    GROUP_CREATE = "reprieve.group.create"
    """An unsubscribe group was added, by an API, or because a provider has it."""
    GROUP_UPDATE = "reprieve.group.update"
    """An unsubscribe group was changed, by an API or at the provider."""
    GROUP_DELETE = "reprieve.group.delete"
    """An unsubscribe group was deleted; its recipients are mailed again."""
    REMOVAL_RETRY = "reprieve.removal.retry"
    """A failed removal was put back into the queue."""
    UNBLOCKS_RESET = "reprieve.unblock.reset"
    """The count of an address's unblocks was reset."""
    RECORD_CREATE = "reprieve.record.create"
    """A CRM record was added."""
    RECORD_UPDATE = "reprieve.record.update"
    """A CRM record was changed."""
    RECORD_DELETE = "reprieve.record.delete"
    """A CRM record was deleted; its addresses are no longer the organization's."""
    USER_CREATE = "user.lifecycle.create"
    """A user was added."""
    USER_UPDATE = "user.account.update_profile"
    """A user's addresses or profile were changed."""
    USER_DEACTIVATE = "user.lifecycle.deactivate"
    """A user was deactivated; its addresses stay the organization's."""
    USER_DELETE = "user.lifecycle.delete.completed"
    """A user was deleted; its addresses are no longer the organization's."""
    EMAIL_SERVER_CREATE = "system.custom_email_server.lifecycle.create"
    """An email server was enrolled, or the attempt failed because it could not be enabled."""
    EMAIL_SERVER_UPDATE = "system.custom_email_server.lifecycle.update"
    """An email server's settings were changed."""
    EMAIL_SERVER_ACTIVATE = "system.custom_email_server.lifecycle.activate"
    """An email server was enabled, or the attempt failed."""
    EMAIL_SERVER_DEACTIVATE = "system.custom_email_server.lifecycle.deactivate"
    """An email server was disabled."""
    EMAIL_SERVER_DELETE = "system.custom_email_server.lifecycle.delete"
    """An email server was removed."""
    EMAIL_SERVER_TEST = "reprieve.email_server.test"
    """A test mail was handed to an email server, or the attempt failed."""


class Severity(StrEnum):
    """Okta's four severities."""

    DEBUG = "DEBUG"
    """Of interest to developers only."""
    INFO = "INFO"
    """Normal operation."""
    WARN = "WARN"
    """An operator may want to look."""
    ERROR = "ERROR"
    """An operator has to look."""


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
        published: when the event happened, in milliseconds.
        target: the id that `target.id eq` finds it by.
        event: the whole entry as Okta's LogEvent, ready for JSON.
    """

    uuid: str
    published: Millis
    target: str
    event: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Target:
    """The target of an entry: for a delivery the recipient's address is the id, as Okta has it.

    Attributes:
        id: what `target.id eq` finds it by.
        type: Okta's word for the kind of thing.
        name: the display name.
        alternate: another name of it; by default the first one.
        changes: the values before and after, by name; None where nothing is compared.
    """

    id: str
    type: str
    name: str
    alternate: str = ""
    changes: tuple[Mapping[str, object], Mapping[str, object]] | None = None


def derived(name: str) -> str:
    """The id that a name stands for: its UUID of version 5 (RFC 9562) in the log's namespace.

    Python's own `uuid5` gives the same, and loading its module is 1 % of a cold request.
    """
    octets = bytearray(hashlib.sha1(NAMESPACE + name.encode(), usedforsecurity=False).digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x50
    octets[8] = octets[8] & 0x3F | 0x80
    text = octets.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def entry(
    event_type: EventType,
    *,
    identity: str,
    published: Millis,
    message: str,
    outcome: tuple[Result, str | None],
    severity: Severity,
    target: Target,
    debug: Mapping[str, str],
    context: Context | None = None,
) -> LogEntry:
    """Build an entry.

    Args:
        event_type: what it is about.
        identity: identifies the event; the uuid is derived from it and the type.
        published: when, in milliseconds.
        message: `displayMessage`.
        outcome: the result and a reason of at most 255 characters (it is cut there), or None.
        severity: how urgently an operator should look.
        target: what it is about. There is one, so that `target.id eq` can be answered from an index alone.
        debug: `debugData`; empty values are left out.
        context: who caused it, and in which request; None for the system itself.
    """
    identifier = derived(f"{event_type}:{identity}")
    actor = context.actor if context else SYSTEM
    request_id = context.request_id if context else ""
    origin = context.origin if context else NOWHERE
    result, reason = outcome
    event: dict[str, object] = {
        "uuid": identifier,
        "published": timestamp(published),
        "eventType": event_type.value,
        "version": "0",
        "severity": severity.value,
        "legacyEventType": None,
        "displayMessage": message,
        "actor": _party(actor.id, actor.type, actor.name, actor.alternate or actor.name),
        "client": _client(origin),
        "outcome": {"result": result.value, "reason": reason[:REASON_LENGTH] if reason else None},
        "target": [_target(target)],
        "transaction": {
            "type": "WEB" if actor.asks else "JOB",
            "id": request_id or identifier,
            "detail": _detail(actor),
        },
        "debugContext": {"debugData": _present({"requestId": request_id, "requestUri": origin.route, **debug})},
        "authenticationContext": {"externalSessionId": "unknown", "authenticationStep": 0},
        "securityContext": {},
        "request": {"ipChain": _chain(origin)},
    }
    return LogEntry(uuid=identifier, published=published, target=target.id, event=event)


def _client(origin: Origin) -> dict[str, object]:
    """The caller's address and program. The system and browser that the latter names are not guessed."""
    agent = {"rawUserAgent": origin.user_agent, "os": None, "browser": None} if origin.user_agent else None
    return {"userAgent": agent, "zone": None, "device": None, "id": None, "ipAddress": origin.address or None}


def _chain(origin: Origin) -> list[dict[str, object]]:
    if not origin.address:
        return []
    version = "V6" if ":" in origin.address else "V4"
    return [{"ip": origin.address, "geographicalContext": None, "version": version, "source": None}]


def _target(target: Target) -> dict[str, object]:
    party = _party(target.id, target.type, target.name, target.alternate or target.name)
    if target.changes is None:
        return party
    before, after = target.changes
    return {**party, "changeDetails": {"from": dict(before), "to": dict(after)}}


def _party(identifier: str, kind: str, name: str, alternate: str) -> dict[str, object]:
    return {"id": identifier, "type": kind, "alternateId": alternate, "displayName": name, "detailEntry": None}


def _detail(actor: Actor) -> dict[str, str]:
    return {"requestApiTokenId": actor.id} if actor.holds_credential else {}


def _present(facts: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}


def differences(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """The values before and after a change, by name, without those that stayed the same; for `Target.changes`."""
    changed = [name for name in after if before[name] != after[name]]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}


def change_entry(
    event_type: EventType,
    message: str,
    target: Target,
    context: Context,
    *,
    debug: Mapping[str, str] | None = None,
) -> LogEntry:
    """The log entry for a change that was made.

    Args:
        event_type: which change.
        message: `displayMessage`.
        target: what was changed; the entry's identity is the request and this target.
        context: who made the change, in which request, and when.
        debug: `debugData`; empty values are left out.
    """
    return entry(
        event_type,
        identity=f"{context.request_id}:{target.id}",
        published=context.now,
        message=message,
        outcome=(Result.SUCCESS, None),
        severity=Severity.INFO,
        target=target,
        debug=debug or {},
        context=context,
    )


def request_entries(
    event_type: EventType,
    emails: Sequence[str],
    *,
    message: str,
    debug: Mapping[str, str],
    context: Context,
    about: str = "",
) -> list[LogEntry]:
    """The entries for a request about many addresses: at most 50 per target and one target per entry, as Okta has it.

    Args:
        event_type: the type of the request.
        emails: the addresses, as they were given.
        message: `displayMessage`.
        debug: `debugData`; empty values are left out.
        context: who asked, in which request, and when.
        about: distinguishes entries of one request and type that are about different groups of addresses.
    """
    entries = []
    for number, start in enumerate(range(0, len(emails), ADDRESSES_A_TARGET)):
        identity = ":".join(filter(None, (context.request_id, about, str(number))))
        entries.append(
            entry(
                event_type,
                identity=identity,
                published=context.now,
                message=message,
                outcome=(Result.SUCCESS, None),
                severity=Severity.INFO,
                target=Target(identity, "EmailList", ", ".join(emails[start : start + ADDRESSES_A_TARGET])),
                debug=debug,
                context=context,
            )
        )
    return entries
