"""`reprieve issuers`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.runtime import wiring
from reprieve_cli import scopes
from tests.cli.running import Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")

OKTA = ("--issuer", "https://acme.okta.com/oauth2/default", "--audience", "api://reprieve")
KEYS = ("--jwks-url", "https://acme.okta.com/oauth2/default/v1/keys", "--claim", "groups")
ADD = ("issuers", "add", "acme", *OKTA, *KEYS)


def test_an_issuer_is_trusted_listed_and_trusted_no_more(run: Run) -> None:
    assert run("issuers", "list", "acme").out == "No issuers. `reprieve issuers add --help` shows how to trust one.\n"
    grants = ("--grant", "Help=desk=help_desk:okta.orgs.manage,okta.users.read", "--grant", "Everyone=viewer")
    added = json.loads(run(*ADD, *grants, "--dialect", "okta", "--json").out)
    assert added["grants"] == [
        {"value": "Help=desk", "role": "help_desk", "scopes": ["okta.orgs.manage", "okta.users.read"]},
        {"value": "Everyone", "role": "viewer", "scopes": sorted(scopes.BY_DIALECT["okta"])},
    ]
    assert json.loads(run("issuers", "list", "acme", "--json").out) == [added]
    assert run("issuers", "list", "acme").out.splitlines()[1].split() == [
        *(added["id"], OKTA[1], OKTA[3], "groups", "Help=desk=help_desk,", "Everyone=viewer", "2026-03-01T12:00:00Z")
    ]
    assert run("issuers", "remove", "acme", added["id"]) == Ran(0, f"Removed {added['id']}.\n", "")
    assert run("issuers", "remove", "acme", added["id"]) == Ran(1, "", f"Error: no issuer '{added['id']}'\n")
    types = [json.loads(line)["eventType"] for line in run("logs", "acme", "--json").out.splitlines()]
    assert {"system.idp.lifecycle.create", "system.idp.lifecycle.delete"} <= {*types}


def test_a_pair_is_trusted_once(run: Run) -> None:
    run("organizations", "create", "other")
    assert run(*ADD, "--grant", "Everyone=viewer", "--dialect", "okta").code == 0
    again = ("issuers", "add", "other", *OKTA, *KEYS, "--grant", "Everyone=admin", "--dialect", "okta")
    assert run(*again) == Ran(1, "", "Error: an organization trusts this issuer for this audience already\n")


@pytest.mark.parametrize(
    "grant", ["", "Everyone", "=viewer", "Everyone=owner", "Everyone=viewer=", "a=:okta.logs.read"]
)
def test_a_grant_that_cannot_be_read_is_a_mistake_in_use(run: Run, grant: str) -> None:
    assert run(*ADD, "--grant", grant, "--dialect", "okta").code == 2
    assert wiring.issuers(scopes.check).of(wiring.organizations().find("acme")) == []


def test_scopes_for_all_are_needed_only_where_a_grant_names_none(run: Run) -> None:
    own = ("--grant", "Help desk=help_desk:okta.users.read")
    ran = run(*ADD, *own, "--grant", "Everyone=viewer", "--grant", "Mail team=admin")
    refusal = "no scopes for Everyone, Mail team: name them in the grant, or give --scope or --dialect"
    assert (ran.code, ran.err.splitlines()[-1]) == (2, f"Error: {refusal}")
    added = json.loads(run(*ADD, *own, "--json").out)
    assert added["grants"] == [{"value": "Help desk", "role": "help_desk", "scopes": ["okta.users.read"]}]


def test_a_scope_that_no_route_asks_for_is_refused(run: Run) -> None:
    ran = run(*ADD, "--grant", "Everyone=viewer:okta.logs.reed")
    assert ran == Ran(1, "", "Error: unknown scope 'okta.logs.reed'; did you mean okta.logs.read?\n")
