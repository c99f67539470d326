"""The pages for refusals."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.dialects.console import page, sign_in, site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.dialects.dialect import Refusal
    from reprieve.dialects.exchange import Request, Response

#: the fields of the form to sign in
OF_SIGN_IN: Final = frozenset({"token", "organization"})
#: by the status, what a page is called that refuses
TITLES: Final = {
    HTTPStatus.BAD_REQUEST: "That cannot be used",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.CONFLICT: "Not possible now",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
}
#: the fields of forms that a refusal can be about, as their labels call them
FIELDS: Final[Mapping[str, str]] = {
    "addresses": "Email addresses",
    "created": "On the list since",
    "domain": "Domain",
    "email": "Email address",
    "file": "CSV file",
    "from": "From",
    "list": "List",
    "reason": "Reason",
    "recipient": "To",
    "sender": "From",
    "status": "Status",
    "subject": "Address or domain",
    "to": "To",
    "until": "Until",
}


def render(said: Refusal, error_id: str, request: Request) -> Response:
    """The page for a refusal: what is wrong, in which field; or the form to sign in, where that is what is missing."""
    status = HTTPStatus(said.status)
    if status is HTTPStatus.UNAUTHORIZED or said.details.get("field") in OF_SIGN_IN:
        path = str(said.details.get("path", "/"))
        answer = sign_in.render_form(path=path, status=status, message=said.message, error_id=error_id)
        # a part of a page that htmx wanted is no place for the form
        return answer.adding(("HX-Redirect", f"{site.BASE}/"))
    title = TITLES.get(status, "Something went wrong")
    return page.render(
        "problem",
        # what failed may be what the navigation needs
        None if status is HTTPStatus.INTERNAL_SERVER_ERROR else request,
        status=status,
        title=title,
        field=FIELDS.get(str(said.details.get("field")), ""),
        message=said.message,
        again=said.details.get("again"),
        error_id=error_id,
    )
