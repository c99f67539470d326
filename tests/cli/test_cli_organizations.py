"""`reprieve organizations`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.errors import Conflict, InvalidInput, NotFound
from reprieve.organization import Membership, Organization
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.stack import connect
from tests.cli.running import NOW, Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("stack")


LIMITS = {
    "okta_bounces": 60,
    "okta_logs": 120,
    "okta_users": 600,
    "okta_other": 1200,
    "sendgrid": 600,
    "zoho": 600,
    "reprieve": 600,
}


def test_an_organization_is_shown_as_it_was_created(run: Run) -> None:
    assert run("organizations", "create", "acme", "--name", "Acme Inc.") == Ran(
        0,
        "id               acme\n"
        "name             Acme Inc.\n"
        "membership       recipients\n"
        "domains          -\n"
        "shards           1\n"
        "parent           -\n"
        "soft_bounces     5\n"
        "modules          -\n"
        "help_desk_lifts  50\n"
        "limits           okta_bounces=60 okta_logs=120 okta_users=600 okta_other=1200 "
        "sendgrid=600 zoho=600 reprieve=600\n"
        "created          2026-03-01T12:00:00Z\n",
    )
    assert run("organizations", "show", "acme") == run("organizations", "show", "acme")


def test_json_has_every_setting(run: Run) -> None:
    run("organizations", "create", "group")
    options = ["--membership", "domains", "--domain", "Lab.Example", "--domain", "bücher.example", "--shards", "4"]
    created = run("organizations", "create", "lab", *options, "--parent", "group", "--json")
    assert json.loads(created.out) == {
        "id": "lab",
        "name": "lab",
        "membership": "domains",
        "domains": ["lab.example", "xn--bcher-kva.example"],
        "shards": 4,
        "parent": "group",
        "soft_bounces": 5,
        "modules": [],
        "help_desk_lifts": 50,
        "limits": LIMITS,
        "created": "2026-03-01T12:00:00Z",
    }
    assert run("organizations", "show", "lab", "--json") == created


def test_the_list_is_aligned_and_in_order(run: Run) -> None:
    run("organizations", "create", "zebra", "--membership", "anyone")
    run("organizations", "create", "acme", "--name", "Acme Inc.", "--parent", "zebra")
    assert run("organizations", "list") == Ran(
        0,
        "ID     NAME       MEMBERSHIP  DOMAINS  SHARDS  PARENT\n"
        "acme   Acme Inc.  recipients  -        1       zebra\n"
        "zebra  zebra      anyone      -        1       -\n",
    )
    assert [one["id"] for one in json.loads(run("organizations", "list", "--json").out)] == ["acme", "zebra"]


def test_an_empty_list_says_what_to_do(run: Run) -> None:
    assert run("organizations", "list") == Ran(
        0, "No organizations. `reprieve organizations create --help` shows how to make one.\n"
    )
    assert run("organizations", "list", "--json") == Ran(0, "[]\n")


def test_an_id_is_taken_once(run: Run) -> None:
    run("organizations", "create", "acme")
    assert run("organizations", "create", "acme") == Ran(1, "", "Error: the organization acme exists already\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Acme"], "id: 2 to 39 lower-case letters, digits and hyphens, not starting with a hyphen"),
        (["acme", "--name", ""], "name: 1 to 100 printable characters, no space around them"),
        (["acme", "--name", "red \x1b[31m"], "name: 1 to 100 printable characters, no space around them"),
        (["acme", "--domain", "a b"], "domains: 'a b' is not a domain of email addresses"),
        (["acme", "--membership", "domains"], "domains: membership by domains needs at least one"),
        (["acme", "--parent", "elsewhere"], "no organization elsewhere"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(run: Run, arguments: list[str], sentence: str) -> None:
    assert run("organizations", "create", *arguments) == Ran(1, "", f"Error: {sentence}\n")
    assert run("organizations", "list", "--json") == Ran(0, "[]\n")


def test_too_many_shards_are_a_usage_error(run: Run) -> None:
    ran = run("organizations", "create", "acme", "--shards", "17")
    assert (ran.code, ran.err.splitlines()[-1]) == (
        2,
        "Error: Invalid value for '--shards': 17 is not in the range 1<=x<=16.",
    )


def test_a_change_leaves_what_it_does_not_name(run: Run) -> None:
    run("organizations", "create", "acme", "--name", "Acme Inc.", "--shards", "4")
    changed = run("organizations", "change", "acme", "--membership", "domains", "--domain", "acme.example", "--json")
    assert json.loads(changed.out) == {
        "id": "acme",
        "name": "Acme Inc.",
        "membership": "domains",
        "domains": ["acme.example"],
        "shards": 4,
        "parent": None,
        "soft_bounces": 5,
        "modules": [],
        "help_desk_lifts": 50,
        "limits": LIMITS,
        "created": "2026-03-01T12:00:00Z",
    }
    assert run("organizations", "show", "acme", "--json") == changed


def test_a_limit_holds_until_it_is_changed_or_given_back_to_the_default(run: Run) -> None:
    run("organizations", "create", "acme")

    def limits(*options: str) -> dict[str, int]:
        ran = run("organizations", "change", "acme", *options, "--json")
        found: dict[str, int] = json.loads(ran.out)["limits"]
        return found

    assert limits("--limit", "okta_logs=300", "--limit", "sendgrid=1") == LIMITS | {"okta_logs": 300, "sendgrid": 1}
    assert limits("--name", "Acme Inc.") == LIMITS | {"okta_logs": 300, "sendgrid": 1}
    assert limits("--limit", "sendgrid=default") == LIMITS | {"okta_logs": 300}
    lines = run("logs", "acme", "--event", "reprieve.organization.update", "--json").out.splitlines()
    changes = [json.loads(line)["target"][0]["changeDetails"] for line in lines]
    assert {"from": {"limits.sendgrid": 1}, "to": {"limits.sendgrid": None}} in changes


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("okta=5", f"NAME=NUMBER, where NAME is one of {', '.join(LIMITS)}"),
        ("5", f"NAME=NUMBER, where NAME is one of {', '.join(LIMITS)}"),
        ("sendgrid", "sendgrid: 1 to 1000000 requests per minute, or default"),
        ("sendgrid=0", "sendgrid: 1 to 1000000 requests per minute, or default"),
        ("sendgrid=1000001", "sendgrid: 1 to 1000000 requests per minute, or default"),
        ("sendgrid=1e3", "sendgrid: 1 to 1000000 requests per minute, or default"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_and_changes_nothing(run: Run, given: str, sentence: str) -> None:
    run("organizations", "create", "acme")
    before = run("organizations", "show", "acme")
    ran = run("organizations", "change", "acme", "--limit", given)
    assert (ran.code, ran.err.splitlines()[-1]) == (2, f"Error: Invalid value for '--limit': {sentence}")
    assert run("organizations", "show", "acme") == before


def test_shards_are_chosen_at_creation_alone(run: Run) -> None:
    run("organizations", "create", "acme")
    assert run("organizations", "change", "acme", "--shards", "2").code == 2


def test_an_organization_that_is_not_there_is_named(run: Run) -> None:
    for command in (["show", "nobody"], ["change", "nobody", "--name", "Somebody"]):
        assert run("organizations", *command) == Ran(1, "", "Error: no organization nobody\n")


def test_programs_create_organizations_without_a_shell() -> None:
    connect()
    created = operations.create_organization("demo", membership=Membership.ANYONE, domains=["a.example"], shards=2)
    assert created == Organization(
        "demo", "demo", Membership.ANYONE, frozenset({"a.example"}), shards=2, parent=None, created=NOW
    )
    assert operations.find_organization("demo") == created
    with pytest.raises(Conflict):
        operations.create_organization("demo")
    with pytest.raises(NotFound):
        operations.find_organization("../demo")
    with pytest.raises(InvalidInput):
        operations.change_organization("demo", name=" ")


def test_the_threshold_of_soft_bounces_and_the_custom_modules_are_settings(run: Run) -> None:
    run("organizations", "create", "acme", "--soft-bounces", "3", "--module", "Projects")
    changed = run("organizations", "change", "acme", "--soft-bounces", "32", "--json")
    assert (json.loads(changed.out)["soft_bounces"], json.loads(changed.out)["modules"]) == (32, ["Projects"])
    stored = wiring.access().organization("acme")
    assert stored is not None
    assert (stored.soft_bounce_threshold, stored.modules) == (32, frozenset({"Projects"}))
    for options in (["--soft-bounces", "33"], ["--module", "users"], ["--module", "My Module"]):
        assert run("organizations", "change", "acme", *options).code != 0


def test_what_the_help_desk_may_lift_a_day_is_a_setting(run: Run) -> None:
    run("organizations", "create", "acme", "--help-desk-lifts", "3")
    changed = run("organizations", "change", "acme", "--help-desk-lifts", "0", "--json")
    assert json.loads(changed.out)["help_desk_lifts"] == 0
    stored = wiring.access().organization("acme")
    assert stored is not None
    assert stored.help_desk_lifts == 0
    for number in ("-1", "10001", "many"):
        assert run("organizations", "change", "acme", "--help-desk-lifts", number).code == 2
