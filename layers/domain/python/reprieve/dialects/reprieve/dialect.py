"""Our own dialect: JSON answers, and errors as problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from reprieve import errors
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import InvalidInput

PROBLEM: Final = "application/problem+json"

#: error -> HTTP status
STATUS: Final[dict[type[errors.ReprieveError], HTTPStatus]] = {
    errors.InvalidInput: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NoSuchRoute: HTTPStatus.NOT_FOUND,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ReprieveError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class ReprieveDialect:
    """How every route of our own answers."""

    name = "reprieve"

    def refuse(self, error: errors.ReprieveError, request: Request, error_id: str) -> Response:
        """See `exchange.Dialect`."""
        status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
        body = problem_details(status, _detail(error), error_id)
        if isinstance(error, InvalidInput) and error.field:
            body["field"] = error.field
        response = Response(status, body, content_type=PROBLEM)
        if isinstance(error, errors.RateLimited):
            return response.adding(("Retry-After", str(max(1, (error.retry_at - request.now) // 1000))))
        if isinstance(error, errors.MethodNotAllowed):
            return response.adding(("Allow", ", ".join(error.allowed)))
        return response

    def fail(self, request: Request, error_id: str) -> Response:  # noqa: ARG002  (the port's signature)
        """See `exchange.Dialect`."""
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        body = problem_details(status, "something unexpected happened; the error id finds it in the log", error_id)
        return Response(status, body, content_type=PROBLEM)

    def finish(self, response: Response, request: Request) -> Response:
        """See `exchange.Dialect`."""
        return response.adding(("X-Request-Id", request.id), ("X-Content-Type-Options", "nosniff"))


DIALECT: Final = ReprieveDialect()


def _detail(error: errors.ReprieveError) -> str:
    match error:
        case InvalidInput():
            return error.problem
        case errors.NoSuchRoute():
            return "the API has no such path"
        case errors.MethodNotAllowed():
            return f"the path does not support {error}"
        case errors.Unavailable():
            return "a part of the service did not answer; nothing was acknowledged, so try again"
        case _:
            return str(error)


def problem_details(status: HTTPStatus, detail: str, error_id: str) -> dict[str, Any]:
    """The body of an error."""
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "error_id": error_id,
    }
