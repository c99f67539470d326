"""Okta's Users API: the life of a user, whole answers, and the DynamoDB calls of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.address import Address
from reprieve.errors import Conflict
from reprieve.organization import Organization
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.runtime import wiring
from reprieve.system_log.span import Order, Span, position
from tests.support.gateway import DEMO, Answer, cases, event, function
from tests.support.okta import forbidden, refusal
from tests.support.recipients import ADA, BASE, LATER, MANAGE, TAKEN, Client, members, person, unknown, user

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls, Clock, Gateway

#: the credential that asks in the events
ME = {
    "id": "cred-1",
    "status": "ACTIVE",
    "created": None,
    "activated": None,
    "statusChanged": None,
    "lastLogin": None,
    "lastUpdated": None,
    "passwordChanged": None,
    "type": {"id": None},
    "profile": {
        "login": "cred-1@demo.invalid",
        "firstName": "Credential",
        "lastName": "cred-1",
        "email": "cred-1@demo.invalid",
        "secondEmail": None,
    },
    "credentials": {},
    "_links": {"self": {"href": f"{BASE}/me"}},
}
#: the events in an order that makes sense, with the whole answer to each
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
        "search: the fields are id, lastUpdated, profile.email, profile.firstName, profile.lastName, profile.login, "
        "profile.secondEmail, status",
    ),
    "filter_by_status_and_time": Answer(200, [user(ADA)]),
    "filter_many_pages": Answer(200, [user(ADA)]),
    "me": Answer(200, ME),
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


def test_a_login_is_not_an_address(users: Client) -> None:
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
        assert wiring.recipients().change(DEMO, USERS, identifier, lambda _: None)
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
    for name in (identifier, "ada@example.com"):
        assert users.update(name, {"profile": {"firstName": "Eve"}}) == unknown(name)
        assert users.replace(name, {"profile": person("eve")}) == unknown(name)
        assert users.deactivate(name) == unknown(name)
        assert users.delete(name) == unknown(name)
    assert users.create(ADA) == Answer(200, user(ADA))
    users.organization = DEMO
    assert users.list() == Answer(200, [user(ADA, identifier=identifier)])


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


def test_a_taken_login_cannot_be_taken_by_an_update(users: Client, calls: Calls) -> None:
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


def test_the_log_shows_each_change_of_a_user_and_the_credential_behind_it(users: Client) -> None:
    identifier = users.create(ADA).body["id"]
    users.update(identifier, {"profile": {"title": "Countess"}})
    users.delete(identifier)
    users.deactivate(identifier)
    users.delete(identifier)
    span = Span(Order.PUBLISHED, position(0), position(wiring.now() + 1), target=identifier.lower())
    entries = [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=10)]
    assert sorted(entry["eventType"] for entry in entries) == [
        "user.account.update_profile",
        "user.lifecycle.create",
        "user.lifecycle.deactivate",
        "user.lifecycle.delete.completed",
    ]
    for entry in entries:
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


@pytest.mark.parametrize("scopes", [[], ["okta.emailServers.manage"], ["okta.users.read"]])
def test_any_credential_may_see_itself_and_it_costs_nothing(users: Client, calls: Calls, scopes: list[str]) -> None:
    assert users.me(*scopes) == Answer(200, ME)
    assert list(users.me().body) == list(users.create(ADA).body)
    assert users.me() == Answer(200, ME)
    assert calls == {}


def test_a_user_may_not_be_called_me(users: Client) -> None:
    assert users.get("me") == unknown("me")


def test_a_credential_that_can_only_read_cannot_write(call: Gateway, calls: Calls) -> None:
    read, denied = ["okta.users.read"], forbidden("okta.users.manage")
    assert call(function("recipients"), "GET", "/v1/users", scopes=read) == Answer(200, [])
    for method, resource in (
        ("POST", "/v1/users"),
        ("POST", "/v1/users/{id}"),
        ("PUT", "/v1/users/{id}"),
        ("DELETE", "/v1/users/{id}"),
        ("POST", "/v1/users/{id}/lifecycle/deactivate"),
    ):
        assert call(function("recipients"), method, resource, path={"id": "00u1"}, scopes=read) == denied
        assert calls == {}


@pytest.mark.parametrize("resource", ["/v1/users", "/v1/users/{id}"])
def test_a_credential_that_cannot_read_users_reads_none(call: Gateway, calls: Calls, resource: str) -> None:
    others = ["okta.orgs.manage", "okta.logs.read", "okta.emailServers.manage", "reprieve.addresses.read"]
    assert call(function("recipients"), "GET", resource, path={"id": "00u1"}, scopes=others) == forbidden(
        "okta.users.read"
    )
    assert calls == {}


def test_a_body_in_base64_is_read_like_any_other(call: Gateway) -> None:
    body = {"profile": {**ADA, "firstName": "Adá"}}
    answer = call(function("recipients"), "POST", "/v1/users", body=body, scopes=MANAGE, as_base64=True)
    assert answer == Answer(200, user({**ADA, "firstName": "Adá"}))
