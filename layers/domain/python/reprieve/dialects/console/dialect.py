"""The console as a dialect: pages in place of JSON, and a session in place of a token.

What renders pages is loaded when the first one is, so that a list of all dialects costs little.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve import errors
from reprieve.access.quota import Bucket
from reprieve.clock import MINUTE, Millis
from reprieve.dialects.console.site import (
    ASSETS,
    HEADERS,
    HTML,
    IMPORT,
    KEPT,
    LIFT,
    NOT_KEPT,
    READ_ADDRESSES,
    READ_CREDENTIALS,
    READ_GROUPS,
    READ_HOLDS,
    READ_HOOKS,
    READ_LISTS,
    READ_LOG,
    READ_POLICY,
    READ_REMOVALS,
    READ_SERVERS,
    SIGN_IN,
)
from reprieve.dialects.dialect import GATEWAY, Dialect, ErrorTable, Headers, Refusal
from reprieve.dialects.exchange import Request, Response

if TYPE_CHECKING:
    from reprieve.dialects.dialect import Row

SIGNED_OUT: Final = "Your session has ended. Sign in again to go on."
BAD_TOKEN: Final = "This is not the token of a credential, or it was revoked, or has expired."  # noqa: S105  (a sentence)


def headers(request: Request) -> Headers:
    """The headers of every answer."""
    return (*HEADERS, KEPT if request.resource == ASSETS else NOT_KEPT)


def page(said: Refusal, error_id: str, request: Request) -> Response:
    """The page for a refusal: the form to sign in, or what is wrong and where to go on."""
    from reprieve.dialects.console import problem  # noqa: PLC0415  (loads the renderer)

    return problem.render(said, error_id, request)


def bare_page(said: Refusal, error_id: str) -> Response:
    """The page that API Gateway answers by itself; its words are the same for every request, so nothing is escaped.

    It has the part that a form with the script takes out of an answer: without it, the answer would vanish.
    """
    title, error = HTTPStatus(said.status).phrase, f"Error id: {error_id}"
    text = (
        f"<!doctype html><html lang=en><title>{title}</title>"
        f"<section id=answer><h1 tabindex=-1>{title}</h1><p>{said.message}</p><p>{error}</p></section></html>"
    )
    return Response(said.status, text, content_type=HTML)


def _own_words(status: HTTPStatus) -> Row:
    """A refusal with the error's own sentence."""
    return lambda error, _: Refusal(status, _sentence(str(error)))


def _invalid(error: errors.InvalidInput, _: Request) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, _sentence(error.problem), details={"field": error.field or ""})


def _unauthenticated(_: errors.Unauthenticated, request: Request) -> Refusal:
    return _sign_in(BAD_TOKEN if request.resource == SIGN_IN else SIGNED_OUT, request)


def _sign_in(message: str, request: Request) -> Refusal:
    """The form to sign in, which leads back to the page that was wanted."""
    from reprieve.dialects.console.sign_in import wanted_path  # noqa: PLC0415  (loads the renderer)

    return Refusal(HTTPStatus.UNAUTHORIZED, message, details={"path": wanted_path(request)})


def _forbidden(error: errors.Forbidden, request: Request) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, f"You cannot do this: {_why_forbidden(error, request)}.")


def _why_forbidden(error: errors.Forbidden, request: Request) -> str:
    if not error.scope:
        return str(error)
    if request.caller and request.context.actor.is_person:
        return f"your access does not include it. Ask your administrator for the scope {error.scope}"
    return f"your API token lacks the scope {error.scope}"


def _rate_limited(error: errors.RateLimited, _: Request) -> Refusal:
    """The page shows the moment, rounded up to the minute: who comes earlier is refused again."""
    again = Millis(-(-error.retry_at // MINUTE) * MINUTE)
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.", details={"again": again})


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


ERRORS: Final[ErrorTable] = {
    errors.InvalidInput: _invalid,
    errors.MalformedAddress: Refusal(
        HTTPStatus.BAD_REQUEST, "This is not an email address. Check the spelling.", details={"field": "email"}
    ),
    errors.NoCredential: lambda _, request: _sign_in("", request),
    errors.SignInRefused: lambda error, request: _sign_in(error.said, request),
    errors.Unauthenticated: _unauthenticated,
    errors.Forbidden: _forbidden,
    errors.NoSuchRoute: Refusal(HTTPStatus.NOT_FOUND, "There is no such page."),
    errors.NotFound: _own_words(HTTPStatus.NOT_FOUND),
    errors.MethodNotAllowed: Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "This page cannot be opened like that."),
    errors.Conflict: _own_words(HTTPStatus.CONFLICT),
    errors.RateLimited: _rate_limited,
    errors.Unavailable: Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "A part of the service did not answer. If you changed something, some of it may be done: look first, or try "
        "again, which is safe.",
    ),
    errors.ReprieveError: Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Something unexpected happened. Try again."),
}

DIALECT: Final = Dialect(
    name="console",
    api="ConsoleApi",
    stage="console",
    schemes=frozenset({"Bearer"}),
    scopes=frozenset(
        {
            *IMPORT,
            *LIFT,
            *READ_ADDRESSES,
            *READ_CREDENTIALS,
            *READ_GROUPS,
            *READ_HOLDS,
            *READ_HOOKS,
            *READ_LISTS,
            *READ_LOG,
            *READ_POLICY,
            *READ_REMOVALS,
            *READ_SERVERS,
        }
    ),
    errors=ERRORS,
    gateway={
        "THROTTLED": Refusal(429, "Too many requests. Wait a minute, then try again."),
        "DEFAULT_4XX": Refusal(400, "The request could not be read."),
        "DEFAULT_5XX": Refusal(500, "Something unexpected happened. Try again."),
    },
    gateway_headers={kind: {"Content-Type": f"'{HTML}'"} for kind in GATEWAY},
    write=bare_page,
    write_to=page,
    headers=headers,
    buckets=(("/", Bucket.REPRIEVE),),
)
