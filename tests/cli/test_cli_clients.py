"""`reprieve clients` and `reprieve signing-keys`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access import client as client_module
from reprieve.access import jose
from reprieve.access.client import CLIENT_ID, REFRESH_TOKEN
from reprieve.access.oauth import ClientSecret
from reprieve.clock import minutes
from reprieve.runtime import wiring
from tests.cli.running import NOW, Ran

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.running import Clock

    Run = Callable[..., Ran]

FIRST = f"rpc_acme_{1:020}"
URL = "https://reprieve.example.com/oauth2/v1/token"


@pytest.fixture(autouse=True)
def acme(stack: dict[str, str], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(1, 100))
    monkeypatch.setattr(client_module.secrets, "token_hex", lambda size: f"{next(numbers):0{2 * size}}")
    monkeypatch.setenv("TOKEN_ISSUER", "urn:reprieve:test")
    run("organizations", "create", "acme")


def created(run: Run, *more: str) -> dict[str, Any]:
    ran = run("clients", "create", "acme", "--name", "SDK", "--dialect", "okta", "--json", *more)
    assert (ran.code, ran.err) == (0, "")
    made: dict[str, Any] = json.loads(ran.out)
    return made


def test_the_private_half_of_a_clients_key_pair_is_printed_once(run: Run) -> None:
    made = created(run)
    assert made["private_jwk"]["kty"] == "RSA"
    assert made["keys"] == [{name: value for name, value in made["private_jwk"].items() if name not in jose.PRIVATE}]
    assert (made["client_id"], made["kind"], made["token_lifetime"]) == (FIRST, "private_key", 3600)
    assert "private_jwk" not in run("clients", "list", "acme", "--json").out


def test_a_client_brings_its_own_public_key(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "client.jwk"
    key = jose.public_jwk(jose.new_key())
    file.write_text(json.dumps(key))
    ran = run("clients", "create", "acme", "--name", "SDK", "--dialect", "okta", "--public-key", str(file))
    assert ran == Ran(0, f"client_id  {FIRST}\n", "")
    (stored,) = wiring.tokens().clients("acme")
    assert json.loads(stored.jwks) == {"keys": [key]}


def test_the_role_of_a_client_is_that_of_its_next_tokens(run: Run) -> None:
    made = created(run, "--kind", "secret", "--role", "viewer")

    def role() -> str:
        proof = ClientSecret(made["client_id"], made["client_secret"])
        token = wiring.token_requests().client_credentials(proof, (), url=URL, request_id="r", now=NOW).token
        return wiring.trust().verify(token, NOW)[1].role

    assert (made["role"], role()) == ("viewer", "viewer")
    for name in ("help_desk", "admin"):
        assert run("clients", "change", "acme", FIRST, "--role", name) == Ran(
            0, f"The role of {FIRST} (SDK) is {name}.\n"
        )
        assert role() == name
    lines = run("logs", "acme", "--event", "application.lifecycle.update", "--json").out.splitlines()
    roles = [json.loads(line)["target"][0]["changeDetails"]["to"] for line in lines]
    assert sorted(one["role"] for one in roles) == ["admin", "help_desk"]
    assert run("clients", "change", "acme", "rpc_acme_1", "--role", "viewer") == Ran(
        1, "", "Error: no client 'rpc_acme_1'\n"
    )


@pytest.mark.parametrize("text", ["", "x", "{", "[]", '{"kty": "oct", "k": "AA"}'])
def test_a_file_without_a_public_key_is_refused_and_nothing_is_made(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "client.jwk"
    file.write_text(text or " ")
    ran = run("clients", "create", "acme", "--name", "SDK", "--dialect", "okta", "--public-key", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: public key: ")
    assert wiring.tokens().clients("acme") == []


def test_a_client_with_a_secret_can_ask_for_tokens_at_once(run: Run) -> None:
    made = created(run, "--kind", "secret", "--token-lifetime", "30s")
    proof = ClientSecret(made["client_id"], made["client_secret"])
    granted = wiring.token_requests().client_credentials(proof, (), url=URL, request_id="r", now=NOW)
    assert granted.lifetime == 30_000
    assert CLIENT_ID.fullmatch(made["client_id"])


def test_a_client_that_refreshes_has_a_refresh_token(run: Run) -> None:
    ran = run("clients", "create", "acme", "--name", "CRM", "--kind", "refresh", "--dialect", "zoho")
    given = dict(re.split(r"\s+", line, maxsplit=1) for line in ran.out.splitlines())
    assert given.keys() == {"client_id", "client_secret", "refresh_token"}
    assert REFRESH_TOKEN.fullmatch(given["refresh_token"])
    assert ran.err == "The secrets among these are not shown again.\n"


def test_clients_are_listed_and_revoked(run: Run) -> None:
    assert run("clients", "list", "acme").out == (
        "No clients. `reprieve clients create --help` shows how to make one.\n"
    )
    created(run, "--token-lifetime", "15m")
    assert run("clients", "list", "acme").out.splitlines()[1].split() == [
        *(FIRST, "SDK", "private_key", "admin", "all", "of", "okta", "900", "s", "2026-03-01T12:00:00Z"),
    ]
    assert run("clients", "revoke", "acme", FIRST) == Ran(0, f"Revoked {FIRST}.\n", "")
    assert run("clients", "revoke", "acme", FIRST) == Ran(1, "", f"Error: no client '{FIRST}'\n")
    assert json.loads(run("clients", "list", "acme", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--token-lifetime", "2h", "--dialect", "okta"], "Error: lifetime: 1 second to 1 hour\n"),
        (["--scope", "okta.orgs.manag"], "Error: unknown scope 'okta.orgs.manag'; did you mean okta.orgs.manage?\n"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(run: Run, arguments: list[str], problem: str) -> None:
    assert run("clients", "create", "acme", "--name", "SDK", *arguments) == Ran(1, "", problem)
    assert wiring.tokens().clients("acme") == []


def test_the_first_client_brings_the_first_signing_key_and_no_other_does(run: Run) -> None:
    assert run("signing-keys", "list").out == "No signing keys. `reprieve signing-keys rotate` makes one.\n"
    for _ in range(2):
        created(run)
    assert len(json.loads(run("signing-keys", "list", "--json").out)) == 1


def test_a_key_is_rotated_with_an_overlap(run: Run, clock: Clock) -> None:
    run("signing-keys", "rotate")
    ran = run("signing-keys", "rotate")
    assert re.fullmatch(r"Made [A-Za-z0-9_-]{43}, which signs from 2026-03-01T12:02:00Z\.\n", ran.out)
    states = [line.split()[-1] for line in run("signing-keys", "list").out.splitlines()]
    assert states == ["STATE", "signs", "published"]
    clock.now = NOW + minutes(2)
    states = [line.split()[-1] for line in run("signing-keys", "list").out.splitlines()]
    assert states == ["STATE", "verifies", "signs"]


def test_a_key_is_replaced_at_once(run: Run) -> None:
    run("signing-keys", "rotate")
    said = run("signing-keys", "rotate", "--at-once").out
    assert said.endswith("Each function may accept the earlier keys until 2026-03-01T12:01:00Z.\n")
    (key,) = json.loads(run("signing-keys", "list", "--json").out)
    assert (key["signs_from"], key["verifies_until"]) == ("2026-03-01T12:00:00Z", None)
