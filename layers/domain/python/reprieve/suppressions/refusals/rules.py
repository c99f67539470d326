"""One rule of a table, and how a table is searched.

Every rule names the letters that its pattern cannot do without. A table looks for those first, all at once, and runs
only the few patterns that are left; patterns are compiled at their first use, so that a cold start pays for none.

Patterns take linear time: what they repeat is bounded and cannot be divided in two ways.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from reprieve.suppressions.refusals.text import folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.suppressions.refusals.causes import Cause

#: a few words in between, in a pattern
GAP: Final = r"(?: [^ .]{1,40}){0,5}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Words that say why mail was refused.

    Attributes:
        id: its stable name, `table.cause.words`.
        cause: what the words mean.
        needles: parts of words, separated by `|`; a text without any of them does not match.
        pattern: a regular expression over a text as `refusals.text` reads it: folded, without punctuation.
    """

    id: str
    cause: Cause
    needles: str
    pattern: str

    def search(self, text: str) -> re.Match[str] | None:
        """Find the rule's words in a text."""
        return _compiled(self.pattern).search(text)


class Table:
    """Rules in the order of their precedence."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Index the rules by their needles."""
        self.rules: Final = tuple(rules)
        index: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            for needle in rule.needles.split("|"):
                index.setdefault(folded(needle), []).append(number)
        self._index: Final = tuple(index.items())
        self._ascii: Final = tuple((needle, found) for needle, found in self._index if needle.isascii())

    def matches(self, text: str) -> Iterator[tuple[Rule, str]]:
        """The rules whose words are in a text, in order, each with the words that were found."""
        index = self._ascii if text.isascii() else self._index
        numbers = {number for needle, found in index if needle in text for number in found}
        for number in sorted(numbers):
            rule = self.rules[number]
            if found := rule.search(text):
                yield rule, found.group().strip()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(folded(pattern))
