"""A dry run over the past: which lifts a policy would have made, and what came after each."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY
from reprieve.policies.dry_run import Backtest, Past
from reprieve.policies.policy import DEFAULT, Policy, Rule, Then
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry, delivery_in
from reprieve.system_log.span import Stored

NOW = 1_800_000_000_000
BOUNCE, BLOCKED, DELIVERED = DeliveryKind.BOUNCE, DeliveryKind.BLOCKED, DeliveryKind.DELIVERED
SOFT = "452 4.2.2 mailbox full"


def event(kind: DeliveryKind, days_ago: float, key: str = "a@x.org", **more: Any) -> DeliveryEvent:
    said = {BOUNCE: ("550 5.4.1 no route", "5.4.1"), BLOCKED: (SOFT, "4.2.2")}.get(kind, ("", ""))
    given = {"message": said[0], "status": said[1], "provider": "sendgrid"} | more
    return DeliveryEvent(f"{kind}{days_ago}", kind, key, key, int(NOW - days_ago * DAY), **given)


def played(*events: DeliveryEvent, policy: Policy = DEFAULT) -> Past:
    backtest = Backtest(policy)
    for one in sorted(events, key=lambda one: one.at):
        backtest.take(one)
    return backtest.finish(NOW)


CASES: dict[str, tuple[list[DeliveryEvent], Past]] = {
    "a block that is held is not lifted": ([event(BLOCKED, 0.5)], Past(1)),
    "one whose time is over is lifted, and no more is known": ([event(BLOCKED, 2)], Past(1, lifted=1)),
    "a delivery after the lift shows that it was right": (
        [event(BLOCKED, 9), event(DELIVERED, 2), event(DELIVERED, 1)],
        Past(1, lifted=1, delivered=1),
    ),
    "a failure after the lift shows that it was wrong, and holds for longer": (
        [event(BLOCKED, 9), event(BLOCKED, 1.5), event(DELIVERED, 0.1)],
        Past(1, ended=1, lifted=1, failed=1),
    ),
    "a failure before it only prolongs": ([event(BLOCKED, 3), event(BLOCKED, 2.5)], Past(1, lifted=1)),
    "a delivery before it ends the suppression": ([event(BLOCKED, 3), event(DELIVERED, 2.5)], Past(1, ended=1)),
    "each address and list is one entry": (
        [event(BLOCKED, 3), event(BLOCKED, 3, "b@x.org"), event(BOUNCE, 2, "b@x.org"), event(DELIVERED, 9, "c@x.org")],
        Past(3, lifted=3),
    ),
    "complaints, drops and deferrals are not failures": (
        [event(kind, 30) for kind in (DeliveryKind.SPAM_REPORT, DeliveryKind.DROPPED, DeliveryKind.DEFERRED)],
        Past(),
    ),
    "nor is what the address whitelist has spared": ([event(BLOCKED, 30, suppresses=False)], Past()),
}


@pytest.mark.parametrize(("events", "expected"), CASES.values(), ids=CASES)
def test_the_past_is_played_under_the_policy(events: list[DeliveryEvent], expected: Past) -> None:
    assert played(*events) == expected


def test_a_lift_at_once_is_one_too() -> None:
    lifting = Policy((Rule("all", Then.LIFT),))
    assert played(event(BLOCKED, 3), event(BLOCKED, 2), policy=lifting) == Past(1, lifted=2, failed=1)


def test_the_share_of_active_addresses_is_of_lifts_with_news() -> None:
    assert Past(9, lifted=9, delivered=1, failed=3).active == 0.25
    assert Past(9, lifted=9).active is None


EVENTS = st.builds(
    event,
    st.sampled_from(DeliveryKind),
    st.integers(0, 90),
    st.sampled_from(["a@x.org", "b@x.org"]),
)


@given(st.lists(EVENTS, max_size=30))
def test_the_counts_agree_with_each_other(events: list[DeliveryEvent]) -> None:
    past = played(*events)
    failures = [one for one in events if one.kind in {BOUNCE, BLOCKED}]
    assert past.delivered + past.failed <= past.lifted
    assert past.lifted + past.ended <= len(failures)
    assert past.entries == len({(one.key, one.kind) for one in failures})


@pytest.mark.parametrize("kind", DeliveryKind)
def test_the_event_of_a_log_entry_is_what_the_entry_was_made_of(kind: DeliveryKind) -> None:
    one = event(kind, 3, "Ann@x.org", message_id="m1", group=7, message="550 5.1.1 no", status="5.1.1")
    entry = delivery_entry(one, provider_name="SendGrid")
    found = delivery_in(Stored("0" * 13, json.dumps(entry.event)))
    assert found is not None
    names = ("kind", "email", "key", "at", "message", "status", "message_id", "group", "suppresses")
    assert [getattr(found, name) for name in names] == [getattr(one, name) for name in names]
    spared = delivery_in(Stored("", json.dumps(delivery_entry(one, provider_name="", spared_by="x.org").event)))
    assert spared is not None
    assert not spared.suppresses
