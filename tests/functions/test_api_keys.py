"""SendGrid's /v3/api_keys and /v3/scopes: credentials for SendGrid's API, managed through it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access import credentials
from reprieve.access.client import ClientKind
from reprieve.access.credential import Credential, new_credential
from reprieve.access.credentials import OUTLIVED
from reprieve.access.oauth import ClientSecret
from reprieve.clock import Millis
from reprieve.context import OPERATOR, Context
from reprieve.runtime import wiring
from tests.support.gateway import CREDENTIAL, Answer, Matching, function
from tests.support.gateway import DEMO as ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from io import StringIO

    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock, Gateway

    Ask = Callable[..., Answer]

ALL = ("api_keys.create", "api_keys.delete", "api_keys.read", "api_keys.update")
#: what the caller of these tests may do, one scope of another dialect among them
MINE = (*ALL, "okta.logs.read", "suppression.bounces.read", "suppression.read")
KEY = Matching(r"SG\.demo\.[A-Za-z0-9_-]{43}")
KEY_ID = Matching(r"[0-9a-f]{16}")
FORBIDDEN = "access forbidden"


@pytest.fixture
def ask(call: Gateway, clock: Clock) -> Ask:
    def asked(method: str, key: str = "", body: object = None, **more: Any) -> Answer:
        resource, path = ("/api_keys/{api_key_id}", {"api_key_id": key}) if key else ("/api_keys", {})
        more = {"scopes": MINE, "stage": "v3", "path": path, "body": body, **more}
        return call(function("api_keys"), method, resource, **more)

    return asked


def created(ask: Ask, *, caller: str = "", **body: Any) -> dict[str, Any]:
    answer = ask("POST", body={"name": "dashboard", **body}, **(bearer(caller) if caller else {}))
    assert answer.status == 201
    made: dict[str, Any] = answer.body
    return made


def message(answer: Answer) -> tuple[int, str, object]:
    (error,) = answer.body["errors"]
    return answer.status, error["message"], error["field"]


def test_a_key_is_made_and_is_good_at_once(ask: Ask, call: Gateway, calls: Calls) -> None:
    answer = ask("POST", body={"name": "dashboard", "scopes": ["suppression.read"]})
    assert answer == Answer(
        201, {"api_key": KEY, "api_key_id": KEY_ID, "name": "dashboard", "scopes": ["suppression.read"]}
    )
    assert calls == {"Query": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    headers = {"authorization": f"Bearer {answer.body['api_key']}"}
    scopes = call(function("api_keys"), "GET", "/scopes", headers=headers, organization=None, stage="v3")
    assert scopes == Answer(200, {"scopes": ["suppression.read"]})
    assert calls.verifying == 1


def test_a_key_without_scopes_may_do_what_its_creator_may_in_this_api(ask: Ask) -> None:
    assert created(ask)["scopes"] == [*ALL, "suppression.bounces.read", "suppression.read"]


def bearer(token: str) -> dict[str, Any]:
    return {"organization": None, "headers": {"authorization": f"Bearer {token}"}}


def issued(*, scopes: Iterable[str] = MINE, expires_at: int | None = None) -> tuple[str, Credential]:
    """A token, and the credential that it is of."""
    wiring.access().create_organization(ORGANIZATION)
    end = None if expires_at is None else Millis(expires_at)
    made = new_credential("demo", name="mine", scopes=frozenset(scopes), created=Millis(1), expires_at=end)
    wiring.access().add_credential(made[1])
    return made


def stored(key: str) -> Credential:
    """A credential as it is in the table."""
    return next(one for one in wiring.access().credentials("demo") if one.id == key)


@pytest.fixture
def access_token(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> str:
    """An access token of a client that may manage keys."""
    monkeypatch.setenv("SECRETS_KEY", wiring.client("kms").create_key()["KeyMetadata"]["KeyId"])
    wiring.access().create_organization(ORGANIZATION)
    now = Millis(clock.now)
    context = Context(ORGANIZATION, OPERATOR, "r", now)
    wiring.signing_keys().rotate(lambda _: context, now=now)
    made, secrets = wiring.clients(lambda _: None).create(context, ClientKind.SECRET, name="SDK", scopes=MINE)
    proof = ClientSecret(made.id, secrets.secret)
    granted = wiring.token_requests().client_credentials(proof, (), url="https://x", request_id="r", now=now)
    return granted.token


def test_an_access_token_makes_no_key_because_that_would_outlive_it(ask: Ask, access_token: str) -> None:
    answer = ask("POST", body={"name": "dashboard", "scopes": ["suppression.read"]}, **bearer(access_token))
    assert message(answer) == (403, FORBIDDEN, None)
    assert answer.body["errors"][0]["help"] == {"reason": OUTLIVED}
    assert wiring.access().credentials("demo") == []


def test_a_key_ends_with_its_creator_at_the_latest(ask: Ask, clock: Clock) -> None:
    token, mine = issued(expires_at=clock.now + 5_000)
    made = created(ask, caller=token)
    assert stored(made["api_key_id"]).expires_at == mine.expires_at
    clock.now += 5_000
    assert ask("GET", **bearer(made["api_key"])).status == 401
    assert stored(created(ask)["api_key_id"]).expires_at is None


def test_no_key_is_given_more_by_a_credential_that_it_outlives(ask: Ask, clock: Clock, access_token: str) -> None:
    end = clock.now + 5_000
    token, _ = issued(expires_at=end)
    same = {"name": "mine", "scopes": ["suppression.read"]}
    more = {"name": "mine", "scopes": ["suppression.bounces.read", "suppression.read"]}
    _, lasting = issued(scopes=["suppression.read"])
    _, late = issued(scopes=["suppression.read"], expires_at=end + 1)
    _, soon = issued(scopes=["suppression.read"], expires_at=end)
    for caller, keys in ((token, (lasting, late)), (access_token, (lasting, soon))):
        for key in keys:
            answer = ask("PUT", key.id, more, **bearer(caller))
            assert message(answer) == (403, FORBIDDEN, None)
            assert answer.body["errors"][0]["help"] == {"reason": OUTLIVED}
            assert ask("PUT", key.id, same, **bearer(caller)).status == 200
            assert stored(key.id) == key
    assert ask("PUT", soon.id, more, **bearer(token)).body["scopes"] == more["scopes"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, verb: str, change: Callable[[], object]) -> None:
    """Let another change come first, once, when a verb of the store is called."""
    store = wiring.access()
    real, others = getattr(store, verb), [change]

    def called(*given: Any, **named: Any) -> object:
        if others:
            others.pop()()
        return real(*given, **named)

    monkeypatch.setattr(store, verb, called)


def narrowed(key: Credential) -> Callable[[], object]:
    return lambda: wiring.access().change_credential(key, name="narrow", scopes=frozenset(ALL))


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_new_name_leaves_the_scopes_that_another_request_sets_meanwhile(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    _, key = issued(scopes=[*ALL, "suppression.read"])
    meanwhile(monkeypatch, "change_credential", narrowed(key))
    assert ask(method, key.id, {"name": "renamed"}).status == 200
    assert stored(key.id) == replace(key, name="renamed", scopes=frozenset(ALL))


def test_of_two_changes_of_a_keys_scopes_at_once_the_second_is_refused(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = issued(scopes=[*ALL, "suppression.read"])
    meanwhile(monkeypatch, "change_credential", narrowed(key))
    body = {"name": "x", "scopes": ["suppression.read"]}
    changed = "the scopes were changed meanwhile; read them and try again"
    assert message(ask("PUT", key.id, body)) == (400, changed, None)
    assert stored(key.id) == replace(key, name="narrow", scopes=frozenset(ALL))
    assert ask("PUT", key.id, body).body["scopes"] == ["suppression.read"]


@pytest.mark.parametrize("body", [{"name": "x"}, {"name": "x", "scopes": ["suppression.read"]}])
def test_a_key_that_is_deleted_while_it_is_changed_is_not_found(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any]
) -> None:
    _, key = issued(scopes=["suppression.read"])
    meanwhile(monkeypatch, "change_credential", lambda: wiring.access().remove_credential(key))
    assert message(ask("PUT", key.id, body)) == (404, "not found", None)


def test_a_key_cannot_take_back_what_was_just_taken_from_it(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was verified with the scopes that it had, and is narrowed before its own request reads it again."""
    token, key = issued(scopes=[*ALL, "suppression.read"])
    meanwhile(monkeypatch, "credentials", narrowed(key))
    answer = ask("PUT", key.id, {"name": "x", "scopes": sorted(key.scopes)}, **bearer(token))
    assert message(answer) == (403, FORBIDDEN, None)
    assert answer.body["errors"][0]["help"] == {"scope": "suppression.read"}
    assert stored(key.id) == replace(key, name="narrow", scopes=frozenset(ALL))


def test_credentials_are_read_as_they_are_at_that_moment(dynamodb: Client) -> None:
    seen: list[object] = []
    dynamodb.observe = lambda operation, given: seen.append((operation, given.get("ConsistentRead")))
    wiring.access().credentials("demo")
    assert seen == [("Query", True)]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_key_cannot_grant_what_its_creator_lacks(ask: Ask, method: str) -> None:
    key = "" if method == "POST" else created(ask)["api_key_id"]
    answer = ask(method, key, {"name": "x", "scopes": ["suppression.read", "suppression.delete"]})
    assert message(answer) == (403, FORBIDDEN, None)
    assert answer.body["errors"][0]["help"] == {"scope": "suppression.delete"}


@pytest.mark.parametrize(
    ("body", "problem", "field"),
    [
        ({}, "missing required argument", "name"),
        ({"name": None}, "missing required argument", "name"),
        ({"name": 5}, "must be a string", "name"),
        ({"name": ""}, "1 to 100 printable characters, no space around them", "name"),
        ({"name": "x" * 101}, "1 to 100 printable characters, no space around them", "name"),
        ({"name": "x", "scopes": []}, "must not be empty", "scopes"),
        ({"name": "x", "scopes": "suppression.read"}, "must be an array of strings", "scopes"),
        ({"name": "x", "scopes": [5]}, "must be an array of strings", "scopes"),
        ({"name": "x", "scopes": ["mail.send"]}, "one or more of the scopes cannot be granted", "scopes"),
        ({"name": "x", "scopes": ["okta.logs.read"]}, "one or more of the scopes cannot be granted", "scopes"),
        ({"name": "x", "scopes": ["suppression.readx"]}, "one or more of the scopes cannot be granted", "scopes"),
    ],
)
def test_a_key_that_cannot_be_is_refused_and_nothing_is_made(
    ask: Ask, body: dict[str, Any], problem: str, field: str
) -> None:
    assert message(ask("POST", body=body)) == (400, problem, field)
    assert [one["api_key_id"] for one in ask("GET").body["result"]] == []


def test_an_organization_has_a_hundred_keys_at_most(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "MAX_CREDENTIALS", 3)
    created(ask)  # beside the caller's own
    created(ask)
    assert message(ask("POST", body={"name": "one more"})) == (403, FORBIDDEN, None)


def test_keys_are_listed_without_what_they_may_do(ask: Ask, calls: Calls) -> None:
    made = [created(ask, name=name)["api_key_id"] for name in ("a", "b", "c")]
    listed = ask("GET").body["result"]
    assert sorted(listed, key=lambda one: one["name"]) == [
        {"api_key_id": key, "name": name} for key, name in zip(made, "abc", strict=True)
    ]
    assert calls == {"Query": 1}
    assert ask("GET", query={"limit": "2"}).body["result"] == listed[:2]
    assert message(ask("GET", query={"limit": "0"}))[::2] == (400, "limit")


def test_one_key_is_shown_with_what_it_may_do_and_without_its_token(ask: Ask) -> None:
    made = created(ask, scopes=["suppression.read"])
    shown = {name: made[name] for name in ("api_key_id", "name", "scopes")}
    assert ask("GET", made["api_key_id"]) == Answer(200, {"result": [shown]})


def test_a_key_is_renamed_and_given_other_scopes(ask: Ask, calls: Calls) -> None:
    made = created(ask, scopes=["suppression.read"])
    key = made["api_key_id"]
    assert ask("PATCH", key, {"name": "A New Hope"}) == Answer(200, {"api_key_id": key, "name": "A New Hope"})
    assert calls == {"Query": 1, "UpdateItem": 1, "BatchExecuteStatement": 1}
    body = {"name": "Profiles key", "scopes": ["suppression.bounces.read"]}
    assert ask("PUT", key, body) == Answer(200, {"api_key_id": key, **body})
    assert ask("PUT", key, {"name": "again"}).body["scopes"] == ["suppression.bounces.read"]
    assert ask("GET", key).body["result"][0] == {"api_key_id": key, **body, "name": "again"}


def test_a_deleted_key_is_refused_at_the_next_request(ask: Ask, call: Gateway, calls: Calls) -> None:
    made = created(ask)
    assert ask("DELETE", made["api_key_id"]).status == 204
    assert calls == {"Query": 1, "DeleteItem": 1, "BatchExecuteStatement": 1}
    headers = {"authorization": f"Bearer {made['api_key']}"}
    assert call(function("api_keys"), "GET", "/scopes", headers=headers, organization=None, stage="v3").status == 401


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("key", ["0123456789abcdef", CREDENTIAL, "other", "é", "SG.demo.x"])
def test_what_is_not_a_key_of_the_organization_is_not_found(ask: Ask, method: str, key: str) -> None:
    """The caller's own credential has a scope of another dialect, so it is not a key."""
    wiring.access().create_organization(type(ORGANIZATION)("foreign", "Foreign"))
    foreign = Credential("other", "foreign", "0" * 64, "theirs", frozenset({"suppression.read"}), 1)
    wiring.access().add_credential(foreign)
    answer = ask(method, key, {"name": "x"} if method in {"PATCH", "PUT"} else None)
    assert message(answer) == (404, "not found", None)
    assert wiring.access().credentials("foreign") == [foreign]


def test_every_caller_may_ask_what_it_may(call: Gateway) -> None:
    answer = call(function("api_keys"), "GET", "/scopes", scopes=MINE, stage="v3")
    assert answer == Answer(200, {"scopes": sorted(MINE)})


def test_a_key_is_never_in_the_function_log(ask: Ask, log: StringIO) -> None:
    made = created(ask)
    ask("PUT", made["api_key_id"], {"name": made["api_key"], "scopes": ["no.such"]})
    ask("DELETE", made["api_key_id"])
    assert made["api_key"] not in log.getvalue()
