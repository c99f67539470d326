"""Logging in (RFC 4954) with PLAIN (RFC 4616), LOGIN (what PLAIN was before it had an RFC) or XOAUTH2 (Google's).

LOGIN is still all that some servers offer. XOAUTH2 is what Google, Microsoft and Okta's own servers speak.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reprieve.errors import InvalidInput
from reprieve.smtp.errors import AuthenticationFailed, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.smtp.reply import Reply

_ACCEPTED = 235
_CONTINUE = 334

#: NUL parts the fields of PLAIN, and 0x01 those of XOAUTH2: inside of a name they would forge a field
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
        InvalidInput: one of them holds what no mechanism can carry.
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
        InvalidInput: one of them holds what the mechanism cannot carry.
    """

    username: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_username(self.username)
        if not _TOKEN.fullmatch(self.token):
            raise InvalidInput("the access token holds a character that cannot be sent")


Login = Password | Bearer


def authenticate(command: Callable[[str], Reply], offered: frozenset[str], login: Login) -> None:
    """Log in, with the first suitable mechanism that the server offers.

    Args:
        command: sends one line and returns the reply to it. Everything goes through TLS.
        offered: the mechanisms of the server's EHLO, in upper case.
        login: who we are.

    Raises:
        AuthenticationFailed: the server offers no suitable mechanism, or did not accept the login.
    """
    if isinstance(login, Bearer) and "XOAUTH2" in offered:
        reply = _xoauth2(command, login)
    elif isinstance(login, Password) and "PLAIN" in offered:
        reply = command("AUTH PLAIN " + _base64(f"\0{login.username}\0{login.password}"))
    elif isinstance(login, Password) and "LOGIN" in offered:
        reply = _login(command, login)
    else:
        raise AuthenticationFailed(Reason.NO_MECHANISM)
    if reply.code != _ACCEPTED:
        raise AuthenticationFailed(Reason.LOGIN_REFUSED, code=reply.code, enhanced=reply.enhanced)


def _login(command: Callable[[str], Reply], login: Password) -> Reply:
    """Answer the two questions of LOGIN, which are always these and in this order, whatever their words."""
    reply = command("AUTH LOGIN")
    for answer in (login.username, login.password):
        if reply.code != _CONTINUE:
            # a server that is content too early has not been shown a password: that is no login
            raise AuthenticationFailed(Reason.LOGIN_REFUSED, code=reply.code, enhanced=reply.enhanced)
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


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")


def _check_username(username: str) -> None:
    if _CONTROL.search(username):
        raise InvalidInput("it holds a character that cannot be sent", field="username")
