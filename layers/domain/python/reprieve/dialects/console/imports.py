"""Imports of a list from a file that a person chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.dialects import csv_file, list_csv
from reprieve.dialects.console import lists, page, session
from reprieve.errors import InvalidInput
from reprieve.suppressions.suppression import SuppressionList, asked_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.clock import Millis
    from reprieve.dialects.exchange import Request, Response
    from reprieve.refused_row import RefusedRow
    from reprieve.suppressions.group import Groups
    from reprieve.suppressions.imports import ListReport, Row
    from reprieve.suppressions.suppression import AnyList

#: rows of a file, so that all of it is done while the browser waits
MAX_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list, the usable rows of a file for it, and those that are not."""

    list: AnyList
    rows: Sequence[Row]
    refused: Sequence[RefusedRow]


def parse(request: Request, groups: Groups) -> Wanted:
    """The rows of a form's file.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: a field or the file cannot be used, or it has too many rows; nothing was changed.
    """
    try:
        wanted = asked_list(session.field(request, "list", most=50))
    except ValueError:
        raise InvalidInput("there is no such list", field="list") from None
    lists.check_group(wanted, groups)
    day = session.form(request).get("created", "").strip()
    created = lists.day(day, "created") if day else request.now
    rows, refused = _read(session.file(request), wanted, created=created, now=request.now)
    if not (rows or refused):
        raise InvalidInput("there is no row below the first line", field=session.FILE)
    return Wanted(wanted, rows, refused)


def _read(file: bytes, wanted: AnyList, *, created: Millis, now: Millis) -> tuple[Sequence[Row], Sequence[RefusedRow]]:
    """The rows of a file; what is wrong with all of it is said with the line that it is on."""
    try:
        text = csv_file.decoded(file)
        return list_csv.read(text, suppression_list=wanted, created=created, now=now, most=MAX_ROWS)
    except InvalidInput as error:
        raise InvalidInput(str(error), field=session.FILE) from None


def render_form(groups: Groups, request: Request) -> Response:
    """The form for a file."""
    return page.render(
        "import",
        request,
        lists={name: lists.name_of(name, groups) for name in (*SuppressionList, *groups.lists)},
        most=MAX_ROWS,
        columns=list_csv.COLUMNS,
    )


def render(report: ListReport, wanted: Wanted, groups: Groups, request: Request) -> Response:
    """What became of each row; those that were left out are named by their line."""
    return page.render("imported", request, report=report, name=lists.name_of(wanted.list, groups), list=wanted.list)
