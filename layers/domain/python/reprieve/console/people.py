"""Who and what may act for the organization, where its people sign in, and at which providers it has accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import people as handler
from reprieve.dialects.console import credentials, people, site
from reprieve.dialects.console.credentials import Kind
from reprieve.errors import InvalidInput
from reprieve.role import Permission
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.access.credentials import Credentials
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/people", scopes=site.READ_CREDENTIALS)
def everyone(request: Request) -> Response:
    """Where people sign in, credentials, OAuth clients, outside issuers and provider accounts, without any secret."""
    return _page(request)


@handler.route("POST", "/people", scopes=site.MANAGE_CREDENTIALS)
def issue(request: Request) -> Response:
    """Create an API token and show it, this once; or say what is wrong, next to the field."""
    try:
        wanted = credentials.parse(request)
    except InvalidInput as problem:
        return _page(request, draft=credentials.refused(problem, request))
    verbs = _verbs()
    if not verbs.has_room(request.organization):
        raise credentials.no_room()
    token, issued = verbs.issue(
        request.context,
        name=wanted.name,
        scopes=wanted.scopes,
        expires_in=wanted.expires_in,
        role=wanted.role,
        form=wanted.form,
    )
    return credentials.render_issued(token, issued, request)


@handler.route("GET", "/people/{id}/revoke", scopes=site.MANAGE_CREDENTIALS, permission=Permission.CHANGE)
def ask(request: Request) -> Response:
    """What stops working when a credential, an OAuth client or the trust in an outside issuer is revoked."""
    organization, identifier = request.organization, request.path["id"]
    match credentials.kind_of(identifier):
        case Kind.CREDENTIAL:
            return credentials.render_question(_verbs().find_another(request.context, identifier), request)
        case Kind.CLIENT:
            clients = wiring.tokens().clients_shown(organization.id)
            return credentials.render_question(credentials.with_id(clients, identifier), request)
        case Kind.ISSUER:
            issuers = wiring.trusted_issuers(organization)
            return credentials.render_question(credentials.with_id(issuers, identifier), request)


@handler.route("POST", "/people/{id}/revoke", scopes=site.MANAGE_CREDENTIALS)
def revoke(request: Request) -> Response:
    """Revoke one of them."""
    context, identifier = request.context, request.path["id"]
    kind = credentials.kind_of(identifier)
    match kind:
        case Kind.CREDENTIAL:
            _verbs().revoke(context, identifier, own=False)
        case Kind.CLIENT:
            wiring.clients(credentials.check_scopes).revoke(context, identifier)
        case Kind.ISSUER:
            wiring.issuers(credentials.check_scopes).distrust(context, identifier)
    return _page(request, notice=kind.done)


def _verbs() -> Credentials:
    return wiring.credentials(credentials.check_scopes)


def _page(request: Request, *, notice: str = "", draft: credentials.Draft | None = None) -> Response:
    access, organization = wiring.access(), request.organization
    _, sign_in = wiring.sign_in_store().sign_in(organization.id)
    found = people.Everyone(
        sign_in,
        access.credentials(organization.id),
        wiring.tokens().clients_shown(organization.id),
        wiring.trusted_issuers(organization),
        access.account_states(organization.id),
    )
    return people.render(found, request, notice=notice, draft=draft)
