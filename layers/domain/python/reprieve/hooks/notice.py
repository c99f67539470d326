"""Notices: what a hook is posted about one change, made from the change's entry in the system log alone.

The entry is written with the change, before the change is acknowledged, and has an id that follows from the change; so
each change has one notice with one id, however often it is posted. The form is that of Standard Webhooks
(https://www.standardwebhooks.com): `type`, `timestamp` and `data`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import is_address
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class NoticeType(StrEnum):
    """What a notice reports."""

    SUPPRESSED = "address.suppressed"
    """Addresses were put on a list."""
    LIFTED = "address.lifted"
    """Addresses were taken off a list, at the provider and here."""
    HELD = "address.held"
    """An address or a domain was held by hand."""
    HOLD_ENDED = "address.hold_ended"
    """A hold was lifted by hand; when one ends by itself, its `address.held` said."""
    EXPIRING = "address.expiring"
    """A hold by the policy ends within a day; the address is lifted then."""
    MATCHED = "policy.matched"
    """A rule of the policy matched a failure, and says that the organization is to hear of it."""
    STOPPED = "policy.stopped"
    """The policy was disabled, because too many of its lifts failed again."""
    SUPERSEDED = "removal.superseded"
    """A newer bounce overtook a removal; the address stays suppressed."""
    FAILED = "removal.failed"
    """A removal was given up; the address stays suppressed."""
    ADDITION_FAILED = "addition.failed"
    """An address that is suppressed here could not be put on the provider's list."""
    RATE_WARNING = "rate.warning"
    """The share of messages that bounce or are reported as spam came near the limit of the provider."""
    TEST = "hook.test"
    """Nothing happened: a person tries the hook."""


#: the types that a hook can be limited to
CHANGES: Final = tuple(one for one in NoticeType if one is not NoticeType.TEST)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice.

    Attributes:
        id: the id of the log entry, or a new one for a test.
        type: see `NoticeType`.
        timestamp: when the change happened, as `YYYY-MM-DDTHH:mm:ss.SSSZ`.
        data: what changed; see `docs/reference/reprieve-api.md`.
    """

    id: str
    type: NoticeType
    timestamp: str
    data: Mapping[str, object]

    @property
    def body(self) -> bytes:
        """What is posted; the same bytes each time."""
        content = {"type": self.type.value, "timestamp": self.timestamp, "id": self.id, "data": self.data}
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def notice_of(event: Mapping[str, Any]) -> Notice | None:
    """The notice of a log entry, as a LogEvent; None for an entry that hooks do not hear of.

    A pure function: an entry has the same notice whenever it is read.
    """
    make = _MAKERS.get(event["eventType"])
    made = make(event, event["debugContext"]["debugData"]) if make else None
    if made is None:
        return None
    kind, data = made
    return Notice(event["uuid"], kind, event["published"], {name: value for name, value in data.items() if value})


_Made = tuple[NoticeType, dict[str, object]]


def _delivery(event: Mapping[str, Any], debug: Mapping[str, str]) -> _Made | None:
    """Of a delivery event that put its address on a list or took it off one, which its entry names."""
    if "list" not in debug:
        return None
    resubscribed = event["outcome"]["result"] == "SUCCESS"
    return NoticeType.LIFTED if resubscribed else NoticeType.SUPPRESSED, {
        **_addresses(event, debug),
        "event": event["outcome"]["reason"],
        "reason": debug.get("providerMessage"),
        "status": debug.get("enhancedStatusCode"),
        "provider": debug.get("emailProvider"),
        "account": debug.get("providerAccount"),
    }


def _added(event: Mapping[str, Any], debug: Mapping[str, str]) -> _Made:
    return NoticeType.SUPPRESSED, {**_addresses(event, debug), "source": debug.get("source"), **_request(debug)}


def _done(event: Mapping[str, Any], debug: Mapping[str, str]) -> _Made:
    return NoticeType.LIFTED, {**_addresses(event, debug), **_removal(debug)}


def _ended(kind: NoticeType) -> Callable[[Mapping[str, Any], Mapping[str, str]], _Made]:
    def made(event: Mapping[str, Any], debug: Mapping[str, str]) -> _Made:
        return kind, {**_addresses(event, debug), **_removal(debug), "reason": event["outcome"]["reason"]}

    return made


def _held(event: Mapping[str, Any], debug: Mapping[str, str]) -> _Made:
    more = {"reason": debug.get("reason"), "until": debug.get("until")}
    return NoticeType.HELD, {**_addresses(event, debug), **more, **_author(event), **_request(debug)}


def _hold_lifted(event: Mapping[str, Any], debug: Mapping[str, str]) -> _Made:
    return NoticeType.HOLD_ENDED, {**_addresses(event, debug), **_author(event), **_request(debug)}


def _expiring(event: Mapping[str, Any], debug: Mapping[str, str]) -> _Made:
    return NoticeType.EXPIRING, {**_addresses(event, debug), "until": debug.get("heldUntil"), **_rule(debug)}


def _matched(event: Mapping[str, Any], debug: Mapping[str, str]) -> _Made:
    more = {"reason": debug.get("providerMessage"), "status": debug.get("enhancedStatusCode")}
    return NoticeType.MATCHED, {**_addresses(event, debug), **more, **_rule(debug)}


def _stopped(event: Mapping[str, Any], debug: Mapping[str, str]) -> _Made:
    counts = {name: int(debug[name]) for name in ("watched", "failed")}
    return NoticeType.STOPPED, {**counts, "reason": event["outcome"]["reason"], **_rule(debug)}


def _rate(_: Mapping[str, Any], debug: Mapping[str, str]) -> _Made:
    numbers = {name: float(debug[name]) for name in ("rate", "limit") if name in debug}
    counts = {name: int(debug[name]) for name in ("sent", "bounces", "complaints") if name in debug}
    return NoticeType.RATE_WARNING, {
        **{name: debug.get(name) for name in ("account", "measure", "window")},
        **numbers,
        "percent_of_limit": int(debug.get("level", 0)),
        **counts,
    }


_MAKERS: Final[Mapping[str, Callable[[Mapping[str, Any], Mapping[str, str]], _Made | None]]] = {
    EventType.EMAIL_DELIVERY: _delivery,
    EventType.SUPPRESSION_ADD: _added,
    EventType.REMOVAL_DONE: _done,
    EventType.REMOVAL_SUPERSEDED: _ended(NoticeType.SUPERSEDED),
    EventType.REMOVAL_FAILED: _ended(NoticeType.FAILED),
    EventType.ADDITION_FAILED: _ended(NoticeType.ADDITION_FAILED),
    EventType.HOLD_CREATE: _held,
    EventType.HOLD_LIFT: _hold_lifted,
    EventType.POLICY_EXPIRING: _expiring,
    EventType.POLICY_NOTIFY: _matched,
    EventType.POLICY_STOP: _stopped,
    EventType.RATE_WARNING: _rate,
}


def _addresses(event: Mapping[str, Any], debug: Mapping[str, str]) -> dict[str, object]:
    """The addresses of an entry, in the spelling in which they are listed, or the domain; and their list."""
    target = event["target"][0]
    name = debug.get("list")
    if target["type"] == "EmailList":
        return {"emails": separated(target["displayName"]), "list": name}
    shown = target["displayName"]
    return {"emails": [shown], "list": name} if "@" in shown.lstrip("@") else {"domain": shown.lstrip("@")}


def separated(text: str) -> list[str]:
    """The addresses of a text in which each is followed by a comma and a space, as the target of an entry has them.

    An address may hold a comma and a space itself, in quotation marks.
    """
    found: list[str] = []
    piece = ""
    for part in text.split(", "):
        piece = f"{piece}, {part}" if piece else part
        if is_address(piece):
            found.append(piece)
            piece = ""
    return [*found, piece] if piece else found


def _rule(debug: Mapping[str, str]) -> dict[str, object]:
    return {"rule": debug.get("rule"), "policy_version": int(debug["policyVersion"])}


def _removal(debug: Mapping[str, str]) -> dict[str, object]:
    ids = debug.get("removalId", "")
    return {
        "removal_ids": ids.split(", ") if ids else [],
        "requested_by": debug.get("requestedBy"),
        **_request(debug),
    }


def _request(debug: Mapping[str, str]) -> dict[str, object]:
    return {"request_id": debug.get("requestId")}


def _author(event: Mapping[str, Any]) -> dict[str, object]:
    return {"author": event["actor"]["displayName"]}
