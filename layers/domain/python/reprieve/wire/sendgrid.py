"""SendGrid's dialect: its error envelope, and the suppression lists.

Source: Twilio SendGrid's OpenAPI documents of January 2026 and its API reference; README lists what they leave open.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve import errors
from reprieve.errors import InvalidInput
from reprieve.exchange import Request, Response
from reprieve.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.suppression import Suppression

#: the largest and the default page
PAGE: Final = 500
COME_BACK: Final = 60

#: error -> (HTTP status, message); None stands for the error's own sentence
ERRORS: Final[dict[type[errors.ReprieveError], tuple[int, str | None]]] = {
    errors.InvalidInput: (400, None),
    errors.Unauthenticated: (401, "The provided authorization grant is invalid, expired, or revoked"),
    errors.Forbidden: (403, "access forbidden"),
    errors.NoSuchRoute: (404, "not found"),
    errors.NotFound: (404, "not found"),
    errors.MethodNotAllowed: (405, "method not allowed"),
    errors.Conflict: (400, None),
    errors.RateLimited: (429, "too many requests"),
    errors.Unavailable: (503, "service unavailable"),
    errors.ReprieveError: (500, "internal server error"),
}

#: the members of a list's records, beyond `created` and `email`
MEMBERS: Final = {
    SuppressionList.BOUNCES: ("reason", "status"),
    SuppressionList.BLOCKS: ("reason", "status"),
    SuppressionList.INVALID_EMAILS: ("reason",),
    SuppressionList.SPAM_REPORTS: ("ip",),
    SuppressionList.UNSUBSCRIBES: (),
}


class SendGridDialect:
    """How every SendGrid route answers."""

    name = "sendgrid"

    def refuse(self, error: errors.ReprieveError, request: Request, error_id: str) -> Response:
        """See `exchange.Dialect`."""
        status, message = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
        problem = error.problem if isinstance(error, InvalidInput) else str(error)
        field = error.field if isinstance(error, InvalidInput) else None
        response = Response(status, envelope(message or problem, field, error_id))
        if isinstance(error, errors.RateLimited):
            return response.adding(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(error.retry_at // 1000)))
        if isinstance(error, errors.Unavailable):
            return response.adding(("X-RateLimit-Reset", str(request.now // 1000 + COME_BACK)))
        return response

    def fail(self, request: Request, error_id: str) -> Response:  # noqa: ARG002  (the port's signature)
        """See `exchange.Dialect`."""
        return Response(HTTPStatus.INTERNAL_SERVER_ERROR, envelope("internal server error", None, error_id))

    def finish(self, response: Response, request: Request) -> Response:
        """See `exchange.Dialect`."""
        return response.adding(("X-Request-Id", request.id), ("X-Content-Type-Options", "nosniff"))


DIALECT: Final = SendGridDialect()


def envelope(message: str, field: str | None, error_id: str) -> dict[str, Any]:
    """SendGrid's error body; `id` finds the log line."""
    return {"errors": [{"field": field, "message": message}], "id": error_id}


def scopes(suppression_list: SuppressionList, action: str) -> tuple[str, ...]:
    """The scopes that allow an action (`read`, `create`, `delete`) on a list: the list's own, or the general one."""
    return (f"suppression.{suppression_list}.{action}", f"suppression.{action}")


def render_list(suppressions: Sequence[Suppression]) -> Response:
    """A list's records."""
    return Response(HTTPStatus.OK, [record(suppression) for suppression in suppressions])


def record(suppression: Suppression) -> dict[str, Any]:
    """One record as its list shows it; `created` in whole seconds."""
    members = {name: getattr(suppression, name) for name in MEMBERS[suppression.list]}
    return {"created": suppression.created // 1000, "email": suppression.email, **members}
