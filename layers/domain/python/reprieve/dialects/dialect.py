"""A dialect: the one value that says how an API is reached, what may be granted for it, and how it refuses.

Whatever else lists dialects, schemes or scopes is derived from these values through `dialects.registry`, or checked
against them by a test. Nothing here imports a subject's verbs or pydantic, so that a list of all values costs little.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from reprieve.clock import MINUTE, SECOND, Millis, Seconds, to_seconds
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import (
    Forbidden,
    MethodNotAllowed,
    NoSuchRoute,
    RateLimited,
    ReprieveError,
    Unavailable,
    UnreadableBody,
)

if TYPE_CHECKING:
    from reprieve.access.quota import Bucket

#: headers, as pairs in order
Headers: TypeAlias = tuple[tuple[str, str], ...]
#: how long a client should wait while a part of the service is unavailable, in milliseconds
COME_BACK: Final = MINUTE
#: the answers that API Gateway gives by itself: kind of gateway response -> the error that it stands for
GATEWAY: Final[Mapping[str, type[ReprieveError]]] = {
    "MISSING_AUTHENTICATION_TOKEN": NoSuchRoute,
    "THROTTLED": RateLimited,
    "DEFAULT_4XX": UnreadableBody,
    "DEFAULT_5XX": ReprieveError,
}
#: a part of a scope that the organization names, such as one of its modules
PLACEHOLDER: Final = re.compile(r"\\{[a-z]+\\}")
NAME: Final = "[A-Za-z][A-Za-z0-9_]*"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A dialect's answer to an error.

    Attributes:
        status: the HTTP status.
        message: the sentence for people.
        code: the vendor's code; empty where it has none.
        details: further content of the error's body, as the dialect's `write` places it.
    """

    status: int
    message: str
    code: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


#: a refusal, or a function that makes it from the error and the request that it answers
Row: TypeAlias = Refusal | Callable[[Any, Request], Refusal]
ErrorTable: TypeAlias = Mapping[type[ReprieveError], Row]


def no_headers(_: Request) -> Headers:
    """No headers, for a vendor that has none of its own."""
    return ()


def no_limits(_seconds: Seconds, _request: Request) -> Headers:
    """No headers, for a vendor that has none besides Retry-After."""
    return ()


def no_child(_: Request) -> None:
    """No organization, for a vendor whose callers act for themselves alone."""
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One API: how it is reached, and how it answers; everything that is the same on all its routes.

    Attributes:
        name: in logs and metrics, and for the command's `--dialect`.
        api: the API in the template, and the stack's output that has its base URL.
        stage: the first segment of its paths.
        schemes: the words before a token in the Authorization header, matched in any letter case.
        scopes: what can be granted; `--dialect` grants all of them.
        named_scopes: scopes with a placeholder for what the organization names (`ZohoCRM.modules.{module}.READ`).
        errors: error to refusal; the most derived class that is listed counts. The root's is for the unexpected.
        gateway: what API Gateway answers by itself where `errors` does not say it, because it depends on the error.
        gateway_headers: further headers of gateway responses, by kind, in the template's form.
        write: writes a refusal as an answer, API Gateway's own included; the second argument is the error's id.
        write_to: writes a refusal as an answer to a request, where it depends on who asks, and `write` does not.
        headers: the vendor's, for every answer.
        limits: the vendor's headers for a client that should come back at a moment, in Unix seconds, beside those of
            its quota.
        passing: errors that pass by themselves, so that a client should come back.
        buckets: how an organization's requests are counted (`access.quota`): the first beginning of a route's template
            that fits names the bucket. None fits: they are not counted.
        quota_headers: what the headers with what is left of a quota begin with.
        acts_for: reads from a request the id of the organization that a parent acts for; None if it acts for itself.
        id_header: the header of every answer with the request's id, the gateway's own answers included.
        id_prefix: what an error's id begins with in answers.
    """

    name: str
    api: str
    stage: str
    schemes: frozenset[str]
    scopes: frozenset[str]
    named_scopes: frozenset[str] = frozenset()
    errors: ErrorTable
    gateway: Mapping[str, Refusal] = field(default_factory=dict)
    gateway_headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    write: Callable[[Refusal, str], Response]
    write_to: Callable[[Refusal, str, Request], Response] | None = None
    headers: Callable[[Request], Headers] = no_headers
    limits: Callable[[Seconds, Request], Headers] = no_limits
    passing: tuple[type[ReprieveError], ...] = (Unavailable,)
    buckets: tuple[tuple[str, Bucket], ...] = ()
    quota_headers: str = "X-RateLimit"
    acts_for: Callable[[Request], str | None] = no_child
    id_header: str = "X-Request-Id"
    id_prefix: str = ""

    def refuse(self, error: ReprieveError, request: Request, error_id: str) -> Response:
        """The answer to an error.

        Args:
            error: of our own tree; an instance of the root itself stands for the unexpected.
            request: what it answers.
            error_id: finds the error in the log.
        """
        row = self._row(type(error))
        said = row if isinstance(row, Refusal) else row(error, request)
        shown = self.id_prefix + error_id
        written = self.write_to(said, shown, request) if self.write_to else self.write(said, shown)
        return written.adding(*self._advice(error, request))

    def finish(self, response: Response, request: Request) -> Response:
        """The answer with the headers that every answer of this API has."""
        said = {name for name, _ in response.headers}
        return response.adding(
            (self.id_header, request.id),
            ("X-Content-Type-Options", "nosniff"),
            *self.headers(request),
            # what an answer says about coming back counts more
            *(header for header in self._quota(request) if header[0] not in said),
        )

    def bucket(self, resource: str) -> Bucket | None:
        """The bucket in which requests of a route are counted, by its template; None where they are not."""
        return next((bucket for beginning, bucket in self.buckets if resource.startswith(beginning)), None)

    def with_errors(self, more: ErrorTable) -> Dialect:
        """The same dialect with further errors, which only some of its routes have."""
        return replace(self, errors={**self.errors, **more})

    def grants(self, scope: str) -> bool:
        """Whether a scope can be granted."""
        return scope in self.scopes or any(
            re.fullmatch(PLACEHOLDER.sub(NAME, re.escape(named)), scope) for named in self.named_scopes
        )

    def gateway_rows(self) -> dict[str, Row]:
        """The answers that API Gateway gives by itself, by the kind of gateway response."""
        return {**{kind: self._row(error) for kind, error in GATEWAY.items()}, **self.gateway}

    def _quota(self, request: Request) -> Headers:
        """What is left of the organization's requests, where they are counted (Reset: Unix seconds)."""
        if request.quota is None:
            return ()
        name = self.quota_headers
        return (
            (f"{name}-Limit", str(request.quota.limit)),
            (f"{name}-Remaining", str(request.quota.remaining)),
            (f"{name}-Reset", str(to_seconds(request.quota.resets_at))),
        )

    def _row(self, error: type[ReprieveError]) -> Row:
        return next(self.errors[kind] for kind in error.__mro__ if kind in self.errors)

    def _advice(self, error: ReprieveError, request: Request) -> Headers:
        """Headers that say what to do about an error: HTTP's own (RFC 9110, RFC 6750) and the vendor's."""
        match error:
            case RateLimited():
                return self._come_back(error.retry_at, request)
            case Forbidden(scope=str(scope)):
                origin = "/".join(request.url.split("/")[:3])
                challenge = (
                    f'Bearer realm="{origin}", scope="{scope}", error="insufficient_scope", '
                    'error_description="The access token provided does not contain the required scopes."'
                )
                return (("WWW-Authenticate", challenge),)
            case MethodNotAllowed(allowed=allowed) if allowed:
                return (("Allow", ", ".join(allowed)),)
            case _ if isinstance(error, self.passing):
                return self._come_back(Millis(request.now + COME_BACK), request)
            case _:
                return ()

    def _come_back(self, moment: Millis, request: Request) -> Headers:
        """The headers with the moment to come back, rounded up: a client that is too early is refused again."""
        reset = Seconds(-(-moment // SECOND))
        wait = max(1, reset - to_seconds(request.now))
        return (("Retry-After", str(wait)), *self.limits(reset, request))
