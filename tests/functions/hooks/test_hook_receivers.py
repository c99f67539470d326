"""What a receiver does, and what becomes of its hook: refusals, hostile answers, and private networks."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import HOUR, MINUTE
from reprieve.net import connection
from reprieve.net.guard import HostPolicy
from reprieve.net.post import HookPoster
from reprieve.runtime import wiring
from tests.support import upstream
from tests.support.hooks import ONE, SETTLED, Receiver, ask, bounced, logged, made, run

if TYPE_CHECKING:
    from tests.support.gateway import Clock, Gateway

pytestmark = pytest.mark.usefixtures("settings")

REDIRECT = "http://169.254.169.254/latest/meta-data/iam"
OVERSIZED, LATE = "the server sent more than is accepted", "the server took longer than the time allowed"
GARBLED = "the server's answer does not follow its protocol"
#: by what a receiver does, the problems that it may have
HOSTILE = {
    "a redirect to the metadata address": (upstream.status(302, Location=REDIRECT), ("the server answered 302",)),
    "an answer of ten megabytes": (
        upstream.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", *[b"x" * 100_000] * 100),
        (OVERSIZED,),
    ),
    "an endless header": (
        upstream.raw(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n", forever=True),
        # the cap of the whole, or the parser's of lines
        (OVERSIZED, GARBLED),
    ),
    "no HTTP": (upstream.raw(b"nonsense\r\n\r\n"), (GARBLED,)),
    "a reset": (upstream.reset, ("the server could not be reached, or hung up",)),
    "silence": (upstream.silence, (LATE,)),
    "a drip": (
        upstream.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", every=0.05, forever=True),
        (LATE,),
    ),
}


def test_410_disables_a_hook_with_the_reason(call: Gateway, receiver: Receiver, clock: Clock) -> None:
    identifier, _ = made(call, receiver.url)
    receiver.trouble.append(upstream.status(410))
    bounced("a@x.org")
    clock.now += SETTLED
    run()
    found = ask(call, "GET", ONE, identifier=identifier).body
    assert (found["enabled"], found["disabled_reason"]) == (False, "it answered 410 Gone")
    assert ("reprieve.hook.disable", identifier) in logged()
    ask(call, "PATCH", ONE, {"enabled": True}, identifier)
    run()
    assert receiver.ids[0] == receiver.ids[1]
    assert ask(call, "GET", ONE, identifier=identifier).body["disabled_reason"] is None


def test_429_with_retry_after_leaves_the_hook_alone_for_as_long(
    call: Gateway, receiver: Receiver, clock: Clock
) -> None:
    made(call, receiver.url)
    receiver.trouble.append(upstream.status(429, Retry_After="1800"))
    bounced("a@x.org")
    clock.now += SETTLED
    run()
    clock.now += 29 * MINUTE
    run()
    assert len(receiver.seen) == 1
    clock.now += 2 * MINUTE
    run()
    assert len(receiver.seen) == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_receiver_is_tried_again_and_another_hook_hears_at_once(
    call: Gateway, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    trouble, said = HOSTILE[name]
    policy = HostPolicy(ports=(int(receiver.url.rpartition(":")[2]),), private_networks=("127.0.0.0/8",))
    monkeypatch.setattr(wiring, "hook_poster", lambda: HookPoster(policy, limit=0.4))
    identifier, _ = made(call, f"{receiver.url}/hostile")
    other, _ = made(call, f"{receiver.url}/other")

    def by_path(handler: upstream.Handler) -> None:
        if handler.request_seen.path == ["hostile"]:
            trouble(handler)
        else:
            handler.answer(*handler.work())

    receiver.always = by_path
    bounced("a@x.org")
    clock.now += SETTLED
    failing = [f"demo/{identifier}"]
    assert run() == {"delivered": 1, "waiting": 1, "given_up": 0, "hooks": 2, "failing": failing, "finished": True}
    (line,) = ask(call, "GET", f"{ONE}/deliveries", identifier=identifier).body["deliveries"]
    assert (line["result"], line["problem"] in said) == ("waiting", True)
    assert ask(call, "GET", ONE, identifier=other).body["waiting"] == 0
    receiver.always = None
    clock.now += HOUR
    run()
    assert len([one for one in receiver.seen if one.path == ["hostile"]]) == 2
    assert ask(call, "GET", ONE, identifier=identifier).body["waiting"] == 0


def test_a_name_that_leads_into_a_private_network_is_not_connected_to(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(connection.socket, "getaddrinfo", lambda *_, **__: inside)
    identifier, _ = made(call)
    assert ask(call, "POST", f"{ONE}/test", identifier=identifier).body == {
        "delivered": False,
        "status": None,
        "problem": "this host and port are not among those that may be connected to",
    }
