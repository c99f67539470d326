"""Exports of what the filters of the lists leave: in parts, because an answer of Lambda's has an end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve import answer_size
from reprieve.clock import timestamp
from reprieve.dialects import list_csv, spreadsheet
from reprieve.dialects.console import lists, page, session
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import suppressions as api
from reprieve.errors import Conflict, InvalidInput
from reprieve.paging import WholeNumber
from reprieve.suppressions.listing import Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reprieve.policies.term import Term
    from reprieve.suppressions.listing import Filter
    from reprieve.suppressions.suppression import Suppression

#: the most entries of a part
ROWS: Final = 2_000
#: entries that may have come between those of a part since its page was made, with an earlier time
ARRIVED: Final = 500
#: bytes of a line beside the texts of its entry: numbers, names, the sentence about its term, separators
ROOM: Final = 1_500
FIRST: Final = WholeNumber("first", 1, 10**9)


@dataclass(frozen=True, slots=True)
class Asked:
    """A part that is asked for, and the number of its first entry in the whole export."""

    page: lists.Asked
    first: int


@dataclass(frozen=True, slots=True)
class AskedFile:
    """The file of a part, which ends with the part's last entry."""

    part: Asked
    last: Position

    @property
    def wanted(self) -> Filter:
        """The search of the part, without what is older than its last entry."""
        return replace(self.part.page.wanted, start=self.last.second)


def parse(request: Request) -> Asked:
    """The part that a form asks for.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: a field cannot be used; it is named.
        InvalidCursor: the form's part is of another search.
    """
    asked = lists.parse_search(request)
    return Asked(asked, FIRST.read((asked.form.get("first") or ("1",))[-1]) or 1)


def parse_file(request: Request) -> AskedFile:
    """The file that the form of a part asks for.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: a field cannot be used; it is named.
        InvalidCursor: the form's part is of another search.
    """
    part = parse(request)
    last, _ = api.carried(session.field(request, "last", most=lists.MAX_FIELD), part.page.wanted, request)
    return AskedFile(part, last)


def inside(found: Sequence[Suppression], asked: AskedFile, *, more: bool) -> Sequence[Suppression]:
    """Those of the entries that go into a file: all up to the last of its part.

    Raises:
        Conflict: so many have come between since that they are not all among those that were found, or do not fit.
    """
    part = [one for one in found if _order(Position.of(one)) <= _order(asked.last)]
    if (more and len(part) == len(found)) or len(fitting(part)) < len(part):
        raise Conflict("too much has come onto the lists since this part was made; export again")
    return part


def _order(position: Position) -> tuple[int, str, str]:
    return -position.second, position.key, position.list


def fitting(found: Sequence[Suppression]) -> Sequence[Suppression]:
    """As many of the entries, from the first on, as go into one answer; at least one."""
    left = answer_size.MAX_BODY
    for number, one in enumerate(found):
        texts = one.email + one.reason + one.status + one.ip + one.provider
        # a guard in front of what could be a formula is one sign for at least two
        left -= ROOM + answer_size.of_text(texts) * 3 // 2
        if left < 0 and number:
            return found[:number]
    return found


def render(found: Sequence[Suppression], asked: Asked, request: Request, *, more: bool) -> Response:
    """The page of a part: what is in it, its file, and the next part."""
    if not found:
        raise InvalidInput("no entry matches, so there is nothing to export", field="list")
    fields = {name: texts for name, texts in asked.page.form.items() if name not in {"first", "cursor", "last"}}
    # no address is empty, so the first part begins with its first entry, whatever comes onto the lists meanwhile
    begin = api.next_cursor(replace(found[0], key=""), asked.page.total, asked.page, request)
    end = api.next_cursor(found[-1], asked.page.total, asked.page, request)
    return page.render(
        "export",
        request,
        fields=fields,
        first=asked.first,
        last=asked.first + len(found) - 1,
        newest=found[0].created,
        oldest=found[-1].created,
        begin=(asked.page.form.get("cursor") or (begin,))[-1],
        end=end,
        more=more,
    )


def render_file(found: Iterable[tuple[Suppression, Term]], asked: Asked, request: Request) -> Response:
    """The file of a part, for the browser to keep."""
    name = f"suppressions-{timestamp(request.now)[:10]}-from-{asked.first}.csv"
    return Response(
        HTTPStatus.OK,
        "".join(list_csv.write(found, naming_lists=True)),
        (("Content-Disposition", f'attachment; filename="{name}"'),),
        content_type=spreadsheet.CONTENT_TYPE,
    )
