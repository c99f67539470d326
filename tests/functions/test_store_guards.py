"""The conditions of the store outside the removal protocol, each with a write that it must refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.access.issuer import Issuer
from reprieve.access.provider_account import DEFAULT
from reprieve.access.repeat import Answer, Kept
from reprieve.access.session import Session
from reprieve.address import Address
from reprieve.clock import DAY
from reprieve.email_servers.email_server import AuthType, EmailServer, Settings
from reprieve.errors import Conflict, ReprieveError, Unavailable
from reprieve.organization import PolicySetting
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.runtime import wiring
from reprieve.store.email_servers import EmailServers
from reprieve.store.issuers import Issuers
from reprieve.store.repeats import Repeats
from reprieve.store.sessions import Sessions
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = 1_767_225_600_000
SESSION = Session("demo", "d" * 64, "c" * 64, NOW)


def user(identifier: str, email: str, login: str) -> Recipient:
    return Recipient(identifier, USERS, Address.parse(email), None, 1, 1, {"login": login})


def server(identifier: str, *, enabled: bool = False, version: int = 1) -> EmailServer:
    settings = Settings(
        alias=identifier, host="mail.x.org", port=587, username="ann", auth_type=AuthType.BASIC, enabled=enabled
    )
    return EmailServer(id=identifier, settings=settings, sealed=b"sealed", version=version)


@pytest.mark.usefixtures("dynamodb")
def test_what_is_set_for_an_organization_that_is_not_there_makes_none() -> None:
    access = wiring.access()
    access.set_purge("unknown", {"enabled": True, "soft_days": 1})
    access.set_policy("unknown", PolicySetting("", 1, enabled=True))
    access.clear("unknown", "bounces", until=1)
    access.pause_provider("unknown", DEFAULT, until=1, reason="401")
    assert (access.organization("unknown"), access.provider_accounts("unknown")) == (None, [])


def test_what_is_set_for_an_organization_that_is_not_there_leaves_no_item(dynamodb: DynamoDBClient) -> None:
    access = wiring.access()
    access.set_purge("unknown", {"enabled": True, "soft_days": 1})
    access.set_policy("unknown", PolicySetting("", 1, enabled=True))
    access.clear("unknown", "bounces", until=1)
    access.pause_provider("unknown", DEFAULT, until=1, reason="401")
    assert dynamodb.scan(TableName="Access")["Items"] == []


@pytest.mark.usefixtures("dynamodb")
def test_an_id_that_is_taken_is_not_given_to_another() -> None:
    store = wiring.recipients()
    store.add(DEMO, user("00u1", "a@x.org", "ann"))
    with pytest.raises(Unavailable):
        store.add(DEMO, user("00u1", "b@x.org", "bob"))
    assert store.get(DEMO, USERS, "00u1") == user("00u1", "a@x.org", "ann")


@pytest.mark.usefixtures("dynamodb")
def test_a_login_that_is_taken_is_not_given_to_another() -> None:
    store = wiring.recipients()
    store.add(DEMO, user("00u1", "a@x.org", "ann@x.org"))
    with pytest.raises(Conflict):
        store.add(DEMO, user("00u2", "b@x.org", "ann@x.org"))
    assert store.named(DEMO, "ann@x.org") == "00u1"


@pytest.mark.usefixtures("dynamodb")
def test_deleting_a_user_frees_no_login_that_is_anothers_though_it_was_the_users_address() -> None:
    store = wiring.recipients()
    store.add(DEMO, user("00u1", "a@x.org", "shared@x.org"))
    store.add(DEMO, user("00u2", "shared@x.org", "bob@x.org"))
    assert store.change(DEMO, USERS, "00u2", lambda _: None)
    assert store.named(DEMO, "shared@x.org") == "00u1"
    with pytest.raises(Conflict):
        store.add(DEMO, user("00u3", "c@x.org", "shared@x.org"))


@pytest.mark.usefixtures("dynamodb")
def test_deleting_a_user_takes_no_address_from_another_that_has_it_too() -> None:
    store = wiring.recipients()
    for identifier, login in (("00u1", "ann@x.org"), ("00u2", "bob@x.org")):
        store.add(DEMO, user(identifier, "both@x.org", login))
    assert store.change(DEMO, USERS, "00u2", lambda _: None)
    assert store.members(DEMO, ["both@x.org"]) == {"both@x.org"}


@pytest.mark.usefixtures("dynamodb")
def test_an_idempotency_key_is_another_requests_until_its_time_is_over() -> None:
    repeats = Repeats(wiring.table("SUPPRESSIONS"))
    assert repeats.begin(DEMO, "key", "one", now=NOW) is None
    kept = repeats.begin(DEMO, "key", "two", now=NOW + 1)
    assert isinstance(kept, Kept)
    assert (kept.fingerprint, kept.answer) == ("one", None)
    repeats.finish(DEMO, "key", Answer(200, "{}"), now=NOW + 2)
    kept = repeats.begin(DEMO, "key", "one", now=NOW + 3)
    assert isinstance(kept, Kept)
    assert kept.answer == Answer(200, "{}")
    assert repeats.begin(DEMO, "key", "one", now=NOW + 2 * DAY) is None


@pytest.mark.usefixtures("dynamodb")
def test_one_email_server_is_enabled_and_only_its_own_removal_makes_room_for_another() -> None:
    store = EmailServers(wiring.table("EMAIL_SERVERS"))
    store.add(DEMO, server("ces1", enabled=True), maximum=3)
    with pytest.raises(ReprieveError):
        store.add(DEMO, server("ces2", enabled=True), maximum=3)
    # a server that believes itself enabled, though another one is, cannot take the other's mark away
    store.add(DEMO, server("ces2"), maximum=3)
    with pytest.raises(ReprieveError):
        store.remove(DEMO, server("ces2", enabled=True))
    with pytest.raises(ReprieveError):
        store.replace(DEMO, server("ces2"), server("ces2", enabled=True, version=2))


@pytest.mark.usefixtures("dynamodb")
def test_a_change_of_an_email_server_that_another_change_overtook_is_refused() -> None:
    store = EmailServers(wiring.table("EMAIL_SERVERS"))
    store.add(DEMO, server("ces1"), maximum=3)
    store.replace(DEMO, server("ces1"), server("ces1", version=2))
    with pytest.raises(ReprieveError):
        store.replace(DEMO, server("ces1"), server("ces1", version=2))
    with pytest.raises(ReprieveError):
        store.remove(DEMO, server("ces1"))
    with pytest.raises(ReprieveError):
        store.add(DEMO, server("ces1"), maximum=3)


@pytest.mark.usefixtures("dynamodb")
def test_no_more_email_servers_are_enrolled_than_the_maximum() -> None:
    store = EmailServers(wiring.table("EMAIL_SERVERS"))
    store.add(DEMO, server("ces1"), maximum=1)
    with pytest.raises(ReprieveError):
        store.add(DEMO, server("ces2"), maximum=1)


@pytest.mark.usefixtures("dynamodb")
def test_the_trust_in_an_issuer_is_ended_by_the_organization_that_has_it_alone() -> None:
    store = Issuers(wiring.table("ACCESS"))
    trusted = Issuer("demo", "https://idp.example", "api", "https://idp.example/keys", "groups", ())
    assert store.add(trusted)
    assert not store.remove(replace(trusted, organization_id="other"))
    assert store.of("demo") == [trusted]


@pytest.mark.usefixtures("dynamodb")
def test_a_session_of_one_credential_is_not_replaced_by_anothers() -> None:
    sessions = Sessions(wiring.table("ACCESS"))
    sessions.add(SESSION)
    sessions.add(replace(SESSION, holder="e" * 64))
    assert sessions.find("demo", SESSION.digest) == SESSION


@pytest.mark.usefixtures("dynamodb")
def test_closing_a_session_that_is_not_there_leaves_no_item() -> None:
    Sessions(wiring.table("ACCESS")).close("demo", SESSION.digest)
    assert wiring.table("ACCESS").get({"partition": "demo", "sort": f"session#{SESSION.digest}"}) is None
