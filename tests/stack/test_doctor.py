"""`reprieve doctor` on the real template: nothing is wrong with a new stack, and a fault is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.provider_account import DEFAULT
from tests.support.stack_access import access_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.place import Place

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("stack")]

FAR = 4_000_000_000_000


def findings(printed: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(printed)
    return found


def test_nothing_is_wrong_with_a_new_stack_and_a_paused_account_is_a_fault(
    place: Place, reprieve: Callable[..., str]
) -> None:
    before = findings(reprieve("doctor", "--json"))
    assert [one for one in before if one["state"] == "fault"] == []
    assert {one["check"] for one in before} >= {"stack", "clock", "access", "sealing", "removal job", "provider"}

    access = access_of(place)
    access.pause_provider("demo", DEFAULT, until=FAR, reason="401: the API key was not accepted")
    try:
        after = findings(reprieve("doctor", "--json", code=1))
    finally:
        access.pause_provider("demo", DEFAULT, until=0, reason="")
    (fault,) = [one for one in after if one["state"] == "fault"]
    assert fault["found"].endswith(": 401: the API key was not accepted")
    assert "providers resume" in fault["advice"]
