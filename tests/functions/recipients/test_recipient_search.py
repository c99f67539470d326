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


@pytest.mark.parametrize("name", ["00u1", "no such", "x" * 3000, "../00u1", "unknown@example.com", "a@" + "x" * 3000])
def test_a_user_that_does_not_exist_is_not_found(users: Client, name: str) -> None:
    assert users.get(name) == unknown(name)


def test_a_login_that_is_not_there_stays_out_of_the_log(users: Client, log: StringIO) -> None:
    users.get("unknown@example.com")
    users.create({**ADA, "email": "canary@@example.com"})
    users.list(search='profile.email sw "canary@example.com"')
    assert "no User of this login" in log.getvalue()
    assert "unknown" not in log.getvalue()
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
    assert calls == {"BatchGetItem": 2}
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
    assert calls == {"BatchGetItem": 2}


def test_a_user_imported_without_a_profile_is_shown_with_its_address_as_login(users: Client) -> None:
    imported = Recipient("00u00000000000000001", USERS, Address.parse("eve@example.com"), None, 0, 0)
    wiring.recipients().put(DEMO, imported)
    shown = users.get("00u00000000000000001")
    assert shown.body["profile"] == {"secondEmail": None, "login": "eve@example.com", "email": "eve@example.com"}
    assert shown.body["status"] == "ACTIVE"


def test_a_filter_reads_a_thousand_users_with_one_query_and_leads_on_from_there(
    users: Client, clock: Clock, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reprieve.recipients.users.MAX_EXAMINED", 4)
    for name in ("a", "b", "c", "d", "e", "f"):
        clock.now += 1
        users.create({**person(name), "lastName": "Rare" if name in "af" else "Example"})
    pages = [users.list(filter='profile.lastName eq "rare"', limit="3")]
    while len(pages[-1].headers["link"]) == 2:
        assert calls == {"Query": 1}
        cursor = re.findall("after=([^&>]+)", pages[-1].headers["link"][1])[0]
        pages.append(users.list(after=cursor))
    assert [[one["profile"]["firstName"] for one in page.body] for page in pages] == [["a"], ["f"]]


def test_a_filter_with_many_matches_has_full_pages(users: Client, clock: Clock) -> None:
    for name in ("a", "b", "c", "d", "e"):
        clock.now += 1
        users.create(person(name))
    seen, answer = [], users.list(filter='status eq "ACTIVE"', limit="2")
    seen.append(len(answer.body))
    while len(answer.headers["link"]) == 2:
        cursor = re.findall("after=([^&>]+)", answer.headers["link"][1])[0]
        answer = users.list(filter='status eq "ACTIVE"', limit="2", after=cursor)
        seen.append(len(answer.body))
    assert seen == [2, 2, 1]


def test_ids_are_looked_up_with_one_batch_read(users: Client, calls: Calls) -> None:
    identifier = users.create(ADA).body["id"]
    found = users.list(filter=f'id eq "{identifier}" or id eq "00u1" or id eq "a#b"')
    assert found == Answer(200, [user(ADA, identifier=identifier)])
    assert calls == {"BatchGetItem": 1}
    both = users.list(filter='profile.login eq "ada@example.com" or profile.email eq "bob@example.com"')
    assert both == Answer(200, [user(ADA)])
    assert calls == {"BatchGetItem": 2}


def test_a_text_that_cannot_be_an_id_is_not_looked_up(users: Client, calls: Calls) -> None:
    users.create(ADA)
    assert users.list(filter=f'id eq "" or id eq "a#b" or id eq "{"x" * 2_000}"') == Answer(200, [])
    assert calls == {}


def test_a_login_that_is_not_an_address_of_the_user_finds_it(users: Client) -> None:
    profile = {**ADA, "login": "a.lovelace@example.com"}
    users.create(profile)
    assert users.list(filter='profile.login eq "A.Lovelace@example.com"') == Answer(200, [user(profile)])
    assert users.list(filter='profile.email eq "a.lovelace@example.com"') == Answer(200, [])


def test_a_record_of_another_module_with_the_address_is_not_a_user(users: Client, calls: Calls) -> None:
    record = Recipient("00u00000000000000001", "Leads", Address.parse("ada@example.com"), None, 0, 0)
    wiring.recipients().put(DEMO, record)
    assert users.list(filter='profile.email eq "ada@example.com"') == Answer(200, [])
    assert calls == {"BatchGetItem": 1}
    users.create(ADA)
    assert users.list(filter='profile.email eq "ada@example.com"') == Answer(200, [user(ADA)])


def test_airbytes_request_is_answered(users: Client, clock: Clock) -> None:
    users.create(ADA)
    clock.now += 1_000
    bob = users.create(person("bob")).body["id"]
    users.deactivate(bob)
    statuses = " or ".join(f'status eq "{word}"' for word in ("ACTIVE", "DEPROVISIONED", "LOCKED_OUT", "STAGED"))
    question = f'lastUpdated gt "2026-01-01T00:00:00.000Z" and ({statuses})'
    assert [one["id"] for one in users.list(filter=question, limit="200").body] == [bob]


def test_okta_cli_finds_a_user_by_login_and_asks_for_more_than_a_page(users: Client) -> None:
    """The CLI tries the name as an id first, then lists all users with a limit of 1,000 and searches them itself."""
    users.create(ADA)
    assert users.get("ada@example.com") == Answer(200, user(ADA))
    assert users.get("ada") == unknown("ada")
    assert users.list(limit="1000") == Answer(200, [user(ADA)])
    assert users.list(filter='profile.login eq "ada@example.com"', limit="1000") == Answer(200, [user(ADA)])


def test_the_beginning_of_a_name_finds_users_in_use(users: Client, calls: Calls) -> None:
    users.create(ADA)
    users.deactivate(users.create(person("adam")).body["id"])
    assert users.list(q="ad") == Answer(200, [user(ADA)])
    assert calls == {"Query": 1}
    assert users.list(q="ADA@example.com") == Answer(200, [user(ADA)])
    assert calls == {"BatchGetItem": 2}


def test_a_long_filter_comes_back_in_links_that_a_gateway_lets_through(users: Client) -> None:
    for name in ("a", "b"):
        users.create(person(name))
    text = " or ".join(f'profile.firstName eq "{"é" * 9}{number}"' for number in range(90)) + ' or status eq "ACTIVE"'
    answer = users.list(filter=text, limit="1")
    assert (answer.status, len(answer.body)) == (200, 1)
    assert sum(len(name) + len(value) for name, values in answer.headers.items() for value in values) < 10_000
    cursor = re.findall("after=([^&>]+)", answer.headers["link"][-1])[0]
    assert len(users.list(after=cursor).body) == 1
