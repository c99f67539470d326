"""The edge that all pages share: a session in place of a token, and whatever goes wrong as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.dialects.console import dialect, lists, session
from reprieve.runtime import http, wiring
from reprieve.suppressions.suppression import GroupList

if TYPE_CHECKING:
    from reprieve.access.caller import Caller
    from reprieve.dialects.exchange import Request
    from reprieve.suppressions.suppression import AnyList


def of_session(request: Request) -> Caller:
    """The caller of a request that comes with a session, and from a page of it."""
    caller = wiring.sessions().caller(session.cookie(request), now=request.now)
    session.check(request)
    return caller


def check_list(request: Request, name: AnyList) -> None:
    """Refuse the list of a group that is not there; for any other list nothing is read.

    Raises:
        InvalidInput: there is no such group.
    """
    if isinstance(name, GroupList):
        lists.check_group(name, wiring.group_store().all(request.organization))


handler = http.Api(dialect.DIALECT, session=of_session)
#: of the pages of what an organization has set, which a function with other rights serves
settings = http.Api(dialect.DIALECT, session=of_session)
#: of who and what may act for an organization: the function that serves them alone can create and revoke credentials
people = http.Api(dialect.DIALECT, session=of_session)
