"""A relay between an unmodified client and the stack, for requests that no client sends: a wrong method, no credential.

with relay(stack["zoho"]["base_url"], method="GET") as base_url: ...
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

#: what belongs to one connection and not to the request
HOP = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}


@contextmanager
def relay(to: str, *, method: str = "POST", without: str = "") -> Iterator[str]:
    """Serve on loopback; forward every request to the same path at `to`, with this method and without one header."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {name: text for name, text in self.headers.items() if name.lower() not in HOP | {without.lower()}}
            answer = requests.request(method, to + self.path, data=body, headers=kept, timeout=30)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
