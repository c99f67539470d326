"""Okta's dialect.

Sources: Okta's management OpenAPI document 2026.06.3 and its error-code catalogue 2026.08.1; docs/reference/okta-api.md
lists what Okta leaves open and what was chosen.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve import errors
from reprieve.access.quota import Bucket
from reprieve.clock import to_seconds
from reprieve.dialects.dialect import Dialect, ErrorTable, Headers, Refusal
from reprieve.dialects.exchange import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Seconds


SERVER_ERROR: Final = "Internal Server Error"


def refusal(code: str, summary: str, *causes: str, status: int = HTTPStatus.BAD_REQUEST) -> Refusal:
    """A refusal with Okta's code, and a cause for everything that is wrong."""
    return Refusal(status, summary, code, {"errorCauses": [{"errorSummary": cause} for cause in causes]})


def invalid(field: str, *causes: str) -> Refusal:
    """E0000001, about a field, a parameter or the whole body."""
    return refusal("E0000001", f"Api validation failed: {field}", *causes)


def not_found(error: errors.NotFound, identifier: str) -> Refusal:
    """E0000007, with the thing's identifier as the caller spelled it."""
    summary = f"Not found: Resource not found: {identifier} ({error.kind})"
    return refusal("E0000007", summary, status=HTTPStatus.NOT_FOUND)


def _forbidden(error: errors.Forbidden, _: Request) -> Refusal:
    summary = "You do not have permission to perform the requested action"
    return refusal("E0000006", summary, str(error), status=HTTPStatus.FORBIDDEN)


ERRORS: Final[ErrorTable] = {
    errors.UnreadableBody: refusal("E0000003", "The request body was not well-formed."),
    errors.InvalidCursor: refusal("E0000029", "Invalid paging request.", "Invalid cursor."),
    errors.InvalidInput: lambda error, _: invalid(error.field or "body", str(error)),
    errors.NoCredential: refusal("E0000005", "Invalid session", status=HTTPStatus.FORBIDDEN),
    errors.Unauthenticated: refusal("E0000011", "Invalid token provided", status=401),
    errors.Forbidden: _forbidden,
    errors.NoSuchRoute: refusal("E0000008", "The requested path was not found", status=404),
    errors.MethodNotAllowed: refusal(
        "E0000022", "The endpoint does not support the provided HTTP method", status=HTTPStatus.METHOD_NOT_ALLOWED
    ),
    errors.NotFound: lambda error, _: not_found(error, error.identifier),
    errors.Conflict: lambda error, _: invalid(str(error), str(error)),
    errors.RateLimited: refusal("E0000047", "API call exceeded rate limit due to too many requests.", status=429),
    errors.Unavailable: refusal("E0000009", SERVER_ERROR, status=HTTPStatus.SERVICE_UNAVAILABLE),
    errors.ReprieveError: refusal("E0000009", SERVER_ERROR, status=HTTPStatus.INTERNAL_SERVER_ERROR),
}


def envelope(said: Refusal, error_id: str) -> Response:
    """Okta's error body. `errorId` is `oae` and 22 characters; these are in the function log."""
    body: Mapping[str, Any] = {
        "errorCode": said.code,
        "errorSummary": said.message,
        "errorLink": said.code,
        "errorId": error_id,
        **said.details,
    }
    return Response(said.status, body)


def _limits(seconds: Seconds, request: Request) -> Headers:
    """The time until which Okta's Python SDK waits on 429 and 503, computed against Date; it crashes without either."""
    from email.utils import formatdate  # noqa: PLC0415  (it costs more than all else of this module, for rare answers)

    date = ("Date", formatdate(to_seconds(request.now), usegmt=True))
    if request.quota and request.quota.exceeded:
        return (date,)
    return (
        date,
        ("X-Rate-Limit-Limit", "0"),
        ("X-Rate-Limit-Remaining", "0"),
        ("X-Rate-Limit-Reset", str(seconds)),
    )


def _headers(_: Request) -> Headers:
    return (("Cache-Control", "no-cache, no-store"), ("Pragma", "no-cache"))


DIALECT: Final = Dialect(
    name="okta",
    api="OktaApi",
    stage="api",
    # Okta's Python SDK sends `SSWStoken` and `Bearertoken`, without a space
    schemes=frozenset({"SSWS", "Bearer"}),
    scopes=frozenset(
        {
            "okta.orgs.manage",
            "okta.logs.read",
            "okta.users.read",
            "okta.users.manage",
            "okta.emailServers.read",
            "okta.emailServers.manage",
            "okta.eventHooks.read",
            "okta.eventHooks.manage",
        }
    ),
    errors=ERRORS,
    # a Reset that is past makes Okta's Python SDK try again at once, a missing one makes it crash
    gateway_headers={
        "THROTTLED": {"X-Rate-Limit-Limit": "'0'", "X-Rate-Limit-Remaining": "'0'", "X-Rate-Limit-Reset": "'1'"}
    },
    write=envelope,
    headers=_headers,
    limits=_limits,
    buckets=(
        ("/v1/org/email/bounces/", Bucket.OKTA_BOUNCES),
        ("/v1/logs", Bucket.OKTA_LOGS),
        ("/v1/users", Bucket.OKTA_USERS),
        ("/", Bucket.OKTA_OTHER),
    ),
    quota_headers="X-Rate-Limit",
    id_header="X-Okta-Request-Id",
    id_prefix="oae",
)
