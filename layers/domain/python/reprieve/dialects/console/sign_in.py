"""Signing in at an organization's identity provider: the form that begins it, the way there, and the way back.

The browser leaves by a page and not by a redirect: `form-action 'self'` holds for the redirects of a form, too, and an
identity provider may lead on to others.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from reprieve.access.attempt import ATTEMPT, Answer, is_path
from reprieve.clock import to_seconds
from reprieve.dialects.console import page, session
from reprieve.dialects.console.site import BASE, OIDC
from reprieve.errors import InvalidInput, ReprieveError
from reprieve.organization import ORGANIZATION_ID

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response

#: as a session's (`session.COOKIE`); it is sent along when the identity provider leads the browser back
COOKIE: Final = "__Host-sign-in"


def redirect_uri(request: Request) -> str:
    """Where identity providers send browsers back to: at the host by which this browser came."""
    return f"{'/'.join(request.url.split('/')[:3])}{BASE}{OIDC}"


def parse_begin(request: Request) -> tuple[str, str]:
    """The organization and the page to return to, of the form that begins.

    Raises:
        Forbidden: the form is not of a page of the console.
        InvalidInput: it names nothing that an organization could be called.
    """
    session.check_origin(request)
    organization = session.field(request, "organization", most=100).lower()
    if not ORGANIZATION_ID.fullmatch(organization):
        raise InvalidInput("an organization's name has small letters, digits and hyphens", field="organization")
    return organization, wanted_path(request)


def wanted_path(request: Request) -> str:
    """The page that a person wanted and is to return to: that of a link, or what the form that signs in has kept."""
    if request.method == "GET":
        path = f"/{request.url.split('/', 3)[-1]}".removeprefix(BASE)
        own = path.startswith((OIDC, "/sign-", "/assets"))
        return path if is_path(path) and not own else "/"
    try:
        path = session.form(request).get("page", "")
    except ReprieveError:
        return "/"
    return path if is_path(path) else "/"


def render_leaving(url: str, held: str) -> Response:
    """The page that leads to an identity provider, and what the browser has to hold until it is back."""
    answer = page.render("leaving", url=url, host=urlsplit(url).hostname)
    lasts = f"Max-Age={to_seconds(ATTEMPT)}"
    return answer.adding(("Set-Cookie", f"{COOKIE}={held}; {session.ATTRIBUTES}; {lasts}"))


def held(request: Request) -> str:
    """What the browser holds of an attempt; "" where it holds nothing."""
    return session.cookie(request, COOKIE) or ""


def parse_answer(request: Request) -> Answer:
    """What the identity provider sent the browser back with."""
    said = {name: request.parameter(name) or "" for name in ("state", "code", "error", "iss")}
    return Answer(said["state"], said["code"], said["error"], said["iss"])


def render_admitted(path: str, session_id: str) -> Response:
    """The way to the page that was wanted, with a session; nothing is left of the attempt."""
    over = ("Set-Cookie", f"{COOKIE}=; {session.ATTRIBUTES}; Max-Age=0")
    return page.redirect(path, session.set_cookie(session_id), over)


def render_form(
    *,
    organization: str = "",
    path: str = "/",
    status: HTTPStatus = HTTPStatus.OK,
    message: str = "",
    error_id: str = "",
) -> Response:
    """The form to sign in.

    Args:
        organization: what is filled in already.
        path: the page to return to.
        status: of the answer.
        message: what was wrong with the attempt before.
        error_id: of what was wrong.
    """
    return page.render(
        "sign_in", status=status, message=message, error_id=error_id, organization=organization, path=path
    )
