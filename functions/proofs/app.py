"""/reprieve/proofs, confirmation-links, confirm/{token}: proof that an address receives mail unblocks it."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, links, proofs
from reprieve.role import Permission
from reprieve.runtime import http, settings, wiring

settings.require("SECRETS_KEY")
handler = http.Api(dialect.DIALECT)
LINK = "/confirm/{token}"


@handler.route("POST", "/proofs/{email+}", scopes=proofs.CREATE, permission=Permission.LIFT, queues=True)
def prove(request: Request) -> Response:
    """Unblock an address because the organization's own application knows that it receives mail."""
    address, proof = proofs.parse_proof(request)
    unblock = wiring.unblocks().by_proof(request.context, address, proof)
    return proofs.render_proof(address, proof, unblock, request)


@handler.route("POST", "/confirmation-links", scopes=proofs.CREATE)
def make(request: Request) -> Response:
    """Make a link for each address, by which its owner confirms it."""
    addresses = proofs.parse_wanted(request)
    tokens = wiring.confirmation_links().make(request.context, addresses)
    return links.render_links(addresses, tokens, request, to="confirm")


@handler.open("GET", LINK)
def ask(request: Request) -> Response:
    """The page behind a link; it changes nothing."""
    organization, link = wiring.confirmation_links().proved(request.path["token"], now=request.now)
    return proofs.render_question(link.email, organization)


@handler.open("POST", LINK, queues=True)
def confirm(request: Request) -> Response:
    """The click on the page's button."""
    confirmations = wiring.confirmation_links()
    organization, link = confirmations.proved(request.path["token"], now=request.now)
    unblock = confirmations.follow(organization, link, request_id=request.id, now=request.now, origin=request.origin)
    return proofs.render_done(link.email, organization, unblock)
