"""Our own dialect: JSON answers, and errors as problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve import errors
from reprieve.access.quota import Bucket
from reprieve.clock import timestamp
from reprieve.dialects.dialect import Dialect, ErrorTable, Refusal
from reprieve.dialects.exchange import Request, Response

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.dialects.dialect import Row

PROBLEM: Final = "application/problem+json"


def _own_words(status: HTTPStatus) -> Row:
    """A refusal with the error's own sentence."""
    return lambda error, _: Refusal(status, str(error))


def _invalid(error: errors.InvalidInput, _: Request) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, error.problem, details={"field": error.field} if error.field else {})


def _no_such_method(error: errors.MethodNotAllowed, _: Request) -> Refusal:
    return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"the path does not support {error}")


ERRORS: Final[ErrorTable] = {
    errors.InvalidInput: _invalid,
    errors.NoCredential: Refusal(
        HTTPStatus.UNAUTHORIZED, "send a credential in the Authorization header: Bearer rp_..."
    ),
    errors.Unauthenticated: _own_words(HTTPStatus.UNAUTHORIZED),
    errors.Forbidden: _own_words(HTTPStatus.FORBIDDEN),
    errors.NoSuchRoute: Refusal(HTTPStatus.NOT_FOUND, "the API has no such path"),
    errors.NotFound: _own_words(HTTPStatus.NOT_FOUND),
    errors.MethodNotAllowed: _no_such_method,
    errors.Conflict: _own_words(HTTPStatus.CONFLICT),
    errors.RateLimited: Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many requests"),
    errors.Unavailable: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE, "a part of the service did not answer; nothing was acknowledged, so try again"
    ),
    errors.ReprieveError: Refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR, "something unexpected happened; the error id finds it in the log"
    ),
}


def problem_details(said: Refusal, error_id: str) -> Response:
    """The body of an error."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(said.status).phrase,
        "status": int(said.status),
        "detail": said.message,
        "error_id": error_id,
        **said.details,
    }
    return Response(said.status, body, content_type=PROBLEM)


def moment(at: Millis | None) -> str | None:
    """A moment as an answer has it; null for none."""
    return None if at is None else timestamp(at)


DIALECT: Final = Dialect(
    name="reprieve",
    api="ReprieveApi",
    stage="reprieve",
    schemes=frozenset({"Bearer"}),
    scopes=frozenset(
        {
            "reprieve.addresses.read",
            "reprieve.events.create",
            "reprieve.links.create",
            "reprieve.proofs.create",
            "reprieve.holds.read",
            "reprieve.holds.manage",
            "reprieve.hooks.read",
            "reprieve.hooks.manage",
            "reprieve.mail_reports.create",
            "reprieve.policies.read",
            "reprieve.policies.manage",
            "reprieve.removals.read",
            "reprieve.removals.manage",
            "reprieve.suppressions.read",
        }
    ),
    errors=ERRORS,
    gateway={
        "DEFAULT_4XX": Refusal(400, "the request could not be read"),
        "DEFAULT_5XX": Refusal(500, "something unexpected happened; the error id is the request id in the log"),
    },
    write=problem_details,
    buckets=(("/", Bucket.REPRIEVE),),
)
