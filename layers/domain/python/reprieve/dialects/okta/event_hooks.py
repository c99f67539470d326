"""Okta's Event Hooks API: the hooks that are posted the entries of the system log in Okta's envelope.

Source: Okta's management OpenAPI document 2026.06.3, and answers of live organizations that its Terraform provider and
its SDK recorded. docs/reference/okta-api.md lists what Okta leaves open and what was chosen.

The value of the header that is the secret is never shown. A member that only the server sets is ignored in a body, so
that a client may send back what it was shown.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StrictStr, ValidationError

from reprieve.clock import timestamp
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import dialect
from reprieve.errors import InvalidInput, NoSuchRoute, NotFound, UnreadableBody
from reprieve.hooks.event_hook import MAX_NAME, NotVerified, WantedEventHook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprieve.hooks.event_hook import EventHook
    from reprieve.hooks.hook import Hook

#: scopes: the right to manage event hooks includes the right to read them
READ: Final = ("okta.eventHooks.read", "okta.eventHooks.manage")
MANAGE: Final = ("okta.eventHooks.manage",)
PATH: Final = "/v1/eventHooks"
BLANK: Final = "The field cannot be left blank"
#: Okta's word for what is not found
KIND: Final = "Webhook"

#: Okta's dialect, with what only its Event Hooks API refuses
DIALECT: Final = dialect.DIALECT.with_errors(
    {
        NotVerified: lambda error, _: dialect.invalid(
            "eventHook", f"Unable to verify event hook. Hook {error.name} execution failed: {error}"
        ),
        NotFound: lambda error, request: dialect.not_found(
            NotFound(KIND, error.identifier), request.path.get("eventHookId", error.identifier)
        ),
    }
)


def _plain(value: str) -> str:
    if not value.strip():
        raise ValueError(BLANK)
    if not value.isprintable():
        raise ValueError("must not hold control characters")
    return value


def _no_filter(value: object) -> None:
    if isinstance(value, dict) and not value.get("eventFilterMap"):
        return
    if value is not None:
        raise ValueError("filters of event hooks are not supported")


Text = Annotated[StrictStr, Field(max_length=MAX_NAME), AfterValidator(_plain)]


class Header(BaseModel):
    """A header of every request."""

    key: StrictStr
    value: StrictStr


class AuthScheme(BaseModel):
    """The header that is the secret; its value may be left out where one is stored."""

    type: Literal["HEADER"] = "HEADER"
    key: Annotated[StrictStr, AfterValidator(_plain)]
    value: StrictStr | None = None


class Config(BaseModel):
    """To where, and with what."""

    uri: Annotated[StrictStr, AfterValidator(_plain)]
    headers: list[Header | None] | None = None
    auth_scheme: Annotated[AuthScheme | None, Field(alias="authScheme")] = None


class Channel(BaseModel):
    """How the hook is posted to."""

    type: Literal["HTTP"]
    version: Literal["1.0.0"]
    config: Config


class Events(BaseModel):
    """What the hook hears of."""

    type: Literal["EVENT_TYPE"]
    items: Annotated[list[StrictStr], Field(min_length=1)]
    filter: Annotated[None, BeforeValidator(_no_filter)] = None


class Body(BaseModel):
    """An event hook to create, or what one is to become."""

    name: Text
    description: Annotated[Text | None, BeforeValidator(lambda value: None if value == "" else value)] = None
    events: Events
    channel: Channel


def identifier(request: Request) -> str:
    """The id that the path names."""
    return request.path["eventHookId"]


def base(request: Request) -> str:
    """The URL of all event hooks, as the client spelled it."""
    return request.url.partition(PATH)[0] + PATH


def parse(request: Request) -> WantedEventHook:
    """The settings of an event hook.

    Raises:
        UnreadableBody: no body, not JSON, or not an object.
        InvalidInput: a member is missing, or is not what it must be; it is named by its path.
    """
    body = _read(request)
    config = body.channel.config
    auth = config.auth_scheme
    return WantedEventHook(
        name=body.name,
        description=body.description or "",
        url=config.uri,
        events=tuple(body.events.items),
        auth_header=auth.key if auth else "",
        auth_value=auth.value if auth else None,
        headers=tuple((one.key, one.value) for one in config.headers or () if one),
    )


def operation(request: Request, operations: Mapping[str, Callable[[Request], Hook]]) -> Hook:
    """Carry out the operation of a hook's life that the path names.

    Raises:
        NoSuchRoute: there is no operation of that name.
    """
    found = operations.get(request.path["operation"])
    if found is None:
        raise NoSuchRoute(request.resource)
    return found(request)


def render(hook: Hook, request: Request) -> Response:
    """One event hook."""
    return Response(HTTPStatus.OK, _shown(hook, base(request)))


def render_all(hooks: Sequence[Hook], request: Request) -> Response:
    """All event hooks."""
    return Response(HTTPStatus.OK, [_shown(one, base(request)) for one in hooks])


def render_removed() -> Response:
    """The answer to a DELETE."""
    return Response(HTTPStatus.NO_CONTENT)


def _shown(hook: Hook, url: str) -> dict[str, Any]:
    """An event hook as Okta shows it: without the value of the header that is its secret."""
    found = hook.event_hook
    if found is None:
        raise AssertionError("not an event hook")
    return {
        "id": hook.id,
        "status": "ACTIVE" if hook.enabled else "INACTIVE",
        "verificationStatus": "VERIFIED" if found.verified else "UNVERIFIED",
        "name": found.name,
        "description": hook.description or None,
        "created": timestamp(hook.created),
        "createdBy": found.creator,
        "lastUpdated": timestamp(hook.updated),
        "events": {"type": "EVENT_TYPE", "items": [kind.value for kind in found.events], "filter": None},
        "channel": {"type": "HTTP", "version": "1.0.0", "config": _config(hook.url, found)},
        "_links": _links(f"{url}/{hook.id}", enabled=hook.enabled),
    }


def _config(uri: str, found: EventHook) -> dict[str, Any]:
    auth = {"authScheme": {"type": "HEADER", "key": found.auth_header}} if found.auth_header else {}
    headers = [{"key": name, "value": value} for name, value in found.headers]
    return {"uri": uri, "headers": headers, "method": "POST", **auth}


def _links(url: str, *, enabled: bool) -> dict[str, Any]:
    """What may be done next: one that is active is verified or deactivated, another one activated or deleted."""

    def lifecycle(name: str) -> dict[str, Any]:
        return {name: {"href": f"{url}/lifecycle/{name}", "hints": {"allow": ["POST"]}}}

    itself = {"self": {"href": url}}
    if enabled:
        return {**itself, **lifecycle("verify"), **lifecycle("deactivate")}
    return {**lifecycle("activate"), **itself, "delete": {"href": url, "hints": {"allow": ["DELETE"]}}}


def _read(request: Request) -> Body:
    content = request.json()
    try:
        return Body.model_validate(content)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    if not first["loc"]:
        raise UnreadableBody("the body is not a JSON object")
    says = BLANK if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
    raise InvalidInput(says, field=".".join(map(str, first["loc"]))[:100])
