"""One bounded HTTP exchange at a time: a total deadline, a size cap, no redirects, nothing from the environment.

`requests` and urllib3 speak HTTP; the connection below them is ours. Their own timeouts start again with every byte,
and they read headers and interim answers without a cap. Here every use of the socket gets what is left of one deadline,
and one cap is over the whole answer, headers included.

A proxy or a .netrc of the host must not decide where a key goes, so the environment is ignored.
"""

from __future__ import annotations

import io
import logging
import ssl
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from reprieve.net.connection import unguarded
from reprieve.net.errors import NetError, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from _typeshed import ReadableBuffer, WriteableBuffer

    from reprieve.net.connection import Connect, Connection
    from reprieve.net.deadline import Deadline

#: how much of a body is read at a time, in bytes
_PIECE: Final = 64 * 1024

# an address can be part of a URL's path, and urllib3 logs URLs, some of them as warnings
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


@cache
def public_authorities() -> ssl.SSLContext:
    """The TLS context for TLS 1.2 and above that trusts certifi's list, which is the same on every machine."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    # otherwise the machine's OpenSSL decides, and Debian's Python allows older ones
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Args:
        status: the HTTP status.
        headers: by name, in any letter case.
        body: as it came over the wire, never unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Client:
    """HTTP with one server, over a connection that is kept from one exchange to the next. For one thread at a time.

    Args:
        headers: of every request.
        connect: opens the connections; `guarded(policy)` where a user chose the host.
        authorities: makes the TLS context of a new connection; it must verify.
    """

    def __init__(
        self,
        headers: Mapping[str, str],
        *,
        connect: Connect = unguarded,
        authorities: Callable[[], ssl.SSLContext] = public_authorities,
    ) -> None:
        self.connect = connect
        self.authorities = authorities
        self.session = _Session()
        self.session.trust_env = False
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.headers.clear()
        # a compressed body could be small on the wire and huge in memory
        self.session.headers.update({"User-Agent": "reprieve", "Accept-Encoding": "identity", **headers})
        adapter = _Adapter(pool_connections=1, pool_maxsize=1)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)

    def exchange(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        cap: int,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send one request and read its answer, whole or not at all. A redirect is an answer like any other.

        Args:
            method: GET, POST or DELETE.
            url: http or https, escaped.
            deadline: for everything: the lookup, the connection, TLS, the request and the answer's last byte.
            cap: the maximum size of the answer, headers included, in bytes.
            query: parameters, not encoded yet.
            headers: of this request only.
            body: sent as it is.

        Raises:
            NetError: no such host, not reached, not encrypted, not in time, not HTTP, not complete, or more than
                `cap` bytes.
        """
        terms = _TERMS.set(_Terms(self.connect, self.authorities, deadline, cap))
        try:
            seconds = deadline.remaining()
            with closing(
                self.session.request(
                    method,
                    url,
                    params=query,
                    data=body,
                    headers=headers,
                    timeout=(seconds, seconds),
                    allow_redirects=False,
                    stream=True,
                )
            ) as response:
                pieces = iter(lambda: response.raw.read1(_PIECE, decode_content=False), b"")
                return Answer(response.status_code, response.headers, b"".join(pieces))
        except NetError as error:
            failure = NetError(error.trouble)
        except requests.exceptions.InvalidURL:  # its host is not valid
            failure = NetError(Trouble.HOST_REFUSED)
        except (requests.RequestException, HTTPError, ValueError):
            failure = NetError(Trouble.GARBLED)
        finally:
            _TERMS.reset(terms)
        # raised out here, so that no error with a URL or with the server's words hangs on it
        raise failure

    def close(self) -> None:
        """Close the connection that is kept; the client can still be used."""
        self.session.close()


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms that the connections of one exchange are bound to."""

    connect: Connect
    authorities: Callable[[], ssl.SSLContext]
    deadline: Deadline
    cap: int


#: the terms of the exchange that this thread is carrying out
_TERMS: ContextVar[_Terms] = ContextVar("_TERMS")


class _Socket:
    """The part of a socket that urllib3 and `http.client` use, over a connection with a deadline."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sendall(self, data: ReadableBuffer) -> None:
        # every exchange begins here, also on a connection that is kept from an earlier one
        self._connection.deadline = _TERMS.get().deadline
        self._connection.send(bytes(data))

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Bytes(self._connection, _TERMS.get().cap))

    def settimeout(self, _seconds: float | None) -> None:
        """Ignore it: the deadline applies."""

    def fileno(self) -> int:
        return self._connection.fileno()

    def close(self) -> None:
        self._connection.close()


class _Bytes(io.RawIOBase):
    """The bytes of one answer; more than `cap` are an error, and so is the end before the first."""

    def __init__(self, connection: Connection, cap: int) -> None:
        self._connection = connection
        # `http.client` closes the socket of an answer without a length before it reads that answer's body
        self._held = connection.hold()
        self._left = self._cap = cap

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if not self._left:
            raise NetError(Trouble.OVERSIZED)
        received = self._connection.receive(min(len(view), self._left))
        if not received and self._left == self._cap:
            raise NetError(Trouble.UNREACHABLE)
        self._left -= len(received)
        view[: len(received)] = received
        return len(received)

    def close(self) -> None:
        self._held.close()
        super().close()


class _Line(HTTPConnection):
    """A connection that is opened by the terms of the exchange."""

    def connect(self) -> None:
        self.sock: Any = _Socket(self.opened())

    def opened(self) -> Connection:
        terms = _TERMS.get()
        return terms.connect(self._dns_host, self.port, terms.deadline)


class _TlsLine(_Line, HTTPSConnection):
    """The same under TLS. What urllib3 knows of certificates is not used: the context is the client's alone."""

    def opened(self) -> Connection:
        connection = super().opened()
        try:
            connection.start_tls(_TERMS.get().authorities(), self.host)
        except NetError:
            connection.close()
            raise
        self.is_verified = True
        return connection


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Line


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsLine


class _Adapter(HTTPAdapter):
    """Uses our connections, and never asks twice: whether to try again is the caller's decision."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - the signature is theirs
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Session(requests.Session):
    """A session that does not handle redirects.

    Even with `allow_redirects=False`, `requests` prepares the next request: it takes the redirect's body, and refuses
    an answer whose Location it cannot parse.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the signature is theirs
        return None
