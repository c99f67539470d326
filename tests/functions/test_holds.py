"""Holds by hand: of an address, here and at the provider; of a domain, here only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.provider_account import ProviderAccount
from reprieve.address import Address
from reprieve.clock import DAY, HOUR
from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import LEASE, TOMBSTONE
from reprieve.runtime import wiring
from reprieve.store.system_log import EventLog
from reprieve.store.table import Table, Tried
from reprieve.suppressions.suppression import HOLDS, AnyList, Suppression, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support import queue
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Context, Gateway, Matching, cases, event, function

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock

NOON = "2026-01-01T00:00:00.000Z"
LATER = "2026-01-02T00:00:00.000Z"
OTHER = Organization("other", "Other")
UNSUBSCRIBES = SuppressionList.UNSUBSCRIBES


@dataclass
class Provider:
    """A provider that keeps holds with the global unsubscribes, as SendGrid does."""

    batch: int = 100
    listed: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)

    def kept_with(self, name: AnyList) -> tuple[AnyList, ...]:
        pair = (UNSUBSCRIBES, HOLDS)
        return tuple(one for one in pair if one != name) if name in pair else ()

    def lift(self, _: AnyList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        self.calls += [f"lift {email}" for email in emails]
        self.listed -= set(emails)
        return [LiftAnswer(LiftOutcome.LIFTED, "204")] * len(emails)

    def put(self, _: AnyList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        self.calls += [f"put {email}" for email in emails]
        self.listed |= set(emails)
        return [LiftAnswer(LiftOutcome.LISTED, "201")] * len(emails)

    def entries(self, name: AnyList, *, start: int, end: int) -> Iterator[Suppression]:
        emails = sorted(self.listed) if name is UNSUBSCRIBES else []
        return (Suppression(UNSUBSCRIBES, email.casefold(), email, end, provider="sendgrid") for email in emails)

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def provider(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    wiring.access().create_organization(DEMO)
    assert wiring.access().set_provider_account(DEMO.id, ProviderAccount("none"), provider_name="", before=None)
    return provider


def tick() -> dict[str, int]:
    answer = function("removal_job")(event("removal_job", "schedule"), Context(remaining=110_000))
    counts: dict[str, int] = answer["counts"]
    return counts


def ask(
    call: Gateway, method: str, subject: str = "", body: object = None, organization: Organization = DEMO, **more: Any
) -> Answer:
    return call(
        function("holds"),
        method,
        "/holds/{subject+}" if subject else "/holds",
        path={"subject": subject} if subject else {},
        body=body,
        scopes=["reprieve.holds.manage"],
        stage="reprieve",
        organization=organization,
        **more,
    )


def add(call: Gateway, **members: object) -> Answer:
    return ask(call, "POST", body={"reason": "asked by phone", **members})


def shown(email: str | None = "Ann@x.io", *, at_provider: str | None = "pending", **more: object) -> dict[str, object]:
    one: dict[str, object] = {
        "email": email,
        "domain": None,
        "reason": "asked by phone",
        "author": "credential cred-1",
        "since": NOON,
        "until": None,
    }
    return one | more | ({"at_provider": at_provider} if at_provider else {})


def explain(call: Gateway, email: str = "ann@x.io") -> dict[str, Any]:
    scopes = ["reprieve.addresses.read"]
    route: dict[str, Any] = {"path": {"email": email}, "scopes": scopes, "stage": "reprieve"}
    body: dict[str, Any] = call(function("addresses"), "GET", "/addresses/{email+}", **route).body
    return body


def logged() -> list[str]:
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    return sorted(str(stored.event["eventType"]) for stored in wiring.log_reader().entries(DEMO, span, first=100))


def test_an_address_is_held_here_at_once_and_at_the_provider_by_the_job(
    call: Gateway, calls: Calls, provider: Provider
) -> None:
    assert add(call, email="Ann@x.io") == Answer(201, shown())
    # the look before; the hold; the log
    assert calls == {"UpdateItem": 1, "BatchExecuteStatement": 1, "BatchGetItem": 1}
    assert explain(call)["mailed"] is False
    assert explain(call)["holds"] == [shown()]
    assert tick() == {"listed": 1}
    assert provider.listed == {"Ann@x.io"}
    assert ask(call, "GET", "ann@X.io") == Answer(200, shown(at_provider="done"))
    assert calls == {"BatchGetItem": 1}
    assert tick() == {}


def test_a_hold_that_is_lifted_is_lifted_at_the_provider_too(call: Gateway, calls: Calls, provider: Provider) -> None:
    add(call, email="Ann@x.io")
    tick()
    assert ask(call, "DELETE", "ann@x.io") == Answer(204)
    # the request's count, and the removal, again over what is younger than the watermark; the log; the look before
    assert calls == {"UpdateItem": 2, "BatchExecuteStatement": 1, "BatchGetItem": 1}
    assert explain(call)["mailed"] is True
    assert ask(call, "GET", "ann@x.io").status == 404
    assert tick() == {"lifted": 1}
    assert provider.listed == set()
    assert logged() == [
        "reprieve.addition.done",
        "reprieve.hold.create",
        "reprieve.hold.lift",
        "reprieve.removal.done",
    ]


@pytest.mark.parametrize("behind", [0, 1_000], ids=["clocks agree", "the lift's clock is behind"])
def test_a_hold_whose_answer_was_lost_and_that_was_lifted_meanwhile_is_not_held_again(
    call: Gateway, clock: Clock, provider: Provider, monkeypatch: pytest.MonkeyPatch, behind: int
) -> None:
    once, tries = Table.try_many, []

    def twice(table: Table, changes: Sequence[Any]) -> list[Tried]:
        tries.append(once(table, changes))
        if len(tries) == 1:
            clock.now -= behind
            assert ask(call, "DELETE", "ann@x.io") == Answer(204)
            assert tick() == {"lifted": 1}
            clock.now += behind
            tries.append(once(table, changes))
        return tries[-1]

    monkeypatch.setattr(Table, "try_many", twice)
    assert add(call, email="Ann@x.io").status == 201
    assert ask(call, "GET", "ann@x.io").status == 404
    assert tick() == {}
    assert provider.listed == set()


def test_a_hold_that_is_set_while_a_lift_is_sent_again_stays(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(call, email="Ann@x.io")
    clock.now += HOUR
    once, tries = Table.try_many, []

    def twice(table: Table, changes: Sequence[Any]) -> list[Tried]:
        tries.append(once(table, changes))
        if len(tries) == 1:
            assert add(call, email="Ann@x.io", reason="asked again").status == 201
            tries.append(once(table, changes))
        return tries[-1]

    monkeypatch.setattr(Table, "try_many", twice)
    assert ask(call, "DELETE", "ann@x.io").status == 404
    assert ask(call, "GET", "ann@x.io").body["reason"] == "asked again"


def test_a_hold_ends_at_its_time_here_at_once_and_then_at_the_provider(
    call: Gateway, clock: Clock, provider: Provider
) -> None:
    assert add(call, email="Ann@x.io", until=LATER) == Answer(201, shown(until=LATER))
    tick()
    clock.now += DAY - 1
    assert explain(call)["mailed"] is False
    assert tick() == {}
    clock.now += 1
    assert explain(call)["mailed"] is True
    assert ask(call, "GET").body == {"holds": [], "next": None}
    assert ask(call, "GET", "ann@x.io").status == 404
    assert ask(call, "DELETE", "ann@x.io").status == 404
    assert tick() == {"lifted": 1}
    assert provider.listed == set()


def test_the_end_of_a_hold_that_waits_for_its_time_is_not_old(call: Gateway, clock: Clock) -> None:
    add(call, email="ann@x.io", until=LATER)
    tick()
    clock.now += DAY + 5_000
    answer = function("removal_job")(event("removal_job", "schedule"), Context(remaining=110_000))
    assert (answer["counts"], answer["oldest"]) == ({"lifted": 1}, 5_000)


def test_a_hold_that_ended_before_the_provider_had_it_is_not_put_there(
    call: Gateway, clock: Clock, provider: Provider
) -> None:
    add(call, email="ann@x.io", until=LATER)
    clock.now += DAY
    tick()
    tick()
    assert provider.calls == ["lift ann@x.io"]
    assert queue.waiting(wiring.table("SUPPRESSIONS"), DEMO) == []


def test_the_end_of_a_hold_leaves_an_unsubscribe_at_the_provider(
    call: Gateway, clock: Clock, provider: Provider
) -> None:
    add(call, email="ann@x.io", until=LATER)
    wiring.unsubscribes().add(context(DEMO, now=wiring.now(), request_id="u"), [Address.parse("ann@x.io")])
    tick()
    clock.now += DAY
    assert tick() == {"lifted": 1}
    assert provider.listed == {"ann@x.io"}
    assert explain(call)["mailed"] is False


def test_the_end_of_an_unsubscribe_leaves_a_hold_at_the_provider_until_that_ends(
    call: Gateway, clock: Clock, provider: Provider
) -> None:
    add(call, email="ann@x.io")
    wiring.unsubscribes().add(context(DEMO, now=wiring.now(), request_id="u"), [Address.parse("ann@x.io")])
    tick()
    clock.now += HOUR
    wiring.lists().lift_many(context(DEMO, now=wiring.now(), request_id="d"), UNSUBSCRIBES, ["ann@x.io"])
    assert tick() == {"lifted": 1}
    assert provider.listed == {"ann@x.io"}
    ask(call, "DELETE", "ann@x.io")
    assert tick() == {"lifted": 1}
    assert provider.listed == set()


def test_the_comparison_does_not_take_a_hold_at_the_provider_for_an_unsubscribe(
    call: Gateway, provider: Provider
) -> None:
    add(call, email="ann@x.io")
    tick()
    provider.listed.add("ben@x.io")
    now = wiring.now()
    found = wiring.reconciliation().run(context(DEMO, now=now, request_id="c"), start=now - DAY, end=now)
    assert [one.key for one in found.missing] == ["ben@x.io"]
    ask(call, "DELETE", "ann@x.io")
    found = wiring.reconciliation().run(context(DEMO, now=now, request_id="c"), start=now - DAY, end=now)
    assert found.missing == []


def test_a_hold_is_replaced_and_the_newer_one_counts(call: Gateway, clock: Clock, provider: Provider) -> None:
    add(call, email="ann@x.io", until=LATER)
    tick()
    clock.now += HOUR
    again = add(call, email="ann@x.io", reason="for good")
    assert again.body == shown("ann@x.io", reason="for good", since="2026-01-01T01:00:00.000Z")
    clock.now += 2 * DAY
    assert tick() == {"listed": 1}
    assert explain(call)["mailed"] is False
    assert provider.calls == ["put ann@x.io", "put ann@x.io"]


def test_a_hold_over_its_removal_waits_until_no_worker_can_be_under_way_with_that(
    call: Gateway, clock: Clock, provider: Provider
) -> None:
    add(call, email="ann@x.io")
    tick()
    ask(call, "DELETE", "ann@x.io")
    add(call, email="ann@x.io")
    assert explain(call)["mailed"] is False
    assert tick() == {}
    clock.now += LEASE
    assert tick() == {"listed": 1}
    assert provider.listed == {"ann@x.io"}


def test_a_domain_is_held_here_only_and_says_so(
    call: Gateway, calls: Calls, provider: Provider, dynamodb: Client, clock: Clock
) -> None:
    held = shown(None, domain="x.io", until=LATER, at_provider="kept_here")
    assert add(call, domain="X.io", until=LATER) == Answer(201, held)
    assert calls == {"PutItem": 1, "BatchExecuteStatement": 1}
    for email, mailed in (("any@x.io", False), ("any@sub.x.io", True), ("any@y.io", True)):
        assert explain(call, email)["mailed"] is mailed
    assert explain(call, "any@x.io")["holds"] == [held]
    assert (tick(), provider.calls) == ({}, [])
    (item,) = dynamodb.scan(TableName="Suppressions")["Items"]
    assert int(item["expires_at"]["N"]) == (clock.now + DAY + TOMBSTONE) // 1000
    assert ask(call, "DELETE", "x.io") == Answer(204)
    assert calls == {"BatchGetItem": 1, "DeleteItem": 1, "BatchExecuteStatement": 1}
    assert ask(call, "DELETE", "x.io").status == 404
    assert explain(call, "any@x.io")["mailed"] is True
    assert logged() == ["reprieve.hold.create", "reprieve.hold.lift"]


def test_a_domain_whose_lift_could_not_be_logged_stays_held(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    add(call, domain="x.io")

    def append(*_: object) -> int:
        raise Unavailable("the log did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(EventLog, "append", append)
        assert ask(call, "DELETE", "x.io").status == 503
    assert explain(call, "any@x.io")["mailed"] is False
    assert ask(call, "DELETE", "x.io") == Answer(204)
    assert logged() == ["reprieve.hold.create", "reprieve.hold.lift"]


def test_a_domain_is_held_until_its_end(call: Gateway, clock: Clock) -> None:
    add(call, domain="x.io", until=LATER)
    clock.now += DAY
    assert explain(call, "any@x.io")["mailed"] is True
    assert ask(call, "GET", "x.io").status == 404


def test_holds_are_listed_newest_first_a_page_at_a_time(call: Gateway, calls: Calls, clock: Clock) -> None:
    for number in range(3):
        add(call, email=f"n{number}@x.io")
        clock.now += 1_000
    add(call, domain="y.io")
    first = ask(call, "GET", query={"limit": "3"})
    assert calls == {"Query": 1, "BatchGetItem": 1}
    assert [one["email"] or one["domain"] for one in first.body["holds"]] == ["y.io", "n2@x.io", "n1@x.io"]
    assert first.body["holds"][1] == shown("n2@x.io", since="2026-01-01T00:00:02.000Z")
    second = ask(call, "GET", query={"limit": "3", "cursor": first.body["next"]})
    assert [one["email"] for one in second.body["holds"]] == ["n0@x.io"]
    assert second.body["next"] is None
    assert ask(call, "GET", query={"cursor": first.body["next"]}, organization=OTHER).status == 400


def test_the_address_whitelist_changes_nothing_about_a_hold(call: Gateway) -> None:
    wiring.whitelists().change(context(DEMO, now=wiring.now()), enabled=True, entries=["x.io"])
    add(call, email="ann@x.io")
    assert explain(call)["mailed"] is False


def test_another_organization_neither_sees_nor_lifts_a_hold(call: Gateway) -> None:
    add(call, email="ann@x.io")
    add(call, domain="y.io")
    for subject in ("ann@x.io", "y.io"):
        assert ask(call, "GET", subject, organization=OTHER).status == 404
        assert ask(call, "DELETE", subject, organization=OTHER).status == 404
    assert ask(call, "GET", organization=OTHER).body == {"holds": [], "next": None}
    assert len(ask(call, "GET").body["holds"]) == 2


def test_a_page_is_full_whatever_has_ended_on_its_way(call: Gateway, clock: Clock) -> None:
    for number in range(6):
        add(call, email=f"n{number}@x.io", **({"until": LATER} if number % 3 else {}))
        clock.now += 1_000
    clock.now += DAY
    page = ask(call, "GET", query={"limit": "2"})
    assert [one["email"] for one in page.body["holds"]] == ["n3@x.io", "n0@x.io"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": "r"}, "email"),
        ({"email": "a@x.io", "domain": "x.io", "reason": "r"}, "email"),
        ({"email": "junk", "reason": "r"}, "email"),
        ({"email": "a@b@c", "reason": "r"}, "subject"),
        ({"domain": "a@x.io", "reason": "r"}, "domain"),
        ({"domain": "no domain", "reason": "r"}, "subject"),
        ({"email": 5, "reason": "r"}, "email"),
        ({"email": "a@x.io"}, "reason"),
        ({"email": "a@x.io", "reason": " "}, "reason"),
        ({"email": "a@x.io", "reason": "x" * 501}, "reason"),
        ({"email": "a@x.io", "reason": "two\nlines"}, "reason"),
        ({"email": "a@x.io", "reason": "r", "until": NOON}, "until"),
        ({"email": "a@x.io", "reason": "r", "until": "2036-12-01"}, "until"),
        ({"email": "a@x.io", "reason": "r", "until": "tomorrow"}, "until"),
        ({"email": "a@x.io", "reason": "r", "until": 5}, "until"),
        ({"email": "a@x.io", "reason": "r", "author": "me"}, "author"),
        ([], None),
    ],
)
def test_what_cannot_be_held_is_named_and_changes_nothing(call: Gateway, body: object, field: str | None) -> None:
    answer = ask(call, "POST", body=body)
    assert (answer.status, answer.body.get("field")) == (400, field)
    assert ask(call, "GET").body == {"holds": [], "next": None}


@pytest.mark.parametrize("query", [{"limit": "0"}, {"cursor": "junk"}, {"offset": "1"}])
def test_a_page_that_is_asked_for_wrongly_is_refused_by_name(call: Gateway, query: dict[str, str]) -> None:
    answer = ask(call, "GET", query=query)
    assert (answer.status, answer.body["field"]) == (400, next(iter(query)))


def test_a_path_that_is_neither_an_address_nor_a_domain_is_refused(call: Gateway) -> None:
    problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "field": "subject"}
    detail = "neither an email address nor the domain of one"
    assert ask(call, "GET", "a b") == Answer(400, problem | {"detail": detail, "error_id": Matching(".{22}")})


def test_the_events_for_sam_local_invoke_are_answered(call: Gateway) -> None:
    expected = {"add": 201, "add_domain": 201, "list": 200, "unknown": 404, "lift_unknown": 404}
    for case in cases("holds"):
        assert call.send(function("holds"), event("holds", case)).status == expected[case], case
