"""The lines of an export's files: one JSON object each, with a model per kind of row.

Moments are milliseconds since 1970; `expires_at`, `kept_until` and `cleared_*` are seconds, as DynamoDB or the protocol
has them. Absent means: there is none. A model forbids what it does
not know, so that nothing is left out silently, in either direction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    model_validator,
)

from reprieve.access.provider_account import ACCOUNT_NAME
from reprieve.access.quota import Bucket
from reprieve.address import MAX_KEY_OCTETS, Address, comparison_key
from reprieve.clock import Millis
from reprieve.dialects.reprieve.policies import parse_rules
from reprieve.email_servers.email_server import AuthType, TokenAuth  # noqa: TC001  (pydantic reads it)
from reprieve.email_servers.manage import IDENTIFIER as SERVER_ID
from reprieve.errors import Conflict, InvalidInput, UnreadableBody
from reprieve.exports.kinds import Kind
from reprieve.json_body import parse_strictly
from reprieve.organization import HELP_DESK_LIFTS, BouncePurge, Membership, Organization, PolicySetting
from reprieve.policies.contradictions import check
from reprieve.removals.hold import is_of_domain
from reprieve.removals.removal import RemovalState
from reprieve.role import Role  # noqa: TC001  (pydantic reads it)
from reprieve.suppressions.suppression import HOLDS, Classification, Permanence, list_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.exports.kinds import Row

#: longer than any line of an item, of which DynamoDB stores 400 KB
MAX_LINE: Final = 4 * 1024 * 1024

Text = Annotated[str, Field(strict=True)]
Name = Annotated[str, Field(strict=True, min_length=1, max_length=1_000)]
Digest = Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{64}$")]
#: one of the five lists, that of an unsubscribe group, or the holds
ListName = Annotated[str, Field(strict=True), AfterValidator(list_named)]
#: a moment that an item holds; the last one of the year 9999 at most
Moment = Annotated[int, Field(strict=True, ge=0, le=253_402_300_799_999)]
Second = Annotated[int, Field(strict=True, ge=0, le=253_402_300_799)]
Count = Annotated[int, Field(strict=True, ge=0)]
#: an event that an entry keeps: milliseconds, the first letters of permanence and classification, the status
OutcomeText = Annotated[str, Field(strict=True, pattern=r"^[0-9]{13} [hsu][CFIMRTU] ([245]\.[0-9]{1,3}\.[0-9]{1,3})?$")]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerLine(_Line):
    """An answer kept for an idempotency key."""

    digest: Digest
    fingerprint: Text
    status: StrictInt
    answer: Text
    free_at: Moment
    expires_at: Second


class RequestLine(_Line):
    """The note of some removals of one request."""

    part: Annotated[str, Field(strict=True, pattern=r"^.+#.+$", max_length=1_000)]
    requested_at: Moment
    removals: list[tuple[Text, ListName, Name]]
    expires_at: Second


class WhitelistLine(_Line):
    """The address whitelist; beside these, `hits_{digest}` counts the events that an entry has spared."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[Annotated[str, Field(pattern=r"^hits_[0-9a-f]{16}$")], Count]

    enabled: StrictBool
    entries: list[Name]


class GroupsLine(_Line):
    """The unsubscribe groups, each with id, name, description and whether it is the default; and those deleted.

    A group at another provider account than the default one has that account's name, too.
    """

    groups: list[tuple[StrictInt, Name, Text, StrictBool] | tuple[StrictInt, Name, Text, StrictBool, Name]]
    deleted: list[tuple[StrictInt, Moment, StrictBool]]
    last_id: StrictInt


class SuppressionLine(_Line):
    """The record of an address on a list."""

    on: ListName = Field(alias="list")
    address: Annotated[str, Field(strict=True, min_length=1, max_length=MAX_KEY_OCTETS)]
    listed: StrictBool
    email: Text | None = None
    bounced_at: Moment | None = None
    reason: Text | None = None
    status: Text | None = None
    permanence: Permanence | None = None
    classification: Classification | Literal[""] | None = None
    provider: Text | None = None
    ip: Text | None = None
    event_id: Text | None = None
    events: list[Name] | None = None
    outcomes: list[OutcomeText] | None = None
    accounts: list[Name] | None = None
    forgiven_until: Moment | None = None
    forgiven_bounce: Moment | None = None
    removal_id: Name | None = None
    removal_state: RemovalState | None = None
    requested_at: Moment | None = None
    requested_by: Text | None = None
    request_id: Text | None = None
    attempts: Count | None = None
    due_at: Moment | None = None
    finished_at: Moment | None = None
    last_answer: Text | None = None
    adds: StrictBool | None = None
    retries: Count | None = None
    carried: list[Name] | None = None
    author: Text | None = None
    until: Moment | None = None
    lifts: Count | None = None
    unblocks: Count | None = None
    kept_until: Second | None = None
    expires_at: Second | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        # a domain is held under a key that no address has
        is_domain = self.on == HOLDS and is_of_domain(self.address)
        if self.email is not None and not is_domain and comparison_key(self.email) != self.address:
            raise ValueError("address: must be the comparison key of the email")
        if self.listed and self.bounced_at is None:
            raise ValueError("bounced_at: needed where listed is true")
        if self.bounced_at is not None and (self.permanence is None or self.classification is None):
            raise ValueError("permanence, classification: needed with bounced_at")
        if self.removal_state is not None and (self.removal_id is None or self.requested_at is None):
            raise ValueError("removal_id, requested_at: needed with removal_state")
        if self.removal_state in {RemovalState.PENDING, RemovalState.FAILED} and self.due_at is None:
            raise ValueError("due_at: needed while a removal is pending or failed")
        return self


class RecipientLine(_Line):
    """A user or a CRM record."""

    module: Name
    id: Name
    email: Text | None = None
    secondary_email: Text | None = None
    created: Moment
    updated: Moment
    profile: dict[str, Text]

    @model_validator(mode="after")
    def _has_addresses(self) -> Self:
        for name, text in (("email", self.email), ("secondary_email", self.secondary_email)):
            if text is not None:
                _require(name, text)
        return self


class OAuthLine(_Line):
    """How an email server's access token is obtained."""

    client_id: Text
    token_endpoint: Text
    scopes: list[Text]
    client_auth: TokenAuth | None = None
    key_id: Text
    issuer: Text
    subject: Text
    audience: Text


class EmailServerLine(_Line):
    """An SMTP server, without its secret."""

    id: Annotated[str, Field(strict=True, pattern=f"^{SERVER_ID.pattern}$")]
    alias: Text
    host: Text
    port: StrictInt
    username: Text
    auth_type: AuthType
    enabled: StrictBool
    oauth: OAuthLine | None = None
    private_ca: Text


class SystemLogLine(_Line):
    """An entry of the system log."""

    published: Moment
    uuid: Annotated[str, Field(strict=True, pattern=r"^[0-9a-f-]{36}$")]
    arrival: Moment
    target: Text
    event: dict[str, Any]


class ProviderAccountLine(_Line):
    """An account at a provider, without its API key; the default one has no name."""

    name: Annotated[str, Field(strict=True, pattern=f"^{ACCOUNT_NAME.pattern}$")] | None = None
    provider: Name
    base_url: Text
    on_behalf_of: Text
    webhook_key: Text
    region: Text | None = None
    paused_until: Moment | None = None
    paused_reason: Text | None = None


class CredentialLine(_Line):
    """The digest of a token, and what it allows."""

    digest: Digest
    id: Name
    name: Text
    scopes: list[Name]
    created: Moment
    valid_until: Moment | None = None
    role: Role | None = None


class OrganizationLine(_Line):
    """An organization's settings."""

    name: Name
    membership: Membership
    domains: list[Name] = []
    shards: StrictInt
    parent: Name | None = None
    created: Moment
    soft_bounce_threshold: StrictInt = 5
    modules: list[Name] = []
    purge_enabled: StrictBool = False
    purge_soft_days: StrictInt | None = None
    purge_hard_days: StrictInt | None = None
    help_desk_lifts: StrictInt = HELP_DESK_LIFTS
    policy_rules: Text = ""
    policy_version: StrictInt = 0
    policy_enabled: StrictBool = False
    provider_name: Text | None = None
    cleared_bounces: Second | None = None
    cleared_blocks: Second | None = None
    cleared_invalid_emails: Second | None = None
    cleared_spam_reports: Second | None = None
    cleared_unsubscribes: Second | None = None
    limit_okta_bounces: StrictInt | None = None
    limit_okta_logs: StrictInt | None = None
    limit_okta_users: StrictInt | None = None
    limit_okta_other: StrictInt | None = None
    limit_sendgrid: StrictInt | None = None
    limit_zoho: StrictInt | None = None
    limit_reprieve: StrictInt | None = None

    @model_validator(mode="after")
    def _is_an_organization(self) -> Self:
        try:
            _organization("any", self)
        except InvalidInput as error:
            raise ValueError(str(error)) from error
        return self


LINES: Final[Mapping[Kind, type[_Line]]] = {
    Kind.ANSWERS: AnswerLine,
    Kind.REQUESTS: RequestLine,
    Kind.WHITELIST: WhitelistLine,
    Kind.GROUPS: GroupsLine,
    Kind.SUPPRESSIONS: SuppressionLine,
    Kind.RECIPIENTS: RecipientLine,
    Kind.EMAIL_SERVERS: EmailServerLine,
    Kind.SYSTEM_LOG: SystemLogLine,
    Kind.PROVIDER_ACCOUNT: ProviderAccountLine,
    Kind.CREDENTIALS: CredentialLine,
    Kind.ORGANIZATION: OrganizationLine,
}


def write(kind: Kind, row: Row) -> bytes:
    """A row as a line, with its line end; the same row is the same bytes.

    Raises:
        Conflict: the row is not of the format, so that it could not be imported. Nothing is left out silently.
    """
    try:
        LINES[kind].model_validate(row)
    except ValidationError as problem:
        raise Conflict(f"{kind}: an item cannot be exported: {_sentence(problem)}") from None
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def read(kind: Kind, line: bytes) -> Row:
    """The row of a line.

    Raises:
        InvalidInput: it is not of the format; names the attribute, and never quotes its value.
    """
    try:
        row = parse_strictly(line)
    except UnreadableBody as problem:
        raise InvalidInput(str(problem).replace("the body", "the line")) from None
    if not isinstance(row, dict):
        raise InvalidInput("the line is not a JSON object")
    if empty := sorted(name for name, value in row.items() if value is None):
        raise InvalidInput("must be left out where there is none", field=empty[0])
    try:
        LINES[kind].model_validate(row)
    except ValidationError as problem:
        raise InvalidInput(_sentence(problem)) from None
    return row


def organization_of(organization_id: str, row: Row) -> Organization:
    """The organization that a checked row describes, under an id.

    Raises:
        InvalidInput: the id cannot be used.
    """
    return _organization(organization_id, OrganizationLine.model_validate(row))


def _organization(organization_id: str, line: OrganizationLine) -> Organization:
    return Organization(
        id=organization_id,
        name=line.name,
        membership=line.membership,
        domains=frozenset(line.domains),
        shards=line.shards,
        parent=line.parent,
        created=Millis(line.created),
        soft_bounce_threshold=line.soft_bounce_threshold,
        modules=frozenset(line.modules),
        purge=BouncePurge(line.purge_enabled, line.purge_soft_days, line.purge_hard_days),
        cleared={},
        limits={bucket: limit for bucket in Bucket if (limit := getattr(line, f"limit_{bucket}")) is not None},
        provider_name=line.provider_name or "",
        help_desk_lifts=line.help_desk_lifts,
        policy=_policy(line),
    )


def _policy(line: OrganizationLine) -> PolicySetting:
    """The policy of a line, refused as it would be in a request."""
    setting = PolicySetting(line.policy_rules, line.policy_version, line.policy_enabled)
    if line.policy_rules:
        try:
            check(parse_rules(json.loads(line.policy_rules)))
        except ValueError:
            raise InvalidInput("must be JSON", field="policy_rules") from None
    return setting


def _require(name: str, text: str) -> None:
    try:
        Address.parse(text, field=name)
    except InvalidInput as error:
        raise ValueError(str(error)) from error


def _sentence(problem: ValidationError) -> str:
    """The first problem that pydantic found, with the attribute's name and without its value."""
    first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    return f"{place}: {text}" if place else text
