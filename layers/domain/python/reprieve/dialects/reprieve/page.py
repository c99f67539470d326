"""The page behind a link in a mail: one sentence, and perhaps a button. It holds no script and loads nothing."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import Final

from reprieve.dialects.exchange import Response

HTML: Final = "text/html; charset=utf-8"
#: the address of the page is sent to no other site
HEADERS: Final = (
    ("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex"),
)


def page(title: str, sentence: str, rest: str) -> Response:
    """The page.

    Args:
        title: plain text.
        sentence: its heading, plain text.
        rest: HTML that follows it.
    """
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title></head>'
        f"<body><main><h1>{escape(sentence)}</h1>{rest}</main></body></html>"
    )
    return Response(HTTPStatus.OK, text, HEADERS, HTML)
