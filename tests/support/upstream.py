"""A provider's API on loopback: real HTTP, faults on demand, and what was asked.

A trouble is a function that takes the handler of one request and answers it, or does not. The next one in line meets
the next request, before anything is done; `after_effect` lets the request do its work first. None lets it pass.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    Trouble = Callable[["Handler"], None]


@dataclass(frozen=True)
class Seen:
    """One request as it arrived.

    Attributes:
        target: the raw request target, as on the wire.
        port: the client's, so that a test can distinguish connections.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    port: int

    @property
    def path(self) -> list[str]:
        """The segments of the path, unescaped exactly once; a plus sign stays one."""
        return [unquote(piece) for piece in urlsplit(self.target).path.strip("/").split("/")]

    @property
    def query(self) -> dict[str, str]:
        """The parameters, the first of each name."""
        found = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[0] for name, values in found.items()}

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class Upstream(ABC):
    """The server; one instance is one provider with any number of accounts.

    Attributes:
        trouble: what meets the next requests, one each.
        always: trouble that meets every request.
        seen: every request.
    """

    trouble: deque[Trouble | None] = field(default_factory=deque)
    always: Trouble | None = None
    seen: list[Seen] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def handler(self) -> type[Handler]:
        """What handles a connection."""
        return Handler

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), self.handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @abstractmethod
    def work(self, request: Seen) -> tuple[int, Any]:
        """The status and the body with which the provider answers."""

    @abstractmethod
    def refusal(self, status: int, message: str) -> Any:
        """The provider's body of an error."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    fake: Upstream

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up, because tests do so on purpose."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    #: headers and body are two writes, and the second must not wait for the first one's acknowledgement
    disable_nagle_algorithm = True
    server: _Server
    request_seen: Seen

    def log_message(self, *_: object) -> None:
        pass

    def handle_method(self) -> None:
        fake = self.server.fake
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.request_seen = Seen(self.command, self.path, headers, body, self.client_address[1])
        fake.seen.append(self.request_seen)
        trouble = fake.trouble.popleft() if fake.trouble else fake.always
        if trouble is not None:
            trouble(self)
        else:
            self.answer(*self.work())

    do_GET = do_DELETE = do_POST = handle_method  # noqa: N815

    def work(self) -> tuple[int, Any]:
        return self.server.fake.work(self.request_seen)

    def answer(self, status: int, payload: Any, headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(payload).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


# ---- trouble


def status(code: int, **headers: str) -> Trouble:
    """An error in the provider's form, with text that must not leak; header names with underscores for hyphens."""
    return lambda handler: handler.answer(
        code,
        handler.server.fake.refusal(code, "boo@example.org canary"),
        {name.replace("_", "-"): value for name, value in headers.items()},
    )


def raw(*pieces: bytes, every: float = 0.0, forever: bool = False) -> Trouble:
    """Send raw bytes piece by piece, then close the connection; or repeat the last piece forever."""

    def send(handler: Handler) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)
            time.sleep(every)
        while forever and not handler.server.fake.stopping.is_set():
            handler.wfile.write(pieces[-1])
            time.sleep(every)

    return send


def silence(handler: Handler) -> None:
    """Send no answer."""
    handler.server.fake.stopping.wait(30)
    handler.close_connection = True


def foreign(code: int) -> Trouble:
    """An answer of something else than the provider."""
    return raw(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno" % code)


def reset(handler: Handler) -> None:
    """Reset the connection: a RST instead of an answer."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def after_effect(trouble: Trouble) -> Trouble:
    """Execute the request, and lose the answer."""

    def work_first(handler: Handler) -> None:
        handler.work()
        trouble(handler)

    return work_first
