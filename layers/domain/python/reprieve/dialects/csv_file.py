"""CSV files as people have them: UTF-8, with or without a byte order mark, with commas, semicolons or tabs.

A row that cannot be used is refused with its line number, and never with what stands in it.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEPARATORS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of a row, as they are, and the number of the line that it begins on."""

    number: int
    cells: Sequence[str]


def decoded(content: bytes) -> str:
    """The text of a file.

    Raises:
        InvalidInput: it is not in UTF-8; the line is named.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInput("not valid UTF-8; save the file as CSV UTF-8", field=f"line {line}") from None


def lines(text: str) -> tuple[Line, Iterator[Line]]:
    """The first line, which names the columns, and those below it; lines that hold nothing are left out.

    Raises:
        InvalidInput: there is nothing in it; or, in the course of reading, it is not valid CSV.
    """
    found = _lines(text.removeprefix("\ufeff"))
    header = next(found, None)
    if header is None:
        raise InvalidInput("empty; its first line must name the columns", field="the file")
    return header, found


def _lines(text: str) -> Iterator[Line]:
    header = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    separator = max(SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InvalidInput(f"not valid CSV: {error}", field=f"line {number}") from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield Line(number, cells)
