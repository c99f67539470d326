"""/v1/users (Okta): the people whose addresses the organization may lift."""

from reprieve import log
from reprieve.exchange import Request, Response
from reprieve.runtime import http, wiring
from reprieve.service.recipients import Users
from reprieve.wire import okta_users

handler = http.Api(okta_users.DIALECT)


@handler.route("POST", "/v1/users", scopes=okta_users.MANAGE)
def create(request: Request) -> Response:
    """Add a user."""
    edit, status = okta_users.parse_create(request)
    user = users(request).create(request.by.organization, edit, status=status, now=request.now)
    return okta_users.render_user(user, request)


@handler.route("GET", "/v1/users", scopes=okta_users.READ)
def page(request: Request) -> Response:
    """List users, or look one up by an address."""
    asked = okta_users.parse_list(request)
    known = users(request)
    found, following = known.page(request.by.organization, asked.selection, limit=asked.limit, after=asked.after)
    return okta_users.render_list(found, following, asked, request)


@handler.route("GET", "/v1/users/{id}", scopes=okta_users.READ)
def get(request: Request) -> Response:
    """Show a user."""
    return okta_users.render_user(users(request).get(request.by.organization, okta_users.name(request)), request)


@handler.route("POST", "/v1/users/{id}", scopes=okta_users.MANAGE)
def update(request: Request) -> Response:
    """Change a part of a user's profile."""
    edit = okta_users.parse_update(request)
    user = users(request).change(request.by.organization, okta_users.name(request), edit, now=request.now)
    return okta_users.render_user(user, request)


@handler.route("PUT", "/v1/users/{id}", scopes=okta_users.MANAGE)
def put(request: Request) -> Response:
    """Replace a user's profile."""
    edit = okta_users.parse_replace(request)
    user = users(request).change(request.by.organization, okta_users.name(request), edit, now=request.now)
    return okta_users.render_user(user, request)


@handler.route("POST", "/v1/users/{id}/lifecycle/deactivate", scopes=okta_users.MANAGE)
def deactivate(request: Request) -> Response:
    """Deactivate a user."""
    users(request).deactivate(request.by.organization, okta_users.name(request), now=request.now)
    return okta_users.render_deactivated()


@handler.route("DELETE", "/v1/users/{id}", scopes=okta_users.MANAGE)
def delete(request: Request) -> Response:
    """Deactivate a user; delete one that is deactivated already."""
    users(request).delete(request.by.organization, okta_users.name(request), now=request.now)
    return okta_users.render_deleted()


def users(request: Request) -> Users:
    """The verbs, for whoever sent the request."""
    return Users(wiring.recipients(), wiring.event_log(), log.by_credential(request.by.credential_id, request.id))
