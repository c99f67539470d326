"""Zoho's accounts server: `/oauth/v2/token`, which exchanges a refresh token, and its revocation.

It is another host than the CRM's at Zoho, and another API here. It answers 200 with `error` where there is no token:
Zoho's SDKs look for `access_token`, and print `error` if it is missing. The Node SDK sends its form in parts.
docs/reference/tokens-api.md lists what was chosen.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve import errors
from reprieve.access.oauth import ClientSecret, GrantError, GrantRefused
from reprieve.clock import to_seconds
from reprieve.dialects import form
from reprieve.dialects.dialect import ErrorTable, Refusal
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.zoho.dialect import DIALECT

if TYPE_CHECKING:
    from reprieve.access.oauth import Granted

GRANT_TYPE: Final = "refresh_token"
#: OAuth's words that Zoho spells differently
CODES: Final = {GrantError.INVALID_GRANT: "invalid_code"}


def _refused(error: GrantRefused, _: Request) -> Refusal:
    return Refusal(HTTPStatus.OK, error.problem, CODES.get(error.error, error.error.value))


ERRORS: Final[ErrorTable] = {
    GrantRefused: _refused,
    errors.RateLimited: Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "You have made too many requests continuously. Please try again after some time.",
        "Access Denied",
    ),
    errors.Unavailable: Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Internal Server Error", "server_error"),
    errors.ReprieveError: Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error", "server_error"),
}


def envelope(said: Refusal, error_id: str) -> Response:
    """The accounts server's error body; its id has no place in it."""
    body = {"error": said.code.lower() if said.code.isupper() else said.code, "error_description": said.message}
    return Response(said.status, body, (("X-Error-Id", error_id),))


#: Zoho's dialect at its accounts server
TOKENS: Final = replace(
    DIALECT,
    api="ZohoAccountsApi",
    stage="oauth",
    schemes=frozenset(),
    errors={**DIALECT.errors, **ERRORS},
    write=envelope,
)


def parse(request: Request) -> tuple[ClientSecret, str]:
    """A request for a token: the client, and its refresh token.

    Raises:
        GrantRefused: it is malformed, of a grant that does not exist here, or without a client.
    """
    given = form.parameters(request, in_parts=True)
    if given.get("grant_type") != GRANT_TYPE:
        raise GrantRefused(GrantError.UNSUPPORTED_GRANT_TYPE, f"The only grant_type here is {GRANT_TYPE}.")
    secret = form.client_secret(request, given)
    if secret is None:
        raise GrantRefused(GrantError.INVALID_CLIENT, "A client_id and a client_secret must be given.")
    return secret, given.get("refresh_token", "")


def parse_revocation(request: Request) -> str:
    """The refresh token to revoke.

    Raises:
        GrantRefused: the request is malformed, or names none.
    """
    token = form.parameters(request, in_parts=True).get("token")
    if token is None:
        raise GrantRefused(GrantError.INVALID_REQUEST, "The token is missing.")
    return token


def render(granted: Granted) -> Response:
    """The token. `api_domain` is left out: an SDK would take it for the CRM's base URL, which the client knows."""
    body = {
        "access_token": granted.token,
        "scope": " ".join(granted.scopes),
        "token_type": "Bearer",
        "expires_in": to_seconds(granted.lifetime),
    }
    return Response(HTTPStatus.OK, body, (("Cache-Control", "no-store"),))


def render_revoked(*, known: bool) -> Response:
    """Zoho's answer to a revocation; it has the same status for a token that is not there."""
    return Response(HTTPStatus.OK, {"status": "success"} if known else {"error": "invalid_code"})
