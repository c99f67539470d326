"""Okta's dialect: its error envelope and codes.

Sources: Okta's management OpenAPI document 2026.06.3 and its error-code catalogue 2026.08.1; README lists what
Okta leaves open and what was chosen.
"""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve import errors
from reprieve.dialects.exchange import Request, Response

if TYPE_CHECKING:
    from collections.abc import Sequence


#: how long a client should wait when a part of ours is unavailable, in seconds
COME_BACK: Final = 60

#: error -> (HTTP status, code, sentence); the most derived class that is listed counts
ERRORS: Final[dict[type[errors.ReprieveError], tuple[int, str, str]]] = {
    errors.UnreadableBody: (400, "E0000003", "The request body was not well-formed."),
    errors.InvalidCursor: (400, "E0000029", "Invalid paging request."),
    errors.InvalidInput: (400, "E0000001", "Api validation failed: {field}"),
    errors.Unauthenticated: (401, "E0000011", "Invalid token provided"),
    errors.Forbidden: (403, "E0000006", "You do not have permission to perform the requested action"),
    errors.NoSuchRoute: (404, "E0000008", "The requested path was not found"),
    errors.MethodNotAllowed: (405, "E0000022", "The endpoint does not support the provided HTTP method"),
    errors.NotFound: (404, "E0000007", "Not found: Resource not found: {identifier} ({kind})"),
    errors.Conflict: (400, "E0000001", "Api validation failed: {problem}"),
    errors.RateLimited: (429, "E0000047", "API call exceeded rate limit due to too many requests."),
    errors.Unavailable: (503, "E0000009", "Internal Server Error"),
    errors.ReprieveError: (500, "E0000009", "Internal Server Error"),
}
#: code -> the causes that Okta names with it; those of E0000001 are the error's own
CAUSES: Final = {"E0000029": ["Invalid cursor."]}


class OktaDialect:
    """How every Okta route answers."""

    name = "okta"

    def refuse(self, error: errors.ReprieveError, request: Request, error_id: str) -> Response:
        """See `exchange.Dialect`."""
        status, code, sentence = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
        facts = {"field": "body", "problem": str(error)} | {
            name: value for name, value in vars(error).items() if value is not None
        }
        causes = [str(error)] if code == "E0000001" else CAUSES.get(code, [])
        response = Response(status, envelope(code, sentence.format_map(facts), error_id, causes))
        return response.adding(*_advice(error, request))

    def fail(self, request: Request, error_id: str) -> Response:  # noqa: ARG002  (the port's signature)
        """See `exchange.Dialect`."""
        return Response(HTTPStatus.INTERNAL_SERVER_ERROR, envelope("E0000009", "Internal Server Error", error_id))

    def finish(self, response: Response, request: Request) -> Response:
        """See `exchange.Dialect`."""
        return response.adding(
            ("X-Okta-Request-Id", request.id),
            ("Cache-Control", "no-cache, no-store"),
            ("Pragma", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
        )


DIALECT: Final = OktaDialect()


def envelope(code: str, summary: str, error_id: str, causes: Sequence[str] = ()) -> dict[str, Any]:
    """Okta's error body. `errorId` is `oae` and 22 characters; it is in our log."""
    return {
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": f"oae{error_id}",
        "errorCauses": [{"errorSummary": cause} for cause in causes],
    }


def _advice(error: errors.ReprieveError, request: Request) -> tuple[tuple[str, str], ...]:
    """Headers that say what a client should do about an error.

    Okta's Python SDK waits until X-Rate-Limit-Reset on 429 and 503, computed against Date, and crashes without either.
    """
    match error:
        case errors.RateLimited() | errors.Unavailable():
            retry_at = (
                error.retry_at // 1000 if isinstance(error, errors.RateLimited) else request.now // 1000 + COME_BACK
            )
            return (
                ("Date", formatdate(request.now / 1000, usegmt=True)),
                ("X-Rate-Limit-Limit", "0"),
                ("X-Rate-Limit-Remaining", "0"),
                ("X-Rate-Limit-Reset", str(retry_at)),
                ("Retry-After", str(max(1, retry_at - request.now // 1000))),
            )
        case errors.Forbidden():
            challenge = (
                f'Bearer realm="{request.url}", scope="{error.scope}", error="insufficient_scope", '
                'error_description="The access token provided does not contain the required scopes."'
            )
            return (("WWW-Authenticate", challenge),)
        case errors.MethodNotAllowed(allowed=allowed) if allowed:
            return (("Allow", ", ".join(allowed)),)
        case _:
            return ()
