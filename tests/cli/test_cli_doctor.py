"""`reprieve doctor`: each fault is found, with what to do, and an exit code."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import DAY, HOUR, MINUTE, SECOND
from reprieve.errors import Unavailable
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest, RemovalState
from reprieve.runtime import wiring
from reprieve.store.vault import Vault
from reprieve.suppressions.suppression import SuppressionList
from reprieve_cli import checks, operations
from reprieve_cli.checks import Finding, State
from reprieve_cli.output import moment
from reprieve_cli.stack import Stack
from reprieve_cli.status import Part
from tests.cli.running import NOW, deploy
from tests.support import queue
from tests.support.contexts import context
from tests.support.event_posts import KEY
from tests.support.fake_sendgrid import FakeSendGrid, status
from tests.support.fake_ses import FakeSes
from tests.support.gateway import ROOT
from tests.support.webhook import public

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.running import Clock, Ran

    Run = Callable[..., Ran]

GROUPS = sorted({it.logs for it in checks.SCHEDULED})


@pytest.fixture(autouse=True)
def same_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's clock, as moto has it, is the test's; a test of the clock itself calls the check."""
    monkeypatch.setattr(checks, "clock", lambda _: Finding("clock", State.OK, "this machine's agrees with AWS's"))


@pytest.fixture
def today(clock: Clock) -> int:
    """The clock stands at the present: moto takes no log event of another month."""
    clock.now = time.time_ns() // 1_000_000
    return clock.now


@pytest.fixture
def healthy(stack: dict[str, str], today: int) -> dict[str, str]:
    """A stack whose scheduled functions ran a minute ago; its outputs."""
    outputs = stack | {name: name for name in GROUPS}
    deploy("whole", outputs)
    for name in GROUPS:
        ran(name, today - MINUTE)
    return outputs


#: the metrics of the runs that each of the logs must have
METRICS = json.dumps({it.metric: [0.0] for it in checks.SCHEDULED})


def ran(group: str, at: int) -> None:
    logs = wiring.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    said = [{"timestamp": at, "message": message} for message in ("REPORT", METRICS)]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=said)


def doctor(run: Run) -> Ran:
    return run("--stack", "whole", "doctor")


def found(run: Run, check: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(run("--stack", "whole", "doctor", "--json").out)
    return [one for one in told if one["check"] == check]


def everything() -> dict[str, Any]:
    """Every item of every table."""
    dynamodb = wiring.client("dynamodb")
    return {name: dynamodb.scan(TableName=name)["Items"] for name in dynamodb.list_tables()["TableNames"]}


def ask_for(organization: str, key: str = "ann@acme.example") -> None:
    by = context(operations.find_organization(organization), credential="c", request_id="r", now=wiring.now())
    wiring.suppressions().request_removals(by, [RemovalRequest("r-0", SuppressionList.BOUNCES, key, key)])


def test_a_deployment_in_order_has_no_advice(run: Run, healthy: dict[str, str]) -> None:
    run("--stack", "whole", "organizations", "create", "acme")
    run("--stack", "whole", "providers", "set", "acme", "--kind", "none")
    ran_now = doctor(run)
    assert (ran_now.code, ran_now.err) == (0, "")
    assert ran_now.out.splitlines() == [
        "ok       stack: deployed (CREATE_COMPLETE)",
        "ok       clock: this machine's agrees with AWS's",
        "ok       suppressions: active",
        "ok       event log: active",
        "ok       email servers: active",
        "ok       recipients: active",
        "ok       access: active",
        "ok       provider accounts: active",
        "ok       tokens: active",
        "ok       secrets key: enabled",
        "ok       dead letters: 0 waiting",
        "ok       sealing: the key seals and unseals",
        "ok       signing keys: none, because no OAuth client was created yet",
        "ok       removal job: ran within 10m",
        "ok       upkeep: ran within 10m",
        "ok       policies: ran within 3h",
        "ok       reconciliation: ran within 25h",
        "ok       hook delivery: ran within 10m",
        "ok       provider: acme: none is behind its account",
        "ok       webhook: acme: its provider has none",
    ]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("CREATE_COMPLETE", State.OK),
        ("UPDATE_COMPLETE", State.OK),
        ("UPDATE_IN_PROGRESS", State.WARNING),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", State.WARNING),
        ("UPDATE_ROLLBACK_COMPLETE", State.FAULT),
        ("UPDATE_ROLLBACK_FAILED", State.FAULT),
        ("DELETE_FAILED", State.FAULT),
    ],
)
def test_a_deployment_that_failed_is_a_fault(status: str, state: State) -> None:
    finding = checks.stack_state({"StackStatus": status})
    assert (finding.state, bool(finding.advice)) == (state, state is not State.OK)


@pytest.mark.parametrize(
    ("date", "state"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", State.OK),
        ("Sun, 01 Mar 2026 12:00:30 GMT", State.OK),
        ("Sun, 01 Mar 2026 12:00:31 GMT", State.FAULT),
        ("Sun, 01 Mar 2026 11:00:00 GMT", State.FAULT),
        ("", State.WARNING),
    ],
)
def test_a_clock_that_is_more_than_the_allowance_away_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, date: str, state: State
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(wiring, "now", lambda: NOW)
    assert checks.clock({"ResponseMetadata": {"HTTPHeaders": {"date": date}}}).state is state


@pytest.mark.parametrize(
    ("part", "state"),
    [
        (Part("access", "t", reachable=True, state="active"), State.OK),
        (Part("access", "t", reachable=True, state="archiving"), State.FAULT),
        (Part("access", "t", reachable=False, state="AccessDeniedException"), State.FAULT),
        (Part("secrets key", "k", reachable=True, state="pendingdeletion"), State.FAULT),
        (Part("dead letters", "q", reachable=True, state="0 waiting"), State.OK),
        (Part("dead letters", "q", reachable=True, state="10 waiting"), State.WARNING),
    ],
)
def test_a_part_that_is_not_in_order_is_found(part: Part, state: State) -> None:
    finding = checks.part_state(part)
    assert (finding.check, finding.state, bool(finding.advice)) == (part.part, state, state is not State.OK)


def test_what_needs_the_parts_is_not_asked_when_one_does_not_answer(
    run: Run, healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = Part("access", "t", reachable=False, state="AccessDenied")
    monkeypatch.setattr(checks, "look", lambda: [denied])
    ran_now = doctor(run)
    assert (ran_now.code, ran_now.err) == (1, "Error: 1 fault\n")
    assert ran_now.out.splitlines()[2:] == [
        "fault    access: t does not answer: AccessDenied",
        f"         -> {checks.part_state(denied).advice}",
    ]


def test_a_key_that_does_not_seal_is_a_fault(
    run: Run, healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise Unavailable("KMS did not answer Encrypt")

    monkeypatch.setattr(Vault, "seal", refuse)
    (finding,) = found(run, "sealing")
    assert (finding["state"], finding["found"]) == ("fault", "KMS did not answer Encrypt")


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("removal job", 10 * MINUTE),
        ("upkeep", 10 * MINUTE),
        ("policies", 3 * HOUR),
        ("reconciliation", 25 * HOUR),
        ("hook delivery", 10 * MINUTE),
    ],
)
def test_what_has_not_run_for_its_time_is_a_fault_unless_the_stack_is_younger(
    today: int, name: str, within: int
) -> None:
    scheduled = next(it for it in checks.SCHEDULED if it.name == name)
    whole = Stack("whole", "eu-west-1", None, {scheduled.logs: "group"})
    ran("group", today - within - 1)
    old, young = today - 30 * DAY, today - within + MINUTE
    silent = checks.ran_lately(whole, scheduled, old)
    assert silent.state is State.FAULT
    assert (ROOT / silent.advice.removeprefix("see ")).is_file()
    assert checks.ran_lately(whole, scheduled, young).state is State.OK
    logs = wiring.client("logs")
    # what a run of another kind writes into the same log says nothing, such as that of the inquiries
    for message, state in (('{"InquiriesAnswered":[0.0]}', State.FAULT), (METRICS, State.OK)):
        event = {"timestamp": today - within, "message": message}
        logs.put_log_events(logGroupName="group", logStreamName="s", logEvents=[event])
        assert checks.ran_lately(whole, scheduled, old).state is state


def test_a_log_that_cannot_be_read_and_a_stack_without_the_output_are_warnings(stack: dict[str, str]) -> None:
    for scheduled in checks.SCHEDULED:
        for outputs in ({}, {scheduled.logs: "gone"}):
            finding = checks.ran_lately(Stack("whole", "eu-west-1", None, outputs), scheduled, NOW - DAY)
            assert (finding.state, bool(finding.advice)) == (State.WARNING, True)


def test_an_organization_without_an_account_is_a_fault_once_removals_wait(run: Run, healthy: dict[str, str]) -> None:
    run("--stack", "whole", "organizations", "create", "acme", "--membership", "anyone")
    assert [one["state"] for one in found(run, "provider")] == ["warning"]
    ask_for("acme")
    assert [one["state"] for one in found(run, "provider")] == ["fault"]


def test_an_account_that_the_provider_refuses_and_a_missing_webhook_key_are_faults(
    run: Run, healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--stack", "whole", "organizations", "create", "acme")
    assert (
        run("--stack", "whole", "providers", "set", "acme", "--kind", "sendgrid", "--key-stdin", stdin="SG.x\n").code
        == 0
    )
    assert wiring.access().provider_accounts("acme")
    said = "SendGrid answered 401: the API key was not accepted"
    monkeypatch.setattr(operations, "test_provider", lambda *_: said)
    (provider,), (webhook,) = found(run, "provider"), found(run, "webhook")
    assert (provider["state"], provider["found"]) == ("fault", f"acme: {said}")
    assert (webhook["state"], webhook["found"]) == ("fault", "acme: without a key each event is refused")
    monkeypatch.setattr(operations, "test_provider", lambda *_: None)
    assert found(run, "provider")[0]["found"] == "acme: sendgrid answers"


def test_a_paused_account_is_a_fault_and_the_provider_is_not_asked(
    run: Run, healthy: dict[str, str], clock: Clock
) -> None:
    run("--stack", "whole", "organizations", "create", "acme")
    run("--stack", "whole", "providers", "set", "acme", "--kind", "none")
    until = clock.now + MINUTE
    wiring.access().pause_provider("acme", DEFAULT, until=until, reason="401: the API key was not accepted")
    (provider,) = found(run, "provider")
    assert provider == {
        "check": "provider",
        "state": "fault",
        "found": f"acme is paused until {moment(until)}: 401: the API key was not accepted",
        "advice": "correct it with `reprieve providers set acme`, then `reprieve providers resume acme`",
    }


def test_an_account_that_is_not_the_default_one_is_named_in_what_to_do(
    run: Run, healthy: dict[str, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--stack", "whole", "organizations", "create", "acme")
    sendgrid = ("providers", "set", "acme", "--account", "eu", "--kind", "sendgrid", "--key-stdin")
    assert run("--stack", "whole", *sendgrid, stdin="SG.x\n").code == 0
    monkeypatch.setattr(operations, "test_provider", lambda *_: "refused")
    setting = "`reprieve providers set acme --account eu"
    assert found(run, "provider")[0]["advice"] == f"check the API key and its scopes, set it with {setting}`"
    (webhook,) = found(run, "webhook")
    assert webhook["advice"] == f"turn the signature on at the provider, and {setting} --webhook-key ...`"
    run("--stack", "whole", "providers", "set", "acme", "--account", "eu", "--webhook-key", public(KEY))
    assert found(run, "webhook") == [
        {"check": "webhook", "state": "ok", "found": "acme/eu: its key is set", "advice": ""}
    ]
    wiring.access().pause_provider("acme", "eu", until=clock.now + MINUTE, reason="401")
    assert found(run, "provider")[0]["advice"] == (
        f"correct it with {setting}`, then `reprieve providers resume acme --account eu`"
    )


def test_removals_that_wait_too_long_are_a_fault_and_failed_ones_a_warning(
    run: Run, healthy: dict[str, str], clock: Clock
) -> None:
    run("--stack", "whole", "organizations", "create", "acme", "--membership", "anyone")
    run("--stack", "whole", "providers", "set", "acme", "--kind", "none")
    ask_for("acme")
    assert found(run, "removals") == []
    clock.now += 15 * MINUTE + 1
    assert [one["state"] for one in found(run, "removals")] == ["fault"]
    acme = operations.find_organization("acme")
    (row,) = queue.take(wiring.table("SUPPRESSIONS"), acme, now=clock.now)
    assert wiring.removal_queue().settle(acme, [Settlement(row, RemovalState.FAILED, 10)], now=clock.now) == [True]
    assert [(one["state"], one["found"]) for one in found(run, "removals")] == [("warning", "acme: 1 have failed")]


def test_it_changes_nothing(run: Run, healthy: dict[str, str]) -> None:
    run("--stack", "whole", "organizations", "create", "acme")
    before = everything()
    doctor(run)
    assert everything() == before


def test_a_connection_that_has_drifted_is_a_fault(run: Run, healthy: dict[str, str], clock: Clock) -> None:
    url = f"{healthy['ReprieveApi']}/reprieve/events/sendgrid/acme"
    run("--stack", "whole", "organizations", "create", "acme")
    with FakeSendGrid(clock=lambda: clock.now / SECOND) as fake:
        fake.allow("SG.x")
        new = ("--key-stdin", "--base-url", fake.url)
        assert run("--stack", "whole", "connect", "acme", "sendgrid", *new, "--wait", "0", stdin="SG.x").code == 1
        as_it_is = {
            "check": "connection",
            "state": "ok",
            "found": "acme: its events are sent to this stack",
            "advice": "",
        }
        assert found(run, "connection") == [as_it_is]
        (webhook,) = fake.webhooks["SG.x", ""].values()
        for change, said in (
            ({"enabled": False}, "switch: it is switched off"),
            ({"bounce": False, "dropped": False}, "event webhook: it does not post bounce, dropped"),
            ({"key": KEY}, "webhook key: the account does not have the key that SendGrid signs with"),
            ({"key": None}, "signature: it does not sign its posts; webhook key: there is none to store yet"),
            ({"url": "https://elsewhere.example"}, f"event webhook: no webhook posts to {url}"),
        ):
            kept = dict(webhook)
            webhook |= change
            (finding,) = found(run, "connection")
            assert finding["state"] == "fault"
            assert finding["found"].startswith(f"acme: {said}")
            assert "`reprieve connect acme sendgrid` changes it" in finding["advice"]
            webhook |= kept
        fake.always = status(403)
        (finding,) = found(run, "connection")
        assert (finding["state"], "user.webhooks.event.settings" in finding["found"]) == ("warning", True)
        fake.always = None
        assert found(run, "connection") == [as_it_is]
        # nothing is asked of an account in a pause
        wiring.access().pause_provider("acme", DEFAULT, until=clock.now + MINUTE, reason="401")
        fake.seen.clear()
        assert found(run, "connection") == []
        assert fake.seen == []


def test_an_event_destination_that_is_gone_is_a_fault(
    run: Run, healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ses = FakeSes()
    monkeypatch.setattr(wiring, "provider_client", lambda *_: ses)
    run("--stack", "whole", "organizations", "create", "acme")
    run("--stack", "whole", "providers", "set", "acme", "--kind", "ses")
    run("--stack", "whole", "senders", "claim", "acme", "identity/acme.example")
    # by an identity, whose topic is not looked at
    assert found(run, "connection") == []
    assert (
        run("--stack", "whole", "connect", "acme", "ses", "--configuration-set", "news", "--topic", "arn:t").code == 0
    )
    assert [one["state"] for one in found(run, "connection")] == ["ok"]
    ses.sets["news"].clear()
    (finding,) = found(run, "connection")
    said = "acme: event destination of news: it publishes to no topic of Reprieve's"
    assert (finding["state"], finding["found"]) == ("fault", said)
