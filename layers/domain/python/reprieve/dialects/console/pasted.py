"""Addresses that a person pastes: one per line, or with commas, semicolons or tabs between; `Name <address>` as well.

What stands in quotes is left whole, since a local part may be quoted and have any separator in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.address import comparison_key, is_address
from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: addresses that may be pasted at a time
MAX_ADDRESSES: Final = 500
#: a name, which may have commas, and an address behind it; an address in the name's place is one of two
NAMED: Final = re.compile(r'(?:"[^"]*"|[^<>@"])*<([^<>]*)>')
LINE_END: Final = re.compile(r"\r\n|\r|\n")
#: characters of a refused text that are shown
SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class NoAddress:
    """A text that is not an address, or the beginning of it, and the line that it is on, counted from 1."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was pasted.

    Attributes:
        addresses: the different ones in the order of the text, each as it is spelled first.
        repeated: how many more there were that mean one of these.
        refused: what is not an address.
    """

    addresses: Sequence[str]
    repeated: int
    refused: Sequence[NoAddress]


def read(text: str) -> Pasted:
    """The addresses in a text.

    Raises:
        InvalidInput: there are none, or more than MAX_ADDRESSES, counting what is not an address.
    """
    pieces = list(_pieces(text))
    if len(pieces) > MAX_ADDRESSES:
        raise InvalidInput(f"at most {MAX_ADDRESSES} addresses at a time; there are {len(pieces):,}", field="addresses")
    if not pieces:
        raise InvalidInput("there is no address in it", field="addresses")
    found: dict[str, str] = {}
    refused = []
    for line, one in pieces:
        if is_address(one):
            found.setdefault(comparison_key(one), one)
        else:
            refused.append(NoAddress(line, one[:SHOWN]))
    return Pasted(list(found.values()), len(pieces) - len(refused) - len(found), refused)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Each text between separators, without the name in front of an address, and its line."""
    for number, line in enumerate(LINE_END.split(text), 1):
        for part in _split(line, ";\t"):
            # a name may have a comma in it, where semicolons separate
            for one in [part] if NAMED.fullmatch(part) else _split(part, ","):
                named = NAMED.fullmatch(one)
                yield number, (named[1].strip() if named else one)


def _split(text: str, separators: str) -> list[str]:
    """The parts of a text between separators that are not in quotes; without spaces around them, and no empty ones."""
    ends, quoted, escaped = [-1], False, False
    for at, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == '"':
            quoted = not quoted
        elif quoted:
            escaped = character == "\\"
        elif character in separators:
            ends.append(at)
    parts = (text[start + 1 : end].strip() for start, end in zip(ends, [*ends[1:], len(text)], strict=True))
    return [part for part in parts if part]
