"""`reprieve senders`: what an organization sends its mail with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ran]

SET = "configuration-set/Marketing"


@pytest.fixture(autouse=True)
def acme(stack: dict[str, str], run: Run) -> None:
    for name in ("acme", "other"):
        assert run("organizations", "create", name).code == 0


def test_a_sender_is_claimed_listed_and_released(run: Run) -> None:
    assert run("senders", "claim", "acme", SET) == Ran(0, f"Mail sent with {SET} is acme's from now on.\n")
    assert run("senders", "claim", "acme", "identity/Acme.Example").code == 0
    assert run("senders", "list", "acme") == Ran(
        0,
        "KIND  SENDER                       ACCOUNT\n"
        f"ses   {SET}  default\n"
        "ses   identity/acme.example        default\n",
    )
    assert run("senders", "release", "acme", SET) == Ran(
        0, f"Mail sent with {SET} belongs to no organization from now on.\n"
    )
    left = [{"kind": "ses", "sender": "identity/acme.example", "account": "default"}]
    assert json.loads(run("senders", "list", "acme", "--json").out) == left


def test_an_organization_without_senders_learns_how_to_claim_one(run: Run) -> None:
    expected = "No senders. `reprieve senders claim --help` shows how to claim one.\n"
    assert run("senders", "list", "acme") == Ran(0, expected)


def test_a_sender_of_another_organization_is_not_claimed(run: Run) -> None:
    run("senders", "claim", "other", SET)
    expected = f"Error: another organization has claimed {SET}\n"
    assert run("senders", "claim", "acme", SET) == Ran(1, "", expected)


@pytest.mark.parametrize(
    "sender", ["Marketing", "configuration-set/", "configuration-set/a b", "identity/acme", "domain/acme.example", ""]
)
def test_what_no_mail_is_sent_with_is_not_a_sender(run: Run, sender: str) -> None:
    ran = run("senders", "claim", "acme", sender)
    assert ran.code == 1
    assert ran.err.startswith("Error: sender: configuration-set/NAME, identity/ADDRESS")


def test_a_sender_that_was_not_claimed_is_not_released(run: Run) -> None:
    run("senders", "claim", "other", SET)
    assert run("senders", "release", "acme", SET) == Ran(1, "", f"Error: no sender '{SET}'\n")


def test_claims_and_releases_are_in_the_log(run: Run) -> None:
    run("senders", "claim", "acme", SET)
    run("senders", "release", "acme", SET)
    events = [json.loads(line) for line in run("logs", "acme", "--json").out.splitlines()]
    assert {one["eventType"] for one in events} >= {"reprieve.sender.claim", "reprieve.sender.release"}


def test_a_sender_is_claimed_for_one_of_several_accounts(run: Run) -> None:
    assert run("senders", "claim", "acme", SET, "--account", "eu") == Ran(
        1, "", "Error: no provider account of acme/eu\n"
    )
    assert run("providers", "set", "acme", "--account", "eu", "--kind", "ses").code == 0
    assert run("senders", "claim", "acme", SET, "--account", "eu").code == 0
    assert json.loads(run("senders", "list", "acme", "--json").out) == [{"kind": "ses", "sender": SET, "account": "eu"}]
