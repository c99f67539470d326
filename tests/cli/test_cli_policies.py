"""`reprieve policies`: the default policy, and what it would lift."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry
from reprieve_cli import operations
from tests.cli.running import NOW, Ran

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ran]

BLOCKED, DELIVERED = DeliveryKind.BLOCKED, DeliveryKind.DELIVERED
BRAKES = (
    "\nIt lifts at most 1000 addresses per day, 100 of one domain, and 10% of the entries.\n"
    "Of a domain that failed as a whole it lifts one, and the others after a delivery.\n"
    "It is stopped when more than 20% of its lifts fail again within 7d.\n"
)
PRESENT = {
    "blocks": {"hold": 1, "lift": 1, "ask": 0, "stay": 0, "notify": 0},
    "bounces": {"hold": 0, "lift": 1, "ask": 0, "stay": 0, "notify": 0},
    "invalid_emails": {"hold": 0, "lift": 0, "ask": 1, "stay": 0, "notify": 0},
}


@pytest.fixture(autouse=True)
def failures(acme: None, run: Run) -> None:
    rows = "email,created,permanence\n"
    for name, lines in {
        "bounces": f"old@x.io,{(NOW - 9 * DAY) // 1000},hard\n",
        "blocks": f"new@x.io,{NOW // 1000 - 60},soft\nold@x.io,{(NOW - 3 * DAY) // 1000},soft\n",
        "invalid_emails": f"bad@x.io,{(NOW - 9 * DAY) // 1000},hard\n",
        "spam_reports": f"angry@x.io,{(NOW - 900 * DAY) // 1000},hard\n",
    }.items():
        run("lists", "import", "acme", name, "-", stdin=rows + lines)
    log(BLOCKED, 40, "far@x.io")
    for number, kind in enumerate((BLOCKED, DELIVERED)):
        for one in range(number, 3):
            log(kind, 20 - 5 * number, f"{one}@x.io")
    log(BLOCKED, 15, "0@x.io")


def log(kind: DeliveryKind, days_ago: int, key: str) -> None:
    one = DeliveryEvent(f"{kind}{key}{days_ago}", kind, key, key, NOW - days_ago * DAY, "452 4.2.2 full", "4.2.2")
    wiring.event_log().append(operations.find_organization("acme"), [delivery_entry(one, provider_name="Sendgrid")])


def test_the_rules_of_the_default_policy_are_shown_in_order(run: Run) -> None:
    assert run("policies", "show").out == (
        "RULE             WHEN                 THEN\n"
        "invalid address  list invalid_emails  ask a person\n"
        "hard bounce      permanence hard      hold for 7, then 30, then 365 days, then lift\n"
        "passing failure  any other failure    hold for 1, then 2, then 4, then 8, then 16, then 32, then 64 days, "
        "then lift\n" + BRAKES
    )
    rules = json.loads(run("policies", "show", "--json").out)
    hard = {"name": "hard bounce", "when": {"permanences": ["hard"]}, "then": "hold", "hold_days": [7, 30, 365]}
    assert rules[1] == hard


def test_a_dry_run_counts_what_would_be_lifted_and_what_came_after_such_lifts(run: Run) -> None:
    assert run("policies", "dry-run", "acme") == Ran(
        0,
        "LIST            ENTRIES  LIFT  HOLD  ASK  NOTIFY  STAY\n"
        "blocks          2        1     1     0    0       0\n"
        "bounces         1        1     0     0    0       0\n"
        "invalid_emails  1        0     0     1    0       0\n"
        "\n"
        "By the default policy, in 30d of the log:\n"
        "  entries that failures would have made       3\n"
        "  ended by a delivery                         0\n"
        "  lifted when their time was over             4\n"
        "    after which a message was delivered       2\n"
        "    after which one failed                    1\n"
        "Active again, where it is known: 67 % (HubSpot's users: 34 % of 4,864 wrongly blocked addresses).\n",
    )


def test_a_dry_run_over_the_whole_log_as_json(run: Run) -> None:
    assert json.loads(run("policies", "dry-run", "acme", "--since", "90d", "--json").out) == {
        "present": PRESENT,
        "past": {"entries": 4, "lifted": 5, "ended": 0, "delivered": 2, "failed": 1, "active_share": 2 / 3},
    }


def test_without_news_there_is_no_share(run: Run) -> None:
    assert "Active again, where it is known: - (HubSpot" in run("policies", "dry-run", "acme", "--since", "1d").out


def test_no_more_of_the_log_is_played_than_there_is(run: Run) -> None:
    ran = run("policies", "dry-run", "acme", "--since", "91d")
    assert (ran.code, ran.err.splitlines()[-1]) == (
        2,
        "Error: Invalid value for --since: the system log has 90d at most",
    )


def test_a_dry_run_changes_nothing(run: Run) -> None:
    exported = run("lists", "export", "acme", "bounces").out
    logged = run("logs", "acme", "--since", "90d", "--json").out
    run("policies", "dry-run", "acme")
    assert run("lists", "export", "acme", "bounces").out == exported
    assert run("logs", "acme", "--since", "90d", "--json").out == logged


def test_a_policy_is_set_shown_enabled_and_given_up(run: Run, tmp_path: Path) -> None:
    own = [{"name": "full", "when": {"words": ["full"], "lifted_fewer": {"times": 2, "days": 30}}, "then": "lift"}]
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(own))
    assert run("policies", "set", "acme", str(file)).out == "The policy has version 1 and is disabled.\n"
    assert run("policies", "enable", "acme").out == "The policy, version 2, is enabled.\n"
    assert run("policies", "enable", "acme").out == "The policy, version 2, is enabled.\n"
    assert run("policies", "show", "acme").out == (
        "The own policy, version 2, enabled.\n"
        "RULE  WHEN                                                    THEN\n"
        "full  reason with full, lifted fewer than 2 times in 30 days  lift\n" + BRAKES
    )
    shown = json.loads(run("policies", "show", "acme", "--json").out)
    assert shown == {"version": 2, "enabled": True, "default": False, "rules": own}
    file.write_text(json.dumps(shown | {"rules": [*own, {"name": "rest", "then": "ask"}]}))
    assert run("policies", "set", "acme", str(file)).out == "The policy has version 3 and is enabled.\n"
    late = run("policies", "set", "acme", str(file))
    assert (late.code, late.err) == (1, "Error: the policy has another version: read it again\n")
    assert run("policies", "disable", "acme").out == "The policy, version 4, is disabled.\n"
    assert run("policies", "reset", "acme").out == "The policy is the default one, version 5, and is disabled.\n"
    assert run("policies", "show", "acme").out.startswith("The default policy, version 5, disabled.\nRULE")


def test_a_file_that_is_not_a_policy_is_refused_with_the_path_of_the_member(run: Run) -> None:
    for text, problem in {
        "7": "must be a JSON object with rules, or a list of them",
        "[": "the body is not JSON",
        '[{"name": "a", "then": "lift"}, {"name": "b", "then": "ask"}]': (
            "rules[1]: no failure gets here: 'a' before it decides all of them"
        ),
        '{"rules": [{"name": "a", "then": "ask", "when": {"lists": ["unsubscribes"]}}]}': (
            "rules[0].when.lists: a policy reaches blocks, bounces, invalid_emails; the other lists are what "
            "a recipient or an operator wants"
        ),
    }.items():
        ran = run("policies", "set", "acme", "-", stdin=text)
        assert (ran.code, ran.err) == (1, f"Error: {problem}\n")
