"""API Gateway's events as requests, and answers in the form that API Gateway expects.

API Gateway has matched the path already and names the route's template in `resource`, so routing is one look-up.

Every request of every API passes here, and here alone a credential is verified, before anything else of the request is
read. What is not registered as open needs one.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from reprieve import answer_size, clock
from reprieve.access.authenticate import authenticate
from reprieve.context import Origin
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import (
    Forbidden,
    LimitExceeded,
    MethodNotAllowed,
    NoSuchRoute,
    NotFound,
    RateLimited,
    ReprieveError,
    Unavailable,
    describe,
)
from reprieve.organization import ORGANIZATION_ID
from reprieve.role import Permission
from reprieve.runtime import telemetry, wiring
from reprieve.runtime.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprieve.access.caller import Caller
    from reprieve.access.quota import Quota
    from reprieve.dialects.dialect import Dialect
    from reprieve.organization import Organization

Session: TypeAlias = "Callable[[Request], Caller]"
Verb: TypeAlias = "Callable[[Request], Response]"
#: alternatives, any one of which the caller must have; they may depend on the request. None at all: any caller may.
Scopes: TypeAlias = "tuple[str, ...] | Callable[[Request], tuple[str, ...]]"
#: what a route asks of the caller's role; it may depend on the request
Asked: TypeAlias = "Permission | Callable[[Request], Permission]"
#: how much of a caller's User-Agent is kept, in characters
MAX_USER_AGENT: Final = 512
#: statuses from here on are our own fault
SERVER_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    Attributes:
        verb: answers its requests.
        scopes: see `Scopes`.
        permission: see `Asked`.
        open: its requests need no credential. Their signature or a client's proof is one, which the verb verifies, or
            the answer is public. Where it has scopes, a credential with them may take the signature's place.
        queues: its verb may queue removals or additions, so the removal job is asked to look once it has answered.
    """

    verb: Verb
    scopes: Scopes = ()
    permission: Asked = Permission.CHANGE
    open: bool = False
    queues: bool = False


class Api:
    """The routes of one function, in one dialect."""

    def __init__(self, dialect: Dialect, *, session: Session | None = None) -> None:
        """Begin without routes.

        Args:
            dialect: of the answers.
            session: the caller of a request that has a session in place of a credential; None where there are none.
                It is asked for requests without an Authorization header, and raises what `authenticate` raises.
        """
        self.dialect = dialect
        self._session = session
        self.routes: dict[tuple[str, str], Route] = {}

    def route(
        self,
        method: str,
        resource: str,
        *,
        scopes: Scopes,
        permission: Asked | None = None,
        queues: bool = False,
    ) -> Callable[[Verb], Verb]:
        """Register a verb for callers with a credential.

        Args:
            method: in upper case.
            resource: the template, as in template.yaml.
            scopes: see `Scopes`.
            permission: see `Asked`. Where none is given, READ for GET and CHANGE for any other method, so that a route
                is closed to the help desk, and a change to a viewer, unless it says that it is not.
            queues: see `Route`.
        """
        asked = permission or (Permission.READ if method == "GET" else Permission.CHANGE)

        def register(verb: Verb) -> Verb:
            self.routes[method, resource] = Route(verb, scopes, asked, queues=queues)
            return verb

        return register

    def open(
        self, method: str, resource: str, *, scopes: tuple[str, ...] = (), queues: bool = False
    ) -> Callable[[Verb], Verb]:
        """Register a verb whose requests need no credential; see `Route.open` for when, and `route`.

        Args:
            method: in upper case.
            resource: the template, as in template.yaml.
            scopes: what a credential must have that such a request may carry, and which the verb has verified by
                `owner`; see `Scopes`.
            queues: see `Route`.
        """

        def register(verb: Verb) -> Verb:
            self.routes[method, resource] = Route(verb, scopes, open=True, queues=queues)
            return verb

        return register

    def owner(self, request: Request, organization_id: str) -> Organization:
        """The organization that a request of an open route names, by a credential that is its own.

        The credential is verified as on any other route. The request is not counted: a provider posts as often as it
        has something to report.

        Raises:
            Unauthenticated: no credential, or one that is not good.
            Forbidden: it has none of the route's scopes, or its role does not allow a change.
            NotFound: it is another organization's, which looks the same as one that does not exist.
            Unavailable: the store, or an outside issuer, did not answer.
        """
        request = self._identified(request)
        _check_caller(self.routes[request.method, request.resource], request)
        if request.organization.id != organization_id:
            raise NotFound("organization", organization_id)
        return request.organization

    def signing_in(self, request: Request, token: str) -> Request:
        """The request with the caller of a token in its body, verified as one in the Authorization header is.

        Raises:
            Unauthenticated: it is not good.
            Unavailable: the store, or an outside issuer, did not answer.
        """
        return self._identified(replace(request, headers={**request.headers, "authorization": f"Bearer {token}"}))

    def __call__(self, event: Mapping[str, Any], context: telemetry.Invocation) -> dict[str, Any]:
        """The Lambda handler: whatever goes wrong with a request is answered in the dialect, and logged.

        An event that is not a request from API Gateway raises: there is no caller to answer.
        """
        started = time.perf_counter()
        telemetry.begin(context)
        request = _request(event)
        error_id = ""
        try:
            routes = self._routes_of(request.resource, event["requestContext"]["stage"])
            if not all(route.open for route in routes.values()):
                request = self._identified(request)
            request = replace(request, quota=self._counted(request))
            response = self._answer(request, routes)
            _check_size(response)
        except ReprieveError as error:
            error_id = secrets.token_urlsafe(16)
            response = self.dialect.refuse(error, request, error_id)
            cause = type(error).__name__
            level = logger().error if response.status >= SERVER_FAULT else logger().info
            level("refused", error_id=error_id, cause=cause, detail=str(error), request_id=request.id)
        except Exception as error:  # noqa: BLE001  (the edge of the process: anything else would be a bare 502)
            error_id = secrets.token_urlsafe(16)
            _log_fault(error, error_id, request)
            response = self.dialect.refuse(ReprieveError(), request, error_id)
        response = self.dialect.finish(response, request)
        logger().info(
            "request",
            dialect=self.dialect.name,
            method=request.method,
            resource=request.resource,
            status=response.status,
            milliseconds=round((time.perf_counter() - started) * 1000),
            organization=request.caller.organization.id if request.caller else None,
            credential=request.caller.credential_id if request.caller else None,
            request_id=request.id,
            error_id=error_id or None,
        )
        return _answer(response)

    def _routes_of(self, resource: str, stage: str) -> dict[str, Route]:
        """The routes of a path, by method."""
        routes = {method: route for (method, path), route in self.routes.items() if path == resource}
        # a path that the API does not have, or has in another stage, where it is throttled apart: API Gateway sends
        # both here, and nothing is read for them
        if not routes or stage != self.dialect.stage:
            raise NoSuchRoute(resource)
        return routes

    def _identified(self, request: Request) -> Request:
        """The request with its caller, if its credential is good."""
        authorization = request.headers.get("authorization")
        if authorization is None and self._session:
            found = self._session(request)
        else:
            found = authenticate(
                wiring.access(), authorization, schemes=self.dialect.schemes, tokens=wiring.trust, now=request.now
            )
        return replace(request, caller=found)

    def _counted(self, request: Request) -> Quota | None:
        """What is left of the quota, this request counted; a request whose count fails is not refused for it."""
        bucket = self.dialect.bucket(request.resource)
        if request.caller is None or bucket is None:
            return None
        try:
            return wiring.quotas().count(request.caller.organization, bucket, now=request.now)
        except Unavailable:
            return None

    def _acting(self, request: Request) -> Request:
        """The request on behalf of the child that a parent acts for, with the parent's own credential and scopes."""
        child_id = self.dialect.acts_for(request) if request.caller else None
        if child_id is None:
            return request
        child = wiring.access().organization(child_id) if ORGANIZATION_ID.fullmatch(child_id) else None
        if child is None or child.parent != request.organization.id:
            # an organization that does not exist looks the same as one that is not the caller's
            raise Forbidden
        return request.for_organization(child)

    def _answer(self, request: Request, routes: Mapping[str, Route]) -> Response:
        if request.quota and request.quota.exceeded:
            raise RateLimited(request.quota.resets_at)
        route = routes.get(request.method)
        if route is None:
            raise MethodNotAllowed(request.method, tuple(sorted(routes)))
        if not route.open:
            _check_caller(route, request)
        response = route.verb(self._acting(request))
        if route.queues:
            _prompt(request)
        return response


def _check_caller(route: Route, request: Request) -> None:
    """Refuse what the caller's scopes do not allow, and then what its role does not.

    Raises:
        Forbidden: they do not.
    """
    wanted = route.scopes(request) if callable(route.scopes) else route.scopes
    if wanted and not request.context.may(*wanted):
        raise Forbidden(wanted[0])
    role = request.context.role
    asked = route.permission(request) if callable(route.permission) else route.permission
    if not role.has(asked):
        raise Forbidden(reason=f"the role {role} does not allow this")


def _prompt(request: Request) -> None:
    """Ask the removal job to look at what is queued durably by now; the answer does not depend on it."""
    try:
        if prompts := wiring.prompts():
            prompts.ask(now=wiring.now())
    except Exception as error:  # noqa: BLE001  (the job looks by its schedule all the same)
        from reprieve.runtime import metrics  # noqa: PLC0415  (loaded only here, so that no cold start pays for it)

        logger().error("prompt run failed", cause=type(error).__name__, detail=describe(error), request_id=request.id)
        metrics.prompt_failed()


def _log_fault(error: Exception, error_id: str, request: Request) -> None:
    """Log the stack without its messages: an exception's text can quote what the caller sent."""
    frames = []
    trace = error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        frames.append(f"{os.path.basename(code.co_filename)}:{trace.tb_lineno} {code.co_name}")  # noqa: PTH119
        trace = trace.tb_next
    logger().error("fault", error_id=error_id, cause=type(error).__name__, stack=frames, request_id=request.id)


def _request(event: Mapping[str, Any]) -> Request:
    context = event["requestContext"]
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Request(
        id=secrets.token_hex(16),
        method=event["httpMethod"],
        resource=event["resource"],
        url=_url(context, headers),
        path=dict(event.get("pathParameters") or {}),
        query={name: tuple(values) for name, values in (event.get("multiValueQueryStringParameters") or {}).items()},
        headers=headers,
        body=_body(event),
        caller=None,
        now=clock.now(),
        origin=_origin(context, headers, event["resource"]),
    )


def _origin(context: Mapping[str, Any], headers: Mapping[str, str], resource: str) -> Origin:
    """Where a request came from, as API Gateway saw it; a caller may call itself whatever it likes."""
    agent = headers.get("user-agent") or ""
    shown = "".join(one if one.isprintable() else "?" for one in agent[:MAX_USER_AGENT])
    address = (context.get("identity") or {}).get("sourceIp") or ""
    return Origin(address, shown, f"/{context['stage']}{resource}")


def _url(context: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The URL that the caller used: its domain at AWS; the Host header on the local stack, which names no domain."""
    if domain := context.get("domainName"):
        return f"https://{domain}{context['path']}"
    return f"http://{headers.get('host', 'localhost')}{context['path']}"


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    # half of a surrogate pair passes here, and is refused as what is not UTF-8 where the body is read
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")


def _check_size(response: Response) -> None:
    """Refuse an answer that Lambda would not return. What is stored is bounded so that pages fit; older items may not.

    Raises:
        LimitExceeded: it is too large.
    """
    body = _text(response)
    if len(body) * answer_size.LARGEST > answer_size.MAX_BODY and answer_size.of_body(body) > answer_size.MAX_BODY:
        raise LimitExceeded("the answer would be larger than 6 MB; ask for less at a time")


def _text(response: Response) -> str:
    if response.body is None or isinstance(response.body, str):
        return response.body or ""
    return json.dumps(response.body, ensure_ascii=False, separators=(",", ":"))


def _answer(response: Response) -> dict[str, Any]:
    # API Gateway calls an answer without a type JSON, and Okta's Python SDK then fails to parse an empty 204
    content_type = response.content_type if response.body is not None else "text/plain"
    headers: dict[str, list[str]] = {"Content-Type": [content_type]}
    for name, value in response.headers:
        headers.setdefault(name, []).append(value)
    return {
        "statusCode": response.status,
        "multiValueHeaders": headers,
        "body": _text(response),
        "isBase64Encoded": False,
    }
