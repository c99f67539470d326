"""Login (RFC 4954) with PLAIN (RFC 4616), LOGIN (its predecessor, which has no RFC) or XOAUTH2 (Google's).

Some servers still offer only LOGIN. XOAUTH2 is what Google, Microsoft and Okta's own servers speak.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from reprieve.errors import InvalidInput
from reprieve.smtp.errors import AuthenticationFailed, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.smtp.reply import Reply

_ACCEPTED = 235
_CONTINUE = 334
#: RFC 4954 section 4: the mechanism is not supported, whatever EHLO said
_UNKNOWN_MECHANISM = 504

#: NUL separates the fields of PLAIN, and 0x01 those of XOAUTH2: inside a name they would forge a field
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
#: NUL as above; half a surrogate pair cannot be encoded
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
#: RFC 6749 appendix A.12
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Password:
    """A login by name and password, sent by PLAIN or LOGIN.

    Args:
        username: the account's name, without control characters.
        password: its password, without NUL.

    Raises:
        InvalidInput: one of them holds a character that no mechanism can carry.
    """

    username: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_username(self.username)
        if _UNUSABLE.search(self.password):
            raise InvalidInput("it holds a character that cannot be sent", field="password")


@dataclass(frozen=True, slots=True)
class Bearer:
    """A login by an OAuth 2.0 access token, sent by XOAUTH2.

    Args:
        username: the account's name, without control characters.
        token: the access token, in printable ASCII without spaces, as `token.fetch` returns it.

    Raises:
        InvalidInput: one of them holds a character that the mechanism cannot carry.
    """

    username: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_username(self.username)
        if not _TOKEN.fullmatch(self.token):
            raise InvalidInput("the access token holds a character that cannot be sent")


Login = Password | Bearer


def authenticate(command: Callable[[str], Reply], offered: frozenset[str], login: Login) -> None:
    """Log in, with the first suitable mechanism that the server offers and knows.

    Args:
        command: sends one line and returns the reply to it. Everything goes through TLS.
        offered: the mechanisms of the server's EHLO, in upper case.
        login: who logs in.

    Raises:
        AuthenticationFailed: the server offers no suitable mechanism, or did not accept the login.
    """
    mechanisms = [begin for name, begin in _mechanisms(command, login).items() if name in offered]
    if not mechanisms:
        raise AuthenticationFailed(Reason.NO_MECHANISM)
    for begin in mechanisms:
        reply = begin()
        if reply.code == _ACCEPTED:
            return
        if reply.code != _UNKNOWN_MECHANISM:
            break  # it is the login that was refused: asking again would count as another failed attempt
    raise _refusal(reply)


def _mechanisms(command: Callable[[str], Reply], login: Login) -> dict[str, Callable[[], Reply]]:
    """The mechanisms that can carry a login, best first; each returns the last reply."""
    if isinstance(login, Bearer):
        return {"XOAUTH2": partial(_xoauth2, command, login)}
    return {"PLAIN": partial(_plain, command, login), "LOGIN": partial(_login, command, login)}


def _plain(command: Callable[[str], Reply], login: Password) -> Reply:
    return command("AUTH PLAIN " + _base64(f"\0{login.username}\0{login.password}"))


def _login(command: Callable[[str], Reply], login: Password) -> Reply:
    """Answer the two questions of LOGIN, which are always these and in this order, whatever their words."""
    reply = command("AUTH LOGIN")
    for answer in (login.username, login.password):
        if reply.code == _ACCEPTED:
            raise _refusal(reply)  # accepted without the password: that is not a login
        if reply.code != _CONTINUE:
            return reply
        reply = command(_base64(answer))
    return reply


def _xoauth2(command: Callable[[str], Reply], login: Bearer) -> Reply:
    reply = command("AUTH XOAUTH2 " + _base64(f"user={login.username}\x01auth=Bearer {login.token}\x01\x01"))
    if reply.code == _CONTINUE:
        # the refusal comes as a question with details; an empty answer asks for the reply that has its code
        reply = command("")
        if reply.code == _ACCEPTED:
            raise AuthenticationFailed(Reason.LOGIN_REFUSED)
    return reply


def _refusal(reply: Reply) -> AuthenticationFailed:
    return AuthenticationFailed(Reason.LOGIN_REFUSED, code=reply.code, enhanced=reply.enhanced)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")


def _check_username(username: str) -> None:
    if _CONTROL.search(username):
        raise InvalidInput("it holds a character that cannot be sent", field="username")
