"""OAuth 2.0 access tokens, for a login by `auth.Bearer`.

The token endpoint is the second host that a user can choose, and the client secret is sent to it. It has
the same guard as the first: https only, the name resolved once and every answer checked, the connection made to the
checked address; and no redirects, a cap on the answer and one deadline over everything.

`ClientCredentials` is a grant; the other one, with a signed assertion, is in `reprieve.smtp.jwt_bearer`, so that only
its users load `cryptography`.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote_plus, urlencode

from reprieve.email_servers.email_server import TokenAuth
from reprieve.https_url import is_plain_https
from reprieve.net.connection import guarded, verified
from reprieve.net.errors import NetError, Trouble
from reprieve.smtp.errors import Reason, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.net.deadline import Deadline
    from reprieve.net.guard import HostPolicy

#: the largest answer that is read, with its headers, in bytes
MAX_ANSWER = 65536
#: RFC 4954 section 4.3 lets a line of AUTH have 12,288 characters; base64 makes four of three
_MAX_TOKEN = 8192

_OK = 200
_REDIRECTS = range(300, 400)
#: RFC 6749 appendix A.12
_TOKEN = re.compile(r"[!-~]+")

#: RFC 6749 section 5.2. Only these words are repeated, and they are ours.
_REASONS = {
    "invalid_request": Reason.INVALID_REQUEST,
    "invalid_client": Reason.INVALID_CLIENT,
    "invalid_grant": Reason.INVALID_GRANT,
    "unauthorized_client": Reason.UNAUTHORIZED_CLIENT,
    "unsupported_grant_type": Reason.UNSUPPORTED_GRANT_TYPE,
    "invalid_scope": Reason.INVALID_SCOPE,
}


class Grant(Protocol):
    """A right to a token, and its proof."""

    @property
    def endpoint(self) -> str:
        """The https URL that is asked for the token."""

    def headers(self) -> Mapping[str, str]:
        """The headers that authenticate the client; none if the form does it."""

    def form(self) -> Mapping[str, str]:
        """The parameters of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """The client credentials grant (RFC 6749 section 4.4).

    Args:
        endpoint: the token endpoint's URL.
        client_id: the client's name.
        client_secret: its secret.
        authentication: whether the secret goes into a header or into the form.
        scopes: what the token is to allow; none asks for the server's default.
    """

    endpoint: str
    client_id: str
    client_secret: str = field(repr=False)
    authentication: TokenAuth
    scopes: tuple[str, ...] = ()

    def headers(self) -> Mapping[str, str]:
        """HTTP Basic with both parts form-encoded first (RFC 6749 section 2.3.1), or nothing."""
        if self.authentication is not TokenAuth.BASIC:
            return {}
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return {"Authorization": "Basic " + b64encode(pair.encode()).decode("ascii")}

    def form(self) -> Mapping[str, str]:
        """The grant, its scopes, and the client's name and secret unless they are in the headers."""
        form = {"grant_type": "client_credentials"}
        if self.scopes:
            form["scope"] = " ".join(self.scopes)
        if self.authentication is TokenAuth.POST:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        return form


def fetch(grant: Grant, *, policy: HostPolicy, deadline: Deadline, private_ca_pem: str | None = None) -> str:
    """Ask a token endpoint for an access token.

    Args:
        grant: the right to it.
        policy: which hosts and ports are allowed.
        deadline: of everything; a login that follows has what is left of it.
        private_ca_pem: certificates of the only authority to trust for it, or None for the system's authorities.

    Returns:
        The access token: at most 8,192 characters of printable ASCII.

    Raises:
        TokenRefused: there is no token; `code` is the HTTP status, if there was one.
    """
    try:
        return _fetch(grant, policy, deadline, private_ca_pem)
    except TokenRefused as error:
        failure = error.alone()
    except NetError as error:
        failure = TokenRefused(error.trouble)
    except UnicodeError:  # half a surrogate pair in the credentials; the error would quote them
        failure = TokenRefused(Reason.GRANT)
    # raised out here, so that no frame with the secret hangs on it
    raise failure


def _fetch(grant: Grant, policy: HostPolicy, deadline: Deadline, private_ca_pem: str | None) -> str:
    from reprieve.net.exchange import Client  # noqa: PLC0415 - only a login by token pays for requests

    _check(grant.endpoint)
    body = urlencode(grant.form()).encode("ascii")
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Connection": "close",
        **grant.headers(),
    }
    with closing(Client(headers, connect=guarded(policy), authorities=lambda: verified(private_ca_pem))) as client:
        answer = client.exchange("POST", grant.endpoint, deadline=deadline, cap=MAX_ANSWER, body=body)
    return _token(answer.status, answer.body)


def _check(endpoint: str) -> None:
    if not is_plain_https(endpoint):
        raise TokenRefused(Reason.ENDPOINT)


def _token(status: int, body: bytes) -> str:
    """The token in an answer (RFC 6749 section 5.1), or the reason why there is none (section 5.2)."""
    if status in _REDIRECTS:
        raise TokenRefused(Reason.REDIRECTED, code=status)
    answer = _json_object(body)
    if status != _OK:
        error = answer.get("error")
        reason = _REASONS.get(error, Reason.TOKEN_REFUSED) if isinstance(error, str) else Reason.TOKEN_REFUSED
        raise TokenRefused(reason, code=status)
    token = answer.get("access_token")
    kind = answer.get("token_type", "Bearer")
    if not isinstance(token, str) or len(token) > _MAX_TOKEN or not _TOKEN.fullmatch(token):
        raise TokenRefused(Trouble.GARBLED, code=status)
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise TokenRefused(Trouble.GARBLED, code=status)
    return token


def _json_object(body: bytes) -> dict[str, Any]:
    """The members of a JSON object; none for anything else."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):  # 64 KB are enough for a nesting that exhausts the stack
        return {}
    return answer if isinstance(answer, dict) else {}
