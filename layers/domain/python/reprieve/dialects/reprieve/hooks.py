"""The Reprieve dialect's hooks: their requests, and their form in JSON."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from reprieve.clock import Millis, from_timestamp, timestamp
from reprieve.dialects.exchange import Response
from reprieve.dialects.reprieve import strict
from reprieve.dialects.reprieve.dialect import moment
from reprieve.errors import InvalidInput
from reprieve.hooks.hook import KEEP_HOURS, MAX_KEEP_HOURS, Changes
from reprieve.hooks.notice import CHANGES, NoticeType
from reprieve.paging import Cursors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.dialects.exchange import Request
    from reprieve.hooks.hook import Delivery, Hook
    from reprieve.hooks.ports import Answer

READ: Final = ("reprieve.hooks.read", "reprieve.hooks.manage")
MANAGE: Final = ("reprieve.hooks.manage",)
#: the characters of a delivery's position: a time and the id of a notice
MAX_POSITION: Final = 60
#: milliseconds before the epoch or after the year 9999 are no moment of any log
LATEST: Final = 253_402_300_799_999


def _type(value: object) -> NoticeType:
    if not isinstance(value, str) or value not in CHANGES:
        raise ValueError(f"one of {', '.join(CHANGES)}")
    return NoticeType(value)


def _moment(value: object) -> Millis:
    try:
        at = from_timestamp(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        raise ValueError("must be a moment in ISO 8601") from None
    if not 0 <= at <= LATEST:
        raise ValueError("must be a moment in ISO 8601")
    return at


_Types = Annotated[list[Annotated[NoticeType, BeforeValidator(_type)]], Field(min_length=1)]
_Moment = Annotated[Millis, BeforeValidator(_moment)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewHook(_Body):
    """The body of a POST."""

    url: StrictStr
    description: StrictStr | None = None
    types: _Types | None = None
    enabled: StrictBool | None = None


class ChangedHook(_Body):
    """The body of a PATCH: a member that is missing leaves what it names as it is; `types: null` is every type."""

    url: StrictStr = ""
    description: StrictStr | None = None
    types: _Types | None = None
    enabled: StrictBool = False


class Rotation(_Body):
    """The body of a rotation."""

    keep_hours: Annotated[StrictInt, Field(ge=0, le=MAX_KEEP_HOURS)] = KEEP_HOURS


class Replay(_Body):
    """The body of a replay."""

    since: _Moment
    until: _Moment | None = None


_M = TypeVar("_M", bound=_Body)


def parse_new(request: Request) -> Changes:
    """The settings of a new hook.

    Raises:
        InvalidInput: a member is unknown, missing or not what it must be; it is named.
    """
    wanted = _read(NewHook, request)
    return Changes(wanted.url, wanted.description, frozenset(wanted.types or ()), wanted.enabled)


def parse_changes(request: Request) -> Changes:
    """The settings that a PATCH gives.

    Raises:
        InvalidInput: as of `parse_new`.
    """
    wanted = _read(ChangedHook, request)
    given = wanted.model_fields_set
    return Changes(
        url=wanted.url if "url" in given else None,
        description=wanted.description or "" if "description" in given else None,
        types=frozenset(wanted.types or ()) if "types" in given else None,
        enabled=wanted.enabled if "enabled" in given else None,
    )


def parse_rotation(request: Request) -> int:
    """For how many hours the secret before the new one still signs; a request without a body says nothing.

    Raises:
        InvalidInput: as of `parse_new`.
    """
    return _read(Rotation, request).keep_hours if request.body else KEEP_HOURS


def parse_replay(request: Request) -> tuple[Millis, Millis | None]:
    """The beginning and the end of a replay; None for now.

    Raises:
        InvalidInput: as of `parse_new`.
    """
    wanted = _read(Replay, request)
    return wanted.since, wanted.until


def parse_page(request: Request) -> tuple[int, str | None]:
    """The size of a page, and the position after which it begins; None for the first.

    Raises:
        InvalidInput: a parameter is unknown or cannot be used.
        InvalidCursor: the cursor is not one of this hook's deliveries.
    """
    return strict.parse_page(request, _cursors(request), _position)


def identifier(request: Request) -> str:
    """The id in a path."""
    return request.path["id"]


def hook(one: Hook) -> dict[str, Any]:
    """A hook as JSON, without its secrets."""
    before = [secret.until for secret in one.secrets[1:]]
    return {
        "id": one.id,
        "form": one.form.value,
        "url": one.url,
        "description": one.description,
        "types": _types(one),
        "enabled": one.enabled,
        "verified": one.event_hook.verified if one.event_hook else None,
        "disabled_reason": one.disabled_reason or None,
        "created": timestamp(one.created),
        "updated": timestamp(one.updated),
        "previous_secret_until": moment(before[0]) if before else None,
        "waiting": len(one.progress.waiting),
        "failing_since": moment(one.progress.failing_since),
        "replaying": one.progress.replay is not None,
    }


def _types(one: Hook) -> list[str]:
    """The types of notices that a hook hears of; of log entries for an event hook."""
    if one.event_hook:
        return [kind.value for kind in one.event_hook.events]
    return [kind.value for kind in CHANGES if one.hears_of(kind)]


def delivery(one: Delivery) -> dict[str, Any]:
    """One post of a notice as JSON."""
    return {
        "at": timestamp(one.at),
        "notice": one.notice,
        "type": str(one.type) if one.type else None,
        "attempt": one.attempt,
        "result": one.result.value,
        "status": one.status or None,
        "problem": one.problem or None,
    }


def tested(answer: Answer) -> dict[str, Any]:
    """What became of a test as JSON."""
    taken = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    problem = answer.problem or (None if taken else f"the server answered {answer.status}")
    return {"delivered": taken, "status": answer.status or None, "problem": problem}


def render(one: Hook) -> Response:
    """One hook."""
    return Response(HTTPStatus.OK, hook(one))


def render_secret(one: Hook, secret: str | None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A hook with its new secret, which no other answer has; null for an event bus."""
    return Response(status, {**hook(one), "secret": secret}, headers=(("Cache-Control", "no-store"),))


def render_all(found: Sequence[Hook]) -> Response:
    """An organization's hooks."""
    return Response(HTTPStatus.OK, {"hooks": [hook(one) for one in found]})


def render_removed() -> Response:
    """The answer to a DELETE."""
    return Response(HTTPStatus.NO_CONTENT)


def render_tested(answer: Answer) -> Response:
    """What became of a test."""
    return Response(HTTPStatus.OK, tested(answer))


def render_replaying(one: Hook) -> Response:
    """The answer to a replay, which goes on after it."""
    return Response(HTTPStatus.ACCEPTED, hook(one))


def render_deliveries(found: Sequence[Delivery], position: str | None, request: Request) -> Response:
    """A page of deliveries, with the cursor of the next or null."""
    cursor = _cursors(request).write(position) if position else None
    return Response(HTTPStatus.OK, {"deliveries": [delivery(one) for one in found], "next": cursor})


def _cursors(request: Request) -> Cursors:
    return Cursors(request.organization.id, f"deliveries {identifier(request)}", "cursor")


def _position(content: Any) -> str:  # noqa: ANN401  (JSON)
    if not isinstance(content, str) or not 0 < len(content) <= MAX_POSITION:
        raise ValueError("not a position")
    return content


def _read(kind: type[_M], request: Request) -> _M:
    try:
        return kind.model_validate(request.json_object())
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(map(str, first["loc"]))[:100]
    raise InvalidInput(first["msg"].removeprefix("Value error, "), field=path)
