"""`reprieve ingest`: exported events are taken in once, however often and in whatever form they come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import DAY, SECOND
from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.providers import exported
from reprieve.providers.registry import PROVIDERS
from reprieve.runtime import wiring
from reprieve.suppressions import replay
from reprieve.suppressions.ingest import Ingest
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.cli.running import NOW, Clock, Ran
from tests.support.mail_reports import mail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")

ACME = Organization("acme", "Acme Inc.")
STAMP = "2026-03-01T11:59:00.000Z"
OPEN = {"event": "open", "email": "u@company.com", "timestamp": NOW // SECOND - 60}
EMPTY = {"events": 0, "by_kind": {}, "listed": 0, "ignored": 0, "too_old": 0, "refused": 0, "rows": []}


def bounce(email: str = "u@company.com", *, age: int = 60_000, **more: Any) -> dict[str, Any]:
    stamp = (NOW - age) // SECOND
    return {"event": "bounce", "email": email, "timestamp": stamp, "reason": "552 5.2.2 mailbox full", **more}


def published(email: str = "u@company.com") -> dict[str, Any]:
    row = {"emailAddress": email, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    about = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [row]}
    return {
        "eventType": "Bounce",
        "bounce": about | {"timestamp": STAMP, "feedbackId": "f"},
        "mail": {"messageId": "m"},
    }


def wrapped(inner: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Notification", "Message": json.dumps(inner)}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    def written(*lines: object, name: str = "events.jsonl") -> str:
        texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
        (tmp_path / name).write_text("\n".join(texts) + "\n", encoding="utf-8")
        return str(tmp_path / name)

    return written


def ingested(run: Run, *arguments: str, code: int = 0) -> dict[str, Any]:
    ran = run("ingest", "acme", "--json", *arguments)
    assert ran.code == code, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def listed(of: SuppressionList = SuppressionList.BOUNCES) -> list[tuple[str, int]]:
    entries = wiring.listing().each(ACME, of, Selection(), now=wiring.now())
    return sorted((entry.email, entry.count) for entry in entries)


def deliveries() -> int:
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    entries = wiring.log_reader().entries(ACME, span, first=100)
    return sum(one.event["eventType"] == "system.email.delivery" for one in entries)


@pytest.mark.parametrize(
    "lines",
    [
        [bounce("a@x.io"), bounce("b@x.io")],
        [[bounce("a@x.io"), bounce("b@x.io")]],
        ["[", json.dumps(bounce("a@x.io")) + ",", json.dumps(bounce("b@x.io")), "]"],
        [json.dumps([bounce("a@x.io"), bounce("b@x.io")], indent=2)],
        ["", "\ufeff" + json.dumps(bounce("a@x.io")), "", bounce("b@x.io")],
    ],
)
def test_lines_posts_and_whole_arrays_are_taken_in_alike(
    run: Run, write: Callable[..., str], lines: list[object]
) -> None:
    done = ingested(run, "--kind", "sendgrid", write(*lines))
    assert done == EMPTY | {"events": 2, "by_kind": {"bounce": 2}, "listed": 2}
    assert listed() == [("a@x.io", 1), ("b@x.io", 1)]


def test_a_file_that_is_taken_in_again_counts_nothing_twice(run: Run, write: Callable[..., str]) -> None:
    file = write(bounce(), bounce(), bounce(age=120_000), OPEN)
    first = ingested(run, "--kind", "sendgrid", file)
    before = listed(), deliveries()
    again = ingested(run, "--kind", "sendgrid", file, file)
    assert (first["events"], first["ignored"], again["listed"]) == (3, 1, 0)
    assert (listed(), deliveries()) == before


def test_events_count_for_the_account_that_is_named(run: Run, write: Callable[..., str]) -> None:
    assert run("providers", "set", "acme", "--account", "paris", "--kind", "ses", "--region", "eu-west-3").code == 0
    # the kind is that account's own
    assert ingested(run, "--account", "paris", write(published()))["listed"] == 1
    (record,) = wiring.listing().records(ACME, "u@company.com", [SuppressionList.BOUNCES])
    assert record.suppression is not None
    assert (record.suppression.reporters, record.suppression.provider) == (["paris"], "ses")


def test_an_account_that_is_not_there_is_refused_and_nothing_is_taken_in(run: Run, write: Callable[..., str]) -> None:
    ran = run("ingest", "acme", "--kind", "sendgrid", "--account", "paris", write(bounce()))
    assert (ran.code, ran.err) == (1, "Error: account: the organization has no provider account of that name\n")
    assert (listed(), deliveries()) == ([], 0)


@pytest.mark.parametrize("inner", [published(), wrapped(published()), {"detail-type": "x", "detail": published()}])
def test_amazon_sess_notifications_are_read_in_every_envelope_and_need_no_claim(
    run: Run, write: Callable[..., str], inner: dict[str, Any]
) -> None:
    assert ingested(run, "--kind", "ses", write(inner))["by_kind"] == {"bounce": 1}
    assert listed() == [("u@company.com", 1)]


def test_mails_are_read_one_by_file_and_need_no_receipt(run: Run, tmp_path: Path, clock: Clock) -> None:
    files = []
    for name in ("postfix", "exchange-quota", "out-of-office"):
        (tmp_path / f"{name}.eml").write_bytes(mail(name))
        files.append(str(tmp_path / f"{name}.eml"))
    done = ingested(run, "--kind", "mail", "--any-age", *files)
    assert done == EMPTY | {"events": 2, "by_kind": {"bounce": 1, "blocked": 1}, "listed": 2, "ignored": 1}
    assert listed() == [("gone@receiver.example", 1)]


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        (
            "postmark",
            {"RecordType": "Bounce", "ID": 1, "Type": "HardBounce", "Email": "u@company.com", "BouncedAt": STAMP},
        ),
        (
            "mailgun",
            {
                "signature": {},
                "event-data": {
                    "event": "failed",
                    "severity": "permanent",
                    "id": "x",
                    "timestamp": NOW / 1000 - 60,
                    "recipient": "u@company.com",
                    "reason": "bounce",
                    "delivery-status": {"code": 550},
                },
            },
        ),
        (
            "resend",
            {
                "type": "email.bounced",
                "created_at": STAMP,
                "data": {
                    "email_id": "e",
                    "to": ["u@company.com"],
                    "created_at": STAMP,
                    "bounce": {"type": "Permanent", "subType": "General", "message": "no such user"},
                },
            },
        ),
    ],
)
def test_the_posts_of_every_other_provider_are_taken_in(
    run: Run, write: Callable[..., str], kind: str, event: dict[str, Any]
) -> None:
    assert ingested(run, "--kind", kind, write(event, [event]))["by_kind"] == {"bounce": 2}
    assert listed() == [("u@company.com", 1)]


def test_the_provider_is_the_organizations_own_unless_another_is_named(run: Run, write: Callable[..., str]) -> None:
    ran = run("ingest", "acme", write(published()))
    assert (ran.code, listed()) == (1, [])
    assert run("providers", "set", "acme", "--kind", "ses").code == 0
    assert ingested(run, write(published()))["events"] == 1


def test_what_cannot_be_read_is_named_by_its_line_and_the_rest_is_taken_in(run: Run, write: Callable[..., str]) -> None:
    done = ingested(run, "--kind", "sendgrid", write(bounce(), {"event": "implosion"}, "{broken", 17), code=1)
    assert (done["events"], done["refused"]) == (1, 3)
    assert done["rows"] == [
        {"line": 2, "problem": "event: not a known kind of event"},
        {"line": 3, "problem": "not an event in JSON"},
        {"line": 4, "problem": "not an event in JSON"},
    ]
    assert wiring.dead_letters().hold() == []


def test_an_event_older_than_what_is_remembered_is_left_out_unless_wanted(run: Run, write: Callable[..., str]) -> None:
    file = write(bounce("old@x.io", age=7 * DAY), bounce("new@x.io"))
    done = ingested(run, "--kind", "sendgrid", file)
    assert (done["events"], done["too_old"], listed()) == (1, 1, [("new@x.io", 1)])
    done = ingested(run, "--kind", "sendgrid", "--any-age", file)
    assert (done["events"], done["too_old"]) == (2, 0)
    assert listed() == [("new@x.io", 1), ("old@x.io", 1)]


def test_a_dry_run_counts_and_changes_nothing(run: Run, write: Callable[..., str]) -> None:
    done = ingested(run, "--kind", "sendgrid", "--dry-run", write(bounce()))
    assert done == EMPTY | {"events": 1, "by_kind": {"bounce": 1}}
    assert (listed(), deliveries()) == ([], 0)


def test_after_a_fault_it_says_where_to_continue(
    run: Run, write: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "BATCH", 2)
    file = write(*(bounce(f"{name}@x.io") for name in "abcde"))
    accept, calls = Ingest.accept, []

    def failing(self: Ingest, *arguments: Any, **more: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise Unavailable("the store did not answer")
        return accept(self, *arguments, **more)

    monkeypatch.setattr(Ingest, "accept", failing)
    ran = run("ingest", "acme", "--kind", "sendgrid", file)
    hint = f"Error: the store did not answer; {file} is taken in up to line 2: continue with --from 3, or begin again"
    assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (1, "", hint)
    assert len(listed()) == 2
    assert ingested(run, "--kind", "sendgrid", "--from", "3", file)["events"] == 3
    assert listed() == [(f"{name}@x.io", 1) for name in "abcde"]


def test_a_file_is_read_as_it_is_stored_and_not_at_once(
    write: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported, "MAX_LINE", 1_000)
    monkeypatch.setattr(exported, "MAX_WHOLE", 2_000)
    with open(write(*(bounce(f"{at}@x.io") for at in range(100))), "rb") as file:  # noqa: PTH123
        rows = exported.rows(PROVIDERS["sendgrid"], file, first=1, now=NOW)
        assert next(rows).batch.events[0].email == "0@x.io"
        assert file.tell() < 2_000
        assert sum(len(row.batch.events) for row in rows) == 99


def test_one_value_that_is_too_large_is_refused_with_the_way_out(
    run: Run, write: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported, "MAX_WHOLE", 500)
    file = write(json.dumps([bounce(f"{at}@x.io") for at in range(9)], indent=1))
    ran = run("ingest", "acme", "--kind", "sendgrid", file)
    assert (ran.code, ran.err) == (1, "Error: file: has more than 500 octets and not one event per line\n")
    assert listed() == []


def test_the_summary_is_for_people_unless_a_program_asks(run: Run, write: Callable[..., str]) -> None:
    ran = run("ingest", "acme", "--kind", "sendgrid", write(bounce(), OPEN))
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "taken in        1 (1 bounce)",
        "changed a list  1",
        "not ours        1",
        "too old         0",
        "not readable    0",
    ]
    assert ran.err == "2 of 2\n"


def test_a_stream_is_read_too(run: Run) -> None:
    ran = run("ingest", "acme", "--kind", "sendgrid", "--json", "-", stdin=json.dumps(bounce()))
    assert (ran.code, json.loads(ran.out)["events"]) == (0, 1)
