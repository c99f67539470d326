"""`reprieve holds`: add, list and lift."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY
from tests.cli.running import Ran

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.running import Clock

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")

ADD = ("holds", "add", "acme")


def test_an_address_is_held_listed_explained_and_lifted(run: Run, clock: Clock) -> None:
    assert run("holds", "list", "acme") == Ran(0, "Nothing is held.\n")
    added = run(*ADD, "Ann@x.io", "--reason", "asked by phone", "--for", "1d")
    assert added == Ran(0, "Ann@x.io is held until 2026-03-02T12:00:00Z.\n")
    (one,) = json.loads(run("holds", "list", "acme", "--json").out)
    assert (one["email"], one["author"], one["at_provider"]) == ("Ann@x.io", "reprieve command", "pending")
    assert "Ann@x.io" in run("holds", "list", "acme").out
    said = run("why", "acme", "ann@x.io").out
    assert "ann@x.io is not mailed." in said
    assert "Ann@x.io has been held by reprieve command" in said
    assert "reprieve holds lift acme Ann@x.io" in said
    assert run("holds", "lift", "acme", "ann@x.io") == Ran(0, "ann@x.io is not held any more.\n")
    assert run("holds", "lift", "acme", "ann@x.io").code == 1
    run(*ADD, "ann@x.io", "--reason", "r", "--for", "1d")
    clock.now += DAY
    assert run("holds", "list", "acme").out == "Nothing is held.\n"


def test_a_domain_is_held_here_only_and_the_command_says_so(run: Run) -> None:
    added = run(*ADD, "x.io", "--reason", "legal hold")
    assert added.out.splitlines() == [
        "x.io is held until it is lifted.",
        "A domain is held here only: no provider has a list of domains.",
    ]
    assert "any@x.io is not mailed." in run("why", "acme", "any@x.io").out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("x.io",), 2),
        (("x.io", "--reason", "r", "--for", "1d", "--until", "2027-01-01"), 2),
        (("a b", "--reason", "r"), 1),
        (("x.io", "--reason", "r", "--until", "2020-01-01"), 1),
    ],
)
def test_what_cannot_be_held_is_refused(run: Run, arguments: tuple[str, ...], code: int) -> None:
    assert run(*ADD, *arguments).code == code
    assert run("holds", "list", "acme").out == "Nothing is held.\n"


def test_an_end_that_is_not_a_time_is_refused_by_the_name_of_its_option(run: Run) -> None:
    refused = run(*ADD, "x.io", "--reason", "r", "--until", "soon")
    assert (refused.code, refused.err) == (1, "Error: until: must be Unix seconds or ISO 8601\n")


def test_holds_are_exported_with_an_organization_and_imported_with_it(run: Run, tmp_path: Path) -> None:
    run(*ADD, "ann@x.io", "--reason", "r", "--for", "30d")
    run(*ADD, "x.io", "--reason", "s")
    before = json.loads(run("holds", "list", "acme", "--json").out)
    assert run("export", "acme", str(tmp_path / "acme")).code == 0
    assert run("import", str(tmp_path / "acme"), "--as", "other").code == 0
    assert json.loads(run("holds", "list", "other", "--json").out) == before
