"""Reading recipients from CSV.

The first line names the columns. `email` must be among them; `id` and `secondary_email` are optional. For users, the
others are the properties of Okta's profile, as people write them or as Okta's own template does: `first_name` and
`firstName` are one, and so are `secondary_email` and `secondEmail`; any other column is
ignored and reported. For a module of the CRM every column is kept under the name that it has.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from reprieve.address import Address, comparison_key
from reprieve.dialects import csv_file
from reprieve.dialects.okta.user_profile import PROPERTIES
from reprieve.dialects.zoho.modules import RECORD_ID
from reprieve.errors import InvalidInput
from reprieve.organization import MODULE
from reprieve.recipients.imports import LOGIN, Content, Row
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.recipients.users import IDENTIFIER
from reprieve.refused_row import RefusedRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.clock import Millis
    from reprieve.dialects.csv_file import Line

ID: Final = "id"
EMAIL: Final = "email"
SECOND: Final = "secondEmail"
ALIASES: Final = {"secondaryEmail": SECOND}
MAX_VALUE: Final = 1_000

_BASE62: Final = digits + ascii_letters
#: 19 digits, as Zoho's own are, and within 64 bits
_FIRST_RECORD: Final = 10**18


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all rows of a file have in common; the name of a column that is ignored is ""."""

    organization_id: str
    module: str
    now: Millis
    columns: Sequence[str]
    limits: Mapping[str, int]


def read(text: str, *, organization_id: str, module: str, now: Millis) -> Content:
    """Read a file.

    A recipient without an id gets one that follows from the organization and the address, the same every time. Of rows
    with the same id or the same login, the first counts.

    Raises:
        InvalidInput: the file has no header that can be used or is not valid CSV; or the module has no possible name.
    """
    if not MODULE.fullmatch(module):
        raise InvalidInput("letters, digits and underscores, beginning with a letter", field="module")
    header, lines = csv_file.lines(text)
    limits = PROPERTIES if module == USERS else {}
    columns, ignored = _columns(header, limits)
    frame = _Frame(organization_id, module, now, columns, limits)
    rows: list[Row] = []
    refused: list[RefusedRow] = []
    first: dict[str, int] = {}
    for line in lines:
        try:
            row = _row(line, frame)
            _claim(row, first)
        except InvalidInput as error:
            refused.append(RefusedRow(line.number, str(error)))
        else:
            rows.append(row)
    return Content(rows, refused, ignored)


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


def _columns(header: Line, properties: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """The names of the columns as they are kept, and those that are ignored as they are spelled."""
    where = f"line {header.number}"
    columns = []
    ignored = []
    for name in map(str.strip, header.cells):
        column = _column(name)
        if column in {ID, EMAIL, SECOND} or column in properties:
            columns.append(column)
        else:
            columns.append("" if properties else name)
            ignored += [ascii(name)[1:-1]] if properties and name else []
    if EMAIL not in columns:
        raise InvalidInput("the first line must name the columns, and one of them `email`", field=where)
    named = [column for column in columns if column]
    if len(set(named)) < len(named):
        raise InvalidInput("two columns of one name", field=where)
    return columns, ignored


def _column(name: str) -> str:
    """`first_name`, `First Name`, `FIRST-NAME` and `firstName` as `firstName`."""
    first, *others = (word.lower() if word.isupper() else word for word in re.split(r"[\s_-]+", name))
    spelled = first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in others)
    return ALIASES.get(spelled, spelled)


def _row(line: Line, frame: _Frame) -> Row:
    cells = [cell.strip() for cell in line.cells]
    if any(cells[len(frame.columns) :]):
        raise InvalidInput("more values than columns")
    values = {column: cell for column, cell in zip(frame.columns, cells, strict=False) if column and cell}
    if EMAIL not in values:
        raise InvalidInput("missing", field=EMAIL)
    for column, value in values.items():
        if len(value) > (most := frame.limits.get(column, MAX_VALUE)):
            raise InvalidInput(f"at most {most} characters", field=ascii(column)[1:-1])
    email = Address.parse(values.pop(EMAIL), field=EMAIL)
    second = values.pop(SECOND, None)
    given = values.pop(ID, None)
    if frame.module == USERS:
        Address.parse(values.setdefault(LOGIN, email.spelling), field=LOGIN)
    recipient = Recipient(
        id=_checked(given, frame.module)
        if given
        else derived_id(frame.organization_id, email.key, module=frame.module),
        module=frame.module,
        email=email,
        secondary_email=Address.parse(second, field="secondary_email") if second else None,
        created=frame.now,
        updated=frame.now,
        profile=values,
    )
    return Row(line.number, recipient, has_id=given is not None)


def _checked(identifier: str, module: str) -> str:
    if module == USERS and not IDENTIFIER.fullmatch(identifier):
        raise InvalidInput("up to 64 letters and digits", field=ID)
    # another could never be named by a request to Zoho's API
    if module != USERS and not RECORD_ID.fullmatch(identifier):
        raise InvalidInput("18 or 19 digits", field=ID)
    return identifier


def _claim(row: Row, first: dict[str, int]) -> None:
    """Take a row's id and login for its line.

    Raises:
        InvalidInput: an earlier line has them.
    """
    if row.recipient.id in first:
        raise InvalidInput(f"the same recipient as on line {first[row.recipient.id]}")
    login = row.recipient.profile.get(LOGIN) if row.recipient.module == USERS else None
    key = comparison_key(login) if login else row.recipient.id
    if key in first:
        raise InvalidInput(f"the same login as on line {first[key]}")
    first[row.recipient.id] = first[key] = row.line
