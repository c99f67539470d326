"""Okta's token endpoint: `/oauth2/v1/token`, in OAuth's words, as Okta's SDKs use it in PrivateKey mode.

Sources: RFC 6749, RFC 7523, Okta's guide to OAuth for Okta; docs/reference/tokens-api.md lists what was chosen.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve import errors
from reprieve.access.oauth import ClientAssertion, GrantError, GrantRefused
from reprieve.clock import to_seconds
from reprieve.dialects import form
from reprieve.dialects.dialect import ErrorTable, Refusal
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta.dialect import DIALECT

if TYPE_CHECKING:
    from reprieve.access.oauth import ClientSecret, Granted

GRANT_TYPE: Final = "client_credentials"
#: RFC 7523 section 2.2
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def _refused(error: GrantRefused, _: Request) -> Refusal:
    denied = error.error is GrantError.INVALID_CLIENT
    status = HTTPStatus.UNAUTHORIZED if denied else HTTPStatus.BAD_REQUEST
    return Refusal(status, error.problem, error.error.value)


ERRORS: Final[ErrorTable] = {
    GrantRefused: _refused,
    errors.NoSuchRoute: Refusal(HTTPStatus.NOT_FOUND, "The requested path was not found.", "invalid_request"),
    errors.MethodNotAllowed: Refusal(
        HTTPStatus.METHOD_NOT_ALLOWED, "The endpoint does not support the provided HTTP method.", "invalid_request"
    ),
    errors.RateLimited: Refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.", "too_many_requests"),
    errors.Unavailable: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE, "A part of the service does not answer.", "temporarily_unavailable"
    ),
    errors.ReprieveError: Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Something unexpected happened.", "server_error"),
}


def envelope(said: Refusal, error_id: str) -> Response:
    """OAuth's error body (RFC 6749 section 5.2); the error's id has no place in it."""
    response = Response(said.status, {"error": said.code, "error_description": said.message}).adding(
        ("X-Error-Id", error_id)
    )
    if said.status == HTTPStatus.UNAUTHORIZED:
        return response.adding(("WWW-Authenticate", 'Basic realm="oauth2"'))
    return response


#: Okta's dialect at its token endpoint, which is a second stage of the same API
TOKENS: Final = replace(DIALECT, stage="oauth2", errors={**DIALECT.errors, **ERRORS}, write=envelope)


def parse(request: Request) -> tuple[ClientSecret | ClientAssertion, tuple[str, ...]]:
    """A request for a token: the proof of who asks, and the scopes that are asked for.

    Raises:
        GrantRefused: it is malformed, of a grant that does not exist here, or without a proof; or its URL has a secret.
    """
    given = form.parameters(request)
    if "client_secret" in request.query:
        # RFC 6749 section 2.3.1. An assertion is in the query where Okta's Go SDK asks; it is soon good for nothing
        raise GrantRefused(GrantError.INVALID_REQUEST, "The client_secret must not be in the URL.")
    if "grant_type" not in given:
        raise GrantRefused(GrantError.INVALID_REQUEST, "The grant_type is missing.")
    if given["grant_type"] != GRANT_TYPE:
        raise GrantRefused(GrantError.UNSUPPORTED_GRANT_TYPE, f"The only grant_type here is {GRANT_TYPE}.")
    return _proof(request, given), tuple(given["scope"].split(" ")) if "scope" in given else ()


def _proof(request: Request, given: dict[str, str]) -> ClientSecret | ClientAssertion:
    secret = form.client_secret(request, given)
    assertion = given.get("client_assertion")
    if secret and assertion:
        raise GrantRefused(GrantError.INVALID_REQUEST, "A client must authenticate in one way only.")
    if secret:
        return secret
    if not assertion:
        raise GrantRefused(GrantError.INVALID_CLIENT, "A client_assertion or a client_secret must be given.")
    if given.get("client_assertion_type") != ASSERTION_TYPE:
        raise GrantRefused(GrantError.INVALID_REQUEST, f"The client_assertion_type must be {ASSERTION_TYPE}.")
    return ClientAssertion(assertion, given.get("client_id"))


def render(granted: Granted) -> Response:
    """The token. A proof of possession (DPoP) in the request is passed over, which `token_type` says."""
    body: dict[str, Any] = {
        "token_type": "Bearer",
        "expires_in": to_seconds(granted.lifetime),
        "access_token": granted.token,
        "scope": " ".join(granted.scopes),
    }
    return Response(HTTPStatus.OK, body)
