"""The forms by which an administrator creates an API token and revokes what acts for the organization.

A new token is on the one page that answers its form, and in no address, log or later page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar

from reprieve.access.client import CLIENT_ID
from reprieve.access.credential import Credential, TokenForm
from reprieve.access.credentials import MAX_CREDENTIALS
from reprieve.access.issuer import ISSUER_ID, Issuer
from reprieve.access.label import MAX_NAME, checked_label
from reprieve.clock import DAY, SECOND, Millis
from reprieve.dialects.console import lists, page, session
from reprieve.dialects.console.site import READ_LOG
from reprieve.dialects.registry import DIALECTS
from reprieve.dialects.sendgrid.dialect import DIALECT as SENDGRID
from reprieve.errors import Conflict, InvalidInput, NotFound
from reprieve.role import Permission, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprieve.access.client import Client
    from reprieve.dialects.exchange import Request, Response

#: by the name of a dialect, what a token for it is for
PURPOSES: Final[Mapping[str, str]] = {
    "console": "Signing in to this console",
    "okta": "Okta's API",
    "sendgrid": "SendGrid's API",
    "zoho": "Zoho's API",
    "reprieve": "Reprieve's own API",
}
#: the purpose that is none of these
CHOSEN: Final = "scopes"
#: what stops with a credential that does not count any more
ENDED: Final = "Nothing: it has expired already, and is taken off the page."


class Kind(Enum):
    """What can be revoked: its word, what is said of a revocation, and what it stops and leaves."""

    CREDENTIAL = (
        "API token",
        "The API token was revoked. It is refused from now on.",
        (
            "Every call with this token is refused at once, whichever person or program makes it.",
            "Anyone who is signed in to this console with it is signed out.",
        ),
        ("Other tokens go on working, also those that were created with this one.",),
    )
    CLIENT = (
        "OAuth client",
        "The OAuth client was revoked. Its access tokens are refused within a minute.",
        (
            "The program gets no more access tokens, and those that it has are refused within a minute.",
            "Its secret and its refresh tokens are deleted.",
        ),
        ("API tokens and other clients go on working.",),
    )
    ISSUER = (
        "outside issuer",
        "The outside issuer is not trusted any more. Its access tokens are refused within a minute.",
        ("Access tokens of this issuer for this audience are refused within a minute.",),
        ("Signing in to this console with your organization's accounts is set apart from it, and goes on working.",),
    )

    def __init__(self, word: str, done: str, stops: tuple[str, ...], stays: tuple[str, ...]) -> None:
        self.word = word
        self.done = done
        self.stops = stops
        self.stays = (*stays, "What was done with it stays done, and stays in the log.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The credential that a form asks for; see `Credentials.issue`."""

    name: str
    role: Role
    scopes: frozenset[str]
    expires_in: int | None
    form: TokenForm


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it was typed, and what is wrong with it.

    Attributes:
        field: the field that is wrong; "" where none is.
        says: what is wrong with it.
    """

    name: str = ""
    role: str = Role.VIEWER.value
    purpose: str = ""
    scopes: frozenset[str] = frozenset()
    until: str = ""
    field: str = ""
    says: str = ""


_Named = TypeVar("_Named", "Credential", "Client", "Issuer")


def parse(request: Request) -> Wanted:
    """The credential that a form asks for. It ends with a day in UTC.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: a field cannot be used; it is named.
    """
    given = session.form(request)
    name = checked_label(session.field(request, "name", most=MAX_NAME))
    try:
        role = Role(given.get("role", ""))
    except ValueError:
        raise InvalidInput("choose one", field="role") from None
    purpose = given.get("purpose", "")
    form = TokenForm.SENDGRID if purpose == SENDGRID.name else TokenForm.OWN
    scopes = _scopes(request, purpose)
    check_scopes(scopes)
    return Wanted(name, role, scopes, _expires_in(given.get("until", "").strip(), request.now), form)


def refused(problem: InvalidInput, request: Request) -> Draft:
    """The form as it was typed, and what is wrong with it."""
    given = session.form(request)
    name, role, purpose, until = (given.get(field, "") for field in ("name", "role", "purpose", "until"))
    says = f"{problem.problem[:1].upper()}{problem.problem[1:].rstrip('.')}."
    return Draft(name, role, purpose, _ticked(request), until, problem.field or "", says)


def no_room() -> Conflict:
    """The refusal of one credential more than an organization may have."""
    return Conflict(f"there are {MAX_CREDENTIALS} API tokens already; revoke one that is not used any more")


def check_scopes(scopes: frozenset[str]) -> None:
    """Refuse no scopes at all; what nobody can have is refused with what the caller does not have.

    Raises:
        InvalidInput: there is none.
    """
    if not scopes:
        raise InvalidInput("tick at least one", field="scope")


def purposes(request: Request) -> list[tuple[str, str]]:
    """What a token of the viewer's can be for: values, and what each is called."""
    counted = [(name, title, len(_granted(request, name))) for name, title in PURPOSES.items()]
    named = [(name, f"{title} ({count} scope{'' if count == 1 else 's'})") for name, title, count in counted if count]
    return [*named, (CHOSEN, "Only the scopes ticked below")]


def kind_of(identifier: str) -> Kind:
    """What an id is of; those of credentials are hexadecimal."""
    if CLIENT_ID.fullmatch(identifier):
        return Kind.CLIENT
    return Kind.ISSUER if identifier.startswith(ISSUER_ID) else Kind.CREDENTIAL


def with_id(found: Iterable[_Named], identifier: str) -> _Named:
    """The one with this id.

    Raises:
        NotFound: there is none.
    """
    for one in found:
        if one.id == identifier:
            return one
    raise NotFound(kind_of(identifier).word, ascii(identifier))


def render_issued(token: str, credential: Credential, request: Request) -> Response:
    """The page with a new token, which is not shown again."""
    return page.render("issued", request, token=token, credential=credential)


def render_question(holder: Credential | Client | Issuer, request: Request) -> Response:
    """The page that asks whether to revoke one, in what stops working."""
    kind = kind_of(holder.id)
    has_ended = isinstance(holder, Credential) and not holder.valid(request.now)
    return page.render(
        "revoke",
        request,
        # nothing else ends by itself
        is_credential=isinstance(holder, Credential),
        reads_log=page.may(request, READ_LOG, Permission.READ),
        kind=kind,
        one=holder,
        name=holder.url if isinstance(holder, Issuer) else holder.name or holder.id,
        is_issuer=isinstance(holder, Issuer),
        stops=[ENDED] if has_ended else kind.stops,
    )


def _scopes(request: Request, purpose: str) -> frozenset[str]:
    """What a form's purpose or its ticks grant, of what the viewer has."""
    ticked = _ticked(request)
    if purpose == CHOSEN:
        return ticked
    if purpose not in PURPOSES or not _granted(request, purpose):
        raise InvalidInput("choose one", field="purpose")
    if ticked:
        raise InvalidInput("choose “Only the scopes ticked below”, or tick none", field="purpose")
    return _granted(request, purpose)


def _granted(request: Request, purpose: str) -> frozenset[str]:
    """What of the viewer's scopes one dialect asks for."""
    (dialect,) = [one for one in DIALECTS if one.name == purpose]
    return frozenset(scope for scope in request.context.scopes if dialect.grants(scope))


def _ticked(request: Request) -> frozenset[str]:
    return frozenset(value for name, value in session.pairs(request) if name == "scope")


def _expires_in(day: str, now: Millis) -> int | None:
    if not day:
        return None
    left = lists.day(day, "until") + DAY - SECOND - now
    if left <= 0:
        raise InvalidInput("this day is over; choose a later one", field="until")
    return left
