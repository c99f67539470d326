"""A provider account of the organization acme, as the operator's command sets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.access.provider_accounts import provider_key_context
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.running import Ran

    Run = Callable[..., Ran]

CANARY = "SG.canary-key-that-must-not-be-seen"
#: the public key of the tests of SendGrid's own SDKs
WEBHOOK_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpV"
    "KS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
SET = ("providers", "set", "acme", "--kind")


def stored() -> ProviderAccount:
    (account,) = wiring.access().provider_accounts("acme")
    return account


def unsealed(account: ProviderAccount) -> str:
    return wiring.vault().unseal(account.sealed_key, provider_key_context("acme", DEFAULT))


def everything_set(run: Run) -> ProviderAccount:
    options = ["--base-url", "https://api.eu.sendgrid.com", "--on-behalf-of", "shop", "--webhook-key", WEBHOOK_KEY]
    assert run(*SET, "sendgrid", "--key-stdin", *options, stdin=CANARY).code == 0
    return stored()
