"""`reprieve providers`: several accounts of one organization, and their removal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.access.provider_accounts import provider_key_context
from reprieve.errors import Unavailable
from reprieve.runtime import wiring
from tests.cli.accounts import CANARY, SET
from tests.cli.running import Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")


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
