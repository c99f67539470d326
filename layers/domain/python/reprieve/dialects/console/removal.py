"""The page of one removal: how far a lift has come, on its way to the provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.dialects.console import page, session, words
from reprieve.dialects.console.site import READ_REMOVALS
from reprieve.dialects.reprieve import strict
from reprieve.errors import Forbidden, InvalidInput, NotFound
from reprieve.removals.follow import ReportedState
from reprieve.removals.removal import RemovalState
from reprieve.removals.request import Decision
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.dialects.console.address import Wanted
    from reprieve.dialects.exchange import Request, Response
    from reprieve.removals.follow import RemovalReport
    from reprieve.removals.request import AddressOutcome

#: by its state: what it means, and what to do
STATES: Final[Mapping[ReportedState, tuple[str, str]]] = {
    ReportedState.PENDING: ("Under way", "The provider is being asked. This usually takes seconds."),
    ReportedState.DONE: (
        "Done",
        "The provider has carried it out. Mail to this address is sent again: have the user ask for it.",
    ),
    ReportedState.FAILED: ("Failed", "The provider did not carry it out. Its last answer says why; then retry."),
    ReportedState.SUPERSEDED: (
        "Stopped by a newer bounce",
        "The address bounced again before the provider was asked, so it stays suppressed. Find out why first.",
    ),
    ReportedState.REPLACED: ("Replaced", "A newer lift of the same address has taken its place."),
    ReportedState.FORGOTTEN: ("Ended", "It ended more than a week ago. The history of the address has the result."),
}
#: the queues, with what each is called
QUEUES: Final[Mapping[str, str]] = {RemovalState.PENDING.value: "Under way", RemovalState.FAILED.value: "Failed"}
PAGE: Final = 50
#: what a link to a queue may name; a page's cursor names an address, so it is in a form
LINKED: Final = ("state",)
MAX_CURSOR: Final = 2_000


def accepted(outcome: AddressOutcome) -> str:
    """The id of the removal that a request under the membership rule made.

    Raises:
        Forbidden: the rule does not let the organization lift the address.
    """
    if outcome.decision is not Decision.ACCEPTED or outcome.removal_id is None:
        raise of_a_stranger()
    return outcome.removal_id


def of_a_stranger() -> Forbidden:
    """The refusal of the membership rule."""
    return Forbidden(reason="this address belongs to none of your recipients, so you cannot lift it")


def lifted(removal_ids: Sequence[str], wanted: Wanted) -> str:
    """The id of the removal of the one address that an owner of a list lifted.

    Raises:
        NotFound: there is none, because the address is neither on the list nor an address.
    """
    if not removal_ids:
        raise NotFound("address", f"on the {words.list_name(wanted.list)}")
    return removal_ids[0]


@dataclass(frozen=True, slots=True)
class Queue:
    """Which page of which queue is asked for."""

    state: RemovalState
    after: str | None


def parse_link(request: Request) -> Queue:
    """The first page of what waits, unless the link is to what failed.

    Raises:
        InvalidInput: there is no such queue, or the link names something else.
    """
    strict.check_parameters(request, LINKED)
    return Queue(_state(request.parameter("state") or RemovalState.PENDING), None)


def parse_later(request: Request) -> Queue:
    """The later page that a form asks for.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: there is no such queue, or no cursor.
    """
    state = _state(session.field(request, "state", most=50))
    return Queue(state, session.field(request, "after", most=MAX_CURSOR))


def _state(text: str) -> RemovalState:
    if text not in QUEUES:
        raise InvalidInput("there is no such queue", field="state")
    return RemovalState(text)


def render_queue(found: Sequence[RemovalReport], after: str | None, asked: Queue, request: Request) -> Response:
    """A page of lifts and additions, oldest first, with a form that asks for the next page."""
    rows = [
        {"report": one, "list": words.list_name(one.followed.list)}
        for one in sorted(found, key=lambda one: one.followed.requested_at)
    ]
    return page.render("removals", request, rows=rows, after=after, state=asked.state.value, queues=QUEUES)


def render_started(removal_id: str, request: Request) -> Response:
    """An answer that leads to the removal's page, as `render_asked`."""
    return render_asked(removal_id, f"/removals/{removal_id}", request)


def render_asked(asked_id: str, path: str, request: Request) -> Response:
    """An answer that leads to the page of a lift; to those who may not read it, a page with the lift's id."""
    if follows(request):
        return page.redirect(path)
    return page.render("asked", request, id=asked_id, path=path)


def follows(request: Request) -> bool:
    """Whether the viewer may read how far a lift has come."""
    return page.may(request, READ_REMOVALS, Permission.LOOK_UP)


def render(report: RemovalReport, request: Request) -> Response:
    """The page of a removal."""
    title, means = STATES[report.state]
    adds = report.record is not None and report.record.adds
    return page.render(
        "removal",
        request,
        report=report,
        record=report.record,
        adds=adds,
        state=report.state.value,
        title=title,
        means=means,
        list=words.list_name(report.followed.list),
        by_caller=bool(request.caller and report.record and report.record.requested_by == request.context.actor.id),
    )
