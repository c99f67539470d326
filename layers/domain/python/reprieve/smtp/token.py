"""Getting an OAuth 2.0 access token, for a login by `auth.Bearer`.

The token endpoint is the second door that a user's choice opens, and the client secret is carried through it. It has
the same guard as the first: https only, the name resolved once and every answer checked, the connection made to the
checked address, no redirects, a cap on the answer and one deadline over all.

`ClientCredentials` is a grant; the other one, with a signed assertion, is in `reprieve.smtp.jwt_bearer`, so that only
those who use it load `cryptography`.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

from reprieve.smtp.connection import Connection, dial, reason_for, verified
from reprieve.smtp.deadline import Deadline
from reprieve.smtp.errors import ConnectionFailed, Reason, TokenRefused
from reprieve.smtp.guard import HostPolicy, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import ReadableBuffer, WriteableBuffer

DEADLINE_S = 10.0
#: the ports for a policy of token endpoints, unless a deployment says otherwise
PORTS = (443,)
#: the largest answer that is read, with its headers, in bytes
MAX_ANSWER = 65536
#: RFC 4954 section 4.3 lets a line of AUTH have 12,288 characters; base64 makes four of three
_MOST_TOKEN = 8192

_HTTPS_PORT = 443
_OK = 200
_REDIRECTS = range(300, 400)
#: `urlsplit` drops tabs and line ends silently, so they are refused before it sees them
_URL = re.compile(r"[!-~]{1,2048}")
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
    """What entitles to a token."""

    @property
    def endpoint(self) -> str:
        """The https URL that is asked for the token."""

    def headers(self) -> Mapping[str, str]:
        """The headers that authenticate the client, if that is how it does it."""

    def form(self) -> Mapping[str, str]:
        """The parameters of the request."""


class ClientAuthentication(StrEnum):
    """How a client's secret is carried (RFC 6749 section 2.3.1); the values are Okta's `tokenEndpointAuthMethod`."""

    BASIC = "CLIENT_SECRET_BASIC"
    POST = "CLIENT_SECRET_POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """The client credentials grant (RFC 6749 section 4.4).

    Args:
        endpoint: the token endpoint's URL.
        client_id: the client's name.
        client_secret: its secret.
        authentication: whether the secret goes into a header or into the form.
        scopes: what the token shall allow; none asks for the server's default.
    """

    endpoint: str
    client_id: str
    client_secret: str = field(repr=False)
    authentication: ClientAuthentication
    scopes: tuple[str, ...] = ()

    def headers(self) -> Mapping[str, str]:
        """HTTP Basic with both parts form-encoded first, as RFC 6749 section 2.3.1 wants it; or nothing."""
        if self.authentication is not ClientAuthentication.BASIC:
            return {}
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return {"Authorization": "Basic " + b64encode(pair.encode()).decode("ascii")}

    def form(self) -> Mapping[str, str]:
        """The grant, its scopes, and the client's name and secret unless they are in the headers."""
        form = {"grant_type": "client_credentials"}
        if self.scopes:
            form["scope"] = " ".join(self.scopes)
        if self.authentication is ClientAuthentication.POST:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        return form


def fetch(
    grant: Grant, *, policy: HostPolicy, deadline_s: float = DEADLINE_S, private_ca_pem: str | None = None
) -> str:
    """Ask a token endpoint for an access token.

    Args:
        grant: what entitles to it.
        policy: which hosts and ports are allowed: `HostPolicy(ports=token.PORTS)`, with the deployment's networks.
        deadline_s: seconds for everything. Whoever logs in afterwards passes on what is left.
        private_ca_pem: certificates of the only authority to trust for it, or None for the system's authorities.

    Returns:
        The access token: at most 8,192 characters of printable ASCII.

    Raises:
        TokenRefused: there is none; `code` is the HTTP status, if there was one.
    """
    try:
        return _fetch(grant, policy, Deadline(deadline_s), private_ca_pem)
    except TokenRefused as error:
        failure = error.alone()
    except ConnectionFailed as error:
        failure = TokenRefused(error.reason)
    except OSError as error:
        failure = TokenRefused(reason_for(error))
    except http.client.HTTPException:
        failure = TokenRefused(Reason.GARBLED)
    except UnicodeError:  # half a surrogate pair in the credentials; the error would quote them
        failure = TokenRefused(Reason.GRANT)
    # raised out here, so that no error with the endpoint's words, and no frame with the secret, hangs on it
    raise failure


def _fetch(grant: Grant, policy: HostPolicy, deadline: Deadline, private_ca_pem: str | None) -> str:
    host, port, target = _parts(grant.endpoint)
    body = urlencode(grant.form()).encode("ascii")
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Connection": "close",
        **grant.headers(),
    }
    addresses = resolve(host, port, getaddrinfo=deadline.bounding(socket.getaddrinfo), policy=policy)
    context = verified(private_ca_pem)
    with dial(addresses, deadline) as connection:
        connection.start_tls(context, addresses[0].host)
        exchange = _Exchange(host, port, connection)
        exchange.request("POST", target, body, headers)
        with exchange.getresponse() as response:
            # never `read()`: it would allocate whatever Content-Length says
            return _token(response.status, response.read(MAX_ANSWER))


def _parts(endpoint: str) -> tuple[str, int, str]:
    """Take an endpoint's URL apart: host, port, and the path with its query."""
    if _URL.fullmatch(endpoint):
        with suppress(ValueError):  # brackets that do not match, or a port that is none
            url = urlsplit(endpoint)
            if url.scheme == "https" and url.hostname and "@" not in url.netloc and "#" not in endpoint:
                port = _HTTPS_PORT if url.port is None else url.port
                return url.hostname, port, (url.path or "/") + ("?" + url.query if url.query else "")
    raise TokenRefused(Reason.ENDPOINT)


def _token(status: int, body: bytes) -> str:
    """Find the token in an answer (RFC 6749 section 5.1), or say why there is none (section 5.2)."""
    if status in _REDIRECTS:
        raise TokenRefused(Reason.REDIRECTED, code=status)
    answer = _json_object(body)
    if status != _OK:
        error = answer.get("error")
        reason = _REASONS.get(error, Reason.TOKEN_REFUSED) if isinstance(error, str) else Reason.TOKEN_REFUSED
        raise TokenRefused(reason, code=status)
    token = answer.get("access_token")
    kind = answer.get("token_type", "Bearer")
    if not isinstance(token, str) or len(token) > _MOST_TOKEN or not _TOKEN.fullmatch(token):
        raise TokenRefused(Reason.GARBLED, code=status)
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise TokenRefused(Reason.GARBLED, code=status)
    return token


def _json_object(body: bytes) -> dict[str, Any]:
    """The members of a JSON object; none if it is anything else."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):  # 64 KB are enough for a nesting that exhausts the stack
        return {}
    return answer if isinstance(answer, dict) else {}


class _Exchange(http.client.HTTPConnection):
    """HTTP over a connection that is there already; it opens none of its own."""

    default_port = _HTTPS_PORT
    auto_open = 0

    def __init__(self, host: str, port: int, connection: Connection) -> None:
        super().__init__(host, port)
        self.sock: Any = _SocketFace(connection)


class _SocketFace:
    """As much of a socket as `http.client` touches, over a connection that holds the deadline."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Capped(self._connection))

    def sendall(self, data: ReadableBuffer) -> None:
        self._connection.send(bytes(data))

    def close(self) -> None:
        """Nothing: whoever opened the connection closes it."""


class _Capped(io.RawIOBase):
    """The bytes of one answer; too many of them are an error."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._left = MAX_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if not self._left:
            raise TokenRefused(Reason.OVERSIZED)
        received = self._connection.receive(min(len(view), self._left))
        self._left -= len(received)
        view[: len(received)] = received
        return len(received)
