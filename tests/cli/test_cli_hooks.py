"""`reprieve hooks`: add, list, change, rotate, test, deliveries, replay and remove."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.hooks.deliver import SETTLING
from reprieve.net.post import Posted
from reprieve.runtime import wiring
from tests.cli.running import Ran, deploy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.cli.running import Clock

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")

URL = "https://hooks.acme.example/reprieve"
ARN = "arn:aws:events:eu-west-1:123456789012:event-bus/mail"


class Poster:
    """Notes what is posted, and answers."""

    def __init__(self) -> None:
        self.status, self.posts = 204, list[Any]()

    def may_post(self, url: str) -> bool:
        return url.startswith("https://")

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        self.posts.append(json.loads(body))
        return Posted(self.status)


@pytest.fixture
def poster(monkeypatch: pytest.MonkeyPatch) -> Poster:
    poster = Poster()
    monkeypatch.setattr(wiring, "hook_poster", lambda: poster)
    return poster


def added(run: Run, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("hooks", "add", "acme", URL, "--json", *more).out)
    return found


def test_a_hook_is_added_listed_changed_and_removed(run: Run) -> None:
    assert run("hooks", "list", "acme") == Ran(0, "No hooks.\n")
    said = run("hooks", "add", "acme", URL, "--type", "address.lifted", "--description", "CRM")
    found = re.fullmatch(r"hook    (hook-[0-9a-f]{16})\nsecret  whsec_[A-Za-z0-9+/]{43}=\n", said.out)
    assert found
    assert (said.code, said.err) == (0, "It is shown this once.\n")
    identifier = found[1]
    (one,) = json.loads(run("hooks", "list", "acme", "--json").out)
    assert (one["id"], one["types"], one["description"]) == (identifier, ["address.lifted"], "CRM")
    changed = run("hooks", "change", "acme", identifier, "--disable", "--all-types")
    assert changed == Ran(0, f"{identifier} is changed.\n")
    listed = run("hooks", "list", "acme").out
    assert "disabled" in listed
    assert "whsec_" not in listed
    assert run("hooks", "remove", "acme", identifier) == Ran(0, f"{identifier} is removed.\n")
    assert run("hooks", "remove", "acme", identifier).code == 1


def test_a_rotation_prints_another_secret(run: Run) -> None:
    first = added(run)
    second = json.loads(run("hooks", "rotate", "acme", first["id"], "--keep-hours", "2", "--json").out)
    assert second["secret"] != first["secret"]
    assert second["previous_secret_until"] == "2026-03-01T14:00:00.000Z"


def test_a_test_says_what_came_of_it(run: Run, poster: Poster) -> None:
    identifier = added(run)["id"]
    assert run("hooks", "test", "acme", identifier) == Ran(0, "taken, with the status 204\n")
    poster.status = 404
    failed = run("hooks", "test", "acme", identifier)
    assert failed == Ran(1, "", "Error: not taken: the server answered 404\n")
    assert [post["type"] for post in poster.posts] == ["hook.test", "hook.test"]


def test_the_stacks_event_bus_is_added_without_a_secret_and_tested(run: Run, stack: dict[str, str]) -> None:
    no_bus = Ran(1, "", "Error: url: this deployment has no event bus\n")
    assert run("hooks", "add", "acme", ARN) == no_bus
    deploy("events", stack | {"EventBus": ARN})
    events = wiring.provider_client("events", "eu-west-1")
    events.create_event_bus(Name="mail")
    said = run("--stack", "events", "hooks", "add", "acme", ARN)
    found = re.fullmatch(r"hook    (hook-[0-9a-f]{16})\n", said.out)
    assert found
    without = "An event bus has no secret: AWS itself verifies who puts events onto it.\n"
    assert (said.code, said.err) == (0, without)
    listed = json.loads(run("--stack", "events", "hooks", "list", "acme", "--json").out)
    assert [(one["form"], one["url"]) for one in listed] == [("bus", ARN)]
    assert run("--stack", "events", "hooks", "test", "acme", found[1]) == Ran(0, "taken, with the status 200\n")
    events.delete_event_bus(Name="mail")
    failed = Ran(1, "", "Error: not taken: EventBridge did not take it: ResourceNotFoundException\n")
    assert run("--stack", "events", "hooks", "test", "acme", found[1]) == failed
    # of a stack that has no bus, nothing of another stack's is left
    assert run("hooks", "test", "acme", found[1]) == Ran(1, "", "Error: not taken: this deployment has no event bus\n")
    assert run("hooks", "rotate", "acme", found[1]).code == 1


def test_deliveries_are_listed_and_replayed(run: Run, poster: Poster, clock: Clock) -> None:
    identifier = added(run)["id"]
    run("holds", "add", "acme", "ann@x.io", "--reason", "asked")
    clock.now += SETTLING + 1
    wiring.hook_delivery(Lambda()).run()
    (line,) = json.loads(run("hooks", "deliveries", "acme", identifier, "--json").out)
    assert (line["type"], line["result"], line["attempt"]) == ("address.held", "delivered", 1)
    assert line["notice"] in run("hooks", "deliveries", "acme", identifier).out
    replayed = run("hooks", "replay", "acme", identifier, "--since", "2026-03-01")
    assert replayed == Ran(0, f"{identifier} hears of it again, within minutes.\n")
    clock.now += SETTLING + 1
    wiring.hook_delivery(Lambda()).run()
    assert len({post["id"] for post in poster.posts}) == 1
    assert len(poster.posts) == 2


class Lambda:
    def get_remaining_time_in_millis(self) -> int:
        return 58_000


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "acme", "http://hooks.acme.example"), 1),
        (("add", "acme", URL, "--type", "hook.test"), 2),
        (("change", "acme", "hook-0", "--enable"), 1),
        (("change", "acme", "hook-0", "--type", "address.held", "--all-types"), 2),
        (("rotate", "acme", "hook-0", "--keep-hours", "169"), 2),
        (("replay", "acme", "hook-0"), 2),
        (("deliveries", "acme", "hook-0"), 1),
    ],
)
def test_what_cannot_be_is_refused(run: Run, arguments: tuple[str, ...], code: int) -> None:
    assert run("hooks", *arguments).code == code
