"""`reprieve dead-letters`: what could not be read is listed, and taken in when it can be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import DAY, SECOND
from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.removals.removal import TOMBSTONE
from reprieve.runtime import wiring
from reprieve.store import dead_letters as store
from reprieve.suppressions.dead_letters import OLDEST
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from reprieve.system_log.dead_letter import DeadLetter
from tests.cli.running import NOW, Clock, Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ran]

BOUNCE = {"event": "bounce", "email": "u@company.com", "timestamp": NOW // SECOND - 60, "reason": "no such user"}
#: what this version reads, though one before it may not have
READABLE = json.dumps([BOUNCE]).encode()
UNREADABLE = b'[{"event":"implosion"}]'
REASON = "event: not a known kind of event"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "WAIT", 0)


@pytest.fixture(autouse=True)
def acme(run: Run, stack: dict[str, str]) -> None:
    for name in ("acme", "other"):
        assert run("organizations", "create", name).code == 0


def put(content: bytes, *, organization: str = "acme", reason: str = REASON) -> None:
    wiring.dead_letters().put([DeadLetter(organization, "sendgrid", reason, content)])


def put_text(body: str) -> None:
    sqs = wiring.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="dead-letters")["QueueUrl"], MessageBody=body)


def listed(run: Run, *whose: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("dead-letters", "list", *whose, "--json").out)
    return found


def bounces(organization: str = "acme") -> list[tuple[str, int]]:
    of = Organization(organization, organization)
    entries = wiring.listing().each(of, SuppressionList.BOUNCES, Selection(), now=wiring.now())
    return [(entry.email, entry.count) for entry in entries]


def test_the_letters_of_an_organization_are_listed_whole_and_stay(run: Run, clock: Clock) -> None:
    put(UNREADABLE)
    put(b"\xff", organization="other")
    for _ in range(2):
        (letter,) = listed(run, "acme")
        assert letter.pop("since")
        assert letter == {
            "organization": "acme",
            "provider": "sendgrid",
            "reason": REASON,
            "content": UNREADABLE.decode(),
        }
    assert [one["content"] for one in listed(run, "--all")] == [UNREADABLE.decode(), "\\xff"]


def test_the_list_shows_the_age_the_size_and_the_reason(run: Run, clock: Clock) -> None:
    put(UNREADABLE)
    held = wiring.dead_letters().hold()
    wiring.dead_letters().release(held)
    clock.now = held[0].since + 3 * DAY
    assert run("dead-letters", "list", "acme") == Ran(
        0, f"ORGANIZATION  AGE  BYTES  REASON\nacme          3d   23     {REASON}\n"
    )


def test_an_empty_queue_has_nothing_to_show_or_to_take(run: Run) -> None:
    assert run("dead-letters", "list", "acme") == Ran(0, "There are no dead letters.\n")
    assert run("dead-letters", "redrive", "--all") == Ran(0, "0 taken, 0 left\n")


@pytest.mark.parametrize("arguments", [(), ("acme", "--all")])
@pytest.mark.parametrize("command", ["list", "redrive"])
def test_whose_letters_has_to_be_said_once(run: Run, command: str, arguments: tuple[str, ...]) -> None:
    ran = run("dead-letters", command, *arguments)
    assert (ran.code, ran.err.splitlines()[-1]) == (2, "Error: give either ORG or --all")


def test_what_can_be_read_by_now_is_taken_and_deleted_and_the_rest_stays(run: Run) -> None:
    put(READABLE)
    put(UNREADABLE)
    put(json.dumps([{**BOUNCE, "email": "v@company.com"}]).encode(), organization="other")
    ran = run("dead-letters", "redrive", "acme")
    assert ran == Ran(0, f"ORGANIZATION  STAYS       REASON\nacme          unreadable  {REASON}\n1 taken, 1 left\n")
    assert (bounces(), bounces("other")) == ([("u@company.com", 1)], [])
    assert [one["content"] for one in listed(run, "acme")] == [UNREADABLE.decode()]
    assert len(listed(run, "other")) == 1


def test_redriving_twice_changes_nothing(run: Run) -> None:
    for _ in range(2):
        put(READABLE)
        assert run("dead-letters", "redrive", "acme").out == "1 taken, 0 left\n"
        assert bounces() == [("u@company.com", 1)]
    assert listed(run, "--all") == []


def test_events_that_are_not_ours_are_taken_by_leaving_them(run: Run) -> None:
    put(b'[{"event":"open"}]')
    assert run("dead-letters", "redrive", "acme").out == "1 taken, 0 left\n"
    assert listed(run, "--all") == []


def test_all_copies_of_a_letter_are_one_and_are_deleted_together(run: Run) -> None:
    for _ in range(12):
        put(READABLE)
    assert len(listed(run, "acme")) == 1
    assert run("dead-letters", "redrive", "acme").out == "1 taken, 0 left\n"
    assert listed(run, "--all") == []


def test_a_letter_in_parts_is_put_together_once_all_of_them_are_there(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CONTENT_PER_MESSAGE", 40)
    sent: list[dict[str, str]] = []
    with monkeypatch.context() as aside:
        aside.setattr(wiring.client("sqs"), "send_message_batch", lambda **more: sent.extend(more["Entries"]) or {})
        put(READABLE)
    bodies = [entry["MessageBody"] for entry in sent]
    assert len(bodies) > 2
    for body in bodies[1:]:
        put_text(body)
    assert [one["reason"] for one in listed(run, "acme")] == [
        f"{len(bodies) - 1} of {len(bodies)} parts are there: {REASON}"
    ]
    assert run("dead-letters", "redrive", "acme").out.endswith("0 taken, 1 left\n")
    put_text(bodies[0])
    assert run("dead-letters", "redrive", "acme").out == "1 taken, 0 left\n"
    assert bounces() == [("u@company.com", 1)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}}', "RetriesExhausted"),
        ("{}", "unknown"),
        ("[]", "unknown"),
        ("text", "unknown"),
    ],
)
def test_what_is_not_from_a_webhook_is_shown_and_left_alone(run: Run, body: str, reason: str) -> None:
    put_text(body)
    (shown,) = listed(run, "--all")
    assert shown["reason"] == f"not from a webhook: {reason}"
    assert run("dead-letters", "redrive", "--all").out.endswith("0 taken, 1 left\n")
    assert len(listed(run, "--all")) == 1


def test_an_event_that_a_forgotten_removal_may_have_forgiven_stays(run: Run) -> None:
    assert OLDEST < TOMBSTONE
    for moment, left in ((NOW - OLDEST, 0), (NOW - OLDEST - SECOND, 1)):
        put(json.dumps([{**BOUNCE, "timestamp": moment // SECOND}]).encode())
        assert run("dead-letters", "redrive", "acme").out.endswith(f"{1 - left} taken, {left} left\n")


def test_what_still_cannot_be_read_of_a_letter_becomes_a_letter_of_its_own(run: Run) -> None:
    put(READABLE[:-1] + b"," + UNREADABLE[1:])
    assert run("dead-letters", "redrive", "acme").out == "1 taken, 0 left\n"
    assert bounces() == [("u@company.com", 1)]
    assert [one["content"] for one in listed(run, "acme")] == [UNREADABLE.decode()]


def test_a_letter_is_deleted_only_after_its_events_are_stored(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise Unavailable("the store did not answer")

    put(READABLE)
    with monkeypatch.context() as broken:
        broken.setattr("reprieve.store.suppressions.Suppressions.record", fail)
        assert run("dead-letters", "redrive", "acme") == Ran(1, "", "Error: the store did not answer\n")
    assert [one["content"] for one in listed(run, "acme")] == [READABLE.decode()]


def test_a_queue_that_refuses_to_delete_is_not_taken_at_its_word(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put(READABLE)
    refusal = {"Failed": [{"Id": "0"}]}
    monkeypatch.setattr(wiring.client("sqs"), "delete_message_batch", lambda **_: refusal)
    ran = run("dead-letters", "redrive", "acme")
    assert (ran.code, ran.err) == (1, "Error: the dead-letter queue refused a part of DeleteMessageBatch\n")


def test_the_letters_of_an_organization_that_is_gone_stay(run: Run) -> None:
    put(READABLE, organization="gone")
    assert run("dead-letters", "redrive", "--all").out.endswith("0 taken, 1 left\n")
