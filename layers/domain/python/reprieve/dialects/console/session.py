"""The browser's side of a session: its cookie, the forms that it sends, and where they must come from.

A form is accepted from the console's own pages alone. The browser says where a request comes from, by Sec-Fetch-Site
or, where it is older, by Origin; and a form of a session carries a proof that only the session's own pages hold.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from reprieve.access.authenticate import JWT
from reprieve.dialects import form_data
from reprieve.errors import Forbidden, InvalidInput, UnreadableBody

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request

#: the prefix has browsers refuse the cookie unless it is secure, for the whole host and for no other
COOKIE: Final = "__Host-session"
ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Lax"
FORM: Final = "application/x-www-form-urlencoded"
PROOF: Final = "proof"
#: the field of a form that has a file; its bytes need not be text
FILE: Final = "file"
#: a file of a list; what a person types is far shorter, and each field has a limit of its own
MAX_BODY: Final = 2_000_000
#: a form of scopes has one for each
MAX_FIELDS: Final = 500
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie(request: Request, wanted: str = COOKIE) -> str | None:
    """The session's id as the browser sent it, or another cookie's value; None where it sent none."""
    for one in request.headers.get("cookie", "").split(";"):
        name, _, value = one.strip().partition("=")
        if name == wanted:
            return value
    return None


def set_cookie(session_id: str) -> tuple[str, str]:
    """The header that gives the browser a session, until it is closed."""
    return "Set-Cookie", f"{COOKIE}={session_id}; {ATTRIBUTES}"


def clear_cookie() -> tuple[str, str]:
    """The header that takes the session from the browser."""
    return "Set-Cookie", f"{COOKIE}=; {ATTRIBUTES}; Max-Age=0"


def proof(request: Request) -> str:
    """What a form of this session carries; "" where the request came with a token, which no other site can send."""
    session_id = cookie(request)
    if session_id is None or "authorization" in request.headers:
        return ""
    return hashlib.sha256(f"form {session_id}".encode()).hexdigest()


def check(request: Request) -> None:
    """Refuse a request that could change something, unless it comes from one of the session's own pages.

    Raises:
        Forbidden: it does not.
    """
    if request.method in SAFE:
        return
    check_origin(request)
    if not hmac.compare_digest(form(request).get(PROOF, "").encode(), proof(request).encode()):
        raise Forbidden(reason="this form is of another session; open the page again")


def check_origin(request: Request) -> None:
    """Refuse a form, unless the browser says that it was sent by one of the console's own pages.

    Raises:
        Forbidden: it does not.
    """
    site = request.headers.get("sec-fetch-site")
    own = "/".join(request.url.split("/")[:3])
    if site != "same-origin" if site else request.headers.get("origin") != own:
        raise Forbidden(reason="this form was not sent by a page of the console")


def form(request: Request) -> dict[str, str]:
    """The fields of a form; of one that occurs twice, the last.

    Raises:
        UnreadableBody: it is not a form, or too large.
    """
    return dict(pairs(request))


def pairs(request: Request) -> list[tuple[str, str]]:
    """The names and values of a form, in its order; a name may occur more than once.

    Raises:
        UnreadableBody: it is not a form, or too large.
    """
    kind = request.headers.get("content-type", "")
    if len(request.body) > MAX_BODY:
        raise UnreadableBody(f"the form has more than {MAX_BODY:,} bytes")
    try:
        if form_data.is_in_parts(kind):
            return [(name, value.decode()) for name, value in _parts(request) if name != FILE]
        if kind.partition(";")[0].strip().lower() != FORM:
            raise UnreadableBody("the form cannot be read")
        sent = request.body.decode("ascii")
        return parse_qsl(sent, errors="strict", max_num_fields=MAX_FIELDS, keep_blank_values=True)
    except ValueError:
        raise UnreadableBody("the form cannot be read") from None


def field(request: Request, name: str, *, most: int) -> str:
    """One field of a form, without spaces around it.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: the field is empty, or longer than `most` characters.
    """
    return text(request, name, most=most).strip()


def file(request: Request) -> bytes:
    """The file of a form, as it is.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: there is none in it.
    """
    found = dict(_parts(request)).get(FILE, b"")
    if not found:
        raise InvalidInput("choose a file that is not empty", field=FILE)
    return found


def _parts(request: Request) -> list[tuple[str, bytes]]:
    found = form_data.bytes_of_parts(request.headers.get("content-type", ""), request.body)
    if len(found) > MAX_FIELDS:
        raise UnreadableBody("the form cannot be read")
    return found


def text(request: Request, name: str, *, most: int) -> str:
    """One field of a form, as it is.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: the field is empty but for spaces, or longer than `most` characters without those around it.
    """
    value = form(request).get(name, "")
    if not value.strip():
        raise InvalidInput("fill this in", field=name)
    if len(value.strip()) > most:
        raise InvalidInput(f"at most {most:,} characters", field=name)
    return value


def parse_token(request: Request) -> str:
    """The token in the form that signs in.

    Raises:
        Forbidden: the form is not of a page of the console.
        InvalidInput: there is no token in it, or an access token, which is over before a session is.
    """
    check_origin(request)
    token = field(request, "token", most=500)
    if token.startswith(JWT):
        raise InvalidInput("paste a long-lived API token; an access token ends too soon", field="token")
    return token
