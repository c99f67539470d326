"""Signing in and out, and the files that every page loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import handler
from reprieve.dialects.console import page, session, sign_in, site
from reprieve.role import Permission
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.open("GET", site.ASSETS)
def asset(request: Request) -> Response:
    """A file that pages load."""
    return page.asset(request.path["name"])


@handler.open("GET", site.SIGN_IN)
def ask(_: Request) -> Response:
    """The form to sign in."""
    return sign_in.render_form()


@handler.open("GET", site.SIGN_IN_OF)
def ask_of(request: Request) -> Response:
    """The form to sign in, with the organization filled in; a link for its people."""
    return sign_in.render_form(organization=request.path["organization"])


@handler.open("POST", site.SIGN_IN)
def by_token(request: Request) -> Response:
    """Open a session with an API token."""
    sessions = wiring.sessions()
    sessions.attempt(request.origin.address, now=request.now)
    token = session.parse_token(request)
    session_id = sessions.open(handler.signing_in(request, token).context, token)
    return page.redirect(sign_in.wanted_path(request), session.set_cookie(session_id))


@handler.open("POST", site.OIDC)
def leave(request: Request) -> Response:
    """Begin to sign in at the organization's identity provider."""
    wiring.sessions().attempt(request.origin.address, now=request.now)
    organization, path = sign_in.parse_begin(request)
    held, url = wiring.sign_ins(sign_in.redirect_uri(request)).begin(organization, path, now=request.now)
    return sign_in.render_leaving(url, held)


@handler.open("GET", site.OIDC)
def come_back(request: Request) -> Response:
    """Open a session for a person whom the identity provider sent back."""
    sessions = wiring.sessions()
    sessions.attempt(f"{request.origin.address}/back", now=request.now)
    verbs = wiring.sign_ins(sign_in.redirect_uri(request))
    admitted = verbs.finish(sign_in.held(request), sign_in.parse_answer(request), now=request.now)
    session_id = sessions.open_for(admitted.caller.context(request.id, request.now, request.origin), admitted.person)
    return sign_in.render_admitted(admitted.path, session_id)


@handler.route("POST", "/sign-out", scopes=(), permission=Permission.LOOK_UP)
def sign_out(request: Request) -> Response:
    """Close the session."""
    if session_id := session.cookie(request):
        wiring.sessions().close(request.context, session_id)
    return page.redirect(site.SIGN_IN, session.clear_cookie())
