"""Events of unsubscribe groups: who leaves one, who comes back, and what is heard of the group."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from reprieve.runtime import wiring
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import GroupList, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.event_posts import SECONDS, bounce, letter, listed, post
from tests.support.gateway import DEMO, Answer, Calls, Clock, Gateway


def of_group(kind: str, number: int = 1, *, group: object = 103, at: int = 0, **more: object) -> dict[str, object]:
    return {
        "email": f"u{number}@company.com",
        "event": f"group_{kind}",
        "asm_group_id": group,
        "timestamp": SECONDS + at,
        "sg_message_id": f"message-{number}",
        **more,
    }


@pytest.mark.usefixtures("queue")
def test_a_group_unsubscribe_goes_to_the_list_of_that_group_and_makes_the_group_known(
    call: Gateway, calls: Calls
) -> None:
    news = [of_group("unsubscribe"), of_group("unsubscribe", group="104"), of_group("unsubscribe", 2, group=104)]
    assert post(call, *news) == Answer(200, {"events": 3, "listed": 3, "malformed": 0, "ignored": 0})
    # organization, key, groups, whitelist; the new groups; their log entries, the members, and the members' entries
    assert calls == {"GetItem": 3, "Query": 1, "PutItem": 1, "BatchExecuteStatement": 3}
    assert {name: listed(name) for name in (GroupList.of(103), GroupList.of(104), *SuppressionList)} == {
        GroupList.of(103): ["u1@company.com"],
        GroupList.of(104): ["u1@company.com", "u2@company.com"],
        **{name: [] for name in SuppressionList},
    }
    assert wiring.group_store().all(DEMO).groups == (Group(103, "Group 103"), Group(104, "Group 104"))
    assert post(call, *news).body["listed"] == 0
    # nothing is written but what refuses the repeated events
    assert calls["PutItem"] == 0


@pytest.mark.usefixtures("queue")
def test_a_post_without_group_events_reads_no_groups(call: Gateway, calls: Calls) -> None:
    post(call, bounce(1, event="delivered"))
    assert calls == {"GetItem": 1, "Query": 1, "BatchExecuteStatement": 1, "UpdateItem": 1}


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_resubscription_undoes_what_is_older_in_whatever_order_they_arrive(
    call: Gateway, order: tuple[int, ...]
) -> None:
    news = [of_group("unsubscribe", at=1), of_group("resubscribe", at=2), of_group("unsubscribe", at=3)]
    for index in order:
        post(call, news[index])
    (entry,) = wiring.listing().each(DEMO, GroupList.of(103), Selection(), now=wiring.now())
    assert entry.created == (SECONDS + 3) * 1000
    post(call, of_group("resubscribe", at=4), *news)
    assert listed(GroupList.of(103)) == []


@pytest.mark.usefixtures("queue")
def test_a_resubscription_stamped_ahead_undoes_nothing_that_is_yet_to_come(call: Gateway, clock: Clock) -> None:
    now = clock.now // 1000
    post(call, of_group("resubscribe", timestamp=now + 80_000), timestamp=str(now))
    clock.now += 31_000
    post(call, of_group("unsubscribe", timestamp=now + 31), timestamp=str(now + 31))
    assert listed(GroupList.of(103)) == ["u1@company.com"]


@pytest.mark.usefixtures("queue")
def test_an_event_of_a_deleted_group_is_of_all_mail_if_it_is_later_and_ended_with_the_group_if_not(
    call: Gateway,
) -> None:
    group = Groups((Group(103, "News"),), version=1)
    assert wiring.group_store().replace(DEMO, replace(group.without(103, now=(SECONDS + 5) * 1000), version=1))
    assert post(call, of_group("unsubscribe", 1), of_group("unsubscribe", 2, at=6)).body["listed"] == 1
    assert listed(SuppressionList.UNSUBSCRIBES) == ["u2@company.com"]
    assert listed(GroupList.of(103)) == []
    assert wiring.group_store().all(DEMO).groups == ()


@pytest.mark.parametrize("group", [None, "", 0, -1, "x", 1.5, True, [103], 10**15])
def test_a_group_event_that_names_no_group_is_set_aside(call: Gateway, queue: Any, group: object) -> None:
    event_ = of_group("unsubscribe", group=group)
    assert post(call, event_, bounce(2)) == Answer(200, {"events": 1, "listed": 1, "malformed": 1, "ignored": 0})
    assert queue() == [letter(json.dumps([event_]).encode(), "asm_group_id: not the id of a group")]


@pytest.mark.usefixtures("queue")
def test_group_events_are_in_the_system_log_with_their_group(call: Gateway) -> None:
    post(call, of_group("unsubscribe"), of_group("resubscribe", at=1))
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    found = [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=9)]
    assert [
        (one["eventType"], one["outcome"], one["debugContext"]["debugData"].get("unsubscribeGroup")) for one in found
    ] == [
        ("system.email.delivery", {"result": "FAILURE", "reason": "group_unsubscribe"}, "103"),
        ("system.email.delivery", {"result": "SUCCESS", "reason": "group_resubscribe"}, "103"),
        ("reprieve.group.create", {"result": "SUCCESS", "reason": None}, None),
    ]
    assert found[2]["target"][0]["id"] == "103"
