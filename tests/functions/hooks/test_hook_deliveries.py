"""Deliveries: an organization's own systems hear of every change, by Standard Webhooks, once more on request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from standardwebhooks.webhooks import Webhook

from reprieve.clock import DAY, HOUR, MINUTE
from reprieve.hooks.hook import DELIVERIES_KEPT
from reprieve.runtime import wiring
from reprieve.store.language import Update
from reprieve.suppressions.suppression import SuppressionList
from reprieve.system_log.span import LOG_RETENTION
from tests.support import upstream
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Gateway, Matching, problem
from tests.support.hooks import (
    NOON,
    NOW,
    ONE,
    OTHER,
    SECRET,
    SETTLED,
    Receiver,
    ask,
    bounced,
    logged,
    made,
    notice,
    refusal,
    run,
    shown,
)

if TYPE_CHECKING:
    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock

pytestmark = pytest.mark.usefixtures("settings")

ID_OF_REQUEST = Matching("[0-9a-f]{32}")


def test_without_hooks_a_run_is_one_query_and_writes_no_metrics(
    calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = {"delivered": 0, "waiting": 0, "given_up": 0, "hooks": 0, "failing": [], "finished": True}
    assert run() == nothing
    assert calls == {"Query": 1}
    assert "CloudWatchMetrics" not in capsys.readouterr().out


def test_a_bounce_is_posted_and_the_standards_verifier_accepts_it(
    call: Gateway, receiver: Receiver, clock: Clock, calls: Calls
) -> None:
    _, secret = made(call, receiver.url)
    bounced("Ann@x.org")
    clock.now += SETTLED
    calls.clear()
    assert run() == {"delivered": 1, "waiting": 0, "given_up": 0, "hooks": 1, "failing": [], "finished": True}
    # which hooks there are, and the log; hooks; the organization; the delivery; the progress
    assert calls == {"Query": 2, "BatchGetItem": 1, "GetItem": 1, "BatchExecuteStatement": 1, "UpdateItem": 1}
    (post,) = receiver.seen
    assert post.json == notice("Ann@x.org", post.headers["webhook-id"])
    moment = int(post.headers["webhook-timestamp"])
    assert moment == clock.now // 1000
    signed = Webhook(secret).sign(post.headers["webhook-id"], datetime.fromtimestamp(moment, UTC), post.body.decode())
    assert post.headers["webhook-signature"] == signed
    calls.clear()
    clock.now += SETTLED
    run()
    assert calls == {"Query": 2, "BatchGetItem": 1, "GetItem": 1}
    assert len(receiver.seen) == 1


def test_the_deliveries_are_listed_newest_first_page_by_page(call: Gateway, receiver: Receiver, clock: Clock) -> None:
    identifier, _ = made(call, receiver.url)
    receiver.trouble.append(upstream.status(500))
    bounced("a@x.org")
    clock.now += SETTLED
    run()
    clock.now += SETTLED
    run()
    line = {"notice": receiver.ids[0], "type": "address.suppressed"}
    first = ask(call, "GET", f"{ONE}/deliveries", identifier=identifier, query={"limit": "1"})
    assert first.body["deliveries"] == [
        {"at": "2026-01-01T00:02:00.002Z", **line, "attempt": 2, "result": "delivered", "status": 204, "problem": None}
    ]
    cursor = {"cursor": first.body["next"]}
    second = ask(call, "GET", f"{ONE}/deliveries", identifier=identifier, query=cursor)
    failed = {"attempt": 1, "result": "waiting", "status": 500, "problem": "the server answered 500"}
    assert second == Answer(200, {"deliveries": [{"at": "2026-01-01T00:01:00.001Z", **line, **failed}], "next": None})
    assert receiver.ids[0] == receiver.ids[1]
    another, _ = made(call)
    foreign = ask(call, "GET", f"{ONE}/deliveries", identifier=another, query=cursor)
    assert (foreign.status, foreign.body["field"]) == (400, "cursor")


def test_during_a_rotation_both_secrets_sign_and_afterwards_the_new_one(
    call: Gateway, receiver: Receiver, clock: Clock
) -> None:
    identifier, old = made(call, receiver.url)
    rotated = ask(call, "POST", f"{ONE}/rotate", {"keep_hours": 2}, identifier)
    assert rotated == Answer(
        200, shown(url=receiver.url, secret=SECRET, previous_secret_until="2026-01-01T02:00:00.000Z")
    )
    for wait, secrets in ((SETTLED, [rotated.body["secret"], old]), (2 * HOUR, [rotated.body["secret"]])):
        clock.now += wait
        bounced("a@x.org", at=clock.now)
        clock.now += SETTLED
        run()
        post = receiver.seen[-1]
        stamp = datetime.fromtimestamp(int(post.headers["webhook-timestamp"]), UTC)
        signed = [Webhook(one).sign(post.headers["webhook-id"], stamp, post.body.decode()) for one in secrets]
        assert post.headers["webhook-signature"].split() == signed


def test_a_test_posts_a_notice_of_its_own_and_returns_what_came_of_it(call: Gateway, receiver: Receiver) -> None:
    identifier, _ = made(call, receiver.url, enabled=False)
    assert ask(call, "POST", f"{ONE}/test", identifier=identifier) == Answer(
        200, {"delivered": True, "status": 204, "problem": None}
    )
    (post,) = receiver.seen
    assert post.json == {"type": "hook.test", "timestamp": NOON, "id": ID_OF_REQUEST, "data": {"hook": identifier}}
    receiver.trouble.append(upstream.status(404))
    assert ask(call, "POST", f"{ONE}/test", identifier=identifier).body == {
        "delivered": False,
        "status": 404,
        "problem": "the server answered 404",
    }


def test_a_replay_posts_the_changes_of_a_period_again_under_their_ids(
    call: Gateway, receiver: Receiver, clock: Clock
) -> None:
    identifier, _ = made(call, receiver.url)
    for number in range(3):
        bounced(f"{number}@x.org", at=clock.now)
        clock.now += SETTLED
    run()
    since, until = "2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"
    asked = ask(call, "POST", f"{ONE}/replay", {"since": since, "until": until}, identifier)
    assert asked == Answer(202, shown(url=receiver.url, replaying=True))
    twice = ask(call, "POST", f"{ONE}/replay", {"since": since}, identifier)
    assert twice == problem(409, "Conflict", "a replay of this hook is under way")
    clock.now += SETTLED
    run()
    assert receiver.ids[3:] == [receiver.ids[1]]
    assert ask(call, "GET", ONE, identifier=identifier).body["replaying"] is False
    assert ("reprieve.hook.replay", identifier) in logged()


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({}, "since", "Field required"),
        ({"since": "yesterday"}, "since", "must be a moment in ISO 8601"),
        ({"since": "2025-01-01"}, "since", "the system log is kept for 90 days"),
        ({"since": "2026-01-02"}, "since", "must be before the end, and in the past"),
        ({"since": "2025-12-31", "until": "2025-12-30"}, "since", "must be before the end, and in the past"),
    ],
)
def test_a_replay_of_no_period_is_refused(call: Gateway, body: object, field: str, detail: str) -> None:
    identifier, _ = made(call)
    assert ask(call, "POST", f"{ONE}/replay", body, identifier) == refusal(field, detail)


def test_a_hook_that_is_disabled_hears_nothing_and_goes_on_where_it_stopped(
    call: Gateway, receiver: Receiver, clock: Clock
) -> None:
    identifier, _ = made(call, receiver.url)
    ask(call, "PATCH", ONE, {"enabled": False}, identifier)
    bounced("a@x.org")
    clock.now += SETTLED
    assert run()["hooks"] == 0
    ask(call, "PATCH", ONE, {"enabled": True}, identifier)
    run()
    assert len(receiver.seen) == 1


def test_a_late_event_that_a_lift_has_forgiven_is_no_change(call: Gateway, receiver: Receiver, clock: Clock) -> None:
    made(call, receiver.url, types=["address.suppressed"])
    bounced("a@x.org")
    clock.now += 2 * MINUTE
    by = context(DEMO, credential="c", request_id="r", now=clock.now)
    wiring.lists().lift(by, SuppressionList.BOUNCES, "a@x.org")
    clock.now += SETTLED
    bounced("a@x.org", at=NOW + MINUTE)
    clock.now += SETTLED
    run()
    assert [one.json["timestamp"] for one in receiver.seen] == ["2025-12-31T23:59:59.000Z"]


def test_no_organization_hears_of_another(call: Gateway, receiver: Receiver, clock: Clock) -> None:
    wiring.access().create_organization(OTHER)
    made(call, f"{receiver.url}/demo")
    ask(call, "POST", "/hooks", {"url": f"{receiver.url}/other"}, organization=OTHER)
    bounced("a@x.org")
    bounced("b@x.org", organization=OTHER)
    clock.now += SETTLED
    run()
    assert {(one.path[0], one.json["data"]["emails"][0]) for one in receiver.seen} == {
        ("demo", "a@x.org"),
        ("other", "b@x.org"),
    }


def test_a_fault_on_our_side_is_reported_and_other_hooks_have_their_turn(
    call: Gateway, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring.access().create_organization(OTHER)
    made(call, f"{receiver.url}/demo")
    ask(call, "POST", "/hooks", {"url": f"{receiver.url}/other"}, organization=OTHER)
    wiring.table("SUPPRESSIONS").update(
        {"partition": "demo#hooks", "address": "0"},
        Update(set=["#secret = :secret"]),
        {":secret": b"sealed by another key"},
    )
    bounced("a@x.org")
    bounced("b@x.org", organization=OTHER)
    clock.now += SETTLED
    assert run()["delivered"] == 1
    assert [one.path for one in receiver.seen] == [["other"]]


def test_a_notice_that_the_log_has_no_longer_is_given_up_in_sight(
    call: Gateway, receiver: Receiver, clock: Clock, dynamodb: Client
) -> None:
    identifier, _ = made(call, receiver.url)
    receiver.trouble.append(upstream.status(500))
    bounced("a@x.org")
    clock.now += SETTLED
    run()
    for item in dynamodb.scan(TableName="EventLog")["Items"]:
        dynamodb.delete_item(TableName="EventLog", Key={name: item[name] for name in ("log", "entry")})
    clock.now += MINUTE
    assert (run()["given_up"], ask(call, "GET", ONE, identifier=identifier).body["waiting"]) == (0, 1)
    clock.now += LOG_RETENTION
    assert (run()["given_up"], ask(call, "GET", ONE, identifier=identifier).body["waiting"]) == (1, 0)
    found = ask(call, "GET", f"{ONE}/deliveries", identifier=identifier, query={"limit": "1"}).body["deliveries"]
    gone = {"notice": receiver.ids[0], "type": None, "attempt": 1, "result": "given_up", "status": None}
    assert found == [{"at": "2026-04-01T00:02:00.001Z", **gone, "problem": "the system log has it no longer"}]


def test_what_was_posted_is_forgotten_after_thirty_days() -> None:
    assert DELIVERIES_KEPT == 30 * DAY
