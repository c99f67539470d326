"""Our own answers about addresses and lists: `GET /reprieve/addresses/{email}` and `GET /reprieve/suppressions`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from reprieve import answer_size
from reprieve.address import Address
from reprieve.addresses.outlook import Next
from reprieve.clock import Seconds, timestamp
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import prospects, strict
from reprieve.dialects.reprieve.dialect import moment
from reprieve.dialects.reprieve.holds import hold
from reprieve.dialects.reprieve.terms import members
from reprieve.errors import InvalidInput, MalformedAddress
from reprieve.paging import Cursors, unix_seconds
from reprieve.removals.block import UNBLOCKS
from reprieve.removals.removal import RemovalState
from reprieve.suppressions.listing import Filter, Position
from reprieve.suppressions.suppression import (
    Classification,
    GroupList,
    Permanence,
    SuppressionList,
    asked_list,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.addresses.explain import Explanation, OnList
    from reprieve.policies.term import Term
    from reprieve.suppressions.group import Groups
    from reprieve.suppressions.suppression import AnyList, Suppression
    from reprieve.suppressions.whitelist import Whitelist

READ_ADDRESSES: Final = ("reprieve.addresses.read",)
READ_SUPPRESSIONS: Final = ("reprieve.suppressions.read",)
#: the lists of one search: each is read by a query per shard
MAX_LISTS: Final = 20
PARAMETERS: Final = (
    "list",
    "reason",
    "status",
    "domain",
    "permanence",
    "classification",
    "start_time",
    "end_time",
    "limit",
    "total",
    "cursor",
)
#: the values of a parameter that is yes or no
ANSWERS: Final = {"true": True, "false": False}
_E = TypeVar("_E", bound=StrEnum)

#: the most bytes of a provider's message in the answer about an address, which shows 20; the system log has all of it
MAX_MESSAGE: Final = 200_000

#: what happens next, as a sentence for people
SENTENCE: Final = {
    Next.STAYS: "It stays suppressed until it is lifted.",
    Next.EXPIRES: "It stays suppressed until it expires by the bounce purge.",
    Next.POLICY: "It stays suppressed until the organization's policy lifts it.",
    Next.KEPT: "It has bounced too rarely to be blocked; mail to it is tried.",
    Next.LIFTS: "The removal job asks the provider to lift it, then takes it off the list.",
    Next.ADDS: "It stays suppressed; the removal job puts it on the provider's list, too.",
    Next.UNADDED: "It stays suppressed here; the provider did not take it, until a person retries that.",
    Next.WAITS: "Its removal failed and waits for a person to retry it.",
    Next.SPARED: "It stays on the list; mail to it is tried as long as the address whitelist covers it.",
    Next.SWEEPS: "It is not shown any more; its removal at the provider will be requested.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a page of all lists.

    Attributes:
        after: the position after which the page begins; None for the first.
        total: what a page before counted, and whether that was everything; None where none has.
        counts: whether the total is asked for.
    """

    wanted: Filter
    limit: int
    after: Position | None
    total: tuple[int, bool] | None
    counts: bool


def parse_search(request: Request) -> Asked:
    """The filters, the page's size and its cursor.

    Raises:
        InvalidInput: one of them is unknown, malformed or out of range; it is named.
        InvalidCursor: the cursor is of another search.
    """
    strict.check_parameters(request, PARAMETERS)
    limit = strict.LIMIT.read(request.parameter("limit"))
    lists = {_list(text) for text in _few(request.query.get("list", ()))}
    permanence, classification = request.parameter("permanence"), request.parameter("classification")
    wanted = Filter(
        lists=tuple(sorted(lists)) or tuple(SuppressionList),
        start=_moment_in(request, "start_time"),
        end=_moment_in(request, "end_time"),
        reason=request.parameter("reason") or "",
        status=request.parameter("status") or "",
        domain=_domain(request.parameter("domain")),
        permanence=_member(Permanence, permanence, "permanence") if permanence else None,
        classification=_member(Classification, classification, "classification") if classification else None,
    )
    cursor = request.parameter("cursor")
    after, total = (None, None) if cursor is None else carried(cursor, wanted, request)
    return Asked(wanted, limit or strict.PAGE, after, total, _yes_or_no(request, "total"))


def render_search(
    found: Sequence[tuple[Suppression, Term]],
    total: tuple[int, bool] | None,
    asked: Asked,
    request: Request,
    *,
    more: bool,
) -> Response:
    """A page of all lists, with the cursor of the next; `total` is None where it was not counted."""
    body = {
        "suppressions": [_suppression(one) | members(term) for one, term in found],
        "total": total[0] if total else None,
        "total_is_exact": total[1] if total else None,
        "next": next_cursor(found[-1][0], total, asked, request) if more else None,
    }
    return Response(HTTPStatus.OK, body)


def next_cursor(last: Suppression, total: tuple[int, bool] | None, asked: Asked, request: Request) -> str:
    """The cursor of the page behind an entry, with what was counted."""
    position = Position.of(last)
    return _cursors(request, asked.wanted).write([position.second, position.key, position.list, *(total or ())])


def carried(cursor: str, wanted: Filter, request: Request) -> tuple[Position, tuple[int, bool] | None]:
    """The position of a cursor, and what was counted.

    Raises:
        InvalidCursor: it is of another search.
    """
    return _cursors(request, wanted).read(cursor, _carried)


def render_explanation(answer: Explanation) -> Response:
    """The explanation why an address is not mailed."""
    body = {
        "email": answer.email,
        "mailed": answer.mailed,
        "withheld_by_provider": _withheld(answer),
        "belongs_to_organization": answer.belongs,
        "whitelisted_by": answer.whitelisted_by,
        "domain": prospects.domain_member(answer.domain),
        "block": {
            "kind": answer.block.kind,
            "count": answer.block.count,
            "reason": answer.block.reason or None,
            "since": moment(answer.block.since),
        },
        "holds": [hold(one) for one in answer.holds],
        "suppressions": [_on_list(one) for one in answer.lists if one.shown and not _is_group(one)],
        "groups": [_in_group(one, answer.groups) for one in answer.lists if one.shown and _is_group(one)],
        "removals": [_removal(one) for one in answer.lists if one.record.removal],
        "next": [_outlook(one) for one in answer.lists if one.next],
        "events": [_event(event) for event in answer.events],
        "limits": {
            "requests_a_minute": {
                "limit": answer.quota.limit,
                "remaining": answer.quota.remaining,
                "resets_at": timestamp(answer.quota.resets_at),
            },
            "unblocks": {"limit": UNBLOCKS, "remaining": answer.block.remaining},
        },
    }
    return Response(HTTPStatus.OK, body)


def render_whitelist(whitelist: Whitelist) -> Response:
    """The address whitelist, with how many events each entry has kept from suppressing an address."""
    entries = [
        {"entry": entry, "kind": "address" if "@" in key else "domain", "hits": whitelist.hits.get(key, 0)}
        for key, entry in whitelist.entries.items()
    ]
    return Response(HTTPStatus.OK, {"enabled": whitelist.enabled, "entries": entries})


def _suppression(one: Suppression) -> dict[str, Any]:
    return {
        "list": one.list,
        "email": one.email,
        "since": timestamp(one.created),
        "reason": one.reason,
        "status": one.status,
        "permanence": one.permanence,
        "classification": one.classification,
        "source": one.provider,
        "ip": one.ip or None,
    }


def _on_list(one: OnList) -> dict[str, Any]:
    assert one.record.suppression is not None  # noqa: S101  (only what is on the list is shown)
    assert one.term is not None  # noqa: S101  (as above)
    assert one.prospect is not None  # noqa: S101  (as above)
    suppression = one.record.suppression
    return {
        **_suppression(suppression),
        **members(one.term),
        "accounts": suppression.reporters,
        "count": suppression.count,
        "lifts": one.record.lifts,
        **prospects.members(one.prospect, suppression),
        "suppresses": one.suppresses,
        "may_lift": bool(one.lifted_by),
        "lift_by": list(one.lifted_by),
    }


def _withheld(answer: Explanation) -> dict[str, Any] | None:
    found = answer.withheld
    return {"list": found.list, "dropped_at": timestamp(found.at)} if found else None


def _is_group(one: OnList) -> bool:
    return isinstance(one.record.list, GroupList)


def _in_group(one: OnList, groups: Groups) -> dict[str, Any]:
    """An unsubscribe group whose mail the address does not get."""
    assert isinstance(one.record.list, GroupList)  # noqa: S101  (chosen by it)
    assert one.record.suppression is not None  # noqa: S101  (only what is on the list is shown)
    assert one.term is not None  # noqa: S101  (as above)
    group, suppression = groups.get(one.record.list.group), one.record.suppression
    return {
        "id": group.id,
        "name": group.name,
        "list": one.record.list,
        "email": suppression.email,
        "since": timestamp(suppression.created),
        "source": suppression.provider,
        **members(one.term),
        "accounts": suppression.reporters,
        "may_lift": bool(one.lifted_by),
        "lift_by": list(one.lifted_by),
    }


def _removal(one: OnList) -> dict[str, Any]:
    removal = one.record.removal
    assert removal is not None  # noqa: S101  (chosen by it)
    return {
        "id": removal.id,
        "list": removal.list,
        "action": "add" if removal.adds else "remove",
        "state": removal.state,
        "requested_at": timestamp(removal.requested_at),
        "requested_by": removal.requested_by,
        "attempts": removal.attempts,
        "next_try_at": moment(removal.due_at) if removal.state is RemovalState.PENDING else None,
        "finished_at": moment(removal.finished_at),
        "last_answer": removal.last_answer or None,
        "carried_out_at": removal.carried_out_at,
    }


def _outlook(one: OnList) -> dict[str, Any]:
    assert one.next is not None  # noqa: S101  (chosen by it)
    return {
        "list": one.record.list,
        "then": one.next.next.value,
        "at": moment(one.next.at),
        "sentence": SENTENCE[one.next.next],
    }


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    debug = event["debugContext"]["debugData"]
    return {
        "uuid": event["uuid"],
        "published": event["published"],
        "type": event["eventType"],
        "result": event["outcome"]["result"],
        "reason": event["outcome"]["reason"],
        "message": answer_size.cut(debug["providerMessage"], MAX_MESSAGE) if "providerMessage" in debug else None,
        "provider": debug.get("emailProvider"),
    }


def _moment_in(request: Request, name: str) -> Seconds | None:
    return unix_seconds(name).read(request.parameter(name))


def _yes_or_no(request: Request, name: str) -> bool:
    text = request.parameter(name) or "false"
    if text not in ANSWERS:
        raise InvalidInput("must be true or false", field=name)
    return ANSWERS[text]


def _few(texts: Sequence[str]) -> Sequence[str]:
    if len(texts) > MAX_LISTS:
        raise InvalidInput(f"must be given at most {MAX_LISTS} times", field="list")
    return texts


def _list(text: str) -> AnyList:
    """A list by its name; that of an unsubscribe group is searched only if it is named."""
    try:
        return asked_list(text.casefold())
    except ValueError:
        raise InvalidInput(f"must be one of: {', '.join(SuppressionList)}, group-ID", field="list") from None


def _member(members: type[_E], text: str, field: str) -> _E:
    for member in members:
        if member.casefold() == text.casefold():
            return member
    raise InvalidInput(f"must be one of: {', '.join(members)}", field=field)


def _domain(text: str | None) -> str:
    """A domain in the form that comparison keys have."""
    if not text:
        return ""
    try:
        return Address.parse(f"postmaster@{text}").domain
    except MalformedAddress:
        raise InvalidInput("must be the domain of an email address", field="domain") from None


def _cursors(request: Request, wanted: Filter) -> Cursors:
    """The cursors of one search: a page of another one would come with a total that is not its own."""
    return Cursors(request.organization.id, f"suppressions {json.dumps(asdict(wanted))}", "cursor")


def _carried(content: Any) -> tuple[Position, tuple[int, bool] | None]:  # noqa: ANN401  (JSON)
    match content:
        case [int(second), str(key), str(name), *counted]:
            position = Position(Seconds(max(0, second)), key, asked_list(name))
            match counted:
                case []:
                    return position, None
                case [int(total), bool(exact)]:
                    return position, (total, exact)
    raise ValueError("not a position, with a total or without")
