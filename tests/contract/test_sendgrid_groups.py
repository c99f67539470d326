"""SendGrid's unsubscribe groups on real HTTP, and our groups in front of them."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import SECOND, Millis
from reprieve.errors import Conflict, InvalidInput, Unavailable
from reprieve.organization import Organization
from reprieve.providers.sendgrid.adapter import api_of
from reprieve.providers.sendgrid.groups import SendGridGroups
from reprieve.store.groups import GroupStore
from reprieve.store.table import Table
from reprieve.suppressions.group import Group, GroupChanges
from reprieve.suppressions.groups import UnsubscribeGroups
from reprieve.suppressions.suppression import GroupList
from tests.support import fake_sendgrid as upstream
from tests.support.contexts import context
from tests.support.dynamodb import Database
from tests.support.fake_sendgrid import FakeSendGrid
from tests.support.providers import KEY, NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

ORG = Organization("acme", "Acme")
NEWS = GroupChanges("News", "monthly")


@pytest.fixture
def fake() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as server:
        server.allow(KEY)
        yield server


@pytest.fixture
def groups(fake: FakeSendGrid) -> Iterator[SendGridGroups]:
    with closing(SendGridGroups(api_of(fake.url, KEY, "sub"))) as adapter:
        yield adapter


@pytest.fixture
def ours(groups: SendGridGroups) -> UnsubscribeGroups:
    class Log:
        def append(self, *_: object) -> int:
            return 0

    store = GroupStore(Table(Database().client(), "Suppressions"))  # type: ignore[arg-type]
    return UnsubscribeGroups(store, Log(), lambda *_: groups)  # type: ignore[arg-type]


def there(fake: FakeSendGrid) -> list[str]:
    """The names of the groups at SendGrid."""
    return [one["name"] for one in fake.groups[KEY, "sub"].values()]


def test_the_requests_are_as_documented(fake: FakeSendGrid, groups: SendGridGroups) -> None:
    made = groups.create(NEWS)
    groups.change(made.id, GroupChanges(is_default=True))
    assert groups.all() == [Group(made.id, "News", "monthly", is_default=True)]
    groups.delete(made.id)
    prefix = f"{fake.prefix}/v3/asm/groups"
    assert [(one.method, one.target, json.loads(one.body or b"null")) for one in fake.seen] == [
        ("POST", prefix, {"name": "News", "description": "monthly"}),
        ("PATCH", f"{prefix}/{made.id}", {"is_default": True}),
        ("GET", prefix, None),
        ("DELETE", f"{prefix}/{made.id}", None),
    ]
    assert {one.headers["on-behalf-of"] for one in fake.seen} == {"sub"}
    assert groups.all() == []


def test_the_members_of_all_groups_are_read_within_a_range_of_time(fake: FakeSendGrid, groups: SendGridGroups) -> None:
    made = groups.create(NEWS)
    for second in (1, 2, 3):
        fake.put(GroupList.of(made.id), f"n{second}@x.org", created=second, subuser="sub")
    found = list(groups.entries(start=Millis(2 * SECOND), end=Millis(2 * SECOND)))
    assert [(one.list, one.email, one.created, one.provider) for one in found] == [
        (GroupList.of(made.id), "n2@x.org", 2 * SECOND, "sendgrid")
    ]


def test_a_row_that_cannot_be_read_is_left_out_and_one_without_a_time_is_as_late_as_can_be(
    fake: FakeSendGrid, groups: SendGridGroups
) -> None:
    rows: list[Any] = [
        {"email": "a@x.org", "group_id": 5},
        {"email": "b@x.org"},
        {"email": "b@x.org", "group_id": "x"},
        {"email": "", "group_id": 5},
        {"group_id": 5},
        "b@x.org",
        None,
    ]
    fake.always = lambda handler: handler.answer(200, rows)
    assert [(one.email, one.created) for one in groups.entries(start=Millis(0), end=Millis(NOW))] == [("a@x.org", NOW)]
    rows[:] = [{"id": 5, "name": "n"}, {"id": "6"}, {"name": "n"}, {"id": 0}, {"id": True}, 7]
    assert groups.all() == [Group(5, "n"), Group(6, "")]


def test_what_is_not_there_is_a_conflict_to_change_and_nothing_to_delete(groups: SendGridGroups) -> None:
    with pytest.raises(Conflict):
        groups.change(7, NEWS)
    groups.delete(7)


TROUBLE = {
    "throttled": upstream.throttled(NOW // 1000 + 60),
    "no permission": upstream.status(403),
    "an unknown key": upstream.status(401),
    "down": upstream.status(500),
    "a redirect": upstream.redirect("https://example.com/"),
    "no answer": upstream.reset,
    "another API": lambda handler: handler.answer(404, {"message": "Not Found"}),
    "not JSON": upstream.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n<>"),
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=list(TROUBLE))
def test_without_a_proper_answer_nothing_is_changed_here(
    fake: FakeSendGrid, groups: SendGridGroups, ours: UnsubscribeGroups, trouble: Any
) -> None:
    group = ours.create(context(ORG, now=NOW), NEWS)
    fake.always = trouble
    asked = context(ORG, now=NOW)
    with pytest.raises(Unavailable) as told:
        ours.create(asked, GroupChanges("Offers", ""))
    assert "canary" not in str(told.value)
    if trouble is not TROUBLE["not JSON"]:
        with pytest.raises(Unavailable):
            ours.change(asked, group.id, GroupChanges("Offers"))
        with pytest.raises(Unavailable):
            ours.delete(asked, group.id)
    with pytest.raises(Unavailable):
        groups.all()
    assert ours.groups.all(ORG).groups == (group,)


def test_what_sendgrid_refuses_is_refused_and_not_added(fake: FakeSendGrid, ours: UnsubscribeGroups) -> None:
    fake.trouble.append(upstream.status(400))
    with pytest.raises(InvalidInput) as told:
        ours.create(context(ORG, now=NOW), NEWS)
    assert str(told.value) == "the provider refused the group"
    assert ours.groups.all(ORG).groups == ()


def test_a_group_whose_creation_was_not_answered_is_taken_over_by_the_same_request(
    fake: FakeSendGrid, ours: UnsubscribeGroups
) -> None:
    fake.trouble.append(upstream.after_effect(upstream.reset))
    with pytest.raises(Unavailable):
        ours.create(context(ORG, now=NOW), NEWS)
    assert ours.groups.all(ORG).groups == ()
    group = ours.create(context(ORG, now=NOW), NEWS)
    assert there(fake) == ["News"]
    assert group.id in fake.groups[KEY, "sub"]


def test_a_group_has_sendgrids_id_and_lives_and_ends_with_it(fake: FakeSendGrid, ours: UnsubscribeGroups) -> None:
    asked = context(ORG, now=NOW)
    group = ours.create(asked, NEWS)
    assert list(fake.groups[KEY, "sub"]) == [group.id]
    ours.change(asked, group.id, GroupChanges("Offers"))
    assert there(fake) == ["Offers"]
    ours.delete(asked, group.id)
    assert (there(fake), ours.groups.all(ORG).groups) == ([], ())
