"""The page of the holds, and its forms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, SECOND, Millis
from reprieve.dialects.console import lists, page, session, site
from reprieve.dialects.reprieve import holds as api
from reprieve.removals.hold import AtProvider
from reprieve.removals.holds import MAX_REASON
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.dialects.exchange import Request, Response
    from reprieve.removals.hold import Hold
    from reprieve.suppressions.listing import Position

#: holds of a page
PAGE: Final = 50
MAX_SUBJECT: Final = 1_000
MAX_CURSOR: Final = 2_000
AT_PROVIDER: Final[Mapping[AtProvider, str]] = {
    AtProvider.HERE: "kept here: no provider has a list of domains",
    AtProvider.PENDING: "on its way to the provider",
    AtProvider.DONE: "held by the provider, too",
    AtProvider.FAILED: "kept here: the provider did not take it",
}


def parse_cursor(request: Request) -> str:
    """The cursor of a later page.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: there is none.
    """
    return session.field(request, "cursor", most=MAX_CURSOR)


def parse_page(request: Request, cursor: str) -> tuple[int, Position | None]:
    """The size of a page, and the position after which it begins; None for the first.

    Raises:
        InvalidCursor: the cursor is not one of this organization's holds.
    """
    query = {"limit": (str(PAGE),)} | ({"cursor": (cursor,)} if cursor else {})
    return api.parse_page(replace(request, query=query))


def parse_hold(request: Request) -> api.Wanted:
    """The hold that a form asks for; it ends with a day in UTC.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: a field cannot be used; it is named.
    """
    reason = session.field(request, "reason", most=MAX_REASON)
    day = session.form(request).get("until", "").strip()
    until = Millis(lists.day(day, "until") + DAY - SECOND) if day else None
    return api.Wanted(parse_subject(request), reason, until)


def parse_subject(request: Request) -> str:
    """The address or domain that a form is about.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: there is none.
    """
    return session.field(request, "subject", most=MAX_SUBJECT)


def held(hold: Hold) -> str:
    """What is said of a hold that was just set."""
    return f"{hold.domain or hold.entry.email} is on hold."


def lifted(subject: str) -> str:
    """What is said of a hold that was just lifted."""
    return f"{subject} is not on hold any more."


def render(
    found: Sequence[Hold], position: Position | None, request: Request, *, is_first: bool, notice: str
) -> Response:
    """A page of holds, newest first; after a change with what was done."""
    return page.render(
        "holds",
        request,
        holds=found,
        at_provider=AT_PROVIDER,
        cursor=api.next_cursor(position, request) if position else "",
        is_first=is_first,
        notice=notice,
        most=MAX_REASON,
        manages=page.may(request, site.MANAGE_HOLDS, Permission.CHANGE),
        looks_up=page.may(request, site.READ_ADDRESSES, Permission.LOOK_UP),
    )
