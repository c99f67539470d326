"""Reading recipients from CSV.

The first line names the columns. `email` must be among them; `id` and `secondary_email` are ours; every other column is
kept in the profile. Names may be written as people do or as Okta's own template does: `first_name` and `firstName` are
one, and so are `secondary_email` and `secondEmail`. Commas, semicolons and tabs separate; a byte order mark and any
kind of line ending are fine. A row that cannot be used is refused with its line number, and never with what stands in it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from reprieve.address import Address
from reprieve.errors import InvalidInput
from reprieve.recipient import USERS, Recipient

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ID: Final = "id"
EMAIL: Final = "email"
SECOND: Final = "secondEmail"
LOGIN: Final = "login"
ALIASES: Final = {"secondaryEmail": SECOND}
LONGEST_VALUE: Final = 1_000

MODULE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
USER_ID: Final = re.compile(r"[A-Za-z0-9]{1,64}")
RECORD_ID: Final = re.compile(r"[0-9]{1,19}")
_BASE62: Final = digits + ascii_letters
#: 19 digits, as Zoho's own are, and within 64 bits
_FIRST_RECORD: Final = 10**18


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was left out: the line it begins on, and why."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: Sequence[str]


def read(text: str, *, organization_id: str, module: str, now: int) -> tuple[list[Recipient], list[Refusal]]:
    """The recipients in a file, and the rows that are none.

    A recipient without an id gets one that follows from the organization and the address, the same every time.

    Raises:
        InvalidInput: the file has no header that can be used or is no CSV; or the module has no possible name.
    """
    if not MODULE.fullmatch(module):
        raise InvalidInput("letters, digits and underscores, beginning with a letter", field="module")
    rows = _rows(text)
    columns = _columns(next(rows, None))
    recipients: list[Recipient] = []
    refused: list[Refusal] = []
    first_line: dict[str, int] = {}
    for row in rows:
        try:
            recipient = _recipient(row, columns, organization_id=organization_id, module=module, now=now)
        except InvalidInput as error:
            refused.append(Refusal(row.line, str(error)))
            continue
        if (line := first_line.setdefault(recipient.id, row.line)) == row.line:
            recipients.append(recipient)
        else:
            refused.append(Refusal(row.line, f"the same recipient as on line {line}"))
    return recipients, refused


def derived_id(organization_id: str, key: str, *, module: str = USERS) -> str:
    """The id of a recipient that was given none: `00u` and 17 characters for a user, 19 digits for a record.

    Args:
        organization_id: so that one address has different ids in different organizations.
        key: the comparison key of the address.
        module: ids of different modules differ, too.
    """
    number = int.from_bytes(hashlib.sha256(f"{organization_id}\n{module}\n{key}".encode()).digest())
    if module != USERS:
        return str(_FIRST_RECORD + number % _FIRST_RECORD)
    letters = []
    for _ in range(17):
        number, remainder = divmod(number, len(_BASE62))
        letters.append(_BASE62[remainder])
    return "00u" + "".join(letters)


def _rows(text: str) -> Iterator[_Row]:
    """The rows that hold something, each with the number of the line that it begins on."""
    text = text.removeprefix("\ufeff")
    header = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    separator = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InvalidInput(f"no CSV: {error}", field=f"line {line}") from None
        if cells is None:
            return
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield _Row(line, stripped)


def _columns(header: _Row | None) -> list[str]:
    if header is None:
        raise InvalidInput("empty; its first line must name the columns", field="the file")
    columns = [_column(cell) for cell in header.cells]
    named = [column for column in columns if column]
    if EMAIL not in named:
        raise InvalidInput("the first line must name the columns, and one of them `email`", field=f"line {header.line}")
    if len(set(named)) < len(named):
        raise InvalidInput("two columns of one name", field=f"line {header.line}")
    return columns


def _column(name: str) -> str:
    """`first_name`, `First Name`, `FIRST-NAME` and `firstName` as `firstName`."""
    first, *others = (word.lower() if word.isupper() else word for word in re.split(r"[\s_-]+", name))
    spelled = first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in others)
    return ALIASES.get(spelled, spelled)


def _recipient(row: _Row, columns: Sequence[str], *, organization_id: str, module: str, now: int) -> Recipient:
    if any(row.cells[len(columns) :]):
        raise InvalidInput("more values than columns")
    values = {column: cell for column, cell in zip(columns, row.cells, strict=False) if column and cell}
    for column, value in values.items():
        if len(value) > LONGEST_VALUE:
            raise InvalidInput(f"at most {LONGEST_VALUE} characters", field=ascii(column)[1:-1])
    if EMAIL not in values:
        raise InvalidInput("missing", field=EMAIL)
    email = Address.parse(values.pop(EMAIL), field=EMAIL)
    second = values.pop(SECOND, None)
    given = values.pop(ID, None)
    if given is not None and not (USER_ID if module == USERS else RECORD_ID).fullmatch(given):
        raise InvalidInput("up to 64 letters and digits" if module == USERS else "up to 19 digits", field=ID)
    if module == USERS:
        values.setdefault(LOGIN, email.spelling)
    return Recipient(
        id=given or derived_id(organization_id, email.key, module=module),
        module=module,
        email=email,
        secondary_email=Address.parse(second, field="secondary_email") if second else None,
        created=now,
        updated=now,
        profile=values,
    )
