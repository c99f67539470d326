"""`reprieve whitelist`: what is never suppressed, shown and changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch
from reprieve_cli import operations
from tests.cli.running import NOW, Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")


def test_it_is_shown_changed_and_counted(run: Run) -> None:
    assert run("whitelist", "show", "acme") == Ran(0, "The address whitelist is off.\nNothing is on it.\n")
    added = run("whitelist", "change", "acme", "--add", "x.io", "--add", "Ann@y.io", "--on")
    assert added == Ran(0, "The address whitelist is on.\nENTRY     HITS\nx.io      0\nAnn@y.io  0\n")
    event = DeliveryEvent("1", DeliveryKind.BOUNCE, "ben@x.io", "ben@x.io", NOW - 1)
    wiring.ingest().accept(operations.find_organization("acme"), Batch([event]), provider_name="", now=NOW)
    assert json.loads(run("whitelist", "show", "acme", "--json").out) == {
        "enabled": True,
        "entries": [
            {"entry": "x.io", "kind": "domain", "hits": 1},
            {"entry": "Ann@y.io", "kind": "address", "hits": 0},
        ],
    }
    assert run("whitelist", "change", "acme", "--remove", "ann@Y.io").out.splitlines()[2:] == ["x.io   1"]
    assert run("whitelist", "change", "acme", "--off").out.startswith("The address whitelist is off.")
    assert "The address whitelist covers it" not in run("why", "acme", "ben@x.io").out
    run("whitelist", "change", "acme", "--on")
    assert (
        "The address whitelist covers it by x.io: only a spam report suppresses it."
        in run("why", "acme", "ben@x.io").out
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "say what to change"),
        (("--add", "a b"), 1, "email address or the domain of one"),
        (("--remove", "x.io"), 1, "--remove: not on the whitelist"),
    ],
)
def test_a_change_that_cannot_be_made_says_why(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = run("whitelist", "change", "acme", *arguments)
    assert (ran.code, said in ran.err) == (code, True)
    assert run("whitelist", "show", "acme").out == "The address whitelist is off.\nNothing is on it.\n"
