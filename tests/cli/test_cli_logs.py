"""`reprieve logs`, and what the operator's own changes leave in the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import pytest

from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.system_log.span import SETTLING
from reprieve_cli import logs, operations
from reprieve_cli.stack import connect
from tests.cli.running import NOW
from tests.support import operator_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.system_log.entry import LogEntry
    from tests.cli.running import Clock, Ran

ACME = Organization("acme", "Acme")
HOUR = 3_600_000


@pytest.fixture
def acme(stack: dict[str, str]) -> Organization:
    """An organization whose log is empty: its creation is not in it."""
    connect()
    assert wiring.access().create_organization(ACME)
    return ACME


def bounced(number: int, *, at: int, email: str = "user@domain.com", message: str = "550 no such user") -> LogEntry:
    event = DeliveryEvent(f"e{number}", DeliveryKind.BOUNCE, email, email, at, message, provider="sendgrid")
    return delivery_entry(event, provider_name="Sendgrid")


def entries(ran: Ran) -> list[dict[str, Any]]:
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def types(ran: Ran) -> list[str]:
    return [entry["eventType"] for entry in entries(ran)]


def test_the_latest_entries_come_oldest_first_as_json_lines(acme: Organization, run: Callable[..., Ran]) -> None:
    told = [bounced(number, at=NOW - (9 - number) * HOUR) for number in range(9)]
    wiring.event_log().append(acme, told)
    assert entries(run("logs", "acme", "--limit", "3")) == [entry.event for entry in told[-3:]]
    assert entries(run("logs", "acme", "--since", "2h", "--event", "system.email.delivery")) == [
        entry.event for entry in told[-2:]
    ]


def test_the_options_narrow_together(acme: Organization, run: Callable[..., Ran]) -> None:
    one, other = bounced(1, at=NOW - HOUR), bounced(2, at=NOW - HOUR, email="other@domain.com")
    wiring.event_log().append(acme, [one, other])
    narrow = ("logs", "acme", "--email", "User@domain.com", "--event", "system.email.delivery", "--result", "failure")
    assert entries(run(*narrow)) == [one.event]
    assert entries(run(*narrow, "-q", "absent")) == []
    assert entries(run(*narrow, "--filter", 'outcome.reason eq "blocked"')) == []


@pytest.mark.parametrize("spelling", ["u@bücher.example", "U@XN--BCHER-KVA.example", '"u"@bücher.example'])
def test_any_spelling_of_an_address_finds_its_entries(
    acme: Organization, run: Callable[..., Ran], spelling: str
) -> None:
    one = bounced(1, at=NOW - HOUR, email="u@xn--bcher-kva.example")
    wiring.event_log().append(acme, [one, bounced(2, at=NOW - HOUR)])
    assert entries(run("logs", "acme", "--email", spelling)) == [one.event]


def test_a_filter_that_is_none_is_refused_in_the_systems_words(acme: Organization, run: Callable[..., Ran]) -> None:
    ran = run("logs", "acme", "--filter", "nonsense pr")
    assert (ran.code, ran.out, ran.err) == (1, "", "Error: --filter: field is not valid: nonsense\n")


def test_following_goes_on_with_what_arrives(
    acme: Organization, run: Callable[..., Ran], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = bounced(1, at=NOW - HOUR), bounced(2, at=NOW)
    wiring.event_log().append(acme, [first])
    turns = iter([second])

    def sleep(_seconds: float) -> None:
        fresh = next(turns, None)
        if fresh is None:
            raise KeyboardInterrupt
        clock.now += SETTLING
        with operator_policy.by_another():
            wiring.event_log().append(acme, [fresh])
        clock.now += SETTLING + 1

    monkeypatch.setattr(logs.time, "sleep", sleep)
    clock.now += SETTLING + 1
    ran = run("logs", "acme", "--follow", "--event", "system.email.delivery")
    assert entries(ran) == [first.event, second.event]


def test_on_a_terminal_an_entry_is_a_line_that_cannot_speak_to_it() -> None:
    entry = json.loads(json.dumps(bounced(1, at=NOW, message="550 \x1b[2J\r\ngone\x9b1m").event))
    assert click.unstyle(logs._as_text(entry)) == (
        "2026-03-01T12:00:00.000Z  WARN   system.email.delivery  FAILURE bounce  user@domain.com  550  [2J  gone 1m"
    )


def test_issuing_and_revoking_a_credential_is_told_without_its_token(
    acme: Organization, run: Callable[..., Ran], clock: Clock
) -> None:
    token, credential = operations.issue_credential("acme", name="Okta SDK", scopes=["okta.logs.read"])
    clock.now += 1_000
    assert run("credentials", "revoke", "acme", credential.id).code == 0
    ran = run("logs", "acme")
    assert types(ran) == ["system.api_token.create", "system.api_token.revoke"]
    assert [entry["target"][0]["id"] for entry in entries(ran)] == [credential.id, credential.id]
    assert entries(ran)[0]["actor"] == {
        "id": "operator",
        "type": "SystemPrincipal",
        "alternateId": "arn:aws:sts::123456789012:user/moto",  # whom AWS knows by these credentials
        "displayName": "reprieve command",
        "detailEntry": None,
    }
    assert entries(ran)[0]["transaction"]["type"] == "JOB"
    assert token not in ran.out


def test_imported_and_deleted_recipients_are_told(acme: Organization, run: Callable[..., Ran], tmp_path: Any) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,email,firstName,lastName\n00u1,ada@example.com,Ada,King\n00u2,bob@example.com,Bob,\n")
    assert run("recipients", "import", "acme", str(file)).code == 0
    assert run("recipients", "import", "acme", str(file)).code == 0
    assert run("recipients", "delete", "acme", "00u1").code == 0
    told = [(entry["eventType"], entry["target"][0]["displayName"]) for entry in entries(run("logs", "acme"))]
    assert sorted(told) == [
        ("user.lifecycle.create", "Ada King"),
        ("user.lifecycle.create", "Bob"),
        ("user.lifecycle.delete.completed", "Ada King"),
    ]
