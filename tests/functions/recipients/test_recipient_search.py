"""Reading users: by id, by login, by search, and page by page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reprieve.address import Address
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.runtime import wiring
from tests.support.gateway import DEMO, Answer, Matching
from tests.support.okta import refusal
from tests.support.recipients import ADA, BASE, Client, person, unknown, user

if TYPE_CHECKING:
    from io import StringIO

    from tests.support.gateway import Calls, Clock


def test_a_user_is_read_by_id_in_one_call_and_by_login_in_two(users: Client, calls: Calls) -> None:
    identifier = users.create(ADA).body["id"]
    assert users.get(identifier) == Answer(200, user(ADA, identifier=identifier))
    assert calls == {"GetItem": 1}
    assert users.get("ADA@EXAMPLE.COM") == Answer(200, user(ADA, identifier=identifier))
    assert calls == {"GetItem": 2}


def test_a_login_in_the_path_may_arrive_encoded(users: Client) -> None:
    users.create({**ADA, "login": "ada+1@example.com"})
    assert users.get("ada%2B1%40example.com").status == 200


@pytest.mark.parametrize("name", ["00u1", "no such", "x" * 3000, "../00u1", "nobody@example.com", "a@" + "x" * 3000])
def test_whoever_is_not_there_is_not_found(users: Client, name: str) -> None:
    assert users.get(name) == unknown(name)


def test_a_login_that_is_not_there_stays_out_of_the_log(users: Client, log: StringIO) -> None:
    users.get("nobody@example.com")
    users.create({**ADA, "email": "canary@@example.com"})
    users.list(search='profile.email sw "canary@example.com"')
    assert "no User of this login" in log.getvalue()
    assert "nobody" not in log.getvalue()
    assert "canary" not in log.getvalue()


def test_only_a_search_shows_the_deactivated(users: Client) -> None:
    identifier = users.create(ADA).body["id"]
    users.deactivate(identifier)
    assert users.list() == Answer(200, [])
    assert users.list(q="ada@example.com") == Answer(200, [])
    gone = user(ADA, status="DEPROVISIONED", identifier=identifier)
    assert users.list(search='profile.login eq "ada@example.com"') == Answer(200, [gone])
    assert users.list(filter='profile.email eq "ada@example.com"') == Answer(200, [gone])


def test_pages_follow_each_other_to_the_end(users: Client, clock: Clock, calls: Calls) -> None:
    for name in ("a", "b", "c", "d", "e"):
        clock.now += 1
        users.create(person(name))
    seen, query = [], {"limit": "2"}
    for _ in range(3):
        answer = users.list(**query)
        assert calls == {"Query": 1}
        seen.append([one["profile"]["firstName"] for one in answer.body])
        if found := re.search('after=([^&>]+).*rel="next"', answer.headers["link"][-1]):
            # the cursor is all that Okta's Python SDK repeats
            query = {"after": found[1]}
    assert seen == [["a", "b"], ["c", "d"], ["e"]]
    assert answer.headers["link"] == [Matching(f'<{re.escape(BASE)}\\?after=.+>; rel="self"')]


def test_a_full_last_page_has_no_next(users: Client) -> None:
    for name in ("a", "b"):
        users.create(person(name))
    assert users.list(limit="2").headers["link"] == [f'<{BASE}?limit=2>; rel="self"']


def test_a_cursor_carries_its_search(users: Client, calls: Calls) -> None:
    for name in ("a", "b", "c"):
        users.create({**person(name), "secondEmail": "team@example.com"})
    users.create(person("d"))
    search = 'profile.secondEmail EQ "Team@example.com"'
    first = users.list(search=search, limit="2")
    assert len(first.body) == 2
    assert calls == {"GetItem": 1, "BatchGetItem": 1}
    cursor = re.findall("after=([^&>]+)", first.headers["link"][1])[0]
    again = users.list(search=search, after=cursor)
    assert again == users.list(after=cursor)
    assert len(again.body) == 1
    assert len(again.headers["link"]) == 1
    other = users.list(search='profile.email eq "a@example.com"', after=cursor)
    assert other == refusal(400, "E0000029", "Invalid paging request.", "Invalid cursor.")


def test_a_search_by_email_does_not_find_a_second_email(users: Client) -> None:
    users.create(ADA)
    assert users.list(search='profile.email eq "countess@example.org"') == Answer(200, [])
    assert users.list(search='profile.secondEmail eq "COUNTESS@example.org"') == Answer(200, [user(ADA)])
    assert users.list(q="Ada@example.com") == Answer(200, [user(ADA)])


def test_a_login_is_searched_in_two_calls(users: Client, calls: Calls) -> None:
    users.create(ADA)
    assert users.list(search='profile.login eq "ada@example.com"') == Answer(200, [user(ADA)])
    assert calls == {"GetItem": 1, "BatchGetItem": 1}


def test_a_user_imported_without_a_profile_is_shown_with_its_address_as_login(users: Client) -> None:
    imported = Recipient("00u00000000000000001", USERS, Address.parse("eve@example.com"), None, 0, 0)
    wiring.recipients().put(DEMO, imported)
    shown = users.get("00u00000000000000001")
    assert shown.body["profile"] == {"secondEmail": None, "login": "eve@example.com", "email": "eve@example.com"}
    assert shown.body["status"] == "ACTIVE"
