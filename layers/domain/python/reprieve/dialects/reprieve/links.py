"""Unsubscribe links: making them, and the pages and the one-click post of RFC 8058 behind them."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from reprieve.address import Address
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import InvalidInput, LimitExceeded
from reprieve.suppressions.links import ALL_MAIL
from reprieve.suppressions.suppression import GROUP_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.suppressions.group import Group

CREATE: Final = ("reprieve.links.create",)
#: addresses that one request may name
MAX_ADDRESSES: Final = 1_000
#: of the one-click post, which has 26 bytes, or some 200 as multipart
MAX_BODY: Final = 4_096
ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")
HTML: Final = "text/html; charset=utf-8"
#: the pages hold no script and load nothing, and their address is sent to no other site
HEADERS: Final = (
    ("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex"),
)


def parse_wanted(request: Request) -> tuple[list[Address], int]:
    """The addresses that want a link each, and the group, `links.ALL_MAIL` for all mail.

    Raises:
        InvalidInput: a member is missing or not what it must be; it is named.
    """
    body = request.json_object()
    emails, group = body.get("emails"), body.get("group_id")
    if not isinstance(emails, list) or not emails or not all(isinstance(one, str) for one in emails):
        raise InvalidInput("must be an array of one or more strings", field="emails")
    if len(emails) > MAX_ADDRESSES:
        raise LimitExceeded(f"must not have more than {MAX_ADDRESSES} items", field="emails")
    if group is not None and (not isinstance(group, int) or not GROUP_ID.fullmatch(str(group))):
        raise InvalidInput("must be the id of a group, or null for all mail", field="group_id")
    return [Address.parse(one, field="emails") for one in emails], group or ALL_MAIL


def render_links(addresses: Sequence[Address], tokens: Sequence[str], request: Request) -> Response:
    """The links, and what a mail says of one in its two headers."""
    base = request.url.removesuffix("unsubscribe-links") + "unsubscribe/"
    links = [
        {"email": address.spelling, "url": f"{base}{token}"} for address, token in zip(addresses, tokens, strict=True)
    ]
    return Response(HTTPStatus.OK, {"links": links})


def check_one_click(request: Request) -> None:
    """Refuse a post that is not the one click: form data, of either kind, with that one member.

    Raises:
        InvalidInput: it is something else.
    """
    if len(request.body) > MAX_BODY:
        raise LimitExceeded("too large", field="body")
    if ONE_CLICK not in _form(request):
        raise InvalidInput("must be List-Unsubscribe=One-Click, as form data", field="body")


def _form(request: Request) -> list[tuple[str, str]]:
    kind = request.headers.get("content-type", "")
    if not kind.casefold().startswith("multipart/form-data"):
        return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    from email import message_from_bytes  # noqa: PLC0415  (most posts are not in parts)

    head = f"Content-Type: {kind}\r\n\r\n".encode("utf-8", "replace")
    parts = message_from_bytes(head + request.body).walk()
    return [
        (str(part.get_param("name", header="content-disposition")), str(part.get_payload()).strip())
        for part in parts
        if not part.is_multipart()
    ]


def render_question(email: str, organization: Organization, group: Group | None) -> Response:
    """The page that asks; opening it changes nothing, because programs open links, too."""
    form = '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'
    return _page(f"Unsubscribe {email} from {_mail(organization, group)}?", form)


def render_done(email: str, organization: Organization, group: Group | None) -> Response:
    """The page after the click."""
    return _page(f"{email} is unsubscribed from {_mail(organization, group)}.", "")


def _mail(organization: Organization, group: Group | None) -> str:
    return f"{group.name if group else 'all mail'} of {organization.name}"


def _page(sentence: str, rest: str) -> Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Unsubscribe</title></head>'
        f"<body><main><h1>{escape(sentence)}</h1>{rest}</main></body></html>"
    )
    return Response(HTTPStatus.OK, text, HEADERS, HTML)
