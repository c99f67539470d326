"""The Reprieve dialect's removals: their queries, and their form in JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import Address
from reprieve.clock import timestamp
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import strict
from reprieve.dialects.reprieve.dialect import moment
from reprieve.errors import InvalidInput, MalformedAddress
from reprieve.paging import WholeNumber
from reprieve.removals.follow import ReportedState
from reprieve.removals.removal import RemovalState
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.removals.follow import RemovalReport

READ: Final = ("reprieve.removals.read", "reprieve.removals.manage")
MANAGE: Final = ("reprieve.removals.manage",)

PAGE: Final = 100
MAX_PAGE: Final = 1_000
LIMIT: Final = WholeNumber("limit", 1, MAX_PAGE)
#: the states that are a queue; what has ended is found by its request or address, or in the system log
QUEUES: Final = (RemovalState.PENDING, RemovalState.FAILED)
PARAMETERS: Final = ("request_id", "email", "state", "limit", "after")
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class Question:
    """The query of a listing.

    Attributes:
        request_id: removals of this request, or None.
        key: removals of the address with this comparison key, or None.
        state: removals in this state, or None for all; alone it must be one of QUEUES.
        limit: the most rows of a page; only of a queue.
        after: the cursor of the page before, or None; only of a queue.
    """

    request_id: str | None
    key: str | None
    state: ReportedState | None
    limit: int
    after: str | None


def parse_question(request: Request) -> Question:
    """Read a listing's parameters.

    Raises:
        InvalidInput: an unknown parameter, a value that cannot be used, or no parameter that selects removals.
    """
    strict.check_parameters(request, PARAMETERS)
    request_id, email, state = (request.parameter(name) for name in ("request_id", "email", "state"))
    if request_id is None and email is None and state is None:
        raise InvalidInput("say which removals: request_id, email or state")
    if request_id is not None and email is not None:
        raise InvalidInput("either this or request_id", field="email")
    if request_id is not None and not REQUEST_ID.fullmatch(request_id):
        raise InvalidInput("not the id of a request", field="request_id")
    return Question(
        request_id=request_id,
        key=None if email is None else _key(email),
        state=_state(state, alone=request_id is None and email is None),
        limit=LIMIT.read(request.parameter("limit")) or PAGE,
        after=request.parameter("after"),
    )


def permission(request: Request) -> Permission:
    """What a listing asks of the caller's role: less where one address or request is meant than for a queue."""
    named = request.parameter("email") is not None or request.parameter("request_id") is not None
    return Permission.LOOK_UP if named else Permission.READ


def render_removals(reports: Sequence[RemovalReport], after: str | None = None) -> Response:
    """200 with a list, and the cursor of the next page or null."""
    return Response(HTTPStatus.OK, {"removals": [removal(one) for one in reports], "after": after})


def render_removal(report: RemovalReport) -> Response:
    """200 with one removal."""
    return Response(HTTPStatus.OK, removal(report))


def removal(report: RemovalReport) -> dict[str, Any]:
    """A removal as JSON; every member is always there, null when it does not apply."""
    record = report.record
    return {
        "id": report.followed.id,
        "request_id": report.followed.id.rpartition("-")[0],
        "list": report.followed.list.value,
        "email": report.followed.email,
        "action": ("add" if record.adds else "remove") if record else None,
        "state": report.state.value,
        "replaced_by": report.replaced_by,
        "attempts": record.attempts if record else None,
        "next_try_at": moment(record.due_at) if record and report.state is ReportedState.PENDING else None,
        "last_answer": (record.last_answer or None) if record else None,
        "carried_out_at": record.carried_out_at if record else None,
        "requested_at": timestamp(report.followed.requested_at),
        "requested_by": record.requested_by if record else None,
        "forgiven_until": moment(record.forgiven_until or None) if record else None,
        "finished_at": moment(record.finished_at) if record else None,
    }


def _key(email: str) -> str:
    try:
        return Address.parse(email).key
    except MalformedAddress:
        raise InvalidInput("not an email address by RFC 3696", field="email") from None


def _state(state: str | None, *, alone: bool) -> ReportedState | None:
    if state is None:
        return None
    if state not in set(ReportedState):
        raise InvalidInput(f"one of {', '.join(ReportedState)}", field="state")
    if alone and state not in QUEUES:
        raise InvalidInput("alone only pending or failed; with request_id or email any state", field="state")
    return ReportedState(state)
