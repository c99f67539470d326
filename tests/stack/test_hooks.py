"""On the local stack: a posted bounce, and a hold, arrive at a real receiver, whose verifier accepts them."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from local.deploy import client, function_names
from tests.stack.test_other_providers import resend
from tests.support.webhook_posts import RESEND_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.place import Place

    Command = Callable[..., str]

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SECONDS = 120
#: those that the local stack's `TokenPorts` allows
PORTS = (8098, 8099)
ORGANIZATION = "hooks"
EMAIL = "hooked@example.com"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    posts: list[tuple[dict[str, str], bytes]]


@contextmanager
def receiver() -> Iterator[Server]:
    for port in PORTS:
        try:
            server = Server(("127.0.0.1", port), Receiver)
        except OSError:
            continue
        server.posts = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
        return
    pytest.fail(f"none of the ports {PORTS} is free")


def test_a_bounce_and_a_hold_arrive_at_a_receiver(place: Place, stack: dict[str, Any], reprieve: Command) -> None:
    run, lamb = function_names(place)["HookDeliveryFunction"], client(place, "lambda")
    reprieve("organizations", "create", ORGANIZATION, "--membership", "anyone")
    account = ("--kind", "resend", "--key-stdin", "--webhook-key", "-")
    reprieve("providers", "set", ORGANIZATION, *account, stdin=f"api-key\n{RESEND_SECRET}\n")
    with receiver() as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/reprieve"
        made = json.loads(reprieve("hooks", "add", ORGANIZATION, url, "--json"))
        assert reprieve("hooks", "test", ORGANIZATION, made["id"]).strip() == "taken, with the status 204"

        def arrives(kind: str) -> dict[str, Any]:
            """The first notice of a type, verified; the schedule posts it, and so does the run that is asked for."""
            deadline = time.monotonic() + SECONDS
            while time.monotonic() < deadline:
                for headers, body in server.posts:
                    notice: dict[str, Any] = Webhook(made["secret"]).verify(body, headers)
                    if notice["type"] == kind:
                        return notice
                answer = lamb.invoke(FunctionName=run)
                assert "FunctionError" not in answer, answer["Payload"].read()
                time.sleep(2)
            pytest.fail(f"no {kind} within {SECONDS} s")

        body, headers = resend(EMAIL)
        events = f"{stack['reprieve']['base_url']}/reprieve/events/resend/{ORGANIZATION}"
        sent = {"Content-Type": "application/json", **headers}
        assert requests.post(events, data=body, headers=sent, timeout=60).json()["listed"] == 1
        suppressed = arrives("address.suppressed")
        assert (suppressed["data"]["emails"], suppressed["data"]["list"]) == ([EMAIL], "bounces")
        reprieve("holds", "add", ORGANIZATION, "held@example.com", "--reason", "asked")
        assert arrives("address.held")["data"]["reason"] == "asked"
        lines = json.loads(reprieve("hooks", "deliveries", ORGANIZATION, made["id"], "--json"))
        assert suppressed["id"] in [line["notice"] for line in lines if line["result"] == "delivered"]
