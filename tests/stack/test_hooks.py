"""On the local stack: a bounce, a hold and what a policy says arrive at a receiver, whose verifier accepts them, and on
the event bus.
"""

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
from reprieve.clock import DAY, SECOND, Millis, now, timestamp
from tests.stack.test_event_bus import BUS, Queue
from tests.stack.test_other_providers import resend
from tests.support.webhook_posts import RESEND_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.place import Place

    Command = Callable[..., str]

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SECONDS = 120
#: those that the local stack's `TokenPorts` allows
PORTS = (8098, 8099)
ORGANIZATION = "hooks"
EMAIL = "hooked@example.com"
#: one that failed so long ago that its hold ends within half a day
EXPIRING = "expiring@elsewhere.example"
RULES = [
    {"name": "partners", "then": "notify", "when": {"domains": ["example.com"]}},
    {"name": "week", "then": "hold", "hold_days": [7]},
]


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
def receiver(handler: type[Receiver] = Receiver) -> Iterator[Server]:
    for port in PORTS:
        try:
            server = Server(("127.0.0.1", port), handler)
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


def test_a_bounce_a_hold_and_what_a_policy_says_arrive_at_a_receiver_and_on_the_event_bus(
    place: Place, stack: dict[str, Any], reprieve: Command, tmp_path: Path
) -> None:
    names, lamb = function_names(place), client(place, "lambda")
    run = names["HookDeliveryFunction"]
    reprieve("organizations", "create", ORGANIZATION, "--membership", "anyone")
    account = ("--kind", "resend", "--key-stdin", "--webhook-key", "-")
    reprieve("providers", "set", ORGANIZATION, *account, stdin=f"api-key\n{RESEND_SECRET}\n")
    with receiver() as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/reprieve"
        made = json.loads(reprieve("hooks", "add", ORGANIZATION, url, "--json"))
        assert reprieve("hooks", "test", ORGANIZATION, made["id"]).strip() == "taken, with the status 204"
        queue = Queue(place, ORGANIZATION)
        reprieve("hooks", "add", ORGANIZATION, BUS)

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
        failed = int((now() - 6.5 * DAY) // SECOND)
        rows = f"email,created,permanence\n{EXPIRING},{failed},hard\n"
        reprieve("lists", "import", ORGANIZATION, "bounces", "-", stdin=rows)
        rules = tmp_path / "rules.json"
        rules.write_text(json.dumps(RULES))
        reprieve("policies", "set", ORGANIZATION, str(rules))
        reprieve("policies", "enable", ORGANIZATION)
        answer = json.load(lamb.invoke(FunctionName=names["UpkeepFunction"], Payload=b'{"policies": true}')["Payload"])
        assert (answer["faults"], answer["finished"]) == ([], True)
        suppressed = arrives("address.suppressed")
        assert (suppressed["data"]["emails"], suppressed["data"]["list"]) == ([EMAIL], "bounces")
        reprieve("holds", "add", ORGANIZATION, "held@example.com", "--reason", "asked")
        assert arrives("address.held")["data"]["reason"] == "asked"
        matched = arrives("policy.matched")
        data = matched["data"]
        assert (data["emails"], data["list"], data["rule"]) == ([EMAIL], "bounces", "partners")
        expiring = arrives("address.expiring")["data"]
        assert (expiring["emails"], expiring["rule"]) == ([EXPIRING], "week")
        assert expiring["until"] == timestamp(Millis(failed * SECOND + 7 * DAY))
        lines = json.loads(reprieve("hooks", "deliveries", ORGANIZATION, made["id"], "--json"))
        assert suppressed["id"] in [line["notice"] for line in lines if line["result"] == "delivered"]
        assert queue.details(suppressed["id"], matched["id"]) == [suppressed, matched]
