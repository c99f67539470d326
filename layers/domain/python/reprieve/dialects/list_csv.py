"""Suppressions as CSV, both ways: what `lists export` and the API write, `lists import` reads.

The first line names the columns, in any order; only `email` and, unless the caller knows better, `created` must be
there. Cells are taken as they are, spaces included: a mail server's text is kept word for word.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from reprieve.address import MAX_KEY_OCTETS, Address, comparison_key
from reprieve.clock import DAY, SECOND, Millis, from_timestamp, to_seconds
from reprieve.dialects import csv_file, spreadsheet
from reprieve.dialects.reprieve.terms import why_until
from reprieve.errors import InvalidInput, LimitExceeded
from reprieve.refused_row import RefusedRow
from reprieve.suppressions.delivery import MAX_TEXT_OCTETS
from reprieve.suppressions.imports import SOURCE, Row
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reprieve.policies.term import Term
    from reprieve.suppressions.suppression import AnyList

COLUMNS: Final = ("created", "email", "reason", "status", "ip", "permanence", "classification", "source")
#: what is written besides: until when an entry stays by itself, and why; a file with these columns can be imported
TERM: Final = ("until", "why_until", "until_is_advice")
#: what is written besides where entries of several lists are: the list
LIST: Final = "list"
#: what an event of a webhook says in words of its own; its limit is this file's
SAID: Final = ("email", "reason", "status", "ip")
MAX_SOURCE: Final = 100


def read(
    text: str, *, suppression_list: AnyList, created: Millis | None, now: Millis, most: int | None = None
) -> tuple[list[Row], list[RefusedRow]]:
    """Read a file.

    Args:
        text: its content.
        suppression_list: the list that it is of.
        created: since when rows without a time of their own are on the list, in milliseconds; None refuses them.
        now: in milliseconds; nothing is from the future.
        most: how many rows there may be; None for any number. Nothing is read behind one row too many.

    Raises:
        InvalidInput: the file has no header that can be used, or is not valid CSV.
        LimitExceeded: it has more rows than `most`.
    """
    rows: list[Row] = []
    refused: list[RefusedRow] = []
    first: dict[str, int] = {}
    header, lines = csv_file.lines(text)
    columns = _columns(header)
    for number, line in enumerate(lines, 1):
        if most is not None and number > most:
            raise LimitExceeded(f"at most {most:,} rows at a time")
        try:
            one = _suppression(dict(zip(columns, line.cells, strict=False)), suppression_list, created, now)
        except InvalidInput as error:
            refused.append(RefusedRow(line.number, str(error)))
            continue
        if first.setdefault(one.key, line.number) == line.number:
            rows.append(Row(line.number, one))
        else:
            refused.append(RefusedRow(line.number, f"the same address as on line {first[one.key]}"))
    return rows, refused


def write(suppressions: Iterable[tuple[Suppression, Term]], *, naming_lists: bool = False) -> Iterator[str]:
    """A header and a line each, with no cell that a spreadsheet could take for a formula.

    Args:
        suppressions: the entries with their terms.
        naming_lists: whether each line ends with the name of its list; a file with that column can be imported, too.
    """
    if not naming_lists:
        return spreadsheet.lines((*COLUMNS, *TERM), (_cells(one, term) for one, term in suppressions))
    rows = ((*_cells(one, term), str(one.list)) for one, term in suppressions)
    return spreadsheet.lines((*COLUMNS, *TERM, LIST), rows)


def _cells(one: Suppression, term: Term) -> Sequence[object]:
    seconds = to_seconds(one.created)
    said = (one.email, one.reason, one.status, one.ip, one.permanence, one.classification, one.provider)
    until = "" if term.until is None else to_seconds(term.until)
    return seconds, *said, until, why_until(term), str(term.is_advice).lower()


def _columns(header: csv_file.Line) -> list[str]:
    columns = [cell.strip().casefold() for cell in header.cells]
    named = [column for column in columns if column]
    if "email" not in named or len(set(named)) < len(named):
        raise InvalidInput("must name the columns, each once, and one of them `email`", field="the first line")
    return columns


def _suppression(
    cells: Mapping[str, str], suppression_list: AnyList, created: Millis | None, now: Millis
) -> Suppression:
    texts = {name: spreadsheet.unguarded(cells.get(name, "")) for name in COLUMNS}
    if sum(len(texts[name].encode()) for name in SAID) > MAX_TEXT_OCTETS:
        raise InvalidInput(f"{', '.join(SAID)} together have more than {MAX_TEXT_OCTETS} octets")
    if len(texts["source"]) > MAX_SOURCE:
        raise InvalidInput(f"at most {MAX_SOURCE} characters", field="source")
    email = texts["email"].strip()
    if not email:
        raise InvalidInput("missing", field="email")
    if len(email.encode()) > MAX_KEY_OCTETS:
        raise InvalidInput(f"at most {MAX_KEY_OCTETS} octets", field="email")
    if suppression_list is not SuppressionList.INVALID_EMAILS:
        Address.parse(email)
    entry = Suppression(
        list=suppression_list,
        key=comparison_key(email),
        email=email,
        created=_moment(texts["created"].strip(), created, now),
        reason=texts["reason"],
        status=texts["status"],
        classification=_classification(texts["classification"].strip()),
        provider=texts["source"] or SOURCE,
        ip=texts["ip"],
    )
    permanence = _permanence(texts["permanence"].strip())
    return replace(entry, permanence=permanence) if permanence else judged(entry)


def moment(text: str, *, field: str = "created") -> Millis:
    """A time in milliseconds, from Unix seconds or ISO 8601 (see `clock.from_timestamp`).

    Args:
        text: the time.
        field: the name that the caller knows it by, for the error.

    Raises:
        InvalidInput: it is neither.
    """
    try:
        if text.isascii() and text.isdigit():
            return Millis(int(datetime.fromtimestamp(int(text), UTC).timestamp()) * SECOND)
        return from_timestamp(text)
    except (ValueError, OverflowError, OSError):
        raise InvalidInput("must be Unix seconds or ISO 8601", field=field) from None


def _moment(text: str, default: Millis | None, now: Millis) -> Millis:
    found = moment(text) if text else default
    if found is None:
        raise InvalidInput("missing; give --created for rows without a time", field="created")
    if not 0 <= found <= now + DAY:
        raise InvalidInput("must be between 1970 and now", field="created")
    return found


def _permanence(text: str) -> Permanence | None:
    """What a row says itself, None for a row that does not say."""
    if text and text.casefold() not in list(Permanence):
        raise InvalidInput(f"must be one of: {', '.join(Permanence)}", field="permanence")
    return Permanence(text.casefold()) if text else None


def _classification(text: str) -> Classification:
    """A class in any spelling that the webhook reads too."""
    found = Classification.read(text)
    if text and found is Classification.UNCLASSIFIED and text.casefold() != found.casefold():
        raise InvalidInput(f"must be one of: {', '.join(Classification)}", field="classification")
    return found
