"""Every kind of provider is one value, and no other module contains its name."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from reprieve.access.provider_account import ProviderAccount
from reprieve.errors import Unavailable
from reprieve.providers.kind import Surroundings
from reprieve.providers.registry import PROVIDERS, RULES, provider_of
from tests.support.tables import template

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "domain" / "python"
#: modules in which the word is a dialect's name, or a part of a host's
OTHER_MEANINGS = {
    "reprieve/access/quota.py",
    "reprieve/addresses/explain.py",
    "reprieve/dialects/console/credentials.py",
    "reprieve/email_servers/email_server.py",
    "reprieve/net/mail_hosts.py",
}


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_kind_is_a_word_that_a_path_and_a_csv_cell_can_hold(kind: str) -> None:
    assert PROVIDERS[kind].kind == kind
    assert kind.isascii()
    assert kind.isalnum()
    assert kind == kind.lower()


@pytest.mark.parametrize("kind", PROVIDERS)
def test_the_adapter_of_every_kind_lifts_reads_and_is_closed(kind: str) -> None:
    provider = PROVIDERS[kind]
    account = ProviderAccount(kind, provider.account.base_url)
    adapter = provider.adapter(account, "key" * provider.account.has_key, Surroundings(lambda: 0, lambda *_: object()))
    assert adapter.batch >= 1
    assert callable(adapter.lift)
    assert callable(adapter.entries)
    adapter.close()


def test_only_an_organization_without_a_provider_has_no_name_for_it() -> None:
    assert [kind for kind, provider in PROVIDERS.items() if not provider.name] == ["none"]
    assert len({provider.name for provider in PROVIDERS.values()}) == len(PROVIDERS)


def test_a_kind_that_a_later_version_stored_is_unavailable_here() -> None:
    with pytest.raises(Unavailable, match="this version does not know the provider 'pigeon'"):
        provider_of("pigeon")


def test_one_route_serves_every_webhook_so_that_a_provider_needs_none_of_its_own() -> None:
    routes = template()["Resources"]["EventWebhookFunction"]["Properties"]["Events"].values()
    paths = {path for route in routes if (path := route["Properties"]["Path"]).startswith("/events/")}
    assert paths == {"/events/{kind}/{org}"}


def test_a_key_verifies_the_webhook_of_one_kind_and_a_kind_without_a_webhook_takes_sendgrids() -> None:
    feeds = {kind: rules.webhook.kind for kind, rules in RULES.items()}
    assert feeds == {kind: kind if one.webhook else "sendgrid" for kind, one in PROVIDERS.items()}


LOADED = """
import sys
sys.path.insert(0, {layer!r})
import reprieve.providers.registry
print(*sys.modules)
"""
EXPENSIVE = {"requests", "urllib3", "boto3", "botocore", "cryptography", "reprieve.providers.sendgrid.events"}


def test_the_list_of_providers_loads_neither_an_adapter_nor_a_webhook() -> None:
    program = LOADED.format(layer=str(LAYER))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert set(done.stdout.split()) & EXPENSIVE == set()


def words_of(path: Path) -> set[str]:
    """The text constants of a module that are one word."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_no_module_outside_the_providers_says_a_providers_name() -> None:
    names = {word for kind, provider in PROVIDERS.items() if kind != "none" for word in (kind, provider.name)}
    found = {
        relative
        for base in (LAYER, ROOT / "cli", ROOT / "functions")
        for path in base.rglob("*.py")
        if words_of(path) & names
        and not (relative := path.relative_to(base).as_posix()).startswith(
            ("reprieve/providers/", "reprieve/dialects/sendgrid/")
        )
    }
    assert found == OTHER_MEANINGS
