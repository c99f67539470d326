"""One bounded HTTP exchange at a time: a total deadline, a size cap, no redirects, nothing from the environment.

A timeout of `requests` begins again with every byte, so `_Watchdog` ends the socket when the time is over. The one
thing that it cannot end is the resolver of the system, which has limits of its own.

The session that is made here ignores the environment: a proxy or a .netrc of the host must not decide where an API key
goes, and certificates are checked against certifi's list, the same wherever it runs. Functions in AWS reach the
internet directly; whoever needs a proxy passes a session.
"""

from __future__ import annotations

import logging
import socket
import time
from contextlib import closing, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any, Final, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

#: one attempt to reach one of a name's addresses, in seconds
CONNECT_SECONDS: Final = 3.0
#: how much of a body is read at a time, in bytes
PIECE: Final = 64 * 1024

# an address can stand in the path of a URL, and urllib3 logs URLs, some of them as warnings
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class NoAnswer(Exception):
    """There is no answer to go by; `str()` is a sentence of ours."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Upstream:
    """The HTTP side of an account: one exchange at a time, bounded in time and size."""

    def __init__(
        self,
        base_url: str,
        headers: dict[str, str],
        session: requests.Session,
        *,
        seconds: float,
        stopwatch: Callable[[], float],
    ) -> None:
        self.base_url = base_url
        self.session = session
        self.stopwatch = stopwatch
        self._headers = headers
        self._seconds = seconds

    def exchange(
        self,
        method: str,
        path: str,
        *,
        cap: int,
        within: float | None = None,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """One request and its answer, whole or not at all.

        Args:
            method: GET or DELETE.
            path: from "/v3" on, escaped.
            cap: the most bytes that the answer's body may have.
            within: seconds, if less than an exchange may take anyhow are left.
            query: parameters, not yet encoded.
            body: JSON.

        Raises:
            NoAnswer: not in time, not complete, too large, or the connection failed.
        """
        seconds = self._seconds if within is None else min(self._seconds, within)
        ends = self.stopwatch() + seconds
        with _Watchdog(seconds) as watchdog:
            try:
                with closing(
                    self.session.request(
                        method,
                        self.base_url + path,
                        params=query,
                        data=body,
                        headers=self._headers | ({"Content-Type": "application/json"} if body else {}),
                        timeout=(min(CONNECT_SECONDS, seconds), seconds),
                        allow_redirects=False,
                        stream=True,
                    )
                ) as response:
                    read = self._read(response, cap=cap, ends=ends)
            except (requests.RequestException, HTTPError, OSError, ValueError):
                # their texts hold URLs, and with them addresses
                late = watchdog.bit or self.stopwatch() >= ends
                raise NoAnswer("no answer in time" if late else "the connection failed") from None
        # a body without a length ends where the connection does, even when it was the watchdog that ended it
        if watchdog.bit:
            raise NoAnswer("no answer in time")
        return Reply(response.status_code, response.headers, read)

    def _read(self, response: requests.Response, *, cap: int, ends: float) -> bytes:
        """The body as it came over the wire, never unpacked.

        Raises:
            NoAnswer: it is larger than `cap` bytes, or `ends` has passed.
        """
        read = bytearray()
        while piece := response.raw.read1(PIECE, decode_content=False):
            read += piece
            if len(read) > cap:
                raise NoAnswer("the answer was too large")
            if self.stopwatch() >= ends:
                raise NoAnswer("no answer in time")
        return bytes(read)


class _Watchdog:
    """Ends a connection when its time is over, however busily its other end is sending.

    Shutting a socket down from another thread wakes whoever reads from it; closing it would not.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._timer = Timer(seconds, self._bite)
        self._timer.daemon = True
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self.bit = False

    def __enter__(self) -> Self:
        self._token = _ON_DUTY.set(self)
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _ON_DUTY.reset(self._token)
        with self._lock:
            # the connection may serve the next exchange, which has a watchdog of its own
            self._socket = None

    def watch(self, connected: socket.socket | None) -> None:
        """Take charge of a socket; raises TimeoutError when the time is over already."""
        with self._lock:
            if self.bit:
                raise TimeoutError
            self._socket = connected

    def remaining(self) -> float:
        """The seconds that are left; raises TimeoutError when none are."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _bite(self) -> None:
        with self._lock:
            self.bit = True
            if self._socket is not None:
                with suppress(OSError):
                    # the plain socket's method: TLS must not say goodbye in the middle of another thread's read
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


#: the watchdog of the exchange that this thread is in
_ON_DUTY: ContextVar[_Watchdog] = ContextVar("_ON_DUTY")


class _Line(HTTPConnection):
    """A connection that hands its socket to the watchdog."""

    def _new_conn(self) -> socket.socket:
        """Connect to the first of the name's addresses that answers.

        In urllib3 each address has the whole timeout; here all of them share what is left.
        """
        watchdog = _ON_DUTY.get()
        problem: OSError = TimeoutError()
        for family, kind, protocol, _, where in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            reached = socket.socket(family, kind, protocol)
            try:
                reached.settimeout(min(CONNECT_SECONDS, watchdog.remaining()))
                reached.connect(where)
                reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                reached.close()
                problem = error
            else:
                return reached
        raise problem

    def connect(self) -> None:
        super().connect()
        _ON_DUTY.get().watch(self.sock)

    def request(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - urllib3's own
        if self.sock is not None:
            _ON_DUTY.get().watch(self.sock)
        super().request(*arguments, **options)


class _TlsLine(_Line, HTTPSConnection):
    """The same under TLS; its handshake is bounded by the timeout of the socket."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Line


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsLine


class _Adapter(HTTPAdapter):
    """Makes connections that can be ended, and never asks twice: whether to try again is the job's decision."""

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT001, FBT002 - the signature is theirs
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Session(requests.Session):
    """A session that knows no redirects.

    Told not to follow one, `requests` still prepares the next request for whoever may want it, and for that reads the
    whole body of the redirect, whatever its size.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the signature is theirs
        return None


def session() -> requests.Session:
    """Make a session that keeps connections and nothing else, and takes nothing from the environment."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_connections=1, pool_maxsize=1)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
