"""Signing in at an identity provider in Chromium: it is led there and back under the policy of the pages."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest

from reprieve.clock import Millis
from reprieve.runtime import wiring
from tests.support.browser import walk
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.identity_provider import URL, WANTED, Provider
from tests.support.loopback import served
from tests.support.oauth import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import Clock

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("demo")]


@contextmanager
def page_of(provider: Provider, origin: str) -> Iterator[str]:
    """The identity provider's page, at another site than the console: it leads back to an origin as Bob."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = urlencode(provider.authorize(f"{URL}/v1/authorize?{urlsplit(self.path).query}", "bob"))
            body = f'<title>In</title><a id="back" href="{origin}/console/oidc?{query}">Back</a>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_address[1]}/authorize"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
def test_a_person_is_led_to_the_identity_provider_and_back_to_the_page_that_was_wanted(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, script: bool
) -> None:
    provider, vault = Provider(lambda: Millis(clock.now)), Vault()
    monkeypatch.setattr(provider, "may_call", lambda _: True)
    monkeypatch.setattr(wiring, "identity_providers", lambda _port=None: provider)
    monkeypatch.setattr(wiring, "vault", lambda: vault)
    with served() as origin, page_of(provider, origin) as url:
        wanted = replace(WANTED, endpoints={"authorization_url": url})
        wiring.sign_in_settings(lambda _: None).set(context(DEMO, now=clock.now), wanted)
        steps: list[list[object]] = [
            ["goto", "/console/removals"],
            ["type", "#organization", "demo"],
            ["press", "Enter"],
            ["wait", "#back"],
            ["click", "#back"],
            ["wait", ".viewer"],
            ["path"],
            ["text", ".viewer p"],
            ["cookies"],
        ]
        *_, path, viewer, cookies = walk(origin, steps, script=script)
    assert path == "/console/removals"
    assert " ".join(viewer.split()) == "Demo bob, admin"
    assert [(one["name"], one["httpOnly"], one["sameSite"]) for one in cookies] == [("__Host-session", True, "Lax")]
