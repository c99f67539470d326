"""/oauth2/v1 (Okta): access tokens for OAuth clients, and the keys that verify them."""

from reprieve.access import trust
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import tokens
from reprieve.runtime import http, settings, wiring

settings.require("SECRETS_KEY")
handler = http.Api(tokens.TOKENS)


@handler.open("POST", "/v1/token")
def token(request: Request) -> Response:
    """A token in a client's own name."""
    proof, scopes = tokens.parse(request)
    granted = wiring.token_requests().client_credentials(
        proof, scopes, url=request.url, request_id=request.id, now=request.now, origin=request.origin
    )
    return tokens.render(granted)


@handler.open("GET", "/v1/keys")
def keys(request: Request) -> Response:
    """The published keys."""
    return Response(200, trust.jwks(wiring.signer().published(request.now)))
