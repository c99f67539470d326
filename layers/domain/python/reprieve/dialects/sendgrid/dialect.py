"""SendGrid's dialect: how it refuses, and its scopes.

Source: Twilio SendGrid's OpenAPI documents of January 2026 and its API reference; docs/reference/sendgrid-api.md lists
what they leave open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve import errors
from reprieve.access.quota import Bucket
from reprieve.dialects.dialect import Dialect, ErrorTable, Headers, Refusal
from reprieve.dialects.exchange import Request, Response
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from reprieve.clock import Seconds

#: the scopes for the settings of the bounce purge
READ_PURGE: Final = ("mail_settings.bounce_purge.read",)
UPDATE_PURGE: Final = ("mail_settings.bounce_purge.update",)
#: those for the address whitelist
READ_WHITELIST: Final = ("mail_settings.address_whitelist.read",)
UPDATE_WHITELIST: Final = ("mail_settings.address_whitelist.update",)


def scopes(suppression_list: SuppressionList, action: str) -> tuple[str, ...]:
    """The scopes that allow an action (`read`, `create`, `delete`) on a list: the list's own, or the general one."""
    return (f"suppression.{suppression_list}.{action}", f"suppression.{action}")


def global_scopes(action: str) -> tuple[str, ...]:
    """The scopes that allow an action on the global unsubscribes, under either of their names."""
    return (f"asm.suppressions.global.{action}", *scopes(SuppressionList.UNSUBSCRIBES, action))


def group_scopes(action: str) -> tuple[str, ...]:
    """The scopes that allow an action (`create`, `read`, `update`, `delete`) on unsubscribe groups."""
    return (f"asm.groups.{action}",)


def member_scopes(action: str) -> tuple[str, ...]:
    """The scopes that allow an action (`create`, `read`, `delete`) on the lists of groups."""
    return (f"asm.groups.suppressions.{action}", f"suppression.{action}")


def key_scopes(action: str) -> tuple[str, ...]:
    """The scopes that allow an action (`create`, `read`, `update`, `delete`) on API keys."""
    return (f"api_keys.{action}",)


def webhook_scopes(action: str) -> tuple[str, ...]:
    """The scopes that allow an action (`create`, `read`, `update`, `delete`) on the settings of event webhooks."""
    return (f"user.webhooks.event.settings.{action}",)


#: those for a test of an event webhook
WEBHOOK_TEST: Final = ("user.webhooks.event.test.create",)

SCOPES: Final = frozenset(READ_PURGE + UPDATE_PURGE + READ_WHITELIST + UPDATE_WHITELIST).union(
    WEBHOOK_TEST,
    *(webhook_scopes(action) for action in ("create", "read", "update", "delete")),
    *(key_scopes(action) for action in ("create", "read", "update", "delete")),
    *(scopes(name, action) for name in SuppressionList for action in ("read", "delete")),
    *(global_scopes(action) for action in ("create", "read", "delete")),
    *(group_scopes(action) for action in ("create", "read", "update", "delete")),
    *(member_scopes(action) for action in ("create", "read", "delete")),
)


def _invalid(error: errors.InvalidInput, _: Request) -> Refusal:
    return Refusal(400, error.problem, details={"field": error.field})


def _forbidden(error: errors.Forbidden, _: Request) -> Refusal:
    """403, with `help`: an object for the caller's next step, which SendGrid documents and leaves open."""
    known = {"scope": error.scope, "reason": error.reason}
    advice = {name: said for name, said in known.items() if said}
    return Refusal(403, "access forbidden", details={"help": advice} if advice else {})


ERRORS: Final[ErrorTable] = {
    errors.InvalidInput: _invalid,
    errors.NoCredential: Refusal(401, "authorization required"),
    errors.Unauthenticated: Refusal(401, "The provided authorization grant is invalid, expired, or revoked"),
    errors.Forbidden: _forbidden,
    errors.NoSuchRoute: Refusal(404, "not found"),
    errors.NotFound: Refusal(404, "not found"),
    errors.MethodNotAllowed: Refusal(405, "method not allowed"),
    errors.Conflict: lambda error, _: Refusal(400, str(error)),
    errors.RateLimited: Refusal(429, "too many requests"),
    errors.Unavailable: Refusal(503, "service unavailable"),
    errors.ReprieveError: Refusal(500, "internal server error"),
}


def envelope(said: Refusal, error_id: str) -> Response:
    """SendGrid's error body; `id` finds the line in the function log."""
    return Response(said.status, {"errors": [{"field": None, "message": said.message, **said.details}], "id": error_id})


def _limits(seconds: Seconds, _request: Request) -> Headers:
    """The headers for coming back."""
    return (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(seconds)))


def _acts_for(request: Request) -> str | None:
    """The organization that a parent acts for, by `on-behalf-of`: a subuser's name, or `account-id` and an id."""
    given = request.headers.get("on-behalf-of", "").strip()
    if not given:
        return None
    word, _, rest = given.partition(" ")
    return rest.strip() if word.casefold() == "account-id" else given


DIALECT: Final = Dialect(
    name="sendgrid",
    api="SendGridApi",
    stage="v3",
    schemes=frozenset({"Bearer"}),
    scopes=SCOPES,
    errors=ERRORS,
    gateway={"DEFAULT_4XX": Refusal(400, "bad request")},
    write=envelope,
    limits=_limits,
    buckets=(("/", Bucket.SENDGRID),),
    acts_for=_acts_for,
)
