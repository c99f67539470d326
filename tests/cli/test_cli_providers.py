"""`reprieve providers`: the account is kept, and its key is never seen again."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.access.provider_accounts import provider_key_context
from reprieve.clock import MINUTE
from reprieve.errors import Unavailable
from reprieve.providers.registry import PROVIDERS
from reprieve.runtime import wiring
from reprieve_cli import operations, output, providers
from reprieve_cli.stack import connect
from tests.cli.running import NOW, Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.running import Clock

    Run = Callable[..., Ran]

CANARY = "SG.canary-key-that-must-not-be-seen"
#: the public key of the tests of SendGrid's own SDKs
WEBHOOK_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpV"
    "KS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
SET = ("providers", "set", "acme", "--kind")


def webhook_key() -> str:
    """The public key of a new pair."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.fixture(autouse=True)
def acme(stack: dict[str, str], run: Run) -> None:
    run("organizations", "create", "acme")


def stored() -> ProviderAccount:
    (account,) = wiring.access().provider_accounts("acme")
    return account


def unsealed(account: ProviderAccount) -> str:
    return wiring.vault().unseal(account.sealed_key, provider_key_context("acme", DEFAULT))


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


def test_the_demos_provider_on_this_machine_may_speak_http(run: Run) -> None:
    url = "http://127.0.0.1:4566/_aws/execute-api/sendgrid1"
    assert run(*SET, "sendgrid", "--key-stdin", "--base-url", url, stdin=CANARY).code == 0
    assert stored().base_url == url


def test_without_a_terminal_nothing_is_asked(run: Run) -> None:
    ran = run(*SET, "sendgrid", stdin=f"{CANARY}\n")
    assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (
        2,
        "",
        "Error: standard input is not a terminal: give the API key with --key-stdin",
    )


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


def everything_set(run: Run) -> ProviderAccount:
    options = ["--base-url", "https://api.eu.sendgrid.com", "--on-behalf-of", "shop", "--webhook-key", WEBHOOK_KEY]
    assert run(*SET, "sendgrid", "--key-stdin", *options, stdin=CANARY).code == 0
    return stored()


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


def test_an_organization_has_several_accounts_each_with_a_name(run: Run) -> None:
    run(*SET, "sendgrid", "--key-stdin", stdin=CANARY)
    assert run(*SET, "ses", "--account", "frankfurt", "--region", "eu-central-1", "--on-behalf-of", "shop").code == 0
    assert run(*SET, "sendgrid", "--account", "eu", "--key-stdin", stdin=CANARY).code == 0
    assert run("providers", "list", "acme").out == (
        "ACCOUNT    KIND      WHERE                     ON BEHALF OF  PAUSED UNTIL\n"
        "default    sendgrid  https://api.sendgrid.com  -             -\n"
        "eu         sendgrid  https://api.sendgrid.com  -             -\n"
        "frankfurt  ses       eu-central-1              shop          -\n"
    )
    listed = json.loads(run("providers", "list", "acme", "--json").out)
    assert [one["account"] for one in listed] == ["default", "eu", "frankfurt"]
    assert json.loads(run("providers", "show", "acme", "--account", "eu", "--json").out) == listed[1]
    # the key of an account cannot be unsealed as another one's
    (_, other, _) = wiring.access().provider_accounts("acme")
    assert wiring.vault().unseal(other.sealed_key, provider_key_context("acme", "eu")) == CANARY
    with pytest.raises(Unavailable):
        wiring.vault().unseal(other.sealed_key, provider_key_context("acme", DEFAULT))


def test_logs_show_the_provider_of_the_default_account_or_else_of_the_first(run: Run) -> None:
    def shown() -> str:
        found = wiring.access().organization("acme")
        assert found is not None
        return found.provider_name

    run(*SET, "ses", "--account", "paris")
    assert shown() == "SES"
    run(*SET, "sendgrid", "--key-stdin", stdin=CANARY)
    assert shown() == "Sendgrid"
    assert run("providers", "remove", "acme", "--account", "default", "--yes").code == 0
    assert shown() == "SES"


def test_an_account_is_removed_after_a_yes_and_its_key_with_it(run: Run) -> None:
    run(*SET, "sendgrid", "--account", "eu", "--key-stdin", stdin=CANARY)
    assert run("providers", "remove", "acme", "--account", "eu").code != 0
    assert [one.name for one in wiring.access().provider_accounts("acme")] == ["eu"]
    assert run("providers", "remove", "acme", "--account", "eu", "--yes") == Ran(
        0, "Removed the provider account eu of acme.\n"
    )
    assert wiring.access().provider_accounts("acme") == []
    missing = Ran(1, "", "Error: no provider account of acme/eu\n")
    assert run("providers", "remove", "acme", "--account", "eu", "--yes") == missing
    ran = run("logs", "acme", "--json", "--filter", 'eventType eq "reprieve.provider_account.remove"')
    (target,) = json.loads(ran.out)["target"]
    assert (target["alternateId"], target["changeDetails"]["from"]["api_key"]) == ("acme/eu", "stored")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--account", "Frankfurt"], "account: up to 32 lower-case letters and digits, with hyphens between them"),
        (["--account", "a" * 33], "account: up to 32 lower-case letters and digits, with hyphens between them"),
        (["--region", "Frankfurt"], "region: must be a region, for example eu-west-1"),
    ],
)
def test_what_cannot_be_an_accounts_name_or_region_is_refused(run: Run, arguments: list[str], reason: str) -> None:
    assert run(*SET, "ses", *arguments) == Ran(1, "", f"Error: {reason}\n")
    assert run(*SET, "none", "--region", "eu-west-1").err == (
        "Error: region: has no meaning with this kind of provider\n"
    )
    assert wiring.access().provider_accounts("acme") == []


def test_an_organization_has_at_most_ten_accounts(run: Run) -> None:
    for number in range(10):
        assert run(*SET, "none", "--account", f"a{number}").code == 0
    assert run(*SET, "none").err == "Error: an organization has at most 10 provider accounts\n"
    assert run(*SET, "none", "--account", "a3").code == 0
