"""Every function behind an address on loopback, as API Gateway would have them: for browsers and other programs."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.support.gateway import Context, function, proxy_event
from tests.support.routes import routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@cache
def _templates() -> list[tuple[re.Pattern[str], str, str, str]]:
    """A pattern, the stage, the template and the function of every path, those with more words of their own first."""
    found = {(route.dialect.stage, route.resource): route.function for route in routes()}
    by_words = sorted(found, key=lambda one: (one[1].count("{"), -len(one[1])))
    return [(_pattern(stage, resource), stage, resource, found[stage, resource]) for stage, resource in by_words]


def _pattern(stage: str, resource: str) -> re.Pattern[str]:
    spelled = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", resource)
    return re.compile(f"/{stage}" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", spelled))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """Invoke the function of the path, and send what it says."""
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = next((it for it in _templates() if it[0].fullmatch(url.path)), None)
        if found is None:
            self.send_error(404)
            return
        pattern, stage, resource, name = found
        match = pattern.fullmatch(url.path)
        assert match
        values = {
            f"{word}+" if f"{{{word}+}}" in resource else word: unquote(it) for word, it in match.groupdict().items()
        }
        event = proxy_event(
            self.command,
            resource,
            path=values,
            query={},
            headers={word.lower(): value for word, value in self.headers.items()},
            body=body or None,
            stage=stage,
            as_base64=True,
        )
        event["pathParameters"] = {word.rstrip("+"): value for word, value in values.items()} or None
        query: dict[str, list[str]] = {}
        for word, value in parse_qsl(url.query, keep_blank_values=True):
            query.setdefault(word, []).append(value)
        event["multiValueQueryStringParameters"] = query or None
        said: dict[str, Any] = function(name)(event, Context())
        content = said["body"].encode()
        self.send_response(said["statusCode"])
        for header, several in said["multiValueHeaders"].items():
            for value in several:
                self.send_header(header, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """The handler of a method: every method of a path goes to its function, as the gateway's ANY does."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[str]:
    """The origin of all APIs, until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
