"""The loops of three log collectors, over any way to send a request.

None of them knows how Okta pages; each stops by what an answer's links say. The loops are our own, after how the
clients behave: Airbyte's source-okta (airbyte#4447, airbyte#4456), HashiCorp's Grove, and scripts over Okta's Python
SDK 2.x (okta-sdk-python#231).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    #: sends a request with these query parameters
    Send = Callable[[Mapping[str, str]], "Page"]

#: requests after which a collector counts as one that never stops
MAX_REQUESTS = 50


@dataclass(frozen=True)
class Page:
    """The parts of an answer that a collector reads: the entries, and the links by relation."""

    entries: list[Any]
    links: Mapping[str, str]


class NeverStops(AssertionError):
    """A collector sent more requests than the log's entries justify."""


def _words(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def airbyte(send: Send, since: str) -> Iterator[list[Any]]:
    """Merge the parameters of `next` into the constant ones; stop when `next` is `self`."""
    following: dict[str, str] = {}
    for _ in range(MAX_REQUESTS):
        page = send({"limit": "200", **following, "since": since})
        yield page.entries
        if "next" not in page.links or page.links["next"] == page.links.get("self"):
            return
        # it drops parameters without a value
        following = dict(parse_qsl(urlsplit(page.links["next"]).query))
    raise NeverStops


def grove(send: Send, since: str) -> Iterator[list[Any]]:
    """Unescape both links, and follow the unescaped `next`; stop when they are equal."""
    words = {"since": since, "sortOrder": "ASCENDING", "limit": "1000"}
    for _ in range(MAX_REQUESTS):
        page = send(words)
        yield page.entries
        itself, following = (unquote(page.links.get(name, "")) for name in ("self", "next"))
        if not following or following == itself:
            return
        words = _words(following)
    raise NeverStops


def python_sdk(send: Send, since: str) -> Iterator[list[Any]]:
    """Request the next page until there is none or it is the one just read."""
    words = {"since": since, "filter": 'eventType eq "system.email.delivery"', "limit": "1000"}
    asked = None
    for _ in range(MAX_REQUESTS):
        page = send(words)
        yield page.entries
        following = page.links.get("next")
        if following is None or following == asked:
            return
        asked, words = following, _words(following)
    raise NeverStops


COLLECTORS = (airbyte, grove, python_sdk)
