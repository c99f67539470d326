"""Okta's Email Servers API, for all three generations of its schema.

Source: Okta's management OpenAPI document and its error-code catalogue, its SDKs and Terraform provider. The members
that are present show which generation a client is of: the test's `from` and `to` became `fromAddress` and `toAddress`,
and `authType` and `enabled` may be missing. A server is returned twice, flat and inside `email-servers`, because each
form is read by one generation of clients.

Okta has no member for a private certificate authority. Here `privateCa` takes one certificate in PEM, null removes
it, and only its SHA-256 is shown, as `privateCaFingerprint`.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StrictBool, StrictStr, ValidationError

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import dialect
from reprieve.email_servers.email_server import (
    MAX_SECRET,
    AnotherEnabled,
    AuthType,
    Failing,
    OAuth,
    SecretNeeded,
    ServerFailed,
    Settings,
    TokenAuth,
    TooManyServers,
    fingerprint,
    mailbox,
)
from reprieve.errors import InvalidInput, NotFound, UnreadableBody

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.dialects.dialect import Refusal
    from reprieve.email_servers.email_server import EmailServer
    from reprieve.email_servers.manage import Edit

#: scopes: the right to manage servers includes the right to read them
READ: Final = ("okta.emailServers.read", "okta.emailServers.manage")
MANAGE: Final = ("okta.emailServers.manage",)

#: the name of each login type's secret
SECRET: Final = {
    AuthType.BASIC: "password",
    AuthType.CLIENT_CREDENTIALS: "clientSecret",
    AuthType.JWT_BEARER: "privateKey",
}
#: the members that each login type must have when it is created or changed to
REQUIRED: Final = {
    AuthType.BASIC: ("alias", "host", "port", "username"),
    AuthType.CLIENT_CREDENTIALS: (
        *("alias", "host", "port", "username"),
        *("clientId", "tokenEndpoint", "tokenEndpointAuthMethod", "scopes"),
    ),
    AuthType.JWT_BEARER: (
        *("alias", "host", "port", "username"),
        *("clientId", "tokenEndpoint", "signingAlgorithm", "keyId", "issuer", "subject", "audience", "scopes"),
    ),
}
#: failed part -> Okta's code and sentence. It has none for a mail that is not accepted: the connection is the nearest
FAILURE: Final = {
    Failing.CONNECTION: ("E0000223", "Connection with the specified SMTP server failed."),
    Failing.LOGIN: ("E0000224", "Authentication with the specified SMTP server failed."),
    Failing.TOKEN: (
        "E0000266",
        "Failed to get access token for SMTP server configuration. Failure details: {problem}.",
    ),
    Failing.MAIL: ("E0000223", "Connection with the specified SMTP server failed."),
}
ANOTHER: Final = "You can enable only one SMTP server at a time. Another SMTP server is already enabled."
TOO_MANY: Final = (
    "You reached the maximum number of enrolled SMTP servers. An org can't have more than {maximum} enrolled servers."
)
BLANK: Final = "The field cannot be left blank"


def _server_failed(error: ServerFailed, _: Request) -> Refusal:
    code, sentence = FAILURE[error.part]
    return dialect.refusal(code, sentence.format(problem=error), str(error))


#: Okta's dialect, with what only its Email Servers API refuses
DIALECT: Final = dialect.DIALECT.with_errors(
    {
        ServerFailed: _server_failed,
        AnotherEnabled: dialect.refusal("E0000222", ANOTHER),
        TooManyServers: lambda error, _: dialect.refusal("E0000225", TOO_MANY.format(maximum=error.maximum)),
        SecretNeeded: lambda error, _: dialect.invalid(
            SECRET[error.auth_type], f"{SECRET[error.auth_type]}: {error.problem}"
        ),
        # the caller's own words, which the error and the log do not have
        NotFound: lambda error, request: dialect.not_found(
            error, identifier(request) if request.path else error.identifier
        ),
    }
)


def _whole(value: object) -> object:
    """A whole number: in JSON, 587.0 is an integer, and true is not a number."""
    if isinstance(value, bool):
        raise ValueError("a number is needed")  # noqa: TRY004 - pydantic's protocol
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(value: str) -> str:
    """A non-empty line; a control character would end a command or forge a field."""
    if not value.strip():
        raise ValueError(BLANK)
    if not value.isprintable():
        raise ValueError("must not hold control characters")
    return value


def _sealable(value: str) -> str:
    """A secret that can be sealed and sent. A key has lines, so line ends are allowed."""
    if not value.strip():
        raise ValueError(BLANK)
    if len(value.encode()) > MAX_SECRET or "\0" in value:
        raise ValueError(f"must have at most {MAX_SECRET} bytes, and no NUL")
    return value


def _https(value: str) -> str:
    if not value.lower().startswith("https://"):
        raise ValueError("must be an https URL")
    return value


def _certificate(value: str | None) -> str | None:
    if value is not None:
        try:
            fingerprint(value)
        except InvalidInput as problem:
            raise ValueError(problem.problem) from problem
    return value


Text = Annotated[StrictStr, Field(max_length=255), AfterValidator(_plain)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535), BeforeValidator(_whole)]
Url = Annotated[StrictStr, Field(max_length=2048), AfterValidator(_plain), AfterValidator(_https)]
Secret = Annotated[StrictStr, AfterValidator(_sealable)]
Scope = Annotated[StrictStr, Field(max_length=255, pattern=r"^[!#-\[\]-~]+$")]  # RFC 6749 section 3.3
Certificate = Annotated[StrictStr | None, Field(max_length=8192), AfterValidator(_certificate)]


Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """A server to create or change. A member counts if it is there; members that Okta does not have are ignored."""

    alias: Text = ""
    host: Text = ""
    port: Port = 0
    username: Text = ""
    auth_type: Annotated[AuthType, Field(alias="authType")] = AuthType.BASIC
    enabled: StrictBool = False
    client_id: Annotated[Text, Field(alias="clientId")] = ""
    token_endpoint: Annotated[Url, Field(alias="tokenEndpoint")] = ""
    client_auth: Annotated[TokenAuth | None, Field(alias="tokenEndpointAuthMethod")] = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=50)] = []
    signing_algorithm: Annotated[Literal["RS256"], Field(alias="signingAlgorithm")] = "RS256"
    key_id: Annotated[Text, Field(alias="keyId")] = ""
    issuer: Text = ""
    subject: Text = ""
    audience: Text = ""
    private_ca: Annotated[Certificate, Field(alias="privateCa")] = None
    password: Secret = ""
    client_secret: Annotated[Secret, Field(alias="clientSecret")] = ""
    private_key: Annotated[Secret, Field(alias="privateKey")] = ""


class Addresses(BaseModel):
    """The body of a test; `from` and `to` are the first generation's names."""

    sender: Annotated[StrictStr | None, Field(alias="fromAddress")] = None
    recipient: Annotated[StrictStr | None, Field(alias="toAddress")] = None
    old_sender: Annotated[StrictStr | None, Field(alias="from")] = None
    old_recipient: Annotated[StrictStr | None, Field(alias="to")] = None


#: the members of a body, by the names that a client gives them
NAMES: Final = {field.alias or name: name for name, field in Body.model_fields.items()}
_PLAIN: Final = ("alias", "host", "port", "username", "enabled")
_OAUTH: Final = ("client_id", "token_endpoint", "client_auth", "key_id", "issuer", "subject", "audience", "scopes")


def identifier(request: Request) -> str:
    """The id that the path names."""
    return request.path["emailServerId"]


def parse_create(request: Request) -> tuple[Settings, str]:
    """The settings and the secret of a new server.

    Raises:
        UnreadableBody: no body, not JSON, or not an object.
        InvalidInput: a member is missing, or is not what it must be.
    """
    body = _read(Body, request)
    secret = _secret(body, body.auth_type)
    _require(_given(body), body.auth_type, secret)
    blank = Settings(alias="", host="", port=0, username="", auth_type=body.auth_type, enabled=False)
    return _applied(blank, body), secret or ""


def parse_update(request: Request) -> Edit:
    """The change of the settings, with the new secret if there is one.

    Raises:
        UnreadableBody: no body, not JSON, or not an object.
        InvalidInput: a member is not what it must be; what is returned raises it also when one is missing.
    """
    body = _read(Body, request)
    given = _given(body)

    def edit(settings: Settings) -> tuple[Settings, str | None]:
        wanted = body.auth_type if "authType" in given else settings.auth_type
        secret = _secret(body, wanted)
        if wanted is settings.auth_type:
            return _applied(settings, body), secret
        _require(given | set(REQUIRED[AuthType.BASIC]), wanted, secret)
        return _applied(replace(settings, auth_type=wanted, oauth=None), body), secret

    return edit


def parse_test(request: Request) -> tuple[str, str]:
    """The sender and the recipient of a test mail.

    Raises:
        UnreadableBody: no body, not JSON, or not an object.
        InvalidInput: an address is missing or malformed.
    """
    body = _read(Addresses, request)
    pairs = (("fromAddress", body.sender, body.old_sender), ("toAddress", body.recipient, body.old_recipient))
    for name, new, old in pairs:
        if not (new or old):
            raise InvalidInput(BLANK, field=name)
    sender, recipient = (mailbox(new or old or "", name) for name, new, old in pairs)
    return sender, recipient


def render_list(servers: Sequence[EmailServer]) -> Response:
    """All servers."""
    return Response(HTTPStatus.OK, {"email-servers": [_shown(server) for server in servers]})


def render_created(server: EmailServer) -> Response:
    """The server that was enrolled."""
    return Response(HTTPStatus.CREATED, _shown(server))


def render_updated(server: EmailServer) -> Response:
    """The server as it is now."""
    return Response(HTTPStatus.OK, _shown(server))


def render_server(server: EmailServer) -> Response:
    """One server, flat for some clients and in a list for the others."""
    return Response(HTTPStatus.OK, _shown(server) | {"email-servers": [_shown(server)]})


def render_done() -> Response:
    """204, for an action without a result to show."""
    return Response(HTTPStatus.NO_CONTENT)


def _shown(server: EmailServer) -> dict[str, Any]:
    """A server as Okta shows it: no secret, and nothing that is made of one."""
    settings = server.settings
    shown: dict[str, Any] = {
        "id": server.id,
        "alias": settings.alias,
        "enabled": settings.enabled,
        "authType": settings.auth_type.value,
        "host": settings.host,
        "port": settings.port,
        "username": settings.username,
    }
    if settings.oauth:
        shown |= _shown_oauth(settings.oauth, settings.auth_type)
    if settings.private_ca:
        shown["privateCaFingerprint"] = fingerprint(settings.private_ca)
    return shown


def _shown_oauth(oauth: OAuth, auth_type: AuthType) -> dict[str, Any]:
    shown: dict[str, Any] = {"clientId": oauth.client_id, "tokenEndpoint": oauth.token_endpoint}
    if auth_type is AuthType.CLIENT_CREDENTIALS:
        shown["tokenEndpointAuthMethod"] = oauth.client_auth
    else:
        shown |= {
            "signingAlgorithm": "RS256",
            "issuer": oauth.issuer,
            "subject": oauth.subject,
            "audience": oauth.audience,
        }
    return shown | {"scopes": list(oauth.scopes)}


def _applied(settings: Settings, body: Body) -> Settings:
    """Settings with what a body sets; the rest stays."""
    chosen: dict[str, Any] = {name: getattr(body, name) for name in _PLAIN if name in body.model_fields_set}
    if "private_ca" in body.model_fields_set:
        chosen["private_ca"] = body.private_ca or ""
    if settings.auth_type is not AuthType.BASIC:
        oauth = settings.oauth or OAuth(client_id="", token_endpoint="", scopes=())
        facts: dict[str, Any] = {name: getattr(body, name) for name in _OAUTH if name in body.model_fields_set}
        if "scopes" in facts:
            facts["scopes"] = tuple(body.scopes)
        chosen["oauth"] = replace(oauth, **facts)
    return replace(settings, **chosen)


def _given(body: Body) -> set[str]:
    return {name for name, field in NAMES.items() if field in body.model_fields_set}


def _require(given: set[str], auth_type: AuthType, secret: str | None) -> None:
    for name in REQUIRED[auth_type]:
        if name not in given:
            raise InvalidInput(BLANK, field=name)
    if secret is None:
        raise InvalidInput(BLANK, field=SECRET[auth_type])


def _secret(body: Body, auth_type: AuthType) -> str | None:
    """The secret of this kind of login. One of another kind would be ignored silently, so it is refused."""
    given = _given(body)
    for kind, name in SECRET.items():
        if kind is not auth_type and name in given:
            raise InvalidInput(f"is not used with {auth_type.value}", field=name)
    name = SECRET[auth_type]
    secret: str | None = getattr(body, NAMES[name]) if name in given else None
    return secret


def _read(model: type[Model], request: Request) -> Model:
    content = request.json()
    try:
        return model.model_validate(content)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    if not first["loc"]:
        raise UnreadableBody("the body is not a JSON object")
    raise InvalidInput(first["msg"].removeprefix("Value error, "), field=str(first["loc"][0]))
