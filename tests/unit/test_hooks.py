"""Hooks: which entries are notices, how they are signed, and that each is delivered whatever happens."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reprieve.clock import DAY, HOUR, MINUTE, SECOND, Millis, from_timestamp
from reprieve.errors import InvalidInput
from reprieve.hooks import deliver, schedule, signature
from reprieve.hooks.deliver import SETTLING, HookDelivery
from reprieve.hooks.event_hook import EventHook, check_header, envelope
from reprieve.hooks.forms import Message, Posters, message_of
from reprieve.hooks.hook import MAX_WAITING, Delivery, Hook, Progress, Result, Secret, Stretch, Waiting
from reprieve.hooks.notice import Notice, NoticeType, notice_of, separated
from reprieve.organization import Organization
from reprieve.removals.log_entries import held
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.suppression import HOLDS, Suppression
from reprieve.system_log.entry import EventType
from reprieve.system_log.span import LOG_RETENTION, Stored, position
from tests.support.contexts import context
from tests.support.event_bus import Bus
from tests.support.log_entries import entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprieve.system_log.entry import LogEntry
    from reprieve.system_log.span import Span

NOW = Millis(1_790_000_000_000)
SECRET = signature.spelled(bytes(range(32)))
OLDER = signature.spelled(bytes(32))


# ------------------------------------------------------------------------------------------------ what a notice is


def bounce(listed: str = "bounces") -> LogEntry:
    event = DeliveryEvent("e1", DeliveryKind.BOUNCE, "A@x.org", "a@x.org", NOW, "550 no such user", "5.1.1")
    return delivery_entry(event, provider_name="Sendgrid", listed=listed)


def test_an_event_that_put_its_address_on_a_list_is_a_notice_with_the_entrys_id() -> None:
    entry = bounce()
    assert notice_of(entry.event) == Notice(
        entry.uuid,
        NoticeType.SUPPRESSED,
        "2026-09-21T14:13:20.000Z",
        {
            "emails": ["A@x.org"],
            "list": "bounces",
            "event": "bounce",
            "reason": "550 no such user",
            "status": "5.1.1",
            "provider": "Sendgrid",
        },
    )


def test_an_event_that_changed_no_list_is_no_notice() -> None:
    assert notice_of(bounce(listed="").event) is None


REQUEST = {"request_id": "r1"}
REMOVAL = {"emails": ["Name0@Company.com"], "list": "bounces", "removal_ids": ["r1-0"], "requested_by": "cred-1"}
BY_HAND = {"emails": ["A@x.org"], "author": "credential cred-1", **REQUEST}
#: of the entries of every kind, those that are notices
FOUND: dict[str, tuple[NoticeType, dict[str, object]]] = {
    EventType.SUPPRESSION_ADD: (
        NoticeType.SUPPRESSED,
        {"emails": ["a@x.org", "B@x.org"], "list": "unsubscribes", "source": "api", **REQUEST},
    ),
    f"{EventType.REMOVAL_DONE} one": (NoticeType.LIFTED, REMOVAL | REQUEST),
    f"{EventType.REMOVAL_DONE} several": (
        NoticeType.LIFTED,
        REMOVAL | {"emails": ["Name0@Company.com", "Name1@Company.com"], "removal_ids": ["r1-0", "r1-1"]} | REQUEST,
    ),
    EventType.REMOVAL_SUPERSEDED: (NoticeType.SUPERSEDED, REMOVAL | REQUEST | {"reason": "a newer bounce arrived"}),
    EventType.REMOVAL_FAILED: (NoticeType.FAILED, REMOVAL | REQUEST | {"reason": "400: refused"}),
    EventType.ADDITION_FAILED: (NoticeType.ADDITION_FAILED, REMOVAL | REQUEST | {"reason": "400: refused"}),
    EventType.HOLD_CREATE: (
        NoticeType.HELD,
        BY_HAND | {"reason": "asked by phone", "until": "2026-01-01T00:00:00.124Z"},
    ),
    EventType.HOLD_LIFT: (NoticeType.HOLD_ENDED, BY_HAND),
    EventType.POLICY_EXPIRING: (
        NoticeType.EXPIRING,
        {"emails": ["A@x.org"], "list": "bounces", "until": "2026-01-02T00:00:00.123Z", "rule": "hard bounce"},
    ),
    EventType.POLICY_NOTIFY: (
        NoticeType.MATCHED,
        {"emails": ["A@x.org"], "list": "bounces", "status": "5.1.1", "rule": "partners"},
    ),
    EventType.POLICY_STOP: (
        NoticeType.STOPPED,
        {"watched": 20, "failed": 5, "reason": "too many of its lifts failed again"},
    ),
    EventType.RATE_WARNING: (
        NoticeType.RATE_WARNING,
        {
            "account": "default",
            "measure": "bounces",
            "window": "24h",
            "rate": 0.04,
            "limit": 0.05,
            "percent_of_limit": 80,
            "sent": 1_000,
            "bounces": 40,
        },
    ),
}


def test_every_kind_of_entry_has_the_notice_of_its_change_or_none() -> None:
    made = {name: notice_of(entry.event) for name, entry in entries().items()}
    assert {name: (one.type, one.data) for name, one in made.items() if one} == FOUND


def test_a_domain_that_is_held_is_named_as_one() -> None:
    hold = Suppression(HOLDS, "@x.org", "x.org", NOW, "legal hold")
    who = context(Organization("acme", "Acme"), credential="c", request_id="r", now=NOW)
    notice = notice_of(held(hold, context=who).event)
    assert notice is not None
    assert notice.data == {"domain": "x.org", "reason": "legal hold", "author": "credential c", "request_id": "r"}


def test_a_recipient_who_resubscribed_is_lifted() -> None:
    event = DeliveryEvent("e2", DeliveryKind.GROUP_RESUBSCRIBE, "a@x.org", "a@x.org", NOW, group=7)
    notice = notice_of(delivery_entry(event, provider_name="Sendgrid", listed="group-7").event)
    assert notice is not None
    assert (notice.type, notice.data["list"], notice.data["event"]) == (
        *(NoticeType.LIFTED, "group-7"),
        "group_resubscribe",
    )


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("a@x.org", ["a@x.org"]),
        ("a@x.org, b@x.org", ["a@x.org", "b@x.org"]),
        ('"a, b"@x.org, c@x.org', ['"a, b"@x.org', "c@x.org"]),
    ],
)
def test_the_addresses_of_an_entry_are_separated_where_one_ends(text: str, emails: list[str]) -> None:
    assert separated(text) == emails


# ------------------------------------------------------------------------------------------------ signatures


def test_the_signature_is_that_of_the_standards_published_example() -> None:
    headers = signature.headers(
        ["whsec_plJ3nmyCDGBKInavdOK15jsl"],
        identifier="msg_loFOjxBNrRLzqYUf",
        at=1_731_705_121,
        body=b'{"event_type":"ping","data":{"success":true}}',
    )
    assert headers["webhook-signature"] == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


# ------------------------------------------------------------------------------------------------ the schedule


def test_the_schedule_is_that_of_the_standard_and_ends_after_three_days() -> None:
    waits = [schedule.next_attempt(attempts, first=NOW, now=NOW, chance=0.0) for attempts in range(1, 12)]
    hours = [n * HOUR for n in (2, 5, 10, 14, 20, 24, 24, 24)]
    assert waits == [NOW + wait for wait in (5 * SECOND, 5 * MINUTE, 30 * MINUTE, *hours)]
    ended = Millis(NOW + schedule.DEAD_AFTER)
    assert schedule.next_attempt(9, first=NOW, now=ended, chance=0.0) == ended + DAY
    assert schedule.next_attempt(10, first=NOW, now=Millis(ended - 1), chance=0.0) == ended - 1 + DAY
    assert schedule.next_attempt(10, first=NOW, now=ended, chance=0.0) is None
    assert 3 * DAY < schedule.DEAD_AFTER < 4 * DAY


@given(st.integers(1, 9), st.floats(0, 1, exclude_max=True))
def test_chance_makes_a_wait_up_to_a_tenth_longer(attempts: int, chance: float) -> None:
    least = schedule.WAITS[attempts - 1]
    due = schedule.next_attempt(attempts, first=NOW, now=NOW, chance=chance)
    assert due is not None
    assert NOW + least <= due <= NOW + least * 1.1


def test_a_failing_hook_is_left_alone_for_a_minute_doubling_up_to_an_hour() -> None:
    assert [schedule.pause(n, chance=0.0) // MINUTE for n in (1, 2, 3, 6, 7, 8, 1000)] == [1, 2, 4, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("header", "at"),
    [
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", NOW),
        ("120", NOW + 120_000),
        (" 7 ", NOW + 7_000),
        ("999999999", NOW + DAY),
        (format_datetime(datetime.fromtimestamp(NOW / 1000 + 60, UTC), usegmt=True), NOW + MINUTE),
        ("Mon, 01 Jan 2001 00:00:00 GMT", NOW),
        ("Mon, 01 Jan 9999 00:00:00 GMT", NOW + DAY),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(header: str, at: int | None) -> None:
    assert schedule.asked_for(header, now=NOW) == at


@given(st.text(max_size=40))
def test_whatever_a_server_sends_is_a_moment_within_a_day_or_none(header: str) -> None:
    at = schedule.asked_for(header, now=NOW)
    assert at is None or NOW <= at <= NOW + DAY


# ------------------------------------------------------------------------------------------------ delivery


class Crash(BaseException):
    """The process ends here."""


@dataclass
class World:
    """Logs, hooks and receivers of two organizations, a clock, and what goes wrong."""

    now: int = NOW
    log: dict[str, list[tuple[int, int, LogEntry]]] = field(default_factory=lambda: {"acme": [], "other": []})
    hooks: dict[str, Hook] = field(default_factory=dict)
    lines: list[Delivery] = field(default_factory=list)
    taken: dict[str, list[str]] = field(default_factory=dict)
    posts: list[tuple[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    always: int = 200
    crashes: list[bool] = field(default_factory=list)
    before_keeping: Any = None
    system_entries: list[LogEntry] = field(default_factory=list)
    bus: Bus = field(default_factory=Bus)

    def write(self, organization: str, number: int, *, late: int = 0) -> str:
        """Log a bounce that is visible `late` milliseconds after it was sent to the store."""
        event = DeliveryEvent(f"{organization}{number}", DeliveryKind.BOUNCE, f"{number}@{organization}.org", "k", NOW)
        entry = delivery_entry(event, provider_name="Sendgrid", listed="bounces")
        self.log[organization].append((self.now, self.now + late, entry))
        return entry.uuid

    def hook(self, organization: str, name: str = "h", **more: Any) -> Hook:
        place = Hook(
            organization_id=organization,
            id=f"{organization}-{name}",
            place=0,
            url=f"https://{organization}.example/{name}",
            description="",
            types=frozenset(),
            enabled=True,
            disabled_reason="",
            secrets=(Secret(b"sealed"),),
            created=NOW,
            updated=NOW,
            progress=Progress(position(NOW)),
        )
        made = replace(place, **more)
        self.hooks[made.id] = made
        return made

    # the ports

    def enabled(self) -> Iterator[Hook]:
        return iter([one for one in self.hooks.values() if one.enabled])

    def keep(self, hook: Hook, progress: Progress, deliveries: Sequence[Delivery]) -> Hook | None:
        if self.crashes and self.crashes.pop(0):
            raise Crash
        if self.before_keeping:
            self.before_keeping()
        self.lines += deliveries
        stored = self.hooks.get(hook.id)
        if stored is None or stored.turn != hook.turn:
            return None
        self.hooks[hook.id] = replace(stored, progress=progress, turn=hook.turn + 1)
        return self.hooks[hook.id]

    def disable(self, hook: Hook, reason: str) -> bool:
        stored = self.hooks[hook.id]
        if stored.turn != hook.turn:
            return False
        self.hooks[hook.id] = replace(stored, enabled=False, disabled_reason=reason, turn=hook.turn + 1)
        return True

    def organization(self, identifier: str) -> Organization:
        return Organization(identifier, identifier)

    def entries(self, organization: Organization, span: Span, *, first: int) -> Iterator[Stored]:
        found = [
            Stored(f"{position(sent)}#{entry.uuid}", json.dumps(entry.event))
            for sent, visible, entry in self.log[organization.id]
            if visible <= self.now
        ]
        return iter(sorted((one for one in found if span.after < one.position < span.before), key=lambda o: o.position))

    def append(self, organization: Organization, entries: Sequence[LogEntry]) -> int:
        self.system_entries += entries
        return len(entries)

    def unseal(self, sealed: bytes, context: Mapping[str, str]) -> str:
        return SECRET

    def may_post(self, url: str) -> bool:
        return True

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Said:
        status = self.answers.pop(0) if self.answers else self.always
        identifier = headers["webhook-id"]
        assert json.loads(body)["id"] == identifier
        self.posts.append((url, identifier))
        if 200 <= status < 300:
            self.taken.setdefault(url, []).append(identifier)
        return Said(status)

    def run(self, seconds: int = 58) -> deliver.Tally:
        ends = self.now + seconds * 1000
        job: Any = HookDelivery(
            hooks=self,  # type: ignore[arg-type]
            access=self,  # type: ignore[arg-type]
            reader=self,
            log=self,
            opener=self,
            posters=Posters(self, self.bus),  # type: ignore[arg-type]
            clock=lambda: Millis(self.now),
            remaining=lambda: ends - self.now,
            chance=lambda: 0.0,
        )
        return job.run()

    def minute(self) -> deliver.Tally:
        """The run after one in which what is written now was too new."""
        self.now += SETTLING + 1
        return self.run()


@dataclass(frozen=True)
class Said:
    status: int
    retry_after: str = ""
    problem: str = ""


def test_a_change_is_delivered_once_it_has_settled() -> None:
    world = World()
    world.hook("acme")
    one = world.write("acme", 1)
    world.now += SETTLING
    assert world.run().counts == {}
    world.now += 1
    assert world.run().counts == {"delivered": 1}
    assert world.taken == {"https://acme.example/h": [one]}
    # and not again
    assert world.minute().counts == {}


def test_a_hook_hears_of_the_types_that_it_asks_for() -> None:
    world = World()
    world.hook("acme", types=frozenset({NoticeType.LIFTED}))
    world.write("acme", 1)
    world.minute()
    assert world.taken == {}
    # it has read the entry, and does not read it again
    assert world.hooks["acme-h"].progress.after.startswith(f"{position(NOW)}#")


def test_a_notice_that_was_refused_waits_and_the_next_ones_do_not() -> None:
    world = World(answers=[500])
    world.hook("acme")
    one, two = world.write("acme", 1), ""
    world.now += 1
    two = world.write("acme", 2)
    assert world.minute().counts == {"waiting": 1, "delivered": 1}
    assert world.taken == {"https://acme.example/h": [two]}
    (waits,) = world.hooks["acme-h"].progress.waiting
    assert (waits.attempts, waits.due) == (1, world.now + 5 * SECOND)
    assert world.minute().counts == {"delivered": 1}
    assert world.taken == {"https://acme.example/h": [two, one]}
    assert [(line.result, line.attempt, line.status) for line in world.lines] == [
        (Result.WAITING, 1, 500),
        (Result.DELIVERED, 1, 200),
        (Result.DELIVERED, 2, 200),
    ]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
def test_whatever_is_no_success_is_tried_again(status: int) -> None:
    world = World(answers=[status])
    world.hook("acme")
    one = world.write("acme", 1)
    for _ in range(5):
        world.minute()
    assert world.taken == {"https://acme.example/h": [one]}


def test_410_disables_the_hook_and_loses_nothing() -> None:
    world = World(answers=[410])
    hook = world.hook("acme")
    one = world.write("acme", 1)
    tally = world.minute()
    assert tally.disabled == ["acme/acme-h"]
    assert world.hooks[hook.id].disabled_reason == "it answered 410 Gone"
    assert [entry.event["eventType"] for entry in world.system_entries] == ["reprieve.hook.disable"]
    assert world.minute().hooks == 0
    world.hooks[hook.id] = replace(world.hooks[hook.id], enabled=True)
    world.minute()
    assert world.taken == {"https://acme.example/h": [one]}


def test_a_hook_that_is_down_costs_one_post_a_pause_and_another_is_not_delayed() -> None:
    world = World()
    world.hook("acme", "down")
    world.hook("acme", "up")
    for number in range(10):
        world.now += 1
        world.write("acme", number)
    world.post = lambda url, headers, body, real=world.post: (  # type: ignore[method-assign]
        world.posts.append((url, "")) or Said(0, problem="timed out")
        if url.endswith("down")
        else real(url, headers, body)
    )
    for _ in range(60):
        world.minute()
    assert len(world.taken["https://acme.example/up"]) == 10
    # after 1, 2, 4, 8, 16 and 32 minutes
    assert len([url for url, _ in world.posts if url.endswith("down")]) == 6
    assert world.hooks["acme-down"].progress.failing_since == NOW + 10 + MINUTE + 1


def test_a_hook_that_takes_nothing_for_three_days_is_disabled_and_goes_on_where_it_stopped() -> None:
    world = World(always=500)
    hook = world.hook("acme")
    ids = []
    for number in range(8):
        world.now += 1
        ids.append(world.write("acme", number))
    for _ in range(4 * 24):
        world.now += HOUR
        world.run()
    assert world.hooks[hook.id].disabled_reason == "it has taken nothing for three days"
    # as if nothing had been posted yet, so that nothing is given up by the first refusal afterwards
    begun = world.lines[-1].at
    assert {(one.attempts, one.first) for one in world.hooks[hook.id].progress.waiting} == {(0, begun)}
    world.always = 200
    again = replace(world.hooks[hook.id].progress, failures=0, failing_since=None, due=Millis(0))
    world.hooks[hook.id] = replace(world.hooks[hook.id], enabled=True, progress=again)
    for _ in range(30):
        world.now += HOUR
        world.run()
    assert sorted(world.taken["https://acme.example/h"]) == sorted(ids)


def test_a_notice_that_alone_is_never_taken_is_given_up_and_a_replay_has_it_again() -> None:
    world = World()
    hook = world.hook("acme")
    poison = world.write("acme", 0)
    real = world.post
    world.post = lambda url, headers, body: (  # type: ignore[method-assign]
        Said(500) if headers["webhook-id"] == poison else real(url, headers, body)
    )
    for number in range(1, 24 * 5):
        world.now += HOUR
        world.write("acme", number)
        world.minute()
    given_up = [line for line in world.lines if line.result is Result.GIVEN_UP]
    assert [(line.notice, line.attempt, line.problem) for line in given_up] == [(poison, 10, "the server answered 500")]
    assert world.hooks[hook.id].enabled
    world.post = real  # type: ignore[method-assign]
    stored = world.hooks[hook.id]
    stretch = Stretch(position(Millis(NOW - 1)), position(Millis(NOW + 1)))
    world.hooks[hook.id] = replace(stored, progress=replace(stored.progress, replay=stretch))
    world.minute()
    assert world.taken["https://acme.example/h"].count(poison) == 1
    assert world.hooks[hook.id].progress.replay is None


def test_an_entry_that_the_index_shows_late_is_not_passed_over() -> None:
    world = World()
    world.hook("acme")
    late = world.write("acme", 1, late=50 * SECOND)
    world.now += 1
    one = world.write("acme", 2)
    for _ in range(8):
        world.now += 15 * SECOND
        world.run()
    assert world.taken == {"https://acme.example/h": [late, one]}


def test_notices_that_are_refused_are_kept_for_the_whole_schedule_and_delay_no_others() -> None:
    world = World()
    hook = world.hook("acme")
    refused, good, waits = [], {}, []
    real = world.post

    def post(url: str, headers: Mapping[str, str], body: bytes) -> Said:
        identifier = headers["webhook-id"]
        if identifier in refused:
            world.posts.append((url, identifier))
            return Said(400)
        waits.append(world.now - good[identifier])
        return real(url, headers, body)

    world.post = post  # type: ignore[method-assign]
    for number in range(24 * 10):  # ten days, in steps of an hour of which the first minutes are run
        if number in (0, 6, 7, 30):
            refused.extend(world.write("acme", 1000 + 10 * number + n) for n in range(8))
        world.now += 1
        good[world.write("acme", number)] = world.now
        for _ in range(10):
            world.minute()
        world.now += 50 * MINUTE
    assert len(waits) == len(good)
    assert max(waits) <= 5 * MINUTE
    first = {one: min(line.at for line in world.lines if line.notice == one) for one in refused}
    ended = {line.notice: line.at for line in world.lines if line.result is Result.GIVEN_UP}
    assert set(ended) == set(refused)
    assert min(ended[one] - first[one] for one in refused) >= schedule.DEAD_AFTER
    assert max(ended[one] - first[one] for one in refused) <= schedule.DEAD_AFTER + DAY + HOUR
    assert max(line.attempt for line in world.lines) <= 12
    assert world.hooks[hook.id].enabled


def test_refusals_of_a_hook_without_anything_new_end_a_turn_and_no_more() -> None:
    world = World(always=400)
    hook = world.hook("acme")
    waiting = tuple(Waiting(f"{position(NOW)}#{world.write('acme', number)}", 1, NOW, NOW) for number in range(12))
    world.hooks[hook.id] = replace(hook, progress=Progress(position(Millis(NOW + 1)), waiting))
    assert [world.minute().counts["waiting"] for _ in range(4)] == [5, 5, 2, 0]
    assert (world.hooks[hook.id].progress.failures, world.hooks[hook.id].progress.due) == (0, 0)


def test_what_is_new_is_posted_before_what_waits() -> None:
    world = World()
    hook = world.hook("acme")
    waits = world.write("acme", 1)
    world.now += 1
    new = world.write("acme", 2)
    waiting = (Waiting(f"{position(NOW)}#{waits}", 1, NOW, NOW),)
    world.hooks[hook.id] = replace(hook, progress=Progress(position(Millis(NOW + 1)), waiting))
    world.minute()
    assert world.taken == {hook.url: [new, waits]}


def test_a_notice_that_the_index_does_not_show_goes_on_waiting_until_the_log_has_forgotten_it() -> None:
    world = World()
    entry = world.write("acme", 1)
    at = f"{position(NOW)}#{entry}"
    hook = world.hook("acme", progress=Progress(position(Millis(NOW + 1)), (Waiting(at, 3, NOW, NOW),)))
    shown, world.log["acme"] = world.log["acme"], []
    world.minute()
    assert (world.lines, world.hooks[hook.id].progress) == ([], hook.progress)
    world.now = NOW + LOG_RETENTION
    world.run()
    assert world.hooks[hook.id].progress.waiting == hook.progress.waiting
    world.now += 1
    assert world.run().counts == {"given_up": 1}
    problem = "the system log has it no longer"
    assert world.lines == [Delivery(Millis(world.now), entry, None, 3, Result.GIVEN_UP, 0, problem)]
    assert world.hooks[hook.id].progress.waiting == ()
    # one that is shown again is posted
    world.log["acme"], world.hooks[hook.id] = shown, hook
    world.run()
    assert world.taken == {hook.url: [entry]}


def test_a_hook_that_does_not_answer_a_notice_again_is_left_alone() -> None:
    world = World(answers=[500, 0])
    world.hook("acme")
    world.write("acme", 1)
    world.minute(), world.minute()
    progress = world.hooks["acme-h"].progress
    assert (progress.failures, progress.due) == (2, world.now + 2 * MINUTE)


def test_while_as_many_wait_as_may_nothing_new_is_heard_of_and_nothing_is_lost() -> None:
    world = World(always=400)
    hook = world.hook("acme")
    ids = []
    for number in range(MAX_WAITING + 20):
        world.now += 1
        ids.append(world.write("acme", number))
    for _ in range(30 * 24):
        world.now += 5 * MINUTE
        world.run()
    assert len(world.hooks[hook.id].progress.waiting) <= MAX_WAITING
    world.always = 200
    for _ in range(48):
        world.now += HOUR
        world.run()
    assert sorted(world.taken["https://acme.example/h"]) == sorted(ids)


def test_a_hook_with_as_many_waiting_notices_as_may_hears_of_nothing_new_and_no_replay() -> None:
    world = World()
    later = Millis(NOW + DAY)
    waiting = tuple(Waiting(f"{position(NOW)}#{number}", 1, NOW, later) for number in range(MAX_WAITING))
    replay = Stretch(position(NOW), position(Millis(NOW + 1)))
    hook = world.hook("acme", progress=Progress(position(NOW), waiting, replay))
    world.write("acme", 1)
    world.minute()
    assert (world.posts, world.hooks[hook.id].progress) == ([], hook.progress)
    world.hooks[hook.id] = replace(hook, progress=replace(hook.progress, waiting=waiting[1:]))
    world.minute()
    assert len(world.posts) == 2


def test_a_replay_up_to_now_goes_on_until_all_of_it_has_settled() -> None:
    world = World()
    replay = Stretch(position(Millis(NOW - 1)), position(Millis(NOW + 1)))
    hook = world.hook("acme", progress=Progress(position(Millis(NOW + 1)), replay=replay))
    entry = world.write("acme", 1)
    world.run()
    assert (world.taken, world.hooks[hook.id].progress.replay) == ({}, replay)
    world.minute()
    assert (world.taken, world.hooks[hook.id].progress.replay) == ({hook.url: [entry]}, None)


def test_retry_after_leaves_the_hook_alone_for_as_long() -> None:
    world = World()
    world.hook("acme")
    world.write("acme", 1)
    real, world.post = world.post, lambda *_: Said(429, "1800")  # type: ignore[method-assign]
    world.minute()
    asked = world.now
    world.post = real  # type: ignore[method-assign]
    while not world.taken:
        world.minute()
    assert 30 * MINUTE <= world.now - asked <= 31 * MINUTE


def test_a_run_that_was_overtaken_keeps_nothing() -> None:
    world = World()
    hook = world.hook("acme")
    one = world.write("acme", 1)
    world.before_keeping = lambda: (setattr(world, "before_keeping", None), world.run())
    world.minute()
    assert world.taken == {"https://acme.example/h": [one, one]}
    assert world.hooks[hook.id].turn == 1
    world.minute()
    assert world.taken == {"https://acme.example/h": [one, one]}


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(["acme", "other"]), st.integers(0, 50_000)),
        st.tuples(st.just("wait"), st.integers(1, 180), st.just(0)),
        st.tuples(st.just("run"), st.lists(st.sampled_from([200, 200, 500, 0, 302, 429]), max_size=4), st.just(0)),
        st.tuples(st.just("crash"), st.lists(st.booleans(), min_size=1, max_size=2), st.just(0)),
        st.tuples(st.just("overlap"), st.just(0), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=200)
@given(steps)
def test_every_change_is_delivered_with_one_id_to_its_own_organization_whatever_happens(history: list[Any]) -> None:
    """Entries that are stored late, refusals, crashes between a post and what is kept of it, and overlapping runs."""
    world, written = World(), {"acme": [], "other": []}  # type: ignore[var-annotated]
    world.hook("acme"), world.hook("acme", "second"), world.hook("other")
    for number, (what, first, late) in enumerate(history):
        match what:
            case "write":
                written[first].append(world.write(first, number, late=late))
            case "wait":
                world.now += first * SECOND
            case "run":
                world.answers = list(first)
                world.run()
            case "crash":
                world.crashes = list(first)
                with suppress(Crash):
                    world.run()
                world.crashes = []
            case "overlap":
                world.before_keeping = lambda: (setattr(world, "before_keeping", None), world.run())
                world.run()
                world.before_keeping = None
    world.answers = []
    for _ in range(4):
        world.now += 25 * HOUR
        world.run()
    for hook in world.hooks.values():
        assert set(world.taken.get(hook.url, [])) == set(written[hook.organization_id])
        assert hook.progress.waiting == ()


# ------------------------------------------------------------------------------------------------ event hooks

logged = st.sampled_from(list(entries().values()))


@given(logged, st.text(max_size=30))
def test_the_envelope_of_any_entry_is_oktas_with_the_whole_entry_and_the_same_each_time(
    entry: LogEntry, source: str
) -> None:
    read = json.loads(json.dumps(entry.event))
    body = envelope(source, read)
    assert json.loads(body) == {
        "eventType": "com.okta.event_hook",
        "eventTypeVersion": "1.0",
        "cloudEventsVersion": "0.1",
        "source": source,
        "eventId": entry.uuid,
        "eventTime": entry.event["published"],
        "contentType": "application/json",
        "data": {"events": [read]},
    }
    assert envelope(source, json.loads(json.dumps(read))) == body


@given(logged, st.sets(st.sampled_from(list(EventType)), min_size=1))
def test_an_event_hook_hears_of_entries_of_its_types_and_no_others(entry: LogEntry, types: set[EventType]) -> None:
    hook = replace(World().hook("acme"), event_hook=EventHook("CRM", tuple(types), verified=True, source="s"))
    message = message_of(hook, entry.event)
    at = from_timestamp(str(entry.event["published"]))
    assert message == Message(entry.uuid, str(entry.event["eventType"]), at, envelope("s", entry.event))
    assert hook.hears_of(message.type) == (entry.event["eventType"] in types)


@pytest.mark.parametrize(("enabled", "verified", "heard"), [(True, True, 1), (True, False, 0), (False, True, 0)])
def test_an_event_hook_is_posted_to_only_while_it_is_enabled_and_verified(
    enabled: bool, verified: bool, heard: int
) -> None:
    hook = replace(World().hook("acme", enabled=enabled), event_hook=EventHook("CRM", (), verified=verified))
    assert hook.is_posted_to == bool(heard)
    assert replace(hook, event_hook=None).is_posted_to == enabled


HEADER = st.text(st.characters(codec="ascii"), max_size=12) | st.text(max_size=4)


@given(HEADER, HEADER)
@example("X-Source", "a b")
@example("X-Source", "a\r\nHost: b")
@example("X: y", "z")
@example("Content-Length", "5")
def test_a_header_that_is_accepted_is_one_header_of_a_request(name: str, value: str) -> None:
    try:
        check_header(name, value, field="headers")
    except InvalidInput:
        return
    assert value == value.strip()
    parsed = BytesParser(policy=HTTP).parsebytes(f"{name}: {value}\r\n\r\n".encode())
    assert parsed.items() == [(name, value)]
    assert name.lower() not in {"host", "content-length", "transfer-encoding", "connection", "content-type"}
