"""The page of an address in Chromium: from the first key to the lift, by keyboard alone, and without scripts.

`SHOTS=directory` keeps pictures of each page; `make screenshots` does so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import HOUR, MINUTE
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.runtime import wiring
from tests.support import walks
from tests.support.acme import EMAIL, HELP_DESK, sign_in
from tests.support.browser import by_name, walk
from tests.support.console import token
from tests.support.loopback import served
from tests.support.removal_job import Provider, tick

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reprieve.removals.follow import Following
    from tests.support.gateway import Clock

pytestmark = pytest.mark.slow
#: bytes that may pass from Enter to the answer, and requests
MOST_BYTES, MOST_REQUESTS = 100_000, 3


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> list[int]:
    """The job runs when a removal is looked at for the third time, so that its page is seen before and after."""
    looks: list[int] = []
    verbs: Callable[[], Following] = wiring.following

    def looked() -> Following:
        looks.append(len(looks))
        if len(looks) == 3:
            clock.now += MINUTE
            tick()
        return verbs()

    monkeypatch.setattr(wiring, "following", looked)
    return looks


def test_the_keyboard_alone_signs_in_looks_an_address_up_lifts_it_and_sees_it_lifted(
    provider: Provider, followed: list[int], shots: Path | None
) -> None:
    steps = [
        ["goto", "/console/"],
        ["look", "sign-in"],
        ["focus"],
        ["press", "Tab"],
        ["press", "Tab"],
        ["focus"],
        ["keys", token(**HELP_DESK)],  # type: ignore[arg-type]
        ["press", "Enter"],
        ["wait", "#email"],
        ["look", "start"],
        ["requests"],
        ["focus"],
        ["keys", EMAIL],
        ["press", "Enter"],
        ["wait", ".headline"],
        ["requests"],
        ["path"],
        ["focus"],
        ["text", ".headline"],
        ["attribute", "dd time", "title"],
        ["text", "dd time"],
        ["look", "address"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Enter"],
        ["says", "#about", "Lift"],
        ["look", "dry-run"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Enter"],
        ["says", ".headline", "Under way"],
        ["look", "under-way"],
        ["says", ".headline", "Done"],
        ["look", "done"],
        ["count", "[hx-trigger]"],
        ["requests"],
        ["click", "text=Look the address up again"],
        ["says", ".headline", "Nothing stops mail"],
        ["look", "lifted"],
        *walks.SIGN_OUT,
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
    assert by_name(steps, found, "look") == [{}] * 7
    assert by_name(steps, found, "goto") == [401, 401]
    assert by_name(steps, found, "focus") == ["organization", "token", "email", EMAIL, "Lift…", "Lift it now"]
    # to the answer: the page stays, and one request brings it
    answer = by_name(steps, found, "requests")[1]
    assert [one[:2] for one in answer] == [["POST", "/console/address"]]
    assert by_name(steps, found, "path") == ["/console/"]
    assert by_name(steps, found, "text") == ["No mail goes to this address.", "31 Dec 2025, 22:00"]
    assert by_name(steps, found, "attribute") == ["31 Dec 2025, 21:00 UTC"]
    # the last answer carries no trigger, so nothing is asked any more
    assert by_name(steps, found, "count") == [0]
    assert (provider.asked, by_name(steps, found, "cookies")) == ([EMAIL], [[]])


def test_without_scripts_an_address_is_read_and_lifted(provider: Provider, followed: list[int]) -> None:
    steps = [
        *sign_in(**HELP_DESK),
        ["requests"],
        ["type", "#email", EMAIL],
        ["press", "Enter"],
        ["wait", ".headline"],
        ["requests"],
        ["text", "dd time"],
        *walks.LIFT,
        ["says", ".headline", "Under way"],
        ["path"],
        ["click", "text=Check again"],
        ["click", "text=Check again"],
        ["says", ".headline", "Done"],
        ["click", "text=Look the address up again"],
        ["says", ".headline", "Nothing stops mail"],
        ["cookies"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=False)
    assert by_name(steps, found, "text") == ["31 Dec 2025, 21:00 UTC"]
    assert by_name(steps, found, "path")[0].startswith("/console/removals/")
    answer = by_name(steps, found, "requests")[1]
    assert len(answer) <= MOST_REQUESTS
    ((cookie,),) = by_name(steps, found, "cookies")
    shown = {name: cookie[name] for name in ("name", "domain", "path", "expires", "httpOnly", "secure", "sameSite")}
    assert shown == {
        "name": "__Host-session",
        "domain": "127.0.0.1",
        "path": "/",
        "expires": -1,
        "httpOnly": True,
        "secure": True,
        "sameSite": "Lax",
    }


def test_from_enter_to_the_answer_there_are_few_requests_and_few_bytes_even_with_an_empty_cache(
    provider: Provider,
) -> None:
    steps = [
        ["goto", "/console/"],
        ["type", "#token", token(**HELP_DESK)],  # type: ignore[arg-type]
        ["requests"],
        ["press", "Enter"],
        ["wait", "#email"],
        ["type", "#email", EMAIL],
        ["press", "Enter"],
        ["wait", ".headline"],
        ["requests"],
    ]
    with served() as origin:
        page, answer = by_name(steps, walk(origin, steps), "requests")
    assert sorted(one[1].rpartition(".")[2] for one in page) == ["/console/", "css", "js"]
    assert len([one for one in answer if one[1] == "/console/address"]) == 1
    assert sum(size for *_, size in (*page, answer[-1])) < MOST_BYTES


def test_a_lift_that_fails_says_why_and_is_retried(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, clock: Clock, shots: Path | None
) -> None:
    answers = [LiftAnswer(LiftOutcome.LIFTED), LiftAnswer(LiftOutcome.REFUSED, "403 this key may not delete anything")]
    provider.meanwhile = lambda: setattr(provider, "answer", answers.pop())
    monkeypatch.setattr("reprieve.removals.upstream.MAX_ATTEMPTS", 1)
    verbs: Callable[[], Following] = wiring.following

    def looked() -> Following:
        clock.now += HOUR
        tick()
        return verbs()

    monkeypatch.setattr(wiring, "following", looked)
    steps = [
        *sign_in(),
        ["type", "#email", EMAIL],
        ["press", "Enter"],
        *walks.LIFT,
        ["says", ".headline", "Failed"],
        ["text", ".detail"],
        ["look", "failed"],
        ["goto", "/console/removals?state=failed"],
        ["look", "lifts"],
        ["click", "ol a"],
        ["click", "#progress button"],
        ["says", ".headline", "Done"],
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
    assert by_name(steps, found, "text") == ["Its answer: 403 this key may not delete anything"]
    assert by_name(steps, found, "look") == [{}, {}]
    assert provider.asked == [EMAIL, EMAIL]
