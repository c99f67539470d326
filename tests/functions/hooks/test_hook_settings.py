"""The settings of a hook: added, shown, changed member by member, rotated, removed, and refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.hooks.hook import Changes
from reprieve.runtime import wiring
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Gateway, cases, event, function, problem
from tests.support.hooks import NOW, ONE, OTHER, SECRET, TYPES, URL, ask, logged, made, refusal, shown

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock

pytestmark = pytest.mark.usefixtures("settings")


def test_the_events_in_the_repository_are_answered(call: Gateway) -> None:
    added = call.send(function("hooks"), event("hooks", "add"))
    assert added == Answer(201, shown(types=["address.suppressed", "address.lifted"], secret=SECRET))
    listed = call.send(function("hooks"), event("hooks", "list"))
    assert listed == Answer(200, {"hooks": [{name: added.body[name] for name in added.body if name != "secret"}]})
    assert call.send(function("hooks"), event("hooks", "not_https")) == refusal("url", "must be a plain https URL")
    unknown = call.send(function("hooks"), event("hooks", "unknown"))
    assert unknown == problem(404, "Not Found", "no hook of that id")
    other = "this deployment has no event bus"
    assert call.send(function("hooks"), event("hooks", "another_bus")) == refusal("url", other)
    assert set(cases("hooks")) == {"add", "another_bus", "list", "not_https", "unknown"}


def test_a_hook_is_added_changed_member_by_member_and_removed(call: Gateway, calls: Calls, clock: Clock) -> None:
    identifier, _ = made(call, description="CRM")
    assert calls == {"Query": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    clock.now += 1_000
    changed = ask(call, "PATCH", ONE, {"types": ["removal.failed"], "enabled": False}, identifier)
    expected = shown(
        description="CRM", types=["removal.failed"], enabled=False, updated="2026-01-01T00:00:01.000Z", id=identifier
    )
    assert changed == Answer(200, expected)
    assert calls == {"Query": 2, "UpdateItem": 1, "BatchExecuteStatement": 1}
    # what is so already is not written again
    assert ask(call, "PATCH", ONE, {"enabled": False}, identifier) == changed
    assert calls == {"Query": 2}
    assert ask(call, "GET", ONE, identifier=identifier) == changed
    assert calls == {"Query": 1}
    everything = ask(call, "PATCH", ONE, {"types": None, "description": None}, identifier)
    assert everything.body == {**expected, "types": TYPES, "description": ""}
    assert ask(call, "DELETE", ONE, identifier=identifier) == Answer(204)
    assert calls == {"Query": 1, "DeleteItem": 1, "BatchExecuteStatement": 1}
    assert ask(call, "DELETE", ONE, identifier=identifier) == problem(404, "Not Found", "no hook of that id")
    assert sorted(logged()) == [
        ("reprieve.hook.create", identifier),
        ("reprieve.hook.delete", identifier),
        *[("reprieve.hook.update", identifier)] * 2,
    ]


def test_a_change_that_was_overtaken_is_made_again(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    identifier, _ = made(call)
    store, real = wiring.hook_store(), wiring.hook_store().change

    def overtaken(before: Any, after: Any) -> bool:
        monkeypatch.setattr(store, "change", real)
        who = context(DEMO, credential="c", request_id="another", now=NOW)
        wiring.hooks().change(who, identifier, Changes(description="another"))
        return real(before, after)

    monkeypatch.setattr(store, "change", overtaken)
    answer = ask(call, "PATCH", ONE, {"types": ["removal.failed"]}, identifier)
    assert (answer.body["description"], answer.body["types"]) == ("another", ["removal.failed"])


def test_a_secret_is_shown_once_and_sealed_for_its_organization(call: Gateway) -> None:
    identifier, secret = made(call)
    assert "secret" not in ask(call, "GET", ONE, identifier=identifier).body
    (hook,) = wiring.hook_store().hooks(DEMO)
    assert secret.encode() not in hook.secrets[0].sealed
    opened = wiring.vault().unseal(hook.secrets[0].sealed, {"organization": "demo", "purpose": "hook"})
    assert opened == secret


@pytest.mark.parametrize(
    ("body", "field"),
    [({"keep_hours": 169}, "keep_hours"), ({"keep_hours": -1}, "keep_hours"), ({"hours": 1}, "hours")],
)
def test_a_rotation_that_cannot_be_changes_nothing(call: Gateway, body: object, field: str) -> None:
    identifier, _ = made(call)
    answer = ask(call, "POST", f"{ONE}/rotate", body, identifier)
    assert (answer.status, answer.body["field"]) == (400, field)
    assert ask(call, "GET", ONE, identifier=identifier).body["previous_secret_until"] is None


def test_an_organization_has_at_most_five_hooks_and_no_two_with_one_url(call: Gateway) -> None:
    for number in range(5):
        made(call, f"{URL}/{number}")
    full = problem(409, "Conflict", "an organization has at most 5 hooks")
    assert ask(call, "POST", "/hooks", {"url": URL}) == full
    hooks = ask(call, "GET", "/hooks").body["hooks"]
    identifier = next(one["id"] for one in hooks if one["url"] == f"{URL}/0")
    taken = problem(409, "Conflict", "another hook has this URL")
    assert ask(call, "PATCH", ONE, {"url": f"{URL}/3"}, identifier) == taken
    assert ask(call, "DELETE", ONE, identifier=identifier).status == 204
    assert ask(call, "POST", "/hooks", {"url": f"{URL}/3"}) == taken
    made(call)


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({}, "url", "Field required"),
        ({"url": 5}, "url", "Input should be a valid string"),
        ({"url": "http://hooks.acme.example/"}, "url", "must be a plain https URL"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "url", "must be a plain https URL"),
        ({"url": "https://user:key@acme.example/"}, "url", "must be a plain https URL"),
        ({"url": URL, "types": []}, "types", "List should have at least 1 item after validation, not 0"),
        ({"url": URL, "types": ["hook.test"]}, "types.0", f"one of {', '.join(TYPES)}"),
        ({"url": URL, "types": [{}]}, "types.0", f"one of {', '.join(TYPES)}"),
        ({"url": URL, "types": "address.lifted"}, "types", "Input should be a valid list"),
        ({"url": URL, "enabled": "yes"}, "enabled", "Input should be a valid boolean"),
        ({"url": URL, "secret": "whsec_"}, "secret", "Extra inputs are not permitted"),
        ({"url": URL, "description": " x"}, "description", "1 to 100 printable characters, no space around them"),
    ],
)
def test_what_no_hook_can_have_is_refused_by_name(call: Gateway, body: object, field: str, detail: str) -> None:
    assert ask(call, "POST", "/hooks", body) == refusal(field, detail)
    assert ask(call, "GET", "/hooks") == Answer(200, {"hooks": []})


def test_another_organization_does_not_find_a_hook(call: Gateway) -> None:
    identifier, _ = made(call)
    missing = problem(404, "Not Found", "no hook of that id")
    assert ask(call, "GET", ONE, identifier=identifier, organization=OTHER) == missing
    assert ask(call, "GET", "/hooks", organization=OTHER) == Answer(200, {"hooks": []})
