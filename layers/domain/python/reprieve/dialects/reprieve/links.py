"""Unsubscribe links: making them, and the pages and the one-click post of RFC 8058 behind them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from reprieve.address import Address
from reprieve.dialects import form_data
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve.page import page
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


def parse_wanted(request: Request) -> tuple[list[Address], int]:
    """The addresses that want a link each, and the group, `links.ALL_MAIL` for all mail.

    Raises:
        InvalidInput: a member is missing or not what it must be; it is named.
    """
    body = request.json_object()
    addresses, group = parse_addresses(body.get("emails")), body.get("group_id")
    if group is not None and (not isinstance(group, int) or not GROUP_ID.fullmatch(str(group))):
        raise InvalidInput("must be the id of a group, or null for all mail", field="group_id")
    return addresses, group or ALL_MAIL


def parse_addresses(emails: object) -> list[Address]:
    """The addresses that want a link each, from the member `emails`.

    Raises:
        InvalidInput: it is not an array of addresses.
        LimitExceeded: they are too many.
    """
    if not isinstance(emails, list) or not emails or not all(isinstance(one, str) for one in emails):
        raise InvalidInput("must be an array of one or more strings", field="emails")
    if len(emails) > MAX_ADDRESSES:
        raise LimitExceeded(f"must not have more than {MAX_ADDRESSES} items", field="emails")
    return [Address.parse(one, field="emails") for one in emails]


def render_links(addresses: Sequence[Address], tokens: Sequence[str], request: Request, *, to: str) -> Response:
    """The links, which lead to a path beside that of the request."""
    base = f"{request.url.rpartition('/')[0]}/{to}/"
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
    if form_data.is_in_parts(kind):
        return form_data.of_parts(kind, request.body)
    return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)


def render_question(email: str, organization: Organization, group: Group | None) -> Response:
    """The page that asks; opening it changes nothing, because programs open links, too."""
    form = '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'
    return page("Unsubscribe", f"Unsubscribe {email} from {_mail(organization, group)}?", form)


def render_done(email: str, organization: Organization, group: Group | None) -> Response:
    """The page after the click."""
    return page("Unsubscribe", f"{email} is unsubscribed from {_mail(organization, group)}.", "")


def _mail(organization: Organization, group: Group | None) -> str:
    return f"{group.name if group else 'all mail'} of {organization.name}"
