"""The Reprieve dialect's policies: their form in JSON, which is also that of a file for the command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from reprieve.address import Address
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import strict
from reprieve.errors import InvalidInput, MalformedAddress
from reprieve.policies.policy import Then  # noqa: TC001  (pydantic reads it)
from reprieve.policies.written import policy_from, policy_of, rows
from reprieve.suppressions.suppression import Classification, Permanence, list_named

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.policies.policy import Policy

READ: Final = ("reprieve.policies.read", "reprieve.policies.manage")
MANAGE: Final = ("reprieve.policies.manage",)
#: an entity tag (RFC 9110, 8.8.3): the version as text
TAG: Final = re.compile('"([0-9]{1,15})"')
#: what an answer has beside the rules, so that what was shown can be changed and given back
SHOWN: Final = ("version", "enabled", "default")


def _word(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("must be printable, and not empty")
    return value


def _list(value: str) -> str:
    try:
        return list_named(value).value
    except ValueError:
        raise ValueError("is not a list") from None


def _domain(value: str) -> str:
    try:
        return Address.parse(f"postmaster@{value}").domain
    except MalformedAddress:
        raise ValueError("is not a domain of email addresses") from None


Model = TypeVar("Model", bound=BaseModel)
Member = TypeVar("Member")
#: no list has more members: a policy that fits into `MAX_POLICY` bytes has fewer
Members = Annotated[list[Member], Field(max_length=500)]
Word = Annotated[StrictStr, Field(max_length=100), AfterValidator(_word)]
Status = Annotated[StrictStr, Field(pattern=r"^[245]\.([0-9]{1,3}(\.([0-9]{1,3})?)?)?$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Fewer(_Model):
    times: Annotated[StrictInt, Field(ge=1, le=100)]
    days: Annotated[StrictInt, Field(ge=1, le=3_650)]


class _When(_Model):
    lists: Members[Annotated[StrictStr, AfterValidator(_list)]] = []
    permanences: Members[Permanence] = []
    classifications: Members[Classification] = []
    statuses: Members[Status] = []
    words: Members[Word] = []
    domains: Members[Annotated[StrictStr, AfterValidator(_domain)]] = []
    accounts: Members[Word] = []
    lifted_fewer: _Fewer | None = None


class _Rule(_Model):
    name: Annotated[StrictStr, Field(max_length=50), AfterValidator(_word)]
    when: _When = _When()
    then: Then
    hold_days: Members[StrictInt] = []


class _Rules(_Model):
    rules: Members[_Rule]


class _Body(_Rules):
    enabled: StrictBool
    version: Annotated[StrictInt, Field(ge=0)] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A policy as it is asked for, over which version."""

    policy: Policy
    enabled: bool
    version: int


def parse_policy(request: Request) -> Wanted:
    """The body of a PUT.

    Raises:
        InvalidInput: a member is unknown, missing or not what it must be; its path is named.
    """
    body = _validated(_Body, request.json_object())
    version = _version(request, body.version)
    return Wanted(policy_from(body.model_dump(mode="json")["rules"]), body.enabled, version)


def parse_rules(value: object) -> Policy:
    """The policy of a file, an object with `rules`, or that list alone; checked but for contradictions.

    Raises:
        InvalidInput: as above.
    """
    body = {"rules": value} if isinstance(value, list) else value
    if not isinstance(body, dict):
        raise InvalidInput("must be a JSON object with rules, or a list of them")
    found = {name: one for name, one in body.items() if name not in SHOWN}
    return policy_from(_validated(_Rules, found).model_dump(mode="json")["rules"])


def parse_version(request: Request) -> int:
    """The version that a DELETE gives up.

    Raises:
        InvalidInput: a parameter is unknown, or there is no version.
    """
    strict.check_parameters(request, ("version",))
    text = request.parameter("version")
    if text is not None and not re.fullmatch("[0-9]{1,15}", text):
        raise InvalidInput("must be a whole number", field="version")
    return _version(request, None if text is None else int(text))


def policy(organization: Organization) -> dict[str, Any]:
    """The policy of an organization as JSON."""
    setting = organization.policy
    return {
        "version": setting.version,
        "enabled": setting.enabled,
        "default": not setting.rules,
        "rules": rows(policy_of(organization)),
    }


def render_policy(organization: Organization) -> Response:
    """The policy of an organization."""
    return Response(HTTPStatus.OK, policy(organization), (("ETag", f'"{organization.policy.version}"'),))


def _version(request: Request, given: int | None) -> int:
    """The version that a change is made over: `version`, or If-Match, which must not differ."""
    tag = request.headers.get("if-match")
    if tag is not None:
        found = TAG.fullmatch(tag.strip())
        if found is None or given not in (None, int(found[1])):
            raise InvalidInput("must be the ETag of the policy as it was read, and no other version", field="If-Match")
        return int(found[1])
    if given is None:
        raise InvalidInput("send the version that was read, here or as If-Match", field="version")
    return given


def _validated(model: type[Model], body: dict[str, Any]) -> Model:
    try:
        return model.model_validate(body)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
        raise InvalidInput(first["msg"].removeprefix("Value error, "), field=_path(first["loc"])) from None


def _path(places: tuple[int | str, ...]) -> str:
    """The path of a member: `rules[2].when.lists[0]`."""
    text = "".join(f"[{one}]" if isinstance(one, int) else f".{one[:50]}" for one in places)
    return text.removeprefix(".")
