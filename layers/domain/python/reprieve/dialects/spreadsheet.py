"""CSV, for programs and for spreadsheets, in which no cell can be taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reprieve.dialects.exchange import Request

MEDIA_TYPE: Final = "text/csv"
CONTENT_TYPE: Final = "text/csv; charset=utf-8"
#: makes a text of a formula; `reprieve lists import` takes it away
GUARD: Final = "'"
#: what makes a spreadsheet calculate, or run a program; the full-width signs do so in East Asian versions
_SIGNS: Final = r"=+\-@\uff1d\uff0b\uff0d\uff20"
#: where a formula may begin: at the beginning of the cell, and behind what ends a cell where files have semicolons or
#: tabs (there the quotes around this cell do not count); guards that are there already belong to the text
_BEGINS: Final = rf"(?:\A(?='*[{_SIGNS}\t\r\n])|(?<=[;\t\r\n])(?='*[{_SIGNS}]))"
FORMULA: Final = re.compile(_BEGINS)
_GUARDED: Final = re.compile(rf"(?:\A|(?<=[;\t\r\n])){GUARD}(?='*[{_SIGNS}])|\A{GUARD}(?='*[\t\r\n])")


def wanted(request: Request) -> bool:
    """Whether a request prefers CSV to JSON, by its Accept header."""
    weights = {MEDIA_TYPE: 0.0, "application/json": 0.0}
    for part in request.headers.get("accept", "").split(","):
        kind, *parameters = (piece.strip().casefold() for piece in part.split(";"))
        if kind in weights:
            weights[kind] = max(weights[kind], _weight(parameters))
    return weights[MEDIA_TYPE] > weights["application/json"]


def _weight(parameters: Sequence[str]) -> float:
    given = [text[2:] for text in parameters if text.startswith("q=")]
    try:
        return float(given[-1]) if given else 1.0
    except ValueError:
        return 0.0


def render(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A header and rows by RFC 4180."""
    return "".join(lines(columns, rows))


def lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same, a line at a time."""
    yield _line(columns)
    for row in rows:
        yield _line([guarded(cell) for cell in row])


def _line(cells: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def guarded(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula; numbers stay what they are."""
    return FORMULA.sub(GUARD, cell) if isinstance(cell, str) else cell


def unguarded(cell: str) -> str:
    """The cell that `guarded` was given."""
    return _GUARDED.sub("", cell)
