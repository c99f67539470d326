"""`reprieve providers`: the API key is sealed, and never seen again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ReadTimeoutError

from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.access.provider_accounts import provider_key_context
from reprieve.errors import Unavailable
from reprieve.runtime import wiring
from reprieve_cli import output, providers
from tests.cli.accounts import CANARY, SET, WEBHOOK_KEY, everything_set, stored, unsealed
from tests.cli.running import Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")


def test_the_key_is_asked_for_and_not_echoed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "interactive", lambda: True)
    assert run(*SET, "sendgrid", stdin=f"{CANARY}\n") == Ran(
        0,
        # what stands in for a terminal here ends the line of the prompt
        " \n"
        "organization   acme\n"
        "account        default\n"
        "kind           sendgrid\n"
        "base_url       https://api.sendgrid.com\n"
        "api_key        stored\n"
        "on_behalf_of   -\n"
        "region         -\n"
        "webhook_keys   -\n"
        "paused_until   -\n"
        "paused_reason  -\n",
        "API key:",
    )
    assert unsealed(stored()) == CANARY


def test_the_key_can_come_from_standard_input(run: Run) -> None:
    options = ["--base-url", "https://api.eu.sendgrid.com/", "--on-behalf-of", "shop", "--webhook-key", WEBHOOK_KEY]
    ran = run(*SET, "sendgrid", "--key-stdin", *options, "--json", stdin=f"{CANARY}\r\n")
    assert (ran.code, ran.err, json.loads(ran.out)) == (
        0,
        "",
        {
            "organization": "acme",
            "account": "default",
            "kind": "sendgrid",
            "base_url": "https://api.eu.sendgrid.com",
            "api_key": True,
            "on_behalf_of": "shop",
            "region": None,
            "webhook_keys": [WEBHOOK_KEY],
            "paused_until": None,
            "paused_reason": None,
        },
    )
    assert run("providers", "show", "acme", "--json") == ran
    assert unsealed(stored()) == CANARY


def test_the_key_is_sealed_for_its_organization_alone(run: Run) -> None:
    run(*SET, "sendgrid", "--key-stdin", stdin=CANARY)
    with pytest.raises(Unavailable):
        wiring.vault().unseal(stored().sealed_key, provider_key_context("other", DEFAULT))
    assert CANARY not in str(wiring.client("dynamodb").scan(TableName=wiring.settings.table("ACCESS")))


EVERYTHING = [
    [*SET, "sendgrid", "--key-stdin"],
    [*SET, "sendgrid", "--key-stdin", "--json"],
    [*SET, "sendgrid", "--key-stdin", "--base-url", "ftp://sendgrid.example"],
    [*SET, "sendgrid", "--key-stdin", "--base-url", "https://sendgrid.example/v3"],
    [*SET, "sendgrid", "--key-stdin", "--on-behalf-of", "s\u00fcd"],
    [*SET, "sendgrid", "--key-stdin", "--webhook-key", "AAAA"],
    [*SET, "sendgrid", "--key-stdin", "--keep-key"],
    [*SET, "sendgrid"],
    [*SET, "ses", "--key-stdin", "--yes"],
    [*SET, "none", "--key-stdin", "--yes"],
    [*SET, "none"],
    ["providers", "set", "nobody", "--kind", "sendgrid", "--key-stdin"],
    ["providers", "show", "acme"],
    ["providers", "show", "acme", "--json"],
    ["providers", "resume", "acme"],
    ["status"],
    ["status", "--json"],
]


@pytest.mark.parametrize(
    "key",
    [CANARY, f"{CANARY}\x00", f"{CANARY}\n{CANARY}", CANARY * 100, f"{CANARY}\u00fc"],
    ids=["good", "null", "two lines", "too long", "not ascii"],
)
def test_no_output_ever_has_the_key(run: Run, key: str) -> None:
    run(*SET, "sendgrid", "--key-stdin", stdin=CANARY)
    for arguments in EVERYTHING:
        ran = run(*arguments, stdin=key)
        assert CANARY not in ran.out + ran.err


def test_the_key_does_not_leave_with_an_error_of_kms(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring.client("kms"), "encrypt", lambda **_: broken())
    ran = run(*SET, "sendgrid", "--key-stdin", stdin=CANARY)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert ran.err.startswith("Error: a secret could not be sealed")
    assert CANARY not in ran.err


def broken() -> None:
    raise ReadTimeoutError(endpoint_url=f"https://kms.example/{CANARY}")


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("", "standard input is empty"),
        ("two words\nand lines", "must be printable ASCII without spaces around it"),
        ("k" * 1001, "1 to 1000 characters"),
    ],
)
def test_what_is_no_key_is_refused(run: Run, key: str, sentence: str) -> None:
    assert run(*SET, "sendgrid", "--key-stdin", stdin=key) == Ran(1, "", f"Error: api_key: {sentence}\n")


def test_without_a_terminal_nothing_is_asked(run: Run) -> None:
    ran = run(*SET, "sendgrid", stdin=f"{CANARY}\n")
    assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (
        2,
        "",
        "Error: standard input is not a terminal: give the API key with --key-stdin",
    )


def test_a_kept_key_goes_to_no_other_host(run: Run) -> None:
    run(*SET, "sendgrid", "--key-stdin", stdin=CANARY)
    refused = Ran(1, "", "Error: api_key: needed, because none is stored for this base URL\n")
    assert run(*SET, "sendgrid", "--keep-key", "--base-url", "https://elsewhere.example") == refused
    run(*SET, "none", "--yes")
    assert run(*SET, "sendgrid", "--keep-key") == refused


@pytest.mark.parametrize("kind", ["ses", "none"])
def test_providers_without_a_key_need_none(run: Run, kind: str) -> None:
    assert run(*SET, kind, "--webhook-key", WEBHOOK_KEY).code == 0
    assert stored() == ProviderAccount(kind, webhook_key=WEBHOOK_KEY)


def test_a_new_key_changes_nothing_but_the_key(run: Run) -> None:
    before = everything_set(run)
    assert run("providers", "set", "acme", "--key-stdin", stdin="SG.another").code == 0
    assert unsealed(stored()) == "SG.another"
    assert replace(stored(), sealed_key=before.sealed_key) == before


def test_a_stored_key_is_deleted_only_after_a_yes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything_set(run)
    ran = run(*SET, "none")
    assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (
        2,
        "",
        "Error: this deletes the stored API key of acme: confirm it with --yes",
    )
    monkeypatch.setattr(output, "interactive", lambda: True)
    assert run(*SET, "none", stdin="n\n").code == 1
    assert stored() == before
    assert run(*SET, "none", stdin="y\n").code == 0
    # the webhook's key is no secret, and whatever the organization mails with, the webhook may go on
    assert stored() == ProviderAccount("none", webhook_key=WEBHOOK_KEY)


def test_yes_spares_the_question(run: Run) -> None:
    everything_set(run)
    assert run(*SET, "ses", "--yes").code == 0
    assert stored() == ProviderAccount("ses", webhook_key=WEBHOOK_KEY)
