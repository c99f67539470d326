"""/v3/asm/groups/{group_id}/suppressions and /v3/asm/suppressions: who is unsubscribed from which group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.access.provider_account import ProviderAccount
from reprieve.dialects.sendgrid import groups as dialect
from reprieve.providers.sendgrid.adapter import SendGrid
from reprieve.runtime import wiring
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from tests.support.fake_sendgrid import FakeSendGrid
from tests.support.gateway import DEMO, Answer, Context, function
from tests.support.groups import add, ask, create, entries, members
from tests.support.providers import KEY
from tests.support.suppressions import error, pending

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock, Gateway

NOW = 1_767_225_600


def unsubscribed() -> list[str]:
    """The global unsubscribes."""
    found = wiring.listing().each(DEMO, SuppressionList.UNSUBSCRIBES, Selection(), now=wiring.now())
    return sorted(one.email for one in found)


def test_addresses_are_added_listed_searched_and_removed(call: Gateway, calls: Calls, clock: Clock) -> None:
    group = create(call)
    assert add(call, group, "Ann@x.io", "bob@x.io") == Answer(201, {"recipient_emails": ["Ann@x.io", "bob@x.io"]})
    # the count of the request, and an addition each; the groups; the entries, and their log entry
    assert calls == {"UpdateItem": 2, "GetItem": 1, "BatchExecuteStatement": 2}
    assert ask(call, "GET", f"{group}/suppressions") == Answer(200, ["Ann@x.io", "bob@x.io"])
    assert calls == {"GetItem": 1, "Query": 1}
    wanted = {"recipient_emails": ["nobody@x.io", "BOB@x.io", "ann@x.io"]}
    assert ask(call, "POST", f"{group}/suppressions/search", wanted) == Answer(200, ["BOB@x.io", "ann@x.io"])
    assert calls == {"GetItem": 1, "BatchGetItem": 1}
    clock.now += 1
    assert ask(call, "DELETE", f"{group}/suppressions/ann@x.io") == Answer(204)
    assert members(call, group) == ["bob@x.io"]
    assert unsubscribed() == []
    # an addition and a removal
    assert pending() == [(f"group-{group}", "ann@x.io"), (f"group-{group}", "bob@x.io")]


def test_what_is_added_and_removed_here_is_so_at_the_provider(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeSendGrid() as fake:
        fake.allow(KEY)
        monkeypatch.setattr(
            wiring, "provider_for", lambda *_: SendGrid(base_url=fake.url, api_key=KEY, clock=wiring.now)
        )
        account = ProviderAccount("none")
        assert wiring.access().set_provider_account("demo", account, provider_name="", before=None)
        group = create(call)
        add(call, group, "Ann@x.io", "bob@x.io")
        function("removal_job")({}, Context(remaining=110_000))
        assert fake.listed(f"group-{group}") == {"Ann@x.io", "bob@x.io"}
        clock.now += 60_000
        ask(call, "DELETE", f"{group}/suppressions/ann@x.io")
        function("removal_job")({}, Context(remaining=110_000))
        assert fake.listed(f"group-{group}") == {"bob@x.io"}
        assert pending() == []


def test_a_removal_of_an_address_that_is_not_in_the_group_is_success_and_goes_to_the_provider_all_the_same(
    call: Gateway,
) -> None:
    group = create(call)
    assert ask(call, "DELETE", f"{group}/suppressions/stranger@x.io") == Answer(204)
    assert pending() == [(f"group-{group}", "stranger@x.io")]
    answer = ask(call, "DELETE", f"{group}/suppressions/garbage")
    assert (answer.status, pending()) == (400, [(f"group-{group}", "stranger@x.io")])


def test_an_address_that_is_added_after_its_removal_is_listed_again(call: Gateway, clock: Clock) -> None:
    group = create(call)
    add(call, group, "ann@x.io")
    ask(call, "DELETE", f"{group}/suppressions/ann@x.io")
    assert members(call, group) == []
    clock.now += 1
    add(call, group, "ann@x.io")
    assert members(call, group) == ["ann@x.io"]


@pytest.mark.parametrize("deleted", [True, False])
def test_who_is_added_to_a_group_that_is_not_there_is_unsubscribed_from_all_mail(call: Gateway, deleted: bool) -> None:
    group = create(call) if deleted else 77
    if deleted:
        ask(call, "DELETE", str(group))
    assert add(call, group, "ann@x.io") == Answer(201, {"recipient_emails": ["ann@x.io"]})
    assert unsubscribed() == ["ann@x.io"]
    for method, path, body in (
        ("GET", "suppressions", None),
        ("DELETE", "suppressions/ann@x.io", None),
        ("POST", "suppressions/search", {"recipient_emails": ["ann@x.io"]}),
    ):
        assert ask(call, method, f"{group}/{path}", body) == Answer(404, error("not found"))


def test_an_address_in_one_group_is_in_no_other(call: Gateway, calls: Calls) -> None:
    news, offers = create(call, "News", description="n"), create(call, "Offers", is_default=True)
    add(call, offers, "ann@x.io")
    assert members(call, news) == []
    rows = [
        {"id": news, "name": "News", "description": "n", "is_default": False, "suppressed": False},
        {"id": offers, "name": "Offers", "description": "", "is_default": True, "suppressed": True},
    ]
    assert entries(call, "ANN@x.io") == Answer(200, {"suppressions": rows})
    assert calls == {"GetItem": 1, "BatchGetItem": 1}
    assert [one["suppressed"] for one in entries(call, "bob@x.io").body["suppressions"]] == [False, False]
    assert entries(call, "garbage").status == 400


def test_all_entries_come_newest_first_with_their_groups(call: Gateway, calls: Calls, clock: Clock) -> None:
    assert entries(call) == Answer(200, [])
    news, offers = create(call, "News"), create(call, "Offers")
    add(call, news, "ann@x.io")
    clock.now += 1_000
    add(call, offers, "ann@x.io", "bob@x.io")

    def row(email: str, group: int, name: str, at: int) -> dict[str, object]:
        return {"email": email, "group_id": group, "group_name": name, "created_at": at}

    rows = [
        row("ann@x.io", offers, "Offers", NOW + 1),
        row("bob@x.io", offers, "Offers", NOW + 1),
        row("ann@x.io", news, "News", NOW),
    ]
    assert entries(call) == Answer(200, rows)
    assert calls == {"GetItem": 1, "Query": 2}
    answer = entries(call, limit=2)
    assert answer == Answer(200, rows[:2])
    (link,) = answer.headers["link"]
    assert link == '<https://reprieve.example.com/v3/asm/suppressions?limit=2&offset=2>; rel="next"'
    answer = entries(call, limit=2, offset=2)
    assert answer == Answer(200, rows[2:])
    assert "link" not in answer.headers


def test_a_list_that_one_answer_cannot_hold_is_refused_rather_than_cut_short(
    call: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = create(call)
    add(call, group, *(f"u{number}@x.io" for number in range(5)))
    monkeypatch.setattr(dialect, "PAGE", 3)
    monkeypatch.setattr(dialect, "LIMIT", dialect.WholeNumber("limit", 1, 3))
    refused = Answer(400, error("more than 3 entries: set limit, and offset for the next page", "limit"))
    assert ask(call, "GET", f"{group}/suppressions") == refused
    assert entries(call) == refused
    assert ask(call, "GET", f"{group}/suppressions", limit=3).body == ["u0@x.io", "u1@x.io", "u2@x.io"]
    assert ask(call, "GET", f"{group}/suppressions", limit=3, offset=3).body == ["u3@x.io", "u4@x.io"]
    assert ask(call, "GET", f"{group}/suppressions", limit=4).status == 400


@pytest.mark.parametrize("where", ["suppressions", "suppressions/search"])
@pytest.mark.parametrize(
    ("body", "message", "field"),
    [
        ({}, "must be set", "recipient_emails"),
        ([], "the body must be a JSON object", None),
        ({"recipient_emails": "ann@x.io"}, "must be an array of strings", "recipient_emails"),
        ({"recipient_emails": ["ann@x.io", 7]}, "must be an array of strings", "recipient_emails"),
        ({"recipient_emails": ["a@x.io"] * 1_001}, "must not have more than 1000 items", "recipient_emails"),
    ],
)
def test_a_body_that_names_no_addresses_is_refused(
    call: Gateway, where: str, body: object, message: str, field: str | None
) -> None:
    group = create(call)
    assert ask(call, "POST", f"{group}/{where}", body) == Answer(400, error(message, field))
    assert members(call, group) == []


def test_one_address_that_is_none_keeps_all_of_a_request_off_the_list(call: Gateway) -> None:
    group = create(call)
    assert add(call, group, "ann@x.io", "garbage").status == 400
    assert members(call, group) == []


def test_an_address_that_is_named_twice_is_listed_once(call: Gateway) -> None:
    group = create(call)
    assert add(call, group, "ann@x.io", "ANN@x.io").status == 201
    assert ask(call, "GET", str(group)).body["unsubscribes"] == 1
