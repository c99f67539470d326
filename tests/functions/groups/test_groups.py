"""/v3/asm/groups: the unsubscribe groups, from request to answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.runtime import wiring
from reprieve.suppressions.group import MAX_GROUPS, Group, Groups
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.gateway import DEMO, Answer
from tests.support.groups import NEWS, add, ask, create, members
from tests.support.suppressions import error

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock, Gateway

OTHER = replace(DEMO, id="other")


def test_a_group_is_answered_as_sendgrid_does_when_it_is_created_read_changed_and_listed(
    call: Gateway, calls: Calls
) -> None:
    assert ask(call, "POST", body=NEWS) == Answer(201, {"id": 1, **NEWS, "is_default": False})
    # the count of the request; the groups before and at the change, no provider; the change; its log entry
    assert calls == {"GetItem": 2, "Query": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    add(call, 1, "ann@x.io")
    counted = {"id": 1, **NEWS, "is_default": False, "last_email_sent_at": None, "unsubscribes": 1}
    assert ask(call, "GET", "1") == Answer(200, counted)
    assert calls == {"GetItem": 1, "Query": 1}
    changed = {"id": 1, "name": "News", "description": NEWS["description"], "is_default": True}
    assert ask(call, "PATCH", "1", {"name": "News", "is_default": True, "unsubscribes": 9}) == Answer(201, changed)
    assert calls == {"GetItem": 2, "Query": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    create(call, "Alerts")
    alerts = {"id": 2, "name": "Alerts", "description": "", "is_default": False}
    assert ask(call, "GET") == Answer(
        200,
        [
            {**changed, "last_email_sent_at": None, "unsubscribes": 1},
            {**alerts, "last_email_sent_at": None, "unsubscribes": 0},
        ],
    )
    assert calls == {"GetItem": 1, "Query": 2}


def test_groups_can_be_asked_for_by_id(call: Gateway) -> None:
    for name in ("a", "b"):
        create(call, name)
    assert [one["id"] for one in ask(call, "GET", id=2).body] == [2]
    assert [one["id"] for one in ask(call, "GET", **{"id[]": 2}).body] == [2]
    assert ask(call, "GET", id=7) == Answer(200, [])
    assert ask(call, "GET", id="x") == Answer(400, error("must be a whole number", "id"))


def test_one_group_at_most_is_the_default(call: Gateway) -> None:
    create(call, "a", is_default=True)
    create(call, "b", is_default=True)
    assert [one["is_default"] for one in ask(call, "GET").body] == [False, True]
    ask(call, "PATCH", "2", {"is_default": False})
    assert [one["is_default"] for one in ask(call, "GET").body] == [False, False]


@pytest.mark.parametrize(
    ("body", "message", "field"),
    [
        ({"description": "x"}, "must be set", "name"),
        ({"name": "x"}, "must be set", "description"),
        ({"name": "", "description": "x"}, "must be text of 1 to 30 characters", "name"),
        ({"name": " ", "description": "x"}, "must be text of 1 to 30 characters", "name"),
        ({"name": "x" * 31, "description": "x"}, "must be text of 1 to 30 characters", "name"),
        ({"name": 7, "description": "x"}, "must be text of 1 to 30 characters", "name"),
        ({"name": None, "description": "x"}, "must be text of 1 to 30 characters", "name"),
        ({"name": "x", "description": "x" * 101}, "must be text of 0 to 100 characters", "description"),
        ({**NEWS, "is_default": "yes"}, "must be true or false", "is_default"),
        ({**NEWS, "is_default": None}, "must be true or false", "is_default"),
        ({"name": "TAKEN", "description": "x"}, "another group has this name", "name"),
        ([], "the body must be a JSON object", None),
    ],
)
def test_a_group_that_cannot_be_is_refused_by_the_name_of_its_member(
    call: Gateway, body: object, message: str, field: str | None
) -> None:
    create(call, "taken")
    assert ask(call, "POST", body=body) == Answer(400, error(message, field))
    assert [one.name for one in wiring.group_store().all(DEMO).groups] == ["taken"]


def test_names_and_descriptions_have_room_for_what_sendgrid_allows(call: Gateway) -> None:
    longest = {"name": "ä" * 30, "description": "x" * 100}
    assert ask(call, "POST", body=longest).body == {"id": 1, **longest, "is_default": False}


def test_a_change_to_a_name_that_is_taken_is_refused_but_not_to_ones_own(call: Gateway) -> None:
    create(call, "a")
    create(call, "b")
    assert ask(call, "PATCH", "2", {"name": "A"}) == Answer(400, error("another group has this name", "name"))
    assert ask(call, "PATCH", "2", {"name": "B"}).status == 201


def test_there_are_two_hundred_groups_at_most(call: Gateway) -> None:
    groups = tuple(Group(one, f"group {one}") for one in range(1, MAX_GROUPS + 1))
    assert wiring.group_store().replace(DEMO, Groups(groups, last_id=MAX_GROUPS, version=1))
    assert ask(call, "POST", body=NEWS) == Answer(400, error("there are 200 groups already"))
    assert ask(call, "DELETE", "7").status == 204
    assert ask(call, "POST", body=NEWS).body["id"] == MAX_GROUPS + 1


@pytest.mark.parametrize("group", ["9", "0", "x", "1" * 40, "-1", "1.0"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_group_that_is_not_there_is_not_found(call: Gateway, method: str, group: str) -> None:
    body = NEWS if method == "PATCH" else None
    assert ask(call, method, group, body) == Answer(404, error("not found"))


def test_a_deleted_group_takes_its_list_along_and_its_id_is_not_used_again(call: Gateway, calls: Calls) -> None:
    group = create(call)
    add(call, group, "ann@x.io")
    assert ask(call, "DELETE", str(group)) == Answer(204)
    assert calls == {"GetItem": 2, "Query": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    assert ask(call, "GET") == Answer(200, [])
    assert members(call, group) == error("not found")
    assert create(call) == group + 1
    assert members(call, group + 1) == []


def test_the_records_of_a_deleted_group_are_swept(call: Gateway) -> None:
    gone, kept = create(call, "gone"), create(call, "kept")
    for group in (gone, kept):
        add(call, group, *(f"u{number}@x.io" for number in range(3)))
    ask(call, "DELETE", str(gone))
    swept = wiring.unsubscribe_groups()
    swept.sweep(DEMO, goes_on=lambda: False)
    assert wiring.group_store().all(DEMO).unswept == {gone}
    swept.sweep(DEMO, goes_on=lambda: True)
    assert wiring.group_store().all(DEMO).unswept == set()
    partitions = {item["partition"] for item in records()}
    assert f"demo#group-{gone}#0" not in partitions
    assert f"demo#group-{kept}#0" in partitions


def records() -> list[dict[str, Any]]:
    found = wiring.client("dynamodb").scan(TableName=wiring.table("SUPPRESSIONS").name)["Items"]
    return [{"partition": item["partition"]["S"]} for item in found]


def test_two_changes_at_once_both_take_effect(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    store = wiring.group_store()
    honest, raced = store.replace, []

    def replace_(organization: Any, groups: Groups) -> bool:
        if not raced:
            raced.append(True)
            assert create(call, "faster") == 1
        return honest(organization, groups)

    monkeypatch.setattr(store, "replace", replace_)
    assert create(call, "slower") == 2
    assert [one.name for one in store.all(DEMO).groups] == ["faster", "slower"]


def test_each_organization_has_its_own_groups(call: Gateway) -> None:
    group = create(call)
    add(call, group, "ann@x.io")
    assert ask(call, "GET", organization=OTHER) == Answer(200, [])
    for method in ("GET", "DELETE"):
        assert ask(call, method, str(group), organization=OTHER).status == 404
    assert ask(call, "POST", body=NEWS, organization=OTHER).body["id"] == group
    assert members(call, group, organization=OTHER) == []
    add(call, group, "bob@x.io", organization=OTHER)
    ask(call, "DELETE", f"{group}/suppressions/ann@x.io", organization=OTHER)
    ask(call, "DELETE", str(group), organization=OTHER)
    assert members(call, group) == ["ann@x.io"]


def test_every_change_of_a_group_is_logged(call: Gateway, clock: Clock) -> None:
    group = create(call)
    clock.now += 1
    ask(call, "PATCH", str(group), {"name": "News"})
    clock.now += 1
    ask(call, "PATCH", str(group), {"name": "News"})
    clock.now += 1
    ask(call, "DELETE", str(group))
    assert [
        (one["eventType"], one["target"][0]["id"], one["target"][0]["displayName"], one["actor"]["displayName"])
        for one in logged()
    ] == [
        ("reprieve.group.create", "1", "Newsletters", "credential cred-1"),
        ("reprieve.group.update", "1", "News", "credential cred-1"),
        ("reprieve.group.delete", "1", "News", "credential cred-1"),
    ]
    assert logged()[1]["target"][0]["changeDetails"] == {"from": {"name": "Newsletters"}, "to": {"name": "News"}}


def logged() -> list[Any]:

    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    return [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=100)]
