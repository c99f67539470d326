"""A request and its answer, as the dialects see them: HTTP without any gateway, framework or clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from reprieve import json_body
from reprieve.address import is_address
from reprieve.context import NOWHERE
from reprieve.errors import UnreadableBody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.access.caller import Caller
    from reprieve.access.quota import Quota
    from reprieve.clock import Millis
    from reprieve.context import Context, Origin
    from reprieve.organization import Organization

ESCAPE: Final = re.compile("%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        id: 32 hexadecimal characters, returned to the caller and found in every log line about the request.
        method: in upper case.
        resource: the route's template (`/v1/email-servers/{id}`), which is safe to log; the path may hold an address.
        url: the absolute URL as the caller spelled it, without the query.
        path: the values of the template's parameters, decoded.
        query: every value of every query parameter, decoded.
        headers: by lower-case name.
        body: the raw bytes; signatures are verified over exactly these.
        caller: the verified caller; None until the credential is verified, and on routes that take none.
        now: when it arrived, in milliseconds.
        origin: where it came from.
        quota: what is left of the organization's requests; None where they are not counted.
    """

    id: str
    method: str
    resource: str
    url: str
    path: Mapping[str, str]
    query: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str]
    body: bytes
    caller: Caller | None
    now: Millis
    origin: Origin = NOWHERE
    quota: Quota | None = None

    @property
    def context(self) -> Context:
        """The context of the request, on a route that cannot be reached without a credential."""
        if self.caller is None:
            raise AssertionError("the route takes no credential")
        return self.caller.context(self.id, self.now, self.origin)

    @property
    def organization(self) -> Organization:
        """The organization that the caller speaks for."""
        return self.context.organization

    def for_organization(self, organization: Organization) -> Request:
        """The same request on behalf of another organization; whether the caller may is checked before."""
        if self.caller is None:
            raise AssertionError("the route takes no credential")
        return replace(self, caller=replace(self.caller, organization=organization))

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter, or None."""
        values = self.query.get(name)
        return values[-1] if values else None

    def address(self, name: str) -> str:
        """The address that a path parameter names, however often it was escaped on its way.

        Clients send it as it is, or escaped once or twice, and gateways differ in what they unescape. The percent sign
        is good in an address, so one that is an address is taken as it is: `p%41@d.example` is not `pA@d.example`. What
        is an address in no reading is unescaped once.
        """
        given = self.path[name]
        spelled = given
        while not is_address(spelled):
            if not ESCAPE.search(spelled):
                return unquote(given)
            spelled = unquote(spelled)
        return spelled

    def json(self) -> Any:  # noqa: ANN401  (JSON is anything until a dialect has looked at it)
        """The body as JSON, whatever its Content-Type says.

        Raises:
            UnreadableBody: it is empty, or not JSON that can be stored and shown; see `json_body.parse_strictly`.
        """
        return json_body.parse_strictly(self.body)

    def json_object(self) -> dict[str, Any]:
        """The body, which must be a JSON object.

        Raises:
            UnreadableBody: it is not; see `json`.
        """
        body = self.json()
        if not isinstance(body, dict):
            raise UnreadableBody("the body must be a JSON object")
        return body


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer.

    Attributes:
        status: the status code.
        body: what is sent as JSON; text is sent as it is; None sends no body.
        headers: pairs, in order; a name may occur more than once (Link does).
        content_type: of the body.
    """

    status: int
    body: object = None
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"

    def adding(self, *headers: tuple[str, str]) -> Response:
        """The same answer with more headers."""
        return replace(self, headers=self.headers + headers)
