"""SendGrid's API keys: the credentials of an organization that allow nothing but SendGrid's API.

Source: Twilio SendGrid's OpenAPI document of the API keys, January 2026; docs/reference/sendgrid-api.md lists the
choices where it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid.dialect import DIALECT
from reprieve.errors import InvalidInput
from reprieve.paging import WholeNumber

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.access.credential import Credential

LIMIT: Final = WholeNumber("limit", 1, 1_000)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key as a request describes it.

    Attributes:
        name: the display name.
        scopes: what it is to allow; None where the request does not say.
    """

    name: str
    scopes: frozenset[str] | None


def is_key(credential: Credential) -> bool:
    """Whether a credential is one of SendGrid's API keys: it allows nothing in another dialect."""
    return all(DIALECT.grants(scope) for scope in credential.scopes)


def check_scopes(scopes: frozenset[str]) -> None:
    """Refuse scopes that no route of SendGrid's API asks for.

    Raises:
        InvalidInput: there is none, or an unknown one.
    """
    if not scopes:
        raise InvalidInput("must not be empty", field="scopes")
    if not all(DIALECT.grants(scope) for scope in scopes):
        raise InvalidInput("one or more of the scopes cannot be granted", field="scopes")


def parse(request: Request) -> Wanted:
    """The key that a POST or PUT describes.

    Raises:
        InvalidInput: a member is missing, or not what it must be.
    """
    body = request.json_object()
    scopes = body.get("scopes")
    if scopes is None:
        return Wanted(_name(body), None)
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise InvalidInput("must be an array of strings", field="scopes")
    wanted = frozenset(scopes)
    check_scopes(wanted)
    return Wanted(_name(body), wanted)


def parse_name(request: Request) -> str:
    """The name that a PATCH gives.

    Raises:
        InvalidInput: there is none.
    """
    return _name(request.json_object())


def parse_limit(request: Request) -> int | None:
    """How many keys are wanted at most; None for all.

    Raises:
        InvalidInput: it is not a whole number, or out of range.
    """
    return LIMIT.read(request.parameter("limit"))


def all_of(request: Request) -> frozenset[str]:
    """What a key may do that is created without `scopes`: all that the caller may, in SendGrid's API."""
    return frozenset(scope for scope in request.context.scopes if DIALECT.grants(scope))


def render_created(token: str, credential: Credential) -> Response:
    """A new key, with its token, which is not shown again."""
    return Response(HTTPStatus.CREATED, {"api_key": token, **_whole(credential)})


def render_keys(keys: Sequence[Credential]) -> Response:
    """The names and ids of keys."""
    return Response(HTTPStatus.OK, {"result": [_short(key) for key in keys]})


def render_key(credential: Credential) -> Response:
    """One key with what it allows, in a list of its own as SendGrid has it."""
    return Response(HTTPStatus.OK, {"result": [_whole(credential)]})


def render_renamed(credential: Credential) -> Response:
    """A key whose name was changed."""
    return Response(HTTPStatus.OK, _short(credential))


def render_replaced(credential: Credential) -> Response:
    """A key whose name and scopes were changed."""
    return Response(HTTPStatus.OK, _whole(credential))


def render_scopes(scopes: frozenset[str]) -> Response:
    """What the caller may do."""
    return Response(HTTPStatus.OK, {"scopes": sorted(scopes)})


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if name is None:
        raise InvalidInput("missing required argument", field="name")
    if not isinstance(name, str):
        raise InvalidInput("must be a string", field="name")
    return name


def _short(credential: Credential) -> dict[str, Any]:
    return {"api_key_id": credential.id, "name": credential.name}


def _whole(credential: Credential) -> dict[str, Any]:
    return {**_short(credential), "scopes": sorted(credential.scopes)}
