"""The pages for many addresses at a time: the form, the dry run, and the progress, with a result for each address."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.access.repeat import Answer
from reprieve.address import Address
from reprieve.clock import HOUR, SECOND
from reprieve.dialects.console import lists, page, pasted, session, site, words
from reprieve.dialects.console.address import by_owner
from reprieve.dialects.console.removal import STATES, follows, render_asked
from reprieve.errors import Conflict, Forbidden, InvalidInput
from reprieve.removals.allowance import may_lift_from
from reprieve.removals.follow import ReportedState
from reprieve.removals.request import Decision
from reprieve.role import Permission, Role
from reprieve.suppressions.suppression import SuppressionList, asked_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.dialects.exchange import Request, Response
    from reprieve.removals.follow import RemovalReport
    from reprieve.removals.rehearsal import Rehearsed
    from reprieve.removals.request import AddressOutcome
    from reprieve.suppressions.group import Groups
    from reprieve.suppressions.suppression import AnyList

#: how often a page under way is asked for again, in seconds: the longer it takes the less often, and not after an hour
SOONEST, LATEST, SHARE, NO_MORE = 2, 60, 5, HOUR
#: characters of the field for the addresses
MAX_TEXT: Final = 300_000
#: the field that has the form's key; with its name, and a space, it is no key of another API
KEY: Final = "key"
MAX_KEY: Final = 64
#: the states that are over, and left the address as it was
WRONG: Final = frozenset({ReportedState.FAILED, ReportedState.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be lifted from which list.

    Attributes:
        list: the list.
        pasted: what was pasted.
        key: of the form, which is the same each time that it is sent; "" of the one that asks for the dry run.
    """

    list: AnyList
    pasted: pasted.Pasted
    key: str = ""

    @property
    def spelled(self) -> Sequence[str]:
        """The addresses as they were pasted."""
        return self.pasted.addresses

    @property
    def addresses(self) -> Sequence[Address]:
        """The addresses."""
        return [Address.parse(one) for one in self.spelled]

    @property
    def fingerprint(self) -> str:
        """Equal for equal lists and addresses."""
        return hashlib.sha256("\n".join((str(self.list), *self.spelled)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Started:
    """A lift of many addresses that was asked for.

    Attributes:
        id: the id of the request that asked for it first.
        accepted: how many are lifted.
        refused: those that the membership rule has refused since the dry run.
    """

    id: str
    accepted: int
    refused: Sequence[str] = ()


def parse(request: Request) -> Wanted:
    """The list and the addresses of a form; some of what was pasted may not be one.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: there is no such list, no address, or too many.
    """
    name = session.field(request, "list", most=50)
    try:
        wanted = asked_list(name)
    except ValueError:
        raise InvalidInput("there is no such list", field="list") from None
    # spaces at its beginning would be lines that the reader counts
    return Wanted(wanted, pasted.read(session.text(request, "addresses", most=MAX_TEXT)))


def parse_lift(request: Request) -> Wanted:
    """The same, where each must be an address, with the form's key.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: as `parse`, or something is not an address; its line is named. Or the form has no key.
    """
    wanted = replace(
        parse(request), key=f"{KEY} {request.context.actor.id} {session.field(request, KEY, most=MAX_KEY)}"
    )
    for one in wanted.pasted.refused:
        raise InvalidInput(f"line {one.line} is not an email address", field="addresses")
    return wanted


def render_form(groups: Groups, request: Request) -> Response:
    """The form for the addresses."""
    return page.render(
        "many",
        request,
        lists={name: lists.name_of(name, groups) for name in _liftable(request.context, groups)},
        most=pasted.MAX_ADDRESSES,
        each_day=request.organization.help_desk_lifts if request.context.role is Role.HELP_DESK else None,
    )


def render_dry_run(found: Sequence[Rehearsed], wanted: Wanted, groups: Groups, request: Request) -> Response:
    """What a lift would do with each address, and what else holds its mail back to those who may look it up.

    The form that lifts has those that may be lifted.
    """
    looks_up = page.may(request, site.READ_ADDRESSES, Permission.LOOK_UP)
    allowed = [one.address.spelling for one in found if one.allowed]
    return page.render(
        "many_dry_run",
        request,
        rows=[
            {
                "one": one,
                "others": [lists.name_of(name, groups) for name in one.others] if looks_up else [],
                "held": one.held and looks_up,
            }
            for one in sorted(found, key=lambda one: one.allowed)
        ],
        list=wanted.list,
        name=lists.name_of(wanted.list, groups),
        allowed=allowed,
        listed=sum(one.listed and one.allowed for one in found),
        pasted=wanted.pasted,
        not_sent=words.NOT_SENT,
        looks_up=looks_up,
        key=request.id,
    )


def started(outcomes: Sequence[AddressOutcome], request: Request) -> Started:
    """What a request under the membership rule has begun."""
    refused = [one.submitted for one in outcomes if one.decision is not Decision.ACCEPTED]
    return Started(request.id, len(outcomes) - len(refused), refused)


def keep(begun: Started) -> Answer:
    """What is kept of a lift, so that its form, sent again, leads to the same lift."""
    return Answer(HTTPStatus.OK, json.dumps([begun.id, begun.accepted, list(begun.refused)]))


@contextmanager
def one_form() -> Iterator[None]:
    """Say in the words of the page what is wrong with a form that is sent again.

    Raises:
        Conflict: what it asked for at first is still being recorded.
        InvalidInput: it asked for something else at first.
    """
    try:
        yield
    except Conflict:
        raise Conflict("this lift is being recorded; send the form again in a minute, which is safe") from None
    except InvalidInput:
        raise InvalidInput(
            "this form was sent with other addresses before; check them anew", field="addresses"
        ) from None


def render_started(kept: Answer, request: Request) -> Response:
    """An answer that leads to the page of the lift's progress, whose link has an id alone; see `render_asked`.

    Or a page where the membership rule refused some of them since the dry run.
    """
    begun = Started(*json.loads(kept.body))
    if not begun.refused:
        return render_asked(begun.id, f"/lifts/many/{begun.id}", request)
    return page.render(
        "many_refused",
        request,
        refused=begun.refused,
        id=begun.id,
        accepted=begun.accepted,
        follows=follows(request),
    )


def render(found: Sequence[RemovalReport], groups: Groups, request: Request) -> Response:
    """The page of a request's progress, those first that need a person."""
    counts = Counter(one.state for one in found)
    asked_at = min(one.followed.requested_at for one in found)
    return page.render(
        "many_progress",
        request,
        id=request.path["id"],
        name=lists.name_of(found[0].followed.list, groups),
        rows=[
            {"report": one, "title": STATES[one.state][0], "wrong": one.state in WRONG}
            for one in sorted(found, key=lambda one: one.state not in WRONG)
        ],
        counts=[
            (STATES[state][0], counts[state], STATES[state][1] if state in WRONG else "")
            for state in ReportedState
            if counts[state]
        ],
        asked_at=asked_at,
        waits=counts[ReportedState.PENDING],
        wrong=any(counts[state] for state in WRONG),
        again=pause(asked_at, request.now) if counts[ReportedState.PENDING] else None,
    )


def pause(asked_at: Millis, now: Millis) -> int | None:
    """After how many seconds a page under way is asked for again; None for not by itself."""
    age = now - asked_at
    return None if age > NO_MORE else max(SOONEST, min(LATEST, age // SECOND // SHARE))


def _liftable(context: Context, groups: Groups) -> list[AnyList]:
    """The lists that the viewer may lift from."""
    return [name for name in (*SuppressionList, *groups.lists) if _may_lift(context, name)]


def _may_lift(context: Context, name: AnyList) -> bool:
    try:
        by_owner(context, name)
    except Forbidden:
        return False
    return may_lift_from(context.role, name)
