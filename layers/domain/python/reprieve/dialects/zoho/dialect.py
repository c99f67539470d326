"""Zoho CRM's dialect: its envelope, and what it says about errors.

Sources: Zoho's Unblock Email reference and the common parts of its v6 to v8 OpenAPI documents;
docs/reference/zoho-api.md lists what they leave open. What its SDKs insist on: errors are one envelope or entries of
`data`, never both; ids are text, as Node rounds numbers; `details.id` holds digits or is missing; the content type is
plain application/json.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final

from reprieve import errors
from reprieve.access.quota import Bucket
from reprieve.dialects.dialect import Dialect, ErrorTable, Refusal
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.paging import WholeNumber


class Refused(InvalidInput):
    """A request for which Zoho has an error of its own.

    Args:
        details: what Zoho puts into `details`; no value of the request that could be an address.
    """

    code: ClassVar[str]
    message: ClassVar[str]

    def __init__(self, details: Mapping[str, object]) -> None:
        super().__init__(self.message, field=str(details.get("api_name", "request")))
        self.details = dict(details)


class InvalidValue(Refused):
    """Something in the body or the query has the wrong type or form."""

    code, message = "INVALID_DATA", "invalid data"


class MissingField(Refused):
    """Something mandatory is missing or empty."""

    code, message = "MANDATORY_NOT_FOUND", "required field not found"


class UnknownField(Refused):
    """A field to unblock that is not one of the two."""

    code, message = "NOT_ALLOWED", "unknown field provided"


class FieldNotInModule(Refused):
    """A field to unblock that this module does not have."""

    code, message = "NOT_ALLOWED", "EMAIL, SECONDARY_EMAIL field not available for module"


class InvalidRecord(Refused):
    """A record id that is not valid."""

    code, message = "INVALID_DATA", "Invalid record provided"


class NoSuchId(Refused):
    """A record id in the path that cannot be one."""

    code, message = "INVALID_DATA", "the id given seems to be invalid"


class UnknownModule(Refused):
    """A module that is neither supported nor registered."""

    code, message = "INVALID_MODULE", "The module name given seems to be invalid"


class TooMany(Refused):
    """More of something than one request may carry."""

    code, message = "LIMIT_EXCEEDED", "limit exceeded"


class MissingParameter(Refused):
    """None of the parameters of which one is mandatory."""

    code, message = "EXPECTED_PARAM_MISSING", "mandatory param missing"


class InvalidQuery(Refused):
    """Criteria of a search that cannot be read."""

    code, message = "INVALID_QUERY", "invalid query formed"


def _invalid(error: InvalidInput, _: Request) -> Refusal:
    return Refusal(400, "invalid data", "INVALID_DATA", {"api_name": error.field} if error.field else {})


def _beyond(error: errors.LimitExceeded, _: Request) -> Refusal:
    """What a search does not reach."""
    details = {"api_name": error.field} if error.field else {}
    return Refusal(400, "Maximum response iteration limit reached", "LIMIT_REACHED", details)


def _forbidden(error: errors.Forbidden, _: Request) -> Refusal:
    """The missing scope, in the place of Zoho's name of the permission that a user lacks; else what it lacks."""
    if error.scope:
        return Refusal(401, "Unauthorized", "OAUTH_SCOPE_MISMATCH", {"permissions": [error.scope]})
    return Refusal(403, "permission denied", "NO_PERMISSION", {"permissions": [], "reason": str(error)})


ERRORS: Final[ErrorTable] = {
    Refused: lambda error, _: Refusal(400, error.message, error.code, error.details),
    errors.UnreadableBody: Refusal(400, "invalid data", "INVALID_DATA", {"expected_data_type": "jsonobject"}),
    errors.LimitExceeded: _beyond,
    errors.InvalidInput: _invalid,
    errors.NoCredential: Refusal(401, "Authentication failed", "AUTHENTICATION_FAILURE"),
    errors.Unauthenticated: Refusal(401, "invalid oauth token", "INVALID_TOKEN"),
    errors.Forbidden: _forbidden,
    errors.NoSuchRoute: Refusal(
        404, "Please check if the URL trying to access is a correct one", "INVALID_URL_PATTERN"
    ),
    errors.MethodNotAllowed: Refusal(400, "The http request method type is not a valid one", "INVALID_REQUEST_METHOD"),
    errors.NotFound: Refusal(404, "the id given seems to be invalid", "INVALID_DATA"),
    errors.Conflict: Refusal(409, "a request with this idempotency key is still under way", "NOT_ALLOWED"),
    errors.RateLimited: Refusal(429, "You have made too many requests", "TOO_MANY_REQUESTS"),
    errors.Unavailable: Refusal(503, "Internal Server Error", "INTERNAL_ERROR"),
    errors.ReprieveError: Refusal(500, "Internal Server Error", "INTERNAL_ERROR"),
}


def entry(code: str, message: str, details: Mapping[str, object]) -> dict[str, Any]:
    """Zoho's one shape, of an error envelope and of an entry of `data`."""
    return {"code": code, "details": details, "message": message, "status": "success" if code == "SUCCESS" else "error"}


def multi_status(entries: list[dict[str, Any]], *, success: int = HTTPStatus.OK) -> Response:
    """The answer about several things: `success` if all went well, 207 if some did, 400 if none; `data` in each."""
    went_well = [one["status"] == "success" for one in entries]
    status = success if all(went_well) else HTTPStatus.MULTI_STATUS if any(went_well) else HTTPStatus.BAD_REQUEST
    return Response(status, {"data": entries})


def envelope(said: Refusal, error_id: str) -> Response:
    """An error; its id has no place in Zoho's body."""
    return Response(said.status, entry(said.code, said.message, said.details), (("X-Error-Id", error_id),))


DIALECT: Final = Dialect(
    name="zoho",
    api="ZohoApi",
    stage="crm",
    schemes=frozenset({"Zoho-oauthtoken", "Bearer"}),
    scopes=frozenset(
        {
            "ZohoCRM.modules.ALL",
            "ZohoCRM.send_mail.all.CREATE",
            "ZohoCRM.settings.emails.CREATE",
            "ZohoCRM.users.READ",
            "ZohoCRM.users.ALL",
            "ZohoCRM.org.READ",
            "ZohoCRM.org.ALL",
            "ZohoSearch.securesearch.READ",
        }
    ),
    named_scopes=frozenset(
        {
            *(f"ZohoCRM.modules.{{module}}.{word}" for word in ("CREATE", "READ", "UPDATE", "DELETE", "ALL")),
            "ZohoCRM.send_mail.{module}.CREATE",
        }
    ),
    errors=ERRORS,
    gateway={"DEFAULT_4XX": Refusal(400, "the request could not be read", "INVALID_DATA")},
    write=envelope,
    passing=(errors.Unavailable, errors.Conflict),
    buckets=(("/", Bucket.ZOHO),),
)


def body(request: Request) -> dict[str, Any]:
    """The body as an object, whatever its content type; no bytes at all are an empty object.

    Raises:
        UnreadableBody: it is anything else.
    """
    return request.json_object() if request.body.strip() else {}


def array(given: object, name: str, *, most: int | None = None) -> list[Any]:
    """A mandatory member of the body that is an array and not empty.

    Args:
        given: the member's value; None if there is none.
        name: its name, for the error.
        most: how many items it may have.

    Raises:
        Refused: it is missing, empty, no array or too long.
    """
    place = {"api_name": name, "json_path": f"$.{name}"}
    if given is None or given == []:
        raise MissingField(place)
    if not isinstance(given, list):
        raise InvalidValue({**place, "expected_data_type": "jsonarray"})
    if most is not None and len(given) > most:
        raise TooMany({"limit": most, "limit_due_to": [place]})
    return given


def whole_number(request: Request, rule: WholeNumber, default: int) -> int:
    """A parameter that is a whole number; the default if it is absent or empty.

    Raises:
        InvalidValue: it is not what the rule says.
    """
    try:
        given = rule.read(request.parameter(rule.field) or None)
    except InvalidInput:
        details = {"api_name": rule.field, "minimum": rule.minimum, "maximum": rule.maximum}
        raise InvalidValue(details) from None
    return default if given is None else given
