"""The log in Chromium: its filter is taught, its entries unfold, and what is newer appears by itself.

`SHOTS=directory` keeps pictures of each page; `make screenshots` does so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, MINUTE, SECOND, Millis
from reprieve.context import OPERATOR, Context
from reprieve.dialects.console import log
from reprieve.errors import Unavailable
from reprieve.runtime import wiring
from tests.support.acme import EMAIL, ORGANIZATION, sign_in
from tests.support.browser import by_name, walk
from tests.support.loopback import served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reprieve.system_log.query import SystemLog
    from tests.support.gateway import Clock
    from tests.support.removal_job import Provider

pytestmark = pytest.mark.slow


def hold(clock: Clock, email: str, reason: str) -> None:
    """An entry of the system log."""
    context = Context(ORGANIZATION, OPERATOR, f"r-{email}", clock.now)
    wiring.holds().add(context, email, reason=reason, until=Millis(clock.now + DAY))
    clock.now += SECOND


def test_the_log_teaches_its_filter_unfolds_its_entries_and_shows_what_is_newer_by_itself(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch, shots: Path | None
) -> None:
    hold(clock, EMAIL, "She asked by phone")
    hold(clock, "charles.babbage@example.com", "The mailbox is closed for a month")
    verbs: Callable[[], SystemLog] = wiring.system_log
    asked: list[int] = []

    def looked() -> SystemLog:
        asked.append(len(asked))
        if len(asked) == 2:
            # while the page waits
            hold(clock, "mary.somerville@example.com", "She asked by mail")
            clock.now += MINUTE
        return verbs()

    steps = [
        *sign_in(),
        ["click", "nav li >> text=Log"],
        ["wait", ".entries"],
        ["text", ".entries li:first-child b"],
        ["click", ".entries li:last-child summary"],
        ["look", "log-entry"],
        ["click", "text=Examples and the grammar"],
        ["look", "log"],
        ["click", "text=One address"],
        ["says", "#filter", "ada@example.com"],
        ["value", "#filter"],
        ["type", "#filter", 'target.id eq "ada" und outcome.result eq "FAILURE"'],
        ["click", "text=Search"],
        ["says", "#found", "cannot be understood"],
        ["text", "mark"],
        ["focus"],
        ["look", "log-fault"],
    ]
    follow = [
        *sign_in(credential="second"),
        ["goto", "/console/log"],
        ["says", ".entries", "mary.somerville@example.com"],
        ["count", ".entries"],
        ["click", ".entries:not(.arrived) li:last-child summary"],
        ["click", "[open] >> text=debugContext.debugData.reason"],
        ["says", "#filter", "She asked by phone"],
        ["count", ".entries li"],
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
        monkeypatch.setattr(log, "EVERY", 1)
        monkeypatch.setattr(wiring, "system_log", looked)
        followed = walk(origin, follow, shots=shots)
    assert by_name(steps, found, "text") == ["Put on hold", "und"]
    assert by_name(steps, found, "look") == [{}, {}, {}]
    assert by_name(steps, found, "value") == ['target.id eq "ada@example.com"']
    assert by_name(steps, found, "focus") == ["The search cannot be understood"]
    # what arrived is a list of its own above the first
    assert by_name(follow, followed, "count") == [2, 1]


def test_a_refused_search_of_the_log_says_why_and_leaves_the_filter_to_search_again(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(clock, EMAIL, "She asked by phone")
    verbs: Callable[[], SystemLog] = wiring.system_log
    asked: list[int] = []

    def looked() -> SystemLog:
        asked.append(len(asked))
        if len(asked) == 2:
            raise Unavailable("DynamoDB did not answer")
        return verbs()

    monkeypatch.setattr(wiring, "system_log", looked)
    wanted = f'target.id eq "{EMAIL}"'
    steps = [
        *sign_in(),
        ["click", "nav li >> text=Log"],
        ["wait", ".entries"],
        ["type", "#filter", wanted],
        ["click", "text=Search"],
        ["says", "#answer", "A part of the service did not answer"],
        ["value", "#filter"],
        ["click", "text=Search"],
        ["wait", ".entries"],
        ["type", "#filter", "nothing"],
        ["click", "text=Search"],
        ["says", "#answer", "cannot be understood"],
        ["value", "#filter"],
        ["attribute", "#filter", "aria-invalid"],
        ["focus"],
    ]
    with served() as origin:
        found = walk(origin, steps)
    assert by_name(steps, found, "value") == [wanted, "nothing"]
    assert by_name(steps, found, "attribute") == ["true"]
    assert by_name(steps, found, "focus") == ["The search cannot be understood"]
