"""`reprieve status`: what answers, and what waits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import MINUTE
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest, RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from reprieve_cli import operations, status
from reprieve_cli.output import age
from tests.cli.running import NOW, Ran
from tests.support import queue
from tests.support.contexts import context

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.running import Clock

    Run = Callable[..., Ran]


def ask_for_removals(organization: str, *keys: str) -> None:
    requests = [RemovalRequest(f"request-{at}", SuppressionList.BOUNCES, key, key) for at, key in enumerate(keys)]
    wiring.suppressions().request_removals(
        context(
            operations.find_organization(organization), credential="credential", request_id="request", now=wiring.now()
        ),
        requests,
    )


def header(stack: dict[str, str]) -> str:
    """What comes before the organizations, with this test's key and queue."""
    return (
        "Stack reprieve in eu-west-1\n"
        "\n"
        "PART               STATE      NAME\n"
        f"suppressions       active     {stack['SuppressionsTable']}\n"
        f"event log          active     {stack['EventLogTable']}\n"
        f"email servers      active     {stack['EmailServersTable']}\n"
        f"recipients         active     {stack['RecipientsTable']}\n"
        f"access             active     {stack['AccessTable']}\n"
        f"provider accounts  active     {stack['ProviderAccountsTable']}\n"
        f"tokens             active     {stack['TokensTable']}\n"
        f"secrets key        enabled    {stack['SecretsKey']}\n"
        f"dead letters       0 waiting  {stack['DeadLetterQueueUrl']}\n"
        "\n"
        "API       BASE URL\n"
        "okta      https://okta1.execute-api.eu-west-1.amazonaws.com\n"
        "sendgrid  https://sendgrid1.execute-api.eu-west-1.amazonaws.com\n"
        "zoho      https://zoho1.execute-api.eu-west-1.amazonaws.com\n"
        "reprieve  https://reprieve1.execute-api.eu-west-1.amazonaws.com\n"
        "console   https://console1.execute-api.eu-west-1.amazonaws.com\n"
        "\n"
    )


def test_a_new_stack_answers_and_has_nothing_to_show(run: Run, stack: dict[str, str]) -> None:
    assert run("status") == Ran(0, f"{header(stack)}No organizations to show.\n")


def test_organizations_stand_in_a_row_each(run: Run, stack: dict[str, str], clock: Clock) -> None:
    run("organizations", "create", "acme")
    run("organizations", "create", "shop", "--membership", "anyone")
    run("organizations", "create", "lab", "--shards", "2")
    run("credentials", "issue", "acme", "--name", "a", "--dialect", "okta")
    run("credentials", "issue", "acme", "--name", "b", "--dialect", "okta", "--expires-in", "1m")
    run("providers", "set", "acme", "--kind", "none")
    ask_for_removals("acme", "ann@acme.example")
    clock.now += 5 * MINUTE
    ask_for_removals("acme", "bob@acme.example")
    ask_for_removals("lab", "ann@lab.example", "bob@lab.example", "cy@lab.example")
    wiring.access().pause_provider(
        "acme", DEFAULT, until=clock.now + MINUTE, reason="401: the API key was not accepted"
    )
    assert run("status").out == (
        f"{header(stack)}"
        "ORGANIZATION  MEMBERSHIP  CREDENTIALS  PROVIDER  PENDING  OLDEST\n"
        "acme          recipients  1            none      2        5m\n"
        "lab           recipients  0            -         3        0s\n"
        "shop          anyone      0            -         0        -\n"
        "acme is paused until 2026-03-01T12:06:00Z: 401: the API key was not accepted\n"
        "lab has no provider account, so its removals wait: `reprieve providers set --help`\n"
    )


def test_json_has_all_of_it(run: Run, stack: dict[str, str], clock: Clock) -> None:
    run("organizations", "create", "acme")
    run("organizations", "create", "other")
    ask_for_removals("acme", "ann@acme.example")
    ran = run("status", "acme", "--json")
    told = json.loads(ran.out)
    assert (ran.code, ran.err, told["stack"], told["region"]) == (0, "", "reprieve", "eu-west-1")
    assert told["base_urls"]["okta"] == "https://okta1.execute-api.eu-west-1.amazonaws.com"
    assert told["parts"][0] == {
        "part": "suppressions",
        "name": stack["SuppressionsTable"],
        "reachable": True,
        "state": "active",
    }
    assert told["organizations"] == [
        {
            "organization": "acme",
            "membership": "recipients",
            "credentials": 0,
            "provider": None,
            "paused_account": None,
            "paused_until": None,
            "paused_reason": None,
            "pending": 1,
            "more": False,
            "oldest": "2026-03-01T12:00:00Z",
        }
    ]


def test_removals_that_are_put_off_wait_all_the_same(run: Run, stack: dict[str, str]) -> None:
    run("organizations", "create", "acme")
    ask_for_removals("acme", "ann@acme.example")
    organization = operations.find_organization("acme")
    (claimed,) = queue.take(wiring.table("SUPPRESSIONS"), organization, now=NOW)
    later = Settlement(claimed, RemovalState.PENDING, attempts=1, due_at=NOW + 60 * MINUTE, answer="429")
    assert wiring.removal_queue().settle(organization, [later], now=NOW) == [True]
    assert json.loads(run("status", "--json").out)["organizations"][0]["pending"] == 1


def test_the_count_of_pending_removals_is_bounded(
    run: Run, stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "COUNTED", 2)
    run("organizations", "create", "acme")
    run("providers", "set", "acme", "--kind", "none")
    ask_for_removals("acme", "ann@acme.example", "bob@acme.example", "cy@acme.example")
    assert run("status", "acme").out.splitlines()[-1] == "acme          recipients  0            none      2+       0s"


def test_a_part_that_does_not_answer_is_told_beside_the_others(run: Run, stack: dict[str, str]) -> None:
    run("organizations", "create", "acme")
    wiring.client("dynamodb").delete_table(TableName=stack["EventLogTable"])
    ran = run("status", "--json")
    told = json.loads(ran.out)
    assert (ran.code, ran.err) == (1, "Error: a part does not answer\n")
    assert [part["state"] for part in told["parts"]] == [
        "active",
        "ResourceNotFoundException",
        "active",
        "active",
        "active",
        "active",
        "active",
        "enabled",
        "0 waiting",
    ]
    assert [one["organization"] for one in told["organizations"]] == ["acme"]


def test_without_the_table_of_access_the_rest_is_still_told(run: Run, stack: dict[str, str]) -> None:
    wiring.client("dynamodb").delete_table(TableName=stack["AccessTable"])
    ran = run("status")
    assert (ran.code, ran.err) == (1, "Error: a part does not answer\n")
    assert ran.out.splitlines()[-1] == "No organizations to show."


def test_an_organization_that_is_not_there_is_named(run: Run, stack: dict[str, str]) -> None:
    assert run("status", "nobody") == Ran(1, "", "Error: no organization nobody\n")


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (-1, "0s"),
        (119_999, "119s"),
        (120_000, "2m"),
        (7_199_999, "119m"),
        (7_200_000, "2h"),
        (90_000_000, "25h"),
        (172_799_999, "47h"),
        (172_800_000, "2d"),
    ],
)
def test_an_age_is_in_the_largest_unit_that_it_has_two_of(milliseconds: int, words: str) -> None:
    assert age(milliseconds) == words
