"""`reprieve providers`: what an account is set to, and what is shown and logged of it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import MINUTE
from reprieve.providers.registry import PROVIDERS
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.stack import connect
from tests.cli.accounts import CANARY, SET, WEBHOOK_KEY, everything_set, stored, unsealed
from tests.cli.running import NOW, Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.running import Clock

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")


def webhook_key() -> str:
    """The public key of a new pair."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--base-url", "api.sendgrid.com"],
            "base_url: must be an http or https URL without credentials, query and fragment",
        ),
        (["--base-url", "https://api.sendgrid.com/v3/"], "base_url: without its version: /v3 is added to it"),
        (
            ["--base-url", "http://sendgrid.example"],
            "base_url: https, or the key would travel in the clear; http only on this machine",
        ),
        (["--webhook-key", "AAAA"], "webhook_key: not a public key as SendGrid's webhook settings show it"),
        (["--webhook-key", "not base64"], "webhook_key: not a public key as SendGrid's webhook settings show it"),
        (["--on-behalf-of", " "], "on_behalf_of: 1 to 100 printable characters, no space around them"),
    ],
)
def test_what_the_adapter_could_not_use_is_refused(run: Run, arguments: list[str], sentence: str) -> None:
    assert run(*SET, "sendgrid", "--key-stdin", *arguments, stdin=CANARY) == Ran(1, "", f"Error: {sentence}\n")
    assert wiring.access().provider_accounts("acme") == []


def test_the_demos_provider_on_this_machine_may_speak_http(run: Run) -> None:
    url = "http://127.0.0.1:4566/_aws/execute-api/sendgrid1"
    assert run(*SET, "sendgrid", "--key-stdin", "--base-url", url, stdin=CANARY).code == 0
    assert stored().base_url == url


def test_two_webhook_keys_are_accepted_while_they_are_rotated_and_no_third(run: Run) -> None:
    run("providers", "set", "acme", "--kind", "none", "--webhook-key", WEBHOOK_KEY)
    new, third = webhook_key(), webhook_key()
    added = run("providers", "set", "acme", "--add-webhook-key", new, "--json")
    assert json.loads(added.out)["webhook_keys"] == [WEBHOOK_KEY, new]
    refused = run("providers", "set", "acme", "--add-webhook-key", third)
    assert (refused.code, "webhook_key: at most 2 keys" in refused.err) == (1, True)
    assert run("providers", "set", "acme", "--webhook-key", new, "--add-webhook-key", third).code == 2
    run("providers", "set", "acme", "--webhook-key", new)
    assert stored().webhook_key == new
    run("providers", "set", "acme", "--webhook-key", new, "--webhook-key", third)
    assert stored().webhook_key == f"{new} {third}"


def test_the_webhook_key_can_follow_without_the_api_key(run: Run) -> None:
    run(*SET, "sendgrid", "--key-stdin", stdin=CANARY)
    assert run(*SET, "sendgrid", "--keep-key", "--webhook-key", WEBHOOK_KEY).code == 0
    assert (unsealed(stored()), stored().webhook_key) == (CANARY, WEBHOOK_KEY)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ses", "--base-url", "https://api.sendgrid.com"], "base_url: this kind of provider has none"),
        (["ses", "--key-stdin"], "api_key: this kind of provider has none"),
        (["none", "--on-behalf-of", "shop"], "on_behalf_of: has no meaning with this kind of provider"),
    ],
)
def test_what_an_account_of_a_kind_cannot_have_is_refused(run: Run, arguments: list[str], sentence: str) -> None:
    assert run(*SET, *arguments, stdin=CANARY) == Ran(1, "", f"Error: {sentence}\n")
    assert wiring.access().provider_accounts("acme") == []


def test_an_account_needs_a_kind_the_first_time(run: Run) -> None:
    refused = Ran(1, "", f"Error: kind: must be one of: {', '.join(PROVIDERS)}\n")
    assert run("providers", "set", "acme", "--webhook-key", WEBHOOK_KEY) == refused


def test_a_change_of_nothing_is_a_usage_error(run: Run) -> None:
    ran = run("providers", "set", "acme")
    options = "--kind, --base-url, --on-behalf-of, --region, --webhook-key, --add-webhook-key or --key-stdin"
    assert (ran.code, ran.err.splitlines()[-1]) == (2, f"Error: nothing to change: give {options}")


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        (["--on-behalf-of", "store"], {"on_behalf_of": "store"}),
        (["--on-behalf-of", ""], {"on_behalf_of": ""}),
        (["--webhook-key", ""], {"webhook_key": ""}),
        (["--kind", "sendgrid", "--keep-key"], {}),
        (["--keep-key"], {}),
    ],
)
def test_what_no_option_names_stays_as_it_is(run: Run, arguments: list[str], changed: dict[str, str]) -> None:
    before = everything_set(run)
    assert run("providers", "set", "acme", *arguments).code == 0
    assert stored() == replace(before, **changed)  # type: ignore[arg-type]


def test_two_changes_of_one_account_at_a_time_are_a_conflict(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything_set(run)
    store, seal = wiring.access(), wiring.vault().seal

    def meanwhile(*arguments: Any) -> bytes:
        changed = replace(before, on_behalf_of="other")
        assert store.set_provider_account("acme", changed, provider_name="Sendgrid", before=before)
        return seal(*arguments)

    monkeypatch.setattr(wiring.vault(), "seal", meanwhile)
    assert run("providers", "set", "acme", "--key-stdin", stdin="SG.another") == Ran(
        1, "", "Error: the provider account was changed meanwhile; look at it and try again\n"
    )
    assert stored() == replace(before, on_behalf_of="other")


@pytest.mark.parametrize(("kind", "name"), [("sendgrid", "Sendgrid"), ("ses", "SES"), ("none", "")])
def test_the_organization_knows_its_provider_by_the_name_that_logs_show(run: Run, kind: str, name: str) -> None:
    run(*SET, "ses")
    assert run(*SET, kind, *(["--key-stdin"] if kind == "sendgrid" else []), stdin=CANARY).code == 0
    organization = wiring.access().organization("acme")
    assert organization is not None
    assert organization.provider_name == name


def test_every_change_of_an_account_is_in_the_system_log_without_its_key(run: Run, clock: Clock) -> None:
    run("providers", "set", "acme", "--kind", "none")
    everything_set(run)
    wiring.access().pause_provider("acme", DEFAULT, until=NOW + MINUTE, reason="401")
    run("providers", "resume", "acme")
    clock.now += MINUTE
    ran = run("logs", "acme", "--json", "--filter", 'eventType sw "reprieve.provider_account"')
    assert CANARY not in ran.out
    changes = [json.loads(line)["target"][0].get("changeDetails") for line in ran.out.splitlines()]
    assert sorted(json.loads(line)["eventType"] for line in ran.out.splitlines()) == [
        "reprieve.provider_account.resume",
        "reprieve.provider_account.update",
        "reprieve.provider_account.update",
    ]
    assert {"from": {"kind": ""}, "to": {"kind": "none"}} in changes
    assert {
        "from": {"kind": "none", "base_url": "", "on_behalf_of": "", "webhook_key": "", "api_key": "none"},
        "to": {
            "kind": "sendgrid",
            "base_url": "https://api.eu.sendgrid.com",
            "on_behalf_of": "shop",
            "webhook_key": WEBHOOK_KEY,
            "api_key": "another",
        },
    } in changes


def test_a_pause_is_shown_and_ended(run: Run, clock: Clock) -> None:
    run(*SET, "none")
    assert run("providers", "resume", "acme") == Ran(0, "acme was not paused.\n")
    wiring.access().pause_provider("acme", DEFAULT, until=NOW + 15 * MINUTE, reason="401: the API key was not accepted")
    shown = json.loads(run("providers", "show", "acme", "--json").out)
    assert (shown["paused_until"], shown["paused_reason"]) == (
        "2026-03-01T12:15:00Z",
        "401: the API key was not accepted",
    )
    assert run("providers", "resume", "acme") == Ran(0, "Resumed acme.\n")
    assert (stored().paused_until, stored().paused_reason) == (0, "")


def test_a_pause_that_is_over_is_none(run: Run, clock: Clock) -> None:
    run(*SET, "none")
    wiring.access().pause_provider("acme", DEFAULT, until=NOW + MINUTE, reason="401")
    clock.now += MINUTE
    assert json.loads(run("providers", "show", "acme", "--json").out)["paused_until"] is None


@pytest.mark.parametrize("command", ["show", "resume"])
def test_without_an_account_there_is_nothing_to_show(run: Run, command: str) -> None:
    assert run("providers", command, "acme") == Ran(1, "", "Error: no provider account of acme\n")
    assert run("providers", command, "nobody") == Ran(1, "", "Error: no organization nobody\n")


def test_programs_set_an_account_without_a_shell() -> None:
    connect()
    account = operations.set_provider(
        "acme", kind="sendgrid", base_url="http://localhost:1", api_key=CANARY, webhook_key=WEBHOOK_KEY
    )
    assert account == wiring.provider_accounts().find(operations.find_organization("acme"))
    assert CANARY not in repr(account)
