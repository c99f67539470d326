"""Zoho CRM's dialect: its envelope, its errors, its modules and scopes.

Sources: Zoho's Unblock Email reference and the common parts of its v6 to v8 OpenAPI documents; README lists what they
leave open. What its SDKs insist on: errors are one envelope or entries of `data`, never both; ids are text, for Node
rounds numbers; `details.id` holds digits or is missing; the content type is plain application/json.
"""

from __future__ import annotations

import hashlib
import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve import errors
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import Forbidden, InvalidInput, NoSuchRoute, UnreadableBody
from reprieve.removals.block import UnblockOutcome
from reprieve.removals.unblock import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

#: the versions whose clients can be served; what they ask for here is the same in all of them
VERSIONS: Final = frozenset({"v2", "v2.1", "v3", "v4", "v5", "v6", "v7", "v8"})
EMAIL: Final = "Email"
SECONDARY_EMAIL: Final = "Secondary_Email"
#: the system-defined email fields by API name
FIELDS: Final = {EMAIL: Field.EMAIL, SECONDARY_EMAIL: Field.SECONDARY_EMAIL}
#: the supported modules, and which of those fields each has
MODULES: Final = {
    "Leads": (EMAIL, SECONDARY_EMAIL),
    "Contacts": (EMAIL, SECONDARY_EMAIL),
    "Accounts": (EMAIL,),
    "Deals": (EMAIL,),
    "Sales_Orders": (EMAIL,),
    "Purchase_Orders": (EMAIL,),
    "Invoices": (EMAIL,),
    "Quotes": (EMAIL,),
    "Cases": (EMAIL,),
}
#: every custom module is made with both
CUSTOM: Final = (EMAIL, SECONDARY_EMAIL)
#: what a record's id looks like
RECORD_ID: Final = re.compile(r"[0-9]{18,19}", re.ASCII)
#: what may be shown as an id: a client's SDK makes a number of it
DIGITS: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
COME_BACK: Final = 60


class Refused(InvalidInput):
    """A request that Zoho has an error of its own for.

    Args:
        details: what Zoho puts into `details`; no value of the request that could be an address.
    """

    def __init__(self, details: Mapping[str, object]) -> None:
        super().__init__(ERRORS[type(self)][2], field=str(details.get("api_name", "request")))
        self.details = dict(details)


class InvalidValue(Refused):
    """Something in the body or the query has the wrong type or form."""


class MissingField(Refused):
    """Something mandatory is missing or empty."""


class UnknownField(Refused):
    """A field to unblock that is not one of the two."""


class FieldNotInModule(Refused):
    """A field to unblock that this module does not have."""


class InvalidRecord(Refused):
    """A record id that cannot be meant."""


class NoSuchId(Refused):
    """A record id in the path that cannot be one."""


class UnknownModule(Refused):
    """A module that is neither supported nor registered."""


class TooMany(Refused):
    """More of something than one request may carry."""


#: error -> (HTTP status, code, message); the most derived class that is listed counts
ERRORS: Final[dict[type[errors.ReprieveError], tuple[int, str, str]]] = {
    InvalidValue: (400, "INVALID_DATA", "invalid data"),
    MissingField: (400, "MANDATORY_NOT_FOUND", "required field not found"),
    UnknownField: (400, "NOT_ALLOWED", "unknown field provided"),
    FieldNotInModule: (400, "NOT_ALLOWED", "EMAIL, SECONDARY_EMAIL field not available for module"),
    InvalidRecord: (400, "INVALID_DATA", "Invalid record provided"),
    NoSuchId: (400, "INVALID_DATA", "the id given seems to be invalid"),
    UnknownModule: (400, "INVALID_MODULE", "The module name given seems to be invalid"),
    TooMany: (400, "LIMIT_EXCEEDED", "limit exceeded"),
    errors.UnreadableBody: (400, "INVALID_DATA", "invalid data"),
    errors.InvalidInput: (400, "INVALID_DATA", "invalid data"),
    errors.Unauthenticated: (401, "AUTHENTICATION_FAILURE", "Authentication failed"),
    errors.Forbidden: (401, "OAUTH_SCOPE_MISMATCH", "Unauthorized"),
    errors.NoSuchRoute: (404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one"),
    errors.MethodNotAllowed: (400, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one"),
    errors.NotFound: (404, "INVALID_DATA", "the id given seems to be invalid"),
    errors.Conflict: (409, "NOT_ALLOWED", "a request with this idempotency key is still under way"),
    errors.RateLimited: (429, "TOO_MANY_REQUESTS", "You have made too many requests"),
    errors.Unavailable: (503, "INTERNAL_ERROR", "Internal Server Error"),
    errors.ReprieveError: (500, "INTERNAL_ERROR", "Internal Server Error"),
}

#: what is said of one record of an unblock: (code, message)
SAID: Final = {
    UnblockOutcome.UNBLOCKED: ("SUCCESS", "Unblocked successfully"),
    UnblockOutcome.UNKNOWN: ("INVALID_DATA", "Invalid record provided"),
    UnblockOutcome.EXHAUSTED: ("NOT_ALLOWED", "Cannot unblock, email has been unblocked 5 times already"),
    UnblockOutcome.PERMANENT: ("NOT_ALLOWED", "Cannot unblock, Email is blocked permanently"),
    UnblockOutcome.FREE: ("NOT_ALLOWED", "Email is already unblocked"),
}


class ZohoDialect:
    """How every Zoho route answers."""

    name = "zoho"

    def refuse(self, error: errors.ReprieveError, request: Request, error_id: str) -> Response:
        """See `exchange.Dialect`."""
        status, code, message = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
        details: dict[str, object] = {}
        if isinstance(error, Refused):
            details = error.details
        elif isinstance(error, UnreadableBody):
            details = {"expected_data_type": "jsonobject"}
        elif isinstance(error, InvalidInput) and error.field:
            details = {"api_name": error.field}
        response = Response(status, entry(code, message, details)).adding(("X-Error-Id", error_id))
        if isinstance(error, errors.RateLimited):
            return response.adding(("Retry-After", str(max(1, (error.retry_at - request.now) // 1000))))
        if isinstance(error, errors.Unavailable | errors.Conflict):
            return response.adding(("Retry-After", str(COME_BACK)))
        return response

    def fail(self, request: Request, error_id: str) -> Response:  # noqa: ARG002  (the port's signature)
        """See `exchange.Dialect`."""
        body = entry("INTERNAL_ERROR", "Internal Server Error", {})
        return Response(HTTPStatus.INTERNAL_SERVER_ERROR, body).adding(("X-Error-Id", error_id))

    def finish(self, response: Response, request: Request) -> Response:
        """See `exchange.Dialect`."""
        return response.adding(("X-Request-Id", request.id), ("X-Content-Type-Options", "nosniff"))


DIALECT: Final = ZohoDialect()


def entry(code: str, message: str, details: Mapping[str, object]) -> dict[str, Any]:
    """Zoho's one shape: an error envelope, and an entry of `data`."""
    return {"code": code, "details": details, "message": message, "status": "success" if code == "SUCCESS" else "error"}


def multi_status(entries: list[dict[str, Any]], *, success: int = HTTPStatus.OK) -> Response:
    """The answer about several things: `success` if all went well, 207 if some did, 400 if none; `data` in each."""
    went_well = [one["status"] == "success" for one in entries]
    status = success if all(went_well) else HTTPStatus.MULTI_STATUS if any(went_well) else HTTPStatus.BAD_REQUEST
    return Response(status, {"data": entries})


def module(request: Request, *operations: str, mail: bool = False) -> str:
    """The module that a request is about, if its version and module exist and its caller may do this there.

    Args:
        request: it.
        operations: alternatives to ALL, any of which the caller must have in the module (`UPDATE`).
        mail: whether the scopes for sending mail allow it too, as they do in Zoho's newer versions.

    Raises:
        NoSuchRoute: no such version.
        UnknownModule: neither supported nor registered.
        Forbidden: none of the scopes.
    """
    check_version(request)
    name = request.path["module"]
    if name not in MODULES and name not in request.organization.modules:
        raise UnknownModule({"resource_path_index": 0})
    scopes = module_scopes(name, operations, mail=mail)
    if not request.context.may(*scopes):
        raise Forbidden(scopes[0])
    return name


def check_version(request: Request) -> None:
    """Refuse a version that never was.

    Raises:
        NoSuchRoute: it is none of Zoho's.
    """
    if request.path["version"] not in VERSIONS:
        raise NoSuchRoute(request.resource)


def module_scopes(name: str, operations: tuple[str, ...], *, mail: bool) -> list[str]:
    """The scopes, any one of which allows operations in a module, of every generation of Zoho's API.

    A scope names a module in lower case without underscores, a custom one also as `custom`; the API's own spelling is
    taken too.
    """
    words = [name.replace("_", "").lower(), *([] if name in MODULES else ["custom"]), name]
    scopes = [f"ZohoCRM.modules.{word}.{operation}" for word in words for operation in (*operations, "ALL")]
    scopes.append("ZohoCRM.modules.ALL")
    if mail:
        scopes += [f"ZohoCRM.send_mail.{word}.CREATE" for word in words]
        scopes += ["ZohoCRM.send_mail.all.CREATE", "ZohoCRM.settings.emails.CREATE"]
    return scopes


def fields_of(name: str) -> tuple[str, ...]:
    """Which of the two email fields a module has."""
    return MODULES.get(name, CUSTOM)


def body(request: Request) -> dict[str, Any]:
    """The body as an object, whatever its content type; no bytes at all are an empty object.

    Raises:
        UnreadableBody: it is anything else.
    """
    content = request.json() if request.body.strip() else {}
    if not isinstance(content, dict):
        raise UnreadableBody("the body is not an object")
    return content


def person(request: Request) -> dict[str, str]:
    """The credential as one of Zoho's users; its id is made of digits, as an SDK needs it."""
    identity = f"{request.organization.id}#{request.context.actor.id}"
    return {"name": request.context.actor.id, "id": number(identity)}


def number(identity: str) -> str:
    """An id of 18 digits for something that has another one."""
    return str(10**17 + int.from_bytes(hashlib.sha256(identity.encode()).digest()[:7]))


def fingerprint(request: Request) -> str:
    """What a request is, for its idempotency key: the same method, path, query and body."""
    parts = [request.method, request.url, sorted(request.query.items())]
    return hashlib.sha256(json.dumps(parts).encode() + request.body).hexdigest()
