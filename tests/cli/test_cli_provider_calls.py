"""`reprieve providers test` and `reprieve reconcile`: what calls the provider itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import MINUTE
from reprieve.runtime import wiring
from tests.cli.running import NOW, Ran
from tests.support.fake_sendgrid import FakeSendGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., Ran]

KEY = "SG.known"


@pytest.fixture
def provider(stack: dict[str, str], run: Run) -> Iterator[FakeSendGrid]:
    """A provider that knows the key of acme's account."""
    run("organizations", "create", "acme")
    with FakeSendGrid() as fake:
        fake.allow(KEY)
        set_key(run, fake, KEY)
        yield fake


def set_key(run: Run, fake: FakeSendGrid, key: str) -> None:
    options = ("--kind", "sendgrid", "--base-url", fake.url, "--key-stdin")
    assert run("providers", "set", "acme", *options, stdin=key).code == 0


def test_an_account_that_the_provider_accepts_is_proved_by_one_call_that_changes_nothing(
    run: Run, provider: FakeSendGrid
) -> None:
    assert run("providers", "test", "acme") == Ran(0, "The provider (sendgrid) accepts the account of acme.\n")
    assert [(one.method, urlsplit(one.target).path.removeprefix(provider.prefix)) for one in provider.seen] == [
        ("GET", "/v3/suppression/bounces")
    ]
    assert json.loads(run("providers", "test", "acme", "--json").out) == {
        "organization": "acme",
        "account": "default",
        "kind": "sendgrid",
        "accepted": True,
        "answer": None,
    }


def test_what_the_provider_refuses_is_said_in_its_words(run: Run, provider: FakeSendGrid) -> None:
    set_key(run, provider, "SG.unknown")
    assert run("providers", "test", "acme") == Ran(1, "", "Error: SendGrid: 401: the API key was not accepted\n")
    ran = run("providers", "test", "acme", "--json")
    assert (ran.code, json.loads(ran.out)["accepted"]) == (1, False)


def test_an_account_that_is_accepted_again_can_be_resumed(run: Run, provider: FakeSendGrid) -> None:
    wiring.access().pause_provider("acme", DEFAULT, until=NOW + MINUTE, reason="401: the API key was not accepted")
    assert run("providers", "test", "acme").err == (
        "It is paused until 2026-03-01T12:01:00Z: `reprieve providers resume acme`\n"
    )


def test_without_a_provider_there_is_nothing_to_test_or_to_compare(run: Run, stack: dict[str, str]) -> None:
    run("organizations", "create", "acme")
    assert run("providers", "test", "acme") == Ran(1, "", "Error: no provider account of acme\n")
    assert run("reconcile", "acme") == Ran(0, "", "acme has no provider account, so there is nothing to compare with\n")
    run("providers", "set", "acme", "--kind", "none")
    assert run("providers", "test", "acme") == Ran(
        1, "", "Error: kind none: there is no provider behind an account of this kind\n"
    )
    ran = run("reconcile", "acme", "--json")
    assert ran.err == "acme has a provider account of kind none, so there is nothing to compare with\n"
    assert json.loads(ran.out) == {"compared": 0, "missing": [], "repaired": 0, "unread": {}}


def test_a_paused_account_is_not_compared_and_says_so(run: Run, provider: FakeSendGrid) -> None:
    wiring.access().pause_provider("acme", DEFAULT, until=NOW + MINUTE, reason="401: the API key was not accepted")
    assert run("reconcile", "acme") == Ran(
        1, "", "Error: acme is paused until 2026-03-01T12:01:00Z: 401: the API key was not accepted\n"
    )
    assert provider.seen == []


def test_what_a_missed_webhook_left_out_is_recorded(run: Run, provider: FakeSendGrid) -> None:
    provider.put("bounces", "ann@x.io", created=NOW // 1000 - 60, status="5.1.1")
    rows = "LIST     CREATED               EMAIL\nbounces  2026-03-01T11:59:00Z  ann@x.io\n"
    assert run("reconcile", "acme", "--dry-run").out == f"{rows}1 compared, 1 missing, 0 recorded (dry run)\n"
    assert run("reconcile", "acme").out == f"{rows}1 compared, 1 missing, 1 recorded\n"
    assert run("reconcile", "acme").out == "Nothing is missing here.\n1 compared, 0 missing, 0 recorded\n"
