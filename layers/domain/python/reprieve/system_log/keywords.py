"""The system log's free search, `q`: the log events that mention every keyword.

Source: Okta's page "System log query", "Keyword filter". Keywords are separated by spaces; all of them must match, in
any case, exactly and never as part of a word. The page finds the city San Francisco with `q=San Francisco`, so that a
keyword is compared with each word of a value; and it finds `XOxBw-2JIR` with either half, so that it is also compared
with the parts between hyphens.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from reprieve.errors import InvalidInput, LimitExceeded
from reprieve.system_log.filter.matching import leaves
from reprieve.system_log.span import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: keywords in one search
MAX_KEYWORDS: Final = 10
#: characters of one keyword
MAX_KEYWORD_LENGTH: Final = 40

_ADVICE: Final = "Please shorten the items in your search or use an advanced filter to query by specific fields."
#: Okta's sentence; the dialect puts "Api validation failed: 'q': " before it
_TOO_LONG: Final = f"Freeform search cannot contain items longer than {MAX_KEYWORD_LENGTH} characters. {_ADVICE}"
#: ours, after its pattern: Okta names the bound, but shows no sentence for it
_TOO_MANY: Final = (
    f"Freeform search cannot contain more than {MAX_KEYWORDS} items."
    " Please use fewer items in your search or use an advanced filter to query by specific fields."
)


def parse_keywords(q: str) -> tuple[str, ...]:
    """The keywords of a search, in their order; none if there is nothing but space.

    Raises:
        InvalidInput: a keyword has more than 40 characters.
        LimitExceeded: there are more than 10 keywords.
    """
    keywords = tuple(q.split())
    if any(len(keyword) > MAX_KEYWORD_LENGTH for keyword in keywords):
        raise InvalidInput(_TOO_LONG, field="q")
    if len(keywords) > MAX_KEYWORDS:
        raise LimitExceeded(_TOO_MANY, field="q")
    return keywords


def matches_keywords(keywords: Sequence[str], event: Mapping[str, Any]) -> bool:
    """Whether the event mentions every keyword; without keywords, every event does.

    Args:
        keywords: the result of `parse_keywords`.
        event: a LogEvent as JSON has it.
    """
    missing = {fold(keyword) for keyword in keywords}
    for leaf in leaves(event):
        if not missing:
            break
        missing.difference_update(_candidates(fold(leaf if isinstance(leaf, str) else json.dumps(leaf))))
    return not missing


def _candidates(text: str) -> Iterator[str]:
    """The texts that a keyword can be equal to: each word of a value, and the parts between its hyphens.

    A value of one word is its own only word; one of several can equal no keyword, which has no spaces.
    """
    for word in text.split():
        yield word
        yield from word.split("-")
