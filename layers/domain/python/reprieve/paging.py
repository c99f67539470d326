"""Pages of a list: the cursor that leads from one to the next, and the whole numbers in a query.

A cursor is opaque to its caller, who hands it back as it is. It says where the page begins, and whatever else the
question needs, as compressed JSON behind a checksum. The checksum is over the organization and the question too: a
cursor that was altered, made up, or issued to another organization or for another question is refused. It needs no
secret, because it holds nothing that its caller could not ask for, and the organization always comes from the
credential.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from reprieve.errors import InvalidCursor, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.clock import Seconds

_T = TypeVar("_T")

#: bytes of the checksum in front of a cursor's content
_CHECKSUM: Final = 12
#: the most bytes that a cursor may decompress to; the longest holds a filter of the system log
MAX_CONTENT: Final = 32_000
#: the most digits of a number in a query
MAX_DIGITS: Final = 1_000
_NUMBER: Final = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one question that one organization asks.

    Attributes:
        organization_id: the organization that asks.
        question: the list that is read, and every choice that a page must have in common with the page before it.
        field: the parameter in which the caller returns a cursor, for the error.
    """

    organization_id: str
    question: str
    field: str

    def write(self, content: object) -> str:
        """The cursor that carries this content.

        Args:
            content: JSON values; at most `MAX_CONTENT` bytes of JSON.
        """
        packed = zlib.compress(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(), 9)
        return _armoured(self._checksum(packed) + packed)

    def read(self, text: str, meaning: Callable[[Any], _T]) -> _T:
        """The meaning of a cursor.

        Args:
            text: what the caller sent.
            meaning: makes the result of the content. Lists come back as lists; whatever it cannot use it refuses with
                ValueError, TypeError or InvalidInput.

        Raises:
            InvalidCursor: `write` did not issue this text to this organization for this question, or `meaning` refuses.
        """
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            packed = raw[_CHECKSUM:]
            # base64 has several spellings of the same bytes, and only one is ours
            if _armoured(raw) == text and raw[:_CHECKSUM] == self._checksum(packed):
                return meaning(json.loads(zlib.decompressobj().decompress(packed, MAX_CONTENT)))
        except (ValueError, TypeError, RecursionError, zlib.error, InvalidInput):
            pass
        raise InvalidCursor(self.field)

    def _checksum(self, packed: bytes) -> bytes:
        identity = json.dumps([self.organization_id, self.question]).encode()
        return hashlib.sha256(identity + packed).digest()[:_CHECKSUM]


def _armoured(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """The rule for a query parameter that is a whole number.

    Attributes:
        field: the parameter's name, for the error.
        minimum: the smallest number that is accepted; None accepts any.
        maximum: the largest number that is used. Without a minimum, no number below its negative is used either.
        capped: whether a larger number counts as the maximum; otherwise it is refused.
        unit: what it counts, where that is not obvious; for the error.
    """

    field: str
    minimum: int | None
    maximum: int
    capped: bool = False
    unit: str = ""

    def read(self, text: str | None) -> int | None:
        """The value of a parameter, or None if it is absent.

        Raises:
            InvalidInput: not ASCII digits with at most one minus sign in front, or out of range.
        """
        if text is None:
            return None
        if not _NUMBER.fullmatch(text):
            raise InvalidInput(self.rule, field=self.field)
        number = int(text)
        if (self.minimum is not None and number < self.minimum) or (number > self.maximum and not self.capped):
            raise InvalidInput(self.rule, field=self.field)
        return max(-self.maximum, min(number, self.maximum))

    @property
    def rule(self) -> str:
        """The rule as a sentence without its subject."""
        what = f"a whole number of {self.unit}" if self.unit else "a whole number"
        if not self.capped:
            return f"must be {what} from {self.minimum} to {self.maximum}"
        return f"must be {what}" + ("" if self.minimum is None else f", {self.minimum} or more")


#: later than any moment that is stored, in seconds; a list can be asked for a period without an end
_FAR: Final = 10**12


class UnixSeconds(WholeNumber):
    """The rule for a query parameter that is a moment in Unix seconds; see `unix_seconds`."""

    __slots__ = ()

    def read(self, text: str | None) -> Seconds | None:
        """See WholeNumber."""
        return cast("Seconds | None", super().read(text))


def unix_seconds(field: str, *, minimum: int | None = 0) -> UnixSeconds:
    """The rule for a query parameter that is a moment in Unix seconds."""
    return UnixSeconds(field, minimum, _FAR, capped=True, unit="Unix seconds")
