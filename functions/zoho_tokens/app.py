"""/oauth/v2/token (Zoho): access tokens for refresh tokens, and the revocation of these."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.zoho import tokens
from reprieve.runtime import http, settings, wiring

settings.require("SECRETS_KEY")
handler = http.Api(tokens.TOKENS)


@handler.open("POST", "/v2/token")
def token(request: Request) -> Response:
    """A token for a refresh token."""
    proof, refresh_token = tokens.parse(request)
    granted = wiring.token_requests().refresh(
        proof, refresh_token, request_id=request.id, now=request.now, origin=request.origin
    )
    return tokens.render(granted)


@handler.open("POST", "/v2/token/revoke")
def revoke(request: Request) -> Response:
    """Revoke a refresh token."""
    refresh_token = tokens.parse_revocation(request)
    known = wiring.token_requests().revoke_refresh_token(
        refresh_token, request_id=request.id, now=request.now, origin=request.origin
    )
    return tokens.render_revoked(known=known)
