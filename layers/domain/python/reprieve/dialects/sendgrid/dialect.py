"""SendGrid's dialect: its error envelope, and the suppression lists.

Source: Twilio SendGrid's OpenAPI documents of January 2026 and its API reference; README lists what they leave open.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve import errors
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from reprieve.suppressions.suppression import SuppressionList

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


class SendGridDialect:
    """How every SendGrid route answers."""

    name = "sendgrid"

    def refuse(self, error: errors.ReprieveError, request: Request, error_id: str) -> Response:
        """See `exchange.Dialect`."""
        status, message = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
        problem = error.problem if isinstance(error, InvalidInput) else str(error)
        field = error.field if isinstance(error, InvalidInput) else None
        response = Response(status, envelope(message or problem, field, error_id))
        if isinstance(error, errors.RateLimited) and request.quota is None:
            return response.adding(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(error.retry_at // 1000)))
        if isinstance(error, errors.Unavailable) and request.quota is None:
            return response.adding(("X-RateLimit-Reset", str(request.now // 1000 + COME_BACK)))
        if isinstance(error, errors.MethodNotAllowed):
            return response.adding(("Allow", ", ".join(error.allowed)))
        return response

    def fail(self, request: Request, error_id: str) -> Response:  # noqa: ARG002  (the port's signature)
        """See `exchange.Dialect`."""
        return Response(HTTPStatus.INTERNAL_SERVER_ERROR, envelope("internal server error", None, error_id))

    def finish(self, response: Response, request: Request) -> Response:
        """See `exchange.Dialect`. Every answer tells what is left where requests are counted (Reset: Unix)."""
        if request.quota:
            response = response.adding(
                ("X-RateLimit-Limit", str(request.quota.limit)),
                ("X-RateLimit-Remaining", str(request.quota.remaining)),
                ("X-RateLimit-Reset", str(request.quota.resets_at // 1000)),
            )
        return response.adding(("X-Request-Id", request.id), ("X-Content-Type-Options", "nosniff"))


DIALECT: Final = SendGridDialect()


def envelope(message: str, field: str | None, error_id: str) -> dict[str, Any]:
    """SendGrid's error body; `id` finds the log line."""
    return {"errors": [{"field": field, "message": message}], "id": error_id}


def scopes(suppression_list: SuppressionList, action: str) -> tuple[str, ...]:
    """The scopes that allow an action (`read`, `create`, `delete`) on a list: the list's own, or the general one."""
    return (f"suppression.{suppression_list}.{action}", f"suppression.{action}")


def global_scopes(action: str) -> tuple[str, ...]:
    """The scopes that allow an action on the global unsubscribes, under either of their names."""
    return (f"asm.suppressions.global.{action}", f"suppression.unsubscribes.{action}", f"suppression.{action}")


def acts_for(request: Request) -> str | None:
    """The organization that a parent acts for, by `on-behalf-of`: a subuser's name, or `account-id` and an id."""
    given = request.headers.get("on-behalf-of", "").strip()
    if not given:
        return None
    word, _, rest = given.partition(" ")
    return rest.strip() if word.casefold() == "account-id" else given
