"""`reprieve credentials`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from reprieve.access.authenticate import authenticate
from reprieve.access.credential import TOKEN
from reprieve.clock import DAY
from reprieve.errors import InvalidInput, Unauthenticated
from reprieve.runtime import wiring
from reprieve_cli import operations, scopes
from reprieve_cli.stack import connect
from tests.cli.running import NOW, Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.running import Clock

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("ids", "acme")

FIRST, SECOND, THIRD = (f"{number:016}" for number in (1, 2, 3))


def authenticated(token: str, now: int = NOW) -> frozenset[str]:
    """The scopes that a token has at the gate."""
    return authenticate(wiring.access(), f"SSWS {token}", schemes={"SSWS"}, tokens=wiring.trust, now=now).scopes


def test_the_token_alone_is_on_standard_output(run: Run) -> None:
    ran = run("credentials", "issue", "acme", "--name", "SDK", "--scope", "okta.orgs.manage", "--expires-in", "90d")
    assert ran == Ran(
        0,
        ran.out,
        f"This is credential {FIRST}, valid until 2026-05-30T12:00:00Z. The token is not shown again.\n",
    )
    token = ran.out.removesuffix("\n")
    assert TOKEN.fullmatch(token)
    assert authenticated(token) == {"okta.orgs.manage"}


def test_a_credential_without_an_end_lasts_until_it_is_revoked(run: Run) -> None:
    ran = run("credentials", "issue", "acme", "--name", "SDK", "--dialect", "okta")
    assert ran.err == f"This is credential {FIRST}, valid until it is revoked. The token is not shown again.\n"
    assert authenticated(ran.out.strip(), NOW + 1000 * DAY) == scopes.BY_DIALECT["okta"]


def test_json_has_the_token_and_its_record(run: Run) -> None:
    arguments = ["--scope", "suppression.bounces.read", "--dialect", "reprieve", "--expires-in", "12h", "--json"]
    ran = run("credentials", "issue", "acme", "--name", "dashboard", *arguments)
    issued = json.loads(ran.out)
    assert TOKEN.fullmatch(issued.pop("token"))
    assert (ran.code, ran.err, issued) == (
        0,
        "",
        {
            "id": FIRST,
            "organization": "acme",
            "name": "dashboard",
            "role": "admin",
            "scopes": [
                "reprieve.addresses.read",
                "reprieve.events.create",
                "reprieve.holds.manage",
                "reprieve.holds.read",
                "reprieve.hooks.manage",
                "reprieve.hooks.read",
                "reprieve.links.create",
                "reprieve.mail_reports.create",
                "reprieve.policies.manage",
                "reprieve.policies.read",
                "reprieve.proofs.create",
                "reprieve.removals.manage",
                "reprieve.removals.read",
                "reprieve.suppressions.read",
                "suppression.bounces.read",
            ],
            "created": "2026-03-01T12:00:00Z",
            "expires_at": "2026-03-02T00:00:00Z",
        },
    )


def test_a_role_is_given_and_changed_with_effect_on_the_next_request(run: Run) -> None:
    token = run("credentials", "issue", "acme", "--name", "SDK", "--dialect", "okta", "--role", "help_desk").out.strip()

    def role() -> str:
        found = authenticate(wiring.access(), f"SSWS {token}", schemes={"SSWS"}, tokens=wiring.trust, now=NOW)
        return found.role

    assert role() == "help_desk"
    for name in ("viewer", "admin"):
        assert run("credentials", "change", "acme", FIRST, "--role", name) == Ran(
            0, f"The role of {FIRST} (SDK) is {name}.\n"
        )
        assert role() == name
    assert [one["role"] for one in json.loads(run("credentials", "list", "acme", "--json").out)] == ["admin"]
    assert run("credentials", "change", "acme", SECOND, "--role", "viewer") == Ran(
        1, "", f"Error: no credential '{SECOND}'\n"
    )
    assert run("credentials", "change", "acme", FIRST, "--role", "owner").code == 2
    assert run("credentials", "change", "acme", FIRST).code == 2


def test_a_change_of_a_role_is_logged_with_both_roles(run: Run) -> None:
    run("credentials", "issue", "acme", "--name", "SDK", "--dialect", "okta")
    run("credentials", "change", "acme", FIRST, "--role", "viewer")
    lines = run("logs", "acme", "--event", "system.api_token.update", "--json").out.splitlines()
    (entry,) = [json.loads(line) for line in lines]
    assert entry["target"][0]["changeDetails"] == {"from": {"role": "admin"}, "to": {"role": "viewer"}}
    assert entry["actor"]["id"] == "operator"


def test_the_token_is_shown_once_and_stored_nowhere(run: Run) -> None:
    token = run("credentials", "issue", "acme", "--name", "SDK", "--dialect", "okta").out.strip()
    everything = [run("credentials", "list", "acme", *more).out for more in ([], ["--json"])]
    table = wiring.client("dynamodb").scan(TableName=wiring.settings.table("ACCESS"))
    secret = token.removeprefix("rp_acme_")
    assert secret not in "".join([*everything, str(table)])


def test_the_list_tells_what_each_may_do_and_which_have_expired(run: Run, clock: Clock) -> None:
    run("credentials", "issue", "acme", "--name", "SDK", "--dialect", "okta")
    clock.now += DAY
    run("credentials", "issue", "acme", "--name", "short", "--scope", "okta.logs.read", "--expires-in", "30m")
    clock.now += DAY
    run("credentials", "issue", "acme", "--name", "mixed", "--dialect", "zoho", "--scope", "okta.logs.read")
    mixed = "ZohoCRM.modules.ALL ZohoCRM.org.ALL and 7 more"
    assert run("credentials", "list", "acme") == Ran(
        0,
        f"{'ID':16}  NAME   ROLE   {'SCOPES':46}  {'CREATED':20}  {'EXPIRES':20}  STATE\n"
        f"{FIRST}  SDK    admin  {'all of okta':46}  2026-03-01T12:00:00Z  {'never':20}  valid\n"
        f"{SECOND}  short  admin  {'okta.logs.read':46}  2026-03-02T12:00:00Z  2026-03-02T12:30:00Z  expired\n"
        f"{THIRD}  mixed  admin  {mixed}  2026-03-03T12:00:00Z  {'never':20}  valid\n",
    )


def test_no_credentials_say_what_to_do(run: Run) -> None:
    assert run("credentials", "list", "acme") == Ran(
        0, "No credentials. `reprieve credentials issue --help` shows how to make one.\n"
    )


def test_a_revoked_credential_opens_nothing(run: Run) -> None:
    token = run("credentials", "issue", "acme", "--name", "SDK", "--dialect", "okta").out.strip()
    assert run("credentials", "revoke", "acme", FIRST) == Ran(0, f"Revoked {FIRST}.\n")
    with pytest.raises(Unauthenticated):
        authenticated(token)
    assert run("credentials", "list", "acme", "--json") == Ran(0, "[]\n")
    assert run("credentials", "revoke", "acme", FIRST) == Ran(1, "", f"Error: no credential '{FIRST}'\n")


def test_a_credential_is_revoked_in_its_own_organization_alone(run: Run) -> None:
    run("organizations", "create", "other")
    run("credentials", "issue", "acme", "--name", "SDK", "--dialect", "okta")
    assert run("credentials", "revoke", "other", FIRST) == Ran(1, "", f"Error: no credential '{FIRST}'\n")


def test_a_scope_that_nothing_asks_for_is_refused_with_the_nearest_one(run: Run) -> None:
    assert run("credentials", "issue", "acme", "--name", "SDK", "--scope", "okta.org.manage") == Ran(
        1, "", "Error: unknown scope 'okta.org.manage'; did you mean okta.orgs.manage?\n"
    )
    assert run("credentials", "issue", "acme", "--name", "SDK", "--scope", "*") == Ran(
        1, "", "Error: unknown scope '*'; `reprieve credentials scopes` lists them\n"
    )


def test_zohos_scopes_may_name_a_module(run: Run) -> None:
    wanted = {"ZohoCRM.modules.Leads.UPDATE", "ZohoCRM.send_mail.Custom_1.CREATE"}
    options = [word for scope in sorted(wanted) for word in ("--scope", scope)]
    token = run("credentials", "issue", "acme", "--name", "CRM", *options).out.strip()
    assert authenticated(token) == wanted


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "at least one scope is needed: give --scope or --dialect"),
        (["--expires-in", "soon"], "Invalid value for '--expires-in': a number and a unit: 30s, 30m, 12h, 90d or 52w"),
        (["--expires-in", "0d"], "Invalid value for '--expires-in': a number and a unit: 30s, 30m, 12h, 90d or 52w"),
        (
            ["--dialect", "mailgun"],
            "Invalid value for '--dialect': 'mailgun' is not one of 'okta', 'sendgrid', 'zoho', 'reprieve', 'console'.",
        ),
    ],
)
def test_a_mistake_in_use_exits_with_two(run: Run, arguments: list[str], sentence: str) -> None:
    ran = run("credentials", "issue", "acme", "--name", "SDK", *arguments)
    assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (2, "", f"Error: {sentence}")


def test_the_scopes_are_listed_by_dialect(run: Run) -> None:
    text = run("credentials", "scopes").out
    assert re.findall(r"^(okta|zoho|reprieve) +(\S+)$", text, re.MULTILINE) == [
        ("okta", "okta.emailServers.manage"),
        ("okta", "okta.emailServers.read"),
        ("okta", "okta.eventHooks.manage"),
        ("okta", "okta.eventHooks.read"),
        ("okta", "okta.logs.read"),
        ("okta", "okta.orgs.manage"),
        ("okta", "okta.users.manage"),
        ("okta", "okta.users.read"),
        ("zoho", "ZohoCRM.modules.ALL"),
        ("zoho", "ZohoCRM.org.ALL"),
        ("zoho", "ZohoCRM.org.READ"),
        ("zoho", "ZohoCRM.send_mail.all.CREATE"),
        ("zoho", "ZohoCRM.settings.emails.CREATE"),
        ("zoho", "ZohoCRM.users.ALL"),
        ("zoho", "ZohoCRM.users.READ"),
        ("zoho", "ZohoSearch.securesearch.READ"),
        ("reprieve", "reprieve.addresses.read"),
        ("reprieve", "reprieve.events.create"),
        ("reprieve", "reprieve.holds.manage"),
        ("reprieve", "reprieve.holds.read"),
        ("reprieve", "reprieve.hooks.manage"),
        ("reprieve", "reprieve.hooks.read"),
        ("reprieve", "reprieve.links.create"),
        ("reprieve", "reprieve.mail_reports.create"),
        ("reprieve", "reprieve.policies.manage"),
        ("reprieve", "reprieve.policies.read"),
        ("reprieve", "reprieve.proofs.create"),
        ("reprieve", "reprieve.removals.manage"),
        ("reprieve", "reprieve.removals.read"),
        ("reprieve", "reprieve.suppressions.read"),
    ]
    assert {
        dialect: frozenset(members)
        for dialect, members in json.loads(run("credentials", "scopes", "--json").out).items()
    } == (scopes.BY_DIALECT)


def test_programs_get_the_token_itself() -> None:
    connect()
    token, _ = operations.issue_credential("acme", name="demo", scopes=scopes.BY_DIALECT["okta"], expires_in=DAY)
    assert authenticated(token) == scopes.BY_DIALECT["okta"]
    with pytest.raises(Unauthenticated):
        authenticated(token, NOW + DAY)
    with pytest.raises(InvalidInput):
        operations.issue_credential("acme", name="demo", scopes=[])
