"""`reprieve sign-in`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.access.sign_in_settings import secret_context
from reprieve.runtime import wiring
from tests.cli.running import Ran
from tests.support.identity_provider import CLIENT, URL, Provider, metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")

ISSUER = ("--issuer", URL, "--client-id", CLIENT, "--claim", "groups")
SET = ("sign-in", "set", "acme", *ISSUER)
GROUPS = ("--group", "Mail team=admin", "--group", "Help desk=help_desk:reprieve.addresses.read")
SECRET = "s3cret of the client"


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider(wiring.now)
    monkeypatch.setattr(wiring, "identity_providers", lambda _port=None: provider)
    return provider


def types(run: Run) -> list[str]:
    found = [json.loads(line) for line in run("logs", "acme", "--json").out.splitlines()]
    return [one["eventType"] for one in found if one["eventType"].startswith("system.idp.")]


def test_a_sign_in_is_set_from_the_issuers_metadata_shown_and_removed(run: Run) -> None:
    assert run("sign-in", "show", "acme") == Ran(1, "", "Error: no sign-in of acme\n")
    made = json.loads(run(*SET, *GROUPS, "--secret-stdin", "--json", stdin=f"{SECRET}\n").out)
    assert made == {
        "organization": "acme",
        "issuer": URL,
        "client_id": CLIENT,
        "client_secret": True,
        "redirect_uri": "https://console1.execute-api.eu-west-1.amazonaws.com/console/oidc",
        "sign_in_page": "https://console1.execute-api.eu-west-1.amazonaws.com/console/sign-in/acme",
        "authorization_url": f"{URL}/v1/authorize",
        "token_url": f"{URL}/v1/token",
        "jwks_url": f"{URL}/v1/keys",
        "claim": "groups",
        "grants": [
            {"value": "Mail team", "role": "admin", "scopes": []},
            {"value": "Help desk", "role": "help_desk", "scopes": ["reprieve.addresses.read"]},
        ],
        "private_ca": False,
        "changed": "2026-03-01T12:00:00Z",
    }
    assert json.loads(run("sign-in", "show", "acme", "--json").out) == made
    shown = run("sign-in", "show", "acme").out
    assert "Mail team=admin, Help desk=help_desk" in shown
    assert SECRET not in shown
    item = wiring.table("ACCESS").get({"partition": "acme", "sort": "sign-in"})
    assert item
    assert SECRET not in str(item)
    assert wiring.vault().unseal(bytes(item["sealed_secret"]), secret_context("acme")) == SECRET  # type: ignore[arg-type]
    assert run("sign-in", "remove", "acme") == Ran(0, "People of acme sign in by API tokens alone.\n", "")
    assert run("sign-in", "remove", "acme") == Ran(1, "", "Error: no sign-in of acme\n")
    assert sorted(types(run)) == ["system.idp.lifecycle.deactivate", "system.idp.lifecycle.update"]


def test_the_log_says_what_was_changed_and_of_the_secret_only_that_it_was(run: Run) -> None:
    run(*SET, *GROUPS, "--secret-stdin", stdin=SECRET)
    run(*SET, "--group", "Everyone=viewer", "--keep-secret")
    run(*SET, "--group", "Everyone=viewer", "--public")
    found = [json.loads(line) for line in run("logs", "acme", "--json").out.splitlines()]
    targets = [one["target"][0] for one in found if one["eventType"] == "system.idp.lifecycle.update"]
    assert {(one["displayName"], one["type"]) for one in targets} == {(URL, "IdentityProvider")}
    (first,) = (one for one in targets if "issuer" in one["changeDetails"]["to"])
    assert first["changeDetails"]["to"]["clientSecret"] == "another"
    # the three were written in one millisecond
    changes = [one["changeDetails"] for one in targets if one is not first]
    assert sorted(changes, key=str) == [
        {"from": {"clientSecret": "stored"}, "to": {"clientSecret": "none"}},
        {
            "from": {"grants": ["Mail team=admin", "Help desk=help_desk:reprieve.addresses.read"]},
            "to": {"grants": ["Everyone=viewer"]},
        },
    ]
    assert SECRET not in str(found)


def test_endpoints_that_are_given_are_taken_and_nothing_is_read_for_them(run: Run, provider: Provider) -> None:
    given = ("--authorization-url", "https://a.example/a", "--token-url", "https://a.example/t")
    made = json.loads(run(*SET, *GROUPS, "--public", *given, "--json").out)
    assert (made["authorization_url"], made["token_url"]) == ("https://a.example/a", "https://a.example/t")
    assert made["jwks_url"] == f"{URL}/v1/keys"
    assert len(provider.read) == 1
    run(*SET, *GROUPS, "--public", *given, "--jwks-url", "https://a.example/k")
    assert len(provider.read) == 1


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (metadata(issuer=f"{URL}/"), "issuer: its metadata is not that of this issuer, to the letter"),
        (metadata(code_challenge_methods_supported=["plain"]), "issuer: its metadata does not offer PKCE with S256"),
        (metadata(code_challenge_methods_supported=None), "issuer: its metadata does not offer PKCE with S256"),
        (metadata(token_endpoint=None), "issuer: its metadata has no token_endpoint"),
        (
            metadata(token_endpoint="http://a.example/"),
            "token_url: an https URL without a user, a space or a fragment",
        ),
        ([], "issuer: its metadata is not that of this issuer, to the letter"),
    ],
)
def test_metadata_that_cannot_be_used_is_refused_and_nothing_is_set(
    run: Run, provider: Provider, monkeypatch: pytest.MonkeyPatch, said: object, refusal: str
) -> None:
    monkeypatch.setattr(provider, "document", lambda *_: said)
    assert run(*SET, *GROUPS, "--public") == Ran(1, "", f"Error: {refusal}\n")
    assert run("sign-in", "show", "acme").code == 1


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("--keep-secret",), "client_secret: none is stored for this issuer and client"),
        (("--public", "--issuer", "http://a.example"), "issuer: an https URL without a user, a space or a fragment"),
        (("--public", "--client-id", ""), "client_id: 1 to 2048 printable characters"),
        (("--public", "--claim", "a\nb"), "claim: 1 to 256 printable characters"),
        (("--public", "--group", "Mail team=viewer"), "grants: each value once"),
        (("--public", "--group", "x=admin:reprieve.nothing"), "unknown scope 'reprieve.nothing'"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(run: Run, arguments: tuple[str, ...], refusal: str) -> None:
    ran = run(*SET, *GROUPS, *arguments)
    assert (ran.code, ran.out, refusal in ran.err) == (1, "", True)


def test_a_secret_is_kept_for_its_own_issuer_and_client_alone(run: Run) -> None:
    run(*SET, *GROUPS, "--secret-stdin", stdin=SECRET)
    ran = run(*SET, *GROUPS, "--client-id", "another", "--keep-secret")
    assert ran == Ran(1, "", "Error: client_secret: none is stored for this issuer and client\n")


def test_a_secret_comes_from_one_place_and_is_not_empty(run: Run) -> None:
    assert run(*SET, *GROUPS, "--public", "--keep-secret").code == 2
    assert run(*SET, *GROUPS, "--secret-stdin", stdin=" \n") == Ran(1, "", "Error: client_secret: empty\n")
    assert "give the client secret with --secret-stdin, or --public" in run(*SET, *GROUPS).err
