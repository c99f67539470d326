"""Okta's Users API, as its clients see it: whole answers, and what each costs in DynamoDB calls."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.address import Address
from reprieve.errors import Conflict
from reprieve.log import Order, Span, position
from reprieve.organization import Organization
from reprieve.recipient import USERS, Recipient
from reprieve.runtime import wiring
from tests.support.gateway import DEMO, Answer, Matching, cases, event, function

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import StringIO

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls, Clock, Gateway

BASE = "https://reprieve.example.com/api/v1/users"
ID = Matching("00u[0-9A-Za-z]{17}")
MANAGE = ["okta.users.manage"]
ADA = {
    "login": "ada@example.com",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.com",
    "secondEmail": "countess@example.org",
}
BEGIN = "2026-01-01T00:00:00.000Z"
LATER = "2026-01-01T00:00:01.000Z"


@pytest.fixture(autouse=True)
def frozen(clock: Clock) -> Clock:
    return clock


class Client:
    """The routes, by what they do."""

    def __init__(self, call: Gateway) -> None:
        self._call = call
        self.organization = DEMO

    def _send(self, method: str, resource: str, **arguments: Any) -> Answer:
        arguments.setdefault("scopes", MANAGE)
        return self._call(function("recipients"), method, resource, organization=self.organization, **arguments)

    def create(self, profile: Mapping[str, object], **query: str) -> Answer:
        return self._send("POST", "/v1/users", body={"profile": profile}, query=query)

    def list(self, **query: str) -> Answer:
        return self._send("GET", "/v1/users", query=query)

    def get(self, name: str) -> Answer:
        return self._send("GET", "/v1/users/{id}", path={"id": name})

    def update(self, name: str, body: object) -> Answer:
        return self._send("POST", "/v1/users/{id}", path={"id": name}, body=body)

    def replace(self, name: str, body: object) -> Answer:
        return self._send("PUT", "/v1/users/{id}", path={"id": name}, body=body)

    def deactivate(self, name: str) -> Answer:
        return self._send("POST", "/v1/users/{id}/lifecycle/deactivate", path={"id": name})

    def delete(self, name: str) -> Answer:
        return self._send("DELETE", "/v1/users/{id}", path={"id": name})


@pytest.fixture
def users(call: Gateway) -> Client:
    return Client(call)


def person(name: str) -> dict[str, str]:
    email = f"{name}@example.com"
    return {"login": email, "firstName": name, "lastName": "Example", "email": email}


def user(profile: Mapping[str, object], *, status: str = "ACTIVE", updated: str = BEGIN, identifier: Any = ID) -> Any:
    return {
        "id": identifier,
        "status": status,
        "created": BEGIN,
        "lastUpdated": updated,
        "profile": {"secondEmail": None, **profile},
        "credentials": {},
        "_links": {"self": {"href": Matching(f"{re.escape(BASE)}/00u[0-9A-Za-z]{{17}}")}},
    }


def refusal(status: int, code: str, summary: str, *causes: str) -> Answer:
    body = {
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": Matching("oae[0-9A-Za-z_-]{22}"),
        "errorCauses": [{"errorSummary": cause} for cause in causes],
    }
    return Answer(status, body)


def unknown(name: str) -> Answer:
    return refusal(404, "E0000007", f"Not found: Resource not found: {name} (User)")


TAKEN = refusal(
    400,
    "E0000001",
    "Api validation failed: login",
    "login: An object with this field already exists in the current organization",
)


def members(*addresses: str) -> set[str]:
    return wiring.recipients().members(DEMO, addresses)


#: the events in an order that tells a story, and the whole answer to each
STORY: dict[str, Answer] = {
    "create": Answer(200, user(ADA)),
    "create_taken_login": TAKEN,
    "create_blank_profile": refusal(
        400,
        "E0000001",
        "Api validation failed: login",
        "login: The field cannot be left blank",
        "firstName: The field cannot be left blank",
        "lastName: The field cannot be left blank",
        "email: The field cannot be left blank",
        "login: Username must be in the form of an email address",
    ),
    "list": Answer(200, [user(ADA)]),
    "search_by_second_email": Answer(200, [user(ADA)]),
    "search_not_understood": refusal(
        400,
        "E0000031",
        "Invalid search criteria.",
        'search: profile.login or profile.email or profile.secondEmail eq "text" is what can be looked for',
    ),
    "get_by_login": Answer(200, user(ADA)),
    "get_unknown": unknown("00u0Ud5TgI0AbCdEfGhI"),
    "update_email": Answer(200, user({**ADA, "email": "ada.king@example.com", "secondEmail": None})),
    "replace": Answer(200, user({**ADA, "lastName": "King", "secondEmail": None})),
    "deactivate": Answer(200, {}),
    "delete": Answer(204),
}


def test_every_event_is_answered_whole(call: Gateway) -> None:
    answers = {case: call.send(function("recipients"), event("recipients", case)) for case in STORY}
    assert answers == STORY
    assert sorted(STORY) == cases("recipients")


def test_a_new_user_costs_one_transaction_and_an_entry(users: Client, calls: Calls) -> None:
    assert users.create(ADA) == Answer(200, user(ADA))
    assert calls == {"TransactWriteItems": 1, "BatchExecuteStatement": 1}


def test_a_new_user_makes_both_addresses_members(users: Client) -> None:
    users.create({**ADA, "email": "Ada@Example.com"})
    assert members("ada@example.com", "countess@example.org", "bob@example.com") == {
        "ada@example.com",
        "countess@example.org",
    }


def test_a_login_is_no_address(users: Client) -> None:
    users.create({**ADA, "login": "a.lovelace@example.com"})
    assert members("a.lovelace@example.com") == set()


def test_a_user_that_is_not_activated_is_staged_and_a_member(users: Client) -> None:
    assert users.create(ADA, activate="false") == Answer(200, user(ADA, status="STAGED"))
    assert members("ada@example.com") == {"ada@example.com"}


def test_credentials_are_accepted_and_not_kept(call: Gateway, dynamodb: DynamoDBClient) -> None:
    body = {"profile": ADA, "credentials": {"password": {"value": "canary-password"}}, "groupIds": ["00g1"]}
    assert call(function("recipients"), "POST", "/v1/users", body=body, scopes=MANAGE) == Answer(200, user(ADA))
    assert "canary" not in str(dynamodb.scan(TableName="Recipients")["Items"])


def test_a_taken_login_is_refused_whatever_its_case_and_costs_one_read_more(users: Client, calls: Calls) -> None:
    users.create(ADA)
    assert users.create({**person("bob"), "login": "ADA@example.com"}) == TAKEN
    assert calls == {"TransactWriteItems": 1, "GetItem": 1}
    assert members("bob@example.com") == set()


def test_a_login_taken_in_the_middle_of_an_update_is_refused(users: Client) -> None:
    identifier = users.create(person("bob")).body["id"]

    def slow(stored: Recipient) -> Recipient:
        users.create(ADA)
        return replace(stored, profile={**stored.profile, "login": "ada@example.com"})

    with pytest.raises(Conflict):
        wiring.recipients().change(DEMO, USERS, identifier, slow)
    assert users.get(identifier).body == user(person("bob"), identifier=identifier)
    assert users.get("ada@example.com").body == user(ADA)


def test_two_changes_at_once_both_take_effect(users: Client) -> None:
    identifier = users.create(ADA).body["id"]
    seen = []

    def slow(stored: Recipient) -> Recipient:
        seen.append(stored.secondary_email)
        if len(seen) == 1:
            users.update(identifier, {"profile": {"secondEmail": "king@example.org"}})
        return replace(stored, email=Address.parse("augusta@example.com"))

    wiring.recipients().change(DEMO, USERS, identifier, slow)
    assert seen == [Address.parse("countess@example.org"), Address.parse("king@example.org")]
    every = ("ada@example.com", "augusta@example.com", "countess@example.org", "king@example.org")
    assert members(*every) == {"augusta@example.com", "king@example.org"}


def test_what_is_deleted_in_the_middle_of_an_update_does_not_come_back(users: Client, dynamodb: DynamoDBClient) -> None:
    identifier = users.create(ADA).body["id"]

    def slow(stored: Recipient) -> Recipient:
        assert wiring.recipients().delete(DEMO, USERS, identifier)
        return replace(stored, updated=5)

    assert wiring.recipients().change(DEMO, USERS, identifier, slow) is None
    assert dynamodb.scan(TableName="Recipients")["Items"] == []


def test_two_users_may_share_an_address_and_it_stays_a_member_until_the_last_is_gone(users: Client) -> None:
    for name in ("ada", "bob"):
        users.create({**person(name), "email": "team@example.com"})
    for name in ("ada", "bob"):
        assert members("team@example.com") == {"team@example.com"}
        users.delete(f"{name}@example.com")
        users.delete(f"{name}@example.com")
    assert members("team@example.com") == set()


def test_the_same_login_in_another_organization_is_another_user(users: Client) -> None:
    identifier = users.create(ADA).body["id"]
    users.organization = Organization(id="other", name="Other")
    assert users.get(identifier) == unknown(identifier)
    assert users.get("ada@example.com") == unknown("ada@example.com")
    assert users.list(search='profile.email eq "ada@example.com"') == Answer(200, [])
    assert users.delete(identifier) == unknown(identifier)
    assert users.create(ADA) == Answer(200, user(ADA))


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


def test_an_update_changes_what_it_names(users: Client, clock: Clock, calls: Calls) -> None:
    identifier = users.create({**ADA, "city": "London", "title": "Countess"}).body["id"]
    clock.now += 1_000
    body = {"profile": {"lastName": "King", "secondEmail": None, "title": None}, "status": "SUSPENDED", "id": "x"}
    expected = {**ADA, "lastName": "King", "secondEmail": None, "city": "London"}
    assert users.update(identifier, body) == Answer(200, user(expected, updated=LATER, identifier=identifier))
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "DeleteItem": 1, "BatchExecuteStatement": 1}
    assert users.get(identifier).body == user(expected, updated=LATER, identifier=identifier)
    assert members("ada@example.com", "countess@example.org") == {"ada@example.com"}


def test_an_update_that_takes_no_address_away_costs_a_read_a_transaction_and_an_entry(
    users: Client, calls: Calls
) -> None:
    identifier = users.create(ADA).body["id"]
    users.update(identifier, {"profile": {"firstName": "Augusta"}})
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "BatchExecuteStatement": 1}


def test_a_replacement_deletes_what_it_does_not_name(users: Client) -> None:
    identifier = users.create({**ADA, "city": "London"}).body["id"]
    expected = person("augusta")
    assert users.replace(identifier, {"profile": expected}) == Answer(200, user(expected, identifier=identifier))
    assert members("ada@example.com", "countess@example.org", "augusta@example.com") == {"augusta@example.com"}


def test_a_replacement_needs_all_that_is_required(users: Client) -> None:
    users.create(ADA)
    assert users.replace("ada@example.com", {"profile": {"login": "ada@example.com", "firstName": "Ada"}}) == refusal(
        400,
        "E0000001",
        "Api validation failed: lastName",
        "lastName: The field cannot be left blank",
        "email: The field cannot be left blank",
    )


def test_a_body_without_a_profile_changes_no_profile(users: Client) -> None:
    users.create(ADA)
    assert users.replace("ada@example.com", {"credentials": {}}) == Answer(200, user(ADA))
    assert users.update("ada@example.com", {"credentials": {}}) == Answer(200, user(ADA))


def test_a_new_login_frees_the_old_one(users: Client) -> None:
    users.create(ADA)
    users.update("ada@example.com", {"profile": {"login": "augusta@example.com"}})
    assert users.get("ada@example.com") == unknown("ada@example.com")
    assert users.get("augusta@example.com").status == 200
    assert users.create({**person("bob"), "login": "ada@example.com"}).status == 200


def test_nobody_takes_a_login_by_an_update(users: Client, calls: Calls) -> None:
    users.create(ADA)
    identifier = users.create(person("bob")).body["id"]
    assert users.update(identifier, {"profile": {"login": "ada@example.com", "firstName": "Eve"}}) == TAKEN
    assert calls == {"GetItem": 2, "TransactWriteItems": 1}
    assert users.get(identifier).body == user(person("bob"), identifier=identifier)


def test_a_deactivated_user_still_belongs_to_the_organization(users: Client, clock: Clock, calls: Calls) -> None:
    identifier = users.create(ADA).body["id"]
    clock.now += 1_000
    assert users.deactivate(identifier) == Answer(200, {})
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "BatchExecuteStatement": 1}
    gone = user(ADA, status="DEPROVISIONED", updated=LATER, identifier=identifier)
    assert users.get(identifier) == Answer(200, gone)
    assert members("ada@example.com") == {"ada@example.com"}
    assert users.create({**person("bob"), "login": "ada@example.com"}) == TAKEN


def test_deactivating_again_writes_nothing(users: Client, calls: Calls) -> None:
    identifier = users.create(ADA).body["id"]
    users.deactivate(identifier)
    assert users.deactivate(identifier) == Answer(200, {})
    assert calls == {"GetItem": 1}


def test_the_log_tells_what_became_of_a_user_and_by_whose_credential(users: Client) -> None:
    identifier = users.create(ADA).body["id"]
    users.update(identifier, {"profile": {"title": "Countess"}})
    users.delete(identifier)
    users.deactivate(identifier)
    users.delete(identifier)
    span = Span(Order.PUBLISHED, position(0), position(wiring.now() + 1), target=identifier.lower())
    told = [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=10)]
    assert sorted(entry["eventType"] for entry in told) == [
        "user.account.update_profile",
        "user.lifecycle.create",
        "user.lifecycle.deactivate",
        "user.lifecycle.delete.completed",
    ]
    for entry in told:
        assert entry["actor"]["id"] == "cred-1"
        assert entry["target"] == [
            {
                "id": identifier,
                "type": "User",
                "alternateId": "ada@example.com",
                "displayName": "Ada Lovelace",
                "detailEntry": None,
            }
        ]


def test_only_a_search_shows_the_deactivated(users: Client) -> None:
    identifier = users.create(ADA).body["id"]
    users.deactivate(identifier)
    assert users.list() == Answer(200, [])
    assert users.list(q="ada@example.com") == Answer(200, [])
    gone = user(ADA, status="DEPROVISIONED", identifier=identifier)
    assert users.list(search='profile.login eq "ada@example.com"') == Answer(200, [gone])
    assert users.list(filter='profile.email eq "ada@example.com"') == Answer(200, [gone])


def test_the_first_deletion_deactivates_and_the_second_deletes(users: Client, calls: Calls) -> None:
    identifier = users.create(ADA).body["id"]
    assert users.delete(identifier) == Answer(204)
    assert users.get(identifier).body["status"] == "DEPROVISIONED"
    assert users.delete(identifier) == Answer(204)
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "DeleteItem": 2, "BatchExecuteStatement": 1}
    assert users.get(identifier) == unknown(identifier)
    assert users.delete(identifier) == unknown(identifier)


def test_nothing_of_a_deleted_user_remains(users: Client, dynamodb: DynamoDBClient) -> None:
    users.create({**ADA, "login": "a.lovelace@example.com"})
    users.deactivate("a.lovelace@example.com")
    users.delete("a.lovelace@example.com")
    assert dynamodb.scan(TableName="Recipients")["Items"] == []
    assert users.create(ADA).status == 200


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


def test_who_may_only_read_may_not_write(call: Gateway, calls: Calls) -> None:
    read = ["okta.users.read"]
    assert call(function("recipients"), "GET", "/v1/users", scopes=read) == Answer(200, [])
    denied = refusal(403, "E0000006", "You do not have permission to perform the requested action")
    for method, resource in (
        ("POST", "/v1/users"),
        ("POST", "/v1/users/{id}"),
        ("PUT", "/v1/users/{id}"),
        ("DELETE", "/v1/users/{id}"),
        ("POST", "/v1/users/{id}/lifecycle/deactivate"),
    ):
        assert call(function("recipients"), method, resource, path={"id": "00u1"}, scopes=read) == denied
        assert calls == {}


def test_a_body_in_base64_is_read_like_any_other(call: Gateway) -> None:
    body = {"profile": {**ADA, "firstName": "Adá"}}
    answer = call(function("recipients"), "POST", "/v1/users", body=body, scopes=MANAGE, as_base64=True)
    assert answer == Answer(200, user({**ADA, "firstName": "Adá"}))
