"""The published documents: files that are the same for every caller, with what a cache needs to know about them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.dialects.exchange import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: by the end of a file's name
CONTENT_TYPES: Final = {
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
HEADERS: Final = (
    # a new deployment is seen within five minutes
    ("Cache-Control", "public, max-age=300"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    ("Referrer-Policy", "no-referrer"),
    # a page of another origin may read them: what they say is public, and browsers' API clients load them so
    ("Access-Control-Allow-Origin", "*"),
)


@dataclass(frozen=True, slots=True)
class Published:
    """One file.

    Attributes:
        text: its content.
        content_type: its type.
        tag: its ETag, with the quotes.
    """

    text: str
    content_type: str
    tag: str


def read(directory: Path) -> Mapping[str, Published]:
    """The files of a directory by the name that a path has: a page is named without `.html`."""
    return {
        file.name.removesuffix(".html"): _published(file.read_text(encoding="utf-8"), file.suffix)
        for file in directory.iterdir()
    }


def render(found: Published, request: Request) -> Response:
    """A file, or 304 if the caller has it already."""
    headers = (("ETag", found.tag), *HEADERS)
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if known & {found.tag, "*"}:
        return Response(HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(HTTPStatus.OK, found.text, headers, found.content_type)


def _published(text: str, suffix: str) -> Published:
    return Published(text, CONTENT_TYPES[suffix], f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"')
