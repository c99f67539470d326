"""What an event hook is posted: log entries of its types in Okta's envelope, twice at most, without delay of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from okta.models import LogEvent

from reprieve.clock import DAY, HOUR, MINUTE
from reprieve.net.guard import HostPolicy
from reprieve.net.post import HookPoster
from reprieve.runtime import wiring
from tests.functions.hooks.test_hook_receivers import HOSTILE
from tests.support import upstream
from tests.support.contexts import context
from tests.support.event_hooks import CHALLENGE, VALUE, Endpoint, lifecycle, made, verified
from tests.support.gateway import DEMO
from tests.support.hooks import NOW, ONE, SETTLED, ask, bounced, logged, run
from tests.support.hooks import made as made_ours

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("settings")

NOTHING = {"delivered": 0, "waiting": 0, "given_up": 0, "hooks": 1, "failing": [], "finished": True}


def deliveries(call: Gateway, identifier: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(call, "GET", f"{ONE}/deliveries", identifier=identifier).body["deliveries"]
    return [{name: one[name] for name in ("type", "attempt", "result", "status", "problem")} for one in found]


def test_an_entry_is_posted_in_oktas_envelope_with_the_hooks_headers(
    call: Gateway, receiver: Endpoint, clock: Clock, calls: Calls
) -> None:
    identifier = verified(call, receiver.url)
    bounced("Ann@x.org")
    wiring.holds().add(context(DEMO, credential="c", request_id="r", now=clock.now), "b@x.org", reason="asked")
    clock.now += SETTLED
    calls.clear()
    assert run() == {**NOTHING, "delivered": 1}
    assert calls == {"Query": 2, "BatchGetItem": 1, "GetItem": 1, "BatchExecuteStatement": 1, "UpdateItem": 1}
    (post,) = receiver.posts
    (event,) = post.json["data"]["events"]
    assert post.json == {
        "eventType": "com.okta.event_hook",
        "eventTypeVersion": "1.0",
        "cloudEventsVersion": "0.1",
        "source": f"https://reprieve.example.com/api/v1/eventHooks/{identifier}",
        "eventId": event["uuid"],
        "eventTime": "2025-12-31T23:59:59.000Z",
        "contentType": "application/json",
        "data": {"events": [event]},
    }
    assert (event["eventType"], event["target"][0]["id"]) == ("system.email.delivery", "Ann@x.org")
    assert LogEvent.from_dict(event).uuid == event["uuid"]
    sent = {name: post.headers[name] for name in ("authorization", "x-source", "accept", "content-type")}
    json_ = "application/json"
    assert sent == {"authorization": VALUE, "x-source": "reprieve", "accept": json_, "content-type": json_}
    assert CHALLENGE not in post.headers
    line = {"type": "system.email.delivery", "attempt": 1, "result": "delivered", "status": 204, "problem": None}
    assert deliveries(call, identifier) == [line]
    clock.now += SETTLED
    assert run() == NOTHING


def test_one_that_is_not_verified_hears_of_nothing_and_of_everything_once_it_is(
    call: Gateway, receiver: Endpoint, clock: Clock
) -> None:
    identifier = made(call, receiver.url)
    bounced("a@x.org")
    clock.now += SETTLED
    assert run() == {**NOTHING, "hooks": 0}
    assert receiver.seen == []
    lifecycle(call, identifier, "verify")
    assert run() == {**NOTHING, "delivered": 1}
    lifecycle(call, identifier, "deactivate")
    bounced("b@x.org", at=clock.now)
    clock.now += SETTLED
    assert run() == {**NOTHING, "hooks": 0}
    lifecycle(call, identifier, "activate")
    assert run() == {**NOTHING, "delivered": 1}


def test_after_a_5xx_it_is_posted_once_more_the_same_bytes_and_then_given_up(
    call: Gateway, receiver: Endpoint, clock: Clock
) -> None:
    identifier = verified(call, receiver.url)
    receiver.trouble += [upstream.status(500), upstream.status(503)]
    bounced("a@x.org")
    clock.now += SETTLED
    assert run()["waiting"] == 1
    clock.now += MINUTE
    assert run()["given_up"] == 1
    first, second = receiver.posts
    assert first.body == second.body
    one = {"type": "system.email.delivery"}
    assert deliveries(call, identifier) == [
        {**one, "attempt": 2, "result": "given_up", "status": 503, "problem": "the server answered 503"},
        {**one, "attempt": 1, "result": "waiting", "status": 500, "problem": "the server answered 500"},
    ]
    clock.now += DAY
    run()
    assert len(receiver.posts) == 2
    ask(call, "POST", f"{ONE}/replay", {"since": "2025-12-31"}, identifier)
    run()
    assert receiver.posts[2].body == first.body


@pytest.mark.parametrize("status", [302, 400, 404, 429])
def test_any_other_refusal_is_final(call: Gateway, receiver: Endpoint, clock: Clock, status: int) -> None:
    identifier = verified(call, receiver.url)
    receiver.trouble.append(upstream.status(status, Location="http://169.254.169.254/"))
    bounced("a@x.org")
    clock.now += SETTLED
    assert run()["given_up"] == 1
    clock.now += DAY
    run()
    assert len(receiver.posts) == 1
    assert ask(call, "GET", ONE, identifier=identifier).body["waiting"] == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_endpoint_delays_no_other_and_what_comes_meanwhile_waits_in_the_log(
    call: Gateway, receiver: Endpoint, clock: Clock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    trouble, said = HOSTILE[name]
    hostile, good = verified(call, f"{receiver.url}/hostile"), verified(call, f"{receiver.url}/good")
    ours, _ = made_ours(call, f"{receiver.url}/ours")
    policy = HostPolicy(ports=(int(receiver.url.rpartition(":")[2]),), private_networks=("127.0.0.0/8",))
    monkeypatch.setattr(wiring, "hook_poster", lambda: HookPoster(policy, limit=0.4))

    def by_path(handler: upstream.Handler) -> None:
        if handler.request_seen.path == ["hostile"]:
            trouble(handler)
        else:
            handler.answer(*handler.work())

    receiver.always = by_path
    bounced("a@x.org")
    clock.now += SETTLED
    found = run()
    assert (found["delivered"], found["failing"]) == (2, [f"demo/{hostile}"])
    assert deliveries(call, hostile)[0]["problem"] in said
    for _ in range(3):
        clock.now += 2 * MINUTE
        run()
    assert len([one for one in receiver.posts if one.path == ["hostile"]]) <= 2
    bounced("b@x.org", at=clock.now)
    receiver.always = None
    clock.now += HOUR
    run()
    heard = [one.json["data"]["events"][0]["target"][0]["id"] for one in receiver.posts if one.path == ["hostile"]]
    assert "b@x.org" in heard
    for one in (good, ours):
        assert [line["result"] for line in deliveries(call, one)] == ["delivered"] * 2


def test_a_post_to_an_event_hook_has_three_seconds(
    call: Gateway, receiver: Endpoint, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified(call, receiver.url)
    limits: list[float] = []
    real = HookPoster.post

    def noting(poster: HookPoster, *asked: Any, seconds: float | None = None) -> Any:
        limits.append(seconds or poster.limit)
        return real(poster, *asked, seconds=seconds)

    monkeypatch.setattr(HookPoster, "post", noting)
    bounced("a@x.org")
    clock.now += SETTLED
    run()
    assert limits == [3.0]


def test_three_days_without_a_2xx_make_it_inactive_with_an_entry(
    call: Gateway, receiver: Endpoint, clock: Clock
) -> None:
    identifier = verified(call, receiver.url)
    receiver.always = upstream.status(500)
    for day in range(5):
        bounced(f"{day}@x.org", at=NOW + day * DAY)
        clock.now += SETTLED
        run()
        clock.now += DAY
    assert ask(call, "GET", ONE, identifier=identifier).body["disabled_reason"] == "it has taken nothing for three days"
    assert ("reprieve.hook.disable", identifier) in logged()
