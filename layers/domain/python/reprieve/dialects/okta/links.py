"""The Link headers of a page: `self`, then, as the SDKs need it, `next` if there is a next page.

`next` is the request with another cursor: a link repeats the parameters that were sent, in one order and one spelling.
So the `next` of a page that does not get ahead equals its `self` byte for byte, by which log collectors know that they
have caught up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.dialects.exchange import Request

#: characters of a link's query: an answer has two, and a gateway has room for some 10,000 characters of headers
MAX_QUERY: Final = 4_000
#: the parameters of a link in their order; any others follow by name
ORDER: Final = ("since", "until", "after", "search", "filter", "q", "sortOrder", "limit")


def page_links(request: Request, after: str | None) -> tuple[tuple[str, str], ...]:
    """The Link headers of a page.

    Args:
        request: the request for the page.
        after: the cursor of the next page, or None if this is the last one.
    """
    given = {name: values[-1] for name, values in request.query.items() if values}
    itself = _query(given)
    # one that is too long even so is left out; the next page cannot be
    links = [(itself, "self")] if len(itself) <= MAX_QUERY else []
    if after is not None:
        links.append((_query(given | {"after": after}), "next"))
    base = request.url.rstrip("/")
    return tuple(("Link", f'<{base}{query}>; rel="{relation}"') for query, relation in links)


def _query(given: Mapping[str, str]) -> str:
    """A query with its question mark; one that is too long leaves out what its cursor carries anyway."""
    query = _encoded(given)
    if len(query) <= MAX_QUERY or "after" not in given:
        return query
    return _encoded({name: text for name, text in given.items() if name in ("after", "limit")})


def _encoded(given: Mapping[str, str]) -> str:
    names = [name for name in ORDER if name in given] + sorted(set(given).difference(ORDER))
    return f"?{urlencode([(name, given[name]) for name in names], quote_via=quote)}" if names else ""
