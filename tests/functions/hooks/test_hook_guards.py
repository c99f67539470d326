"""The conditions of the store of hooks, each with a write that it must refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reprieve.hooks.hook import Hook, Progress, Secret, Stretch
from reprieve.runtime import wiring
from tests.support.gateway import DEMO

NOW = 1_767_225_600_000
HOOK = Hook(
    organization_id="demo",
    id="one",
    place=0,
    url="https://one.example/h",
    description="",
    types=frozenset(),
    enabled=True,
    disabled_reason="",
    secrets=(Secret(b"sealed"),),
    created=NOW,
    updated=NOW,
    progress=Progress("a"),
)
#: at the same place, once the first one is removed
ANOTHER = replace(HOOK, id="another", url="https://another.example/h")

pytestmark = pytest.mark.usefixtures("dynamodb")


@pytest.fixture(autouse=True)
def first() -> None:
    assert wiring.hook_store().add(HOOK)


def stored() -> list[Hook]:
    return wiring.hook_store().hooks(DEMO)


def replaced() -> None:
    """The first hook is removed, and another one is at its place."""
    assert wiring.hook_store().remove(HOOK)
    assert wiring.hook_store().add(ANOTHER)


def test_of_two_hooks_that_are_added_at_one_place_the_second_is_refused() -> None:
    assert not wiring.hook_store().add(ANOTHER)
    assert stored() == [HOOK]


def test_of_two_changes_of_a_hooks_settings_at_once_the_second_is_refused() -> None:
    changed = replace(HOOK, description="first", version=1)
    assert wiring.hook_store().change(HOOK, changed)
    assert not wiring.hook_store().change(HOOK, replace(HOOK, description="second", version=1))
    assert [one.description for one in stored()] == ["first"]


def test_a_change_of_a_hook_that_was_removed_leaves_its_successor_alone() -> None:
    replaced()
    assert not wiring.hook_store().change(HOOK, replace(HOOK, description="late", version=1))
    assert stored() == [ANOTHER]


def test_of_two_runs_that_have_read_a_hook_the_second_keeps_nothing() -> None:
    assert wiring.hook_store().keep(HOOK, Progress("b"), [])
    assert wiring.hook_store().keep(HOOK, Progress("a2"), []) is None
    assert [one.progress.after for one in stored()] == ["b"]


@pytest.mark.parametrize("what", ["keep", "disable", "replay"])
def test_a_run_over_a_hook_that_was_removed_leaves_its_successor_alone(what: str) -> None:
    replaced()
    store = wiring.hook_store()
    again = replace(HOOK, progress=replace(HOOK.progress, replay=Stretch("a", "b")), turn=1)
    done = {
        "keep": lambda: store.keep(HOOK, Progress("b"), []),
        "disable": lambda: store.disable(HOOK, "410"),
        "replay": lambda: store.start_replay(HOOK, again),
    }[what]()
    assert not done
    assert stored() == [ANOTHER]
