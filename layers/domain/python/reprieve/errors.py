"""Every error that can be reported to a caller.

    ReprieveError
    ├── InvalidInput          the caller sent something that cannot be accepted; names the field
    │   ├── UnreadableBody    not JSON, or not of the documented shape at all
    │   ├── MalformedAddress  not an email address by RFC 3696
    │   ├── InvalidCursor     not a cursor of this organization and question
    │   └── LimitExceeded     more of something than one request may carry
    ├── Unauthenticated       a credential that is not known or no longer valid
    │   ├── NoCredential      no credential at all
    │   └── SignInRefused     a person's sign-in at an identity provider that lets no one in
    ├── Forbidden             a valid credential that may not do this
    ├── NoSuchRoute           the API has no such path
    ├── MethodNotAllowed      the path exists, but not for this method
    ├── NotFound              no such thing in this organization (another's looks the same)
    ├── Conflict              the state of the thing does not allow it
    ├── RateLimited           too many requests; says when to come back
    └── Unavailable           a part that we depend on did not answer; try again

A dialect maps each of these to its own code and sentence (`dialects/`); a test checks that none is missing. Messages
never carry an email address or a secret, so that they can be logged.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprieve.clock import Millis


class ReprieveError(Exception):
    """The root: `str(error)` is a sentence that is safe to log and to show."""


class InvalidInput(ReprieveError):
    """The request cannot be accepted; nothing was changed.

    Args:
        problem: what is wrong, as a sentence without the offending value.
        field: the input's name in the caller's own words (`emailAddresses`, `limit`), or None for the whole body.
    """

    def __init__(self, problem: str, *, field: str | None = None) -> None:
        super().__init__(problem if field is None else f"{field}: {problem}")
        self.problem = problem
        self.field = field


class UnreadableBody(InvalidInput):
    """The body is not JSON, or not at all of the documented shape."""


class MalformedAddress(InvalidInput):
    """Not an email address by RFC 3696 and its verified errata."""


class InvalidCursor(InvalidInput):
    """The cursor was not issued to this organization for this query.

    Args:
        field: the parameter that the cursor came in.
    """

    def __init__(self, field: str) -> None:
        super().__init__("must be the cursor of the previous page, unchanged", field=field)


class LimitExceeded(InvalidInput):
    """More items than one request may carry."""


class Unauthenticated(ReprieveError):
    """No usable credential came with the request."""


class NoCredential(Unauthenticated):
    """The request has no Authorization header; a dialect may answer that differently from a bad credential."""


class SignInRefused(Unauthenticated):
    """A person's sign-in at an identity provider lets no one in.

    Args:
        said: what the person can do about it, as a sentence.
        cause: what an operator can look for, without anything of a code or a token.
    """

    def __init__(self, said: str, cause: str) -> None:
        super().__init__(cause)
        self.said = said


class Forbidden(ReprieveError):
    """The credential is good, and does not allow this.

    Args:
        scope: the scope that would have allowed it, in the dialect's own spelling; None where no scope would.
        reason: why no scope would, as a sentence; "" where there is no more to say.
    """

    def __init__(self, scope: str | None = None, *, reason: str = "") -> None:
        super().__init__(f"this needs the scope {scope}" if scope else reason or "this credential does not allow it")
        self.scope = scope
        self.reason = reason


class NoSuchRoute(ReprieveError):
    """The API has no such path."""


class MethodNotAllowed(ReprieveError):
    """The path exists, but not for this method.

    Args:
        method: the method of the request.
        allowed: the methods that the path has, in order.
    """

    def __init__(self, method: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(method)
        self.allowed = allowed


class NotFound(ReprieveError):
    """There is no such thing in the caller's organization.

    Args:
        kind: what was looked for, for example `EmailServer`.
        identifier: the id that was asked for (never an address).
    """

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"no {kind} {identifier}")
        self.kind = kind
        self.identifier = identifier


class Conflict(ReprieveError):
    """The thing is there, but its state does not allow this."""


class RateLimited(ReprieveError):
    """Too many requests.

    Args:
        retry_at: when to come back, in milliseconds since the epoch.
    """

    def __init__(self, retry_at: Millis) -> None:
        super().__init__("too many requests")
        self.retry_at = retry_at


class Unavailable(ReprieveError):
    """A part that this depends on did not answer in time; nothing was acknowledged."""


def describe(error: Exception) -> str:
    """A sentence about any exception that is safe to log.

    The text of one that is not ours can quote what was sent, so it is named with the place where it was raised instead.
    """
    if isinstance(error, ReprieveError):
        return str(error)
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
