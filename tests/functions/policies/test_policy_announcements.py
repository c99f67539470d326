"""What a policy has the organization hear of without a lift: a hold that ends soon, and what a rule says, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import DAY, HOUR
from reprieve.errors import Unavailable
from reprieve.hooks.hook import Changes, Hook, Progress, Secret
from reprieve.hooks.notice import NoticeType
from reprieve.policies import brakes
from reprieve.policies import run as policy_run
from reprieve.policies.policy import DEFAULT, Policy, Rule, Then, When
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Permanence
from reprieve.system_log.span import position
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.policies import BLOCKS, START, WEEK, enable, logged, on, put, run, run_broken

if TYPE_CHECKING:
    from tests.support.gateway import Clock

pytestmark = pytest.mark.usefixtures("demo")

EXPIRING, NOTIFY = "reprieve.policy.expiring", "reprieve.policy.notify"
PARTNERS = Policy((Rule("partners", Then.NOTIFY, When(domains=frozenset({"x.io"}))), *DEFAULT.rules))


@pytest.fixture(autouse=True)
def hook(demo: None) -> Hook:
    """A hook of the organization that hears of everything."""
    url, sealed = "https://hooks.acme.example/reprieve", (Secret(b"sealed"),)
    progress = Progress(position(START))
    made = Hook("demo", "hook-1", 0, url, "", frozenset(), True, "", sealed, START, START, progress)
    assert wiring.hook_store().add(made)
    return made


def hours(clock: Clock, count: int) -> None:
    for _ in range(count):
        clock.now += HOUR
        run()


def said(event_type: str) -> list[tuple[str, str, str]]:
    """The address, the moment and the end of each entry."""
    return [
        (one["target"][0]["alternateId"], one["published"], one["debugContext"]["debugData"].get("heldUntil", ""))
        for one in logged(event_type)
    ]


def test_a_hold_that_ends_within_a_day_is_announced_once(clock: Clock) -> None:
    put("A@x.io", START - HOUR)
    enable(WEEK)
    run()
    hours(clock, 6 * 24 - 1)
    assert said(EXPIRING) == []
    hours(clock, 30)
    assert said(EXPIRING) == [("A@x.io", "2026-01-06T23:00:00.000Z", "2026-01-07T23:00:00.000Z")]
    (entry,) = logged(EXPIRING)
    debug: dict[str, Any] = entry["debugContext"]["debugData"]
    assert (debug["list"], debug["policyVersion"], debug["rule"]) == ("bounces", "1", "week")
    assert (entry["actor"]["id"], on()) == ("policy", [])


@pytest.mark.parametrize("wanted", [Changes(enabled=False), Changes(types=frozenset({NoticeType.LIFTED}))])
def test_where_no_hook_hears_of_it_the_end_of_a_hold_is_neither_announced_nor_looked_for(
    clock: Clock, hook: Hook, wanted: Changes
) -> None:
    wiring.hooks().change(context(DEMO, now=START), hook.id, wanted)
    put("a@x.io", START - 6 * DAY - HOUR)
    enable(WEEK)
    assert run()["judged"] == 0
    hours(clock, 20)
    assert said(EXPIRING) == []


def test_a_hold_that_a_failure_prolongs_is_announced_for_its_new_end_alone(clock: Clock) -> None:
    put("a@x.io", START, status="5.2.2")
    enable(WEEK)
    put("a@x.io", START + 5 * DAY, status="5.2.2")
    hours(clock, 12 * 24)
    assert [end for _, _, end in said(EXPIRING)] == ["2026-01-13T00:00:00.000Z"]


def test_a_hold_of_a_day_is_announced_when_it_begins(clock: Clock) -> None:
    enable()
    put("a@x.io", START, BLOCKS, Permanence.SOFT, "4.2.2")
    hours(clock, 1)
    assert [end for _, _, end in said(EXPIRING)] == ["2026-01-02T00:00:00.000Z"]


def test_nothing_is_announced_of_what_a_person_holds_or_an_organization_has_not_enabled(clock: Clock) -> None:
    put("a@x.io", START - 6 * DAY)
    put("b@x.io", START - 6 * DAY)
    wiring.holds().add(context(DEMO, now=START), "a@x.io", reason="asked")
    run()
    assert said(EXPIRING) == []
    enable(WEEK)
    run()
    hours(clock, 20)
    assert [email for email, _, _ in said(EXPIRING)] == ["b@x.io"]


def test_no_end_is_announced_of_a_hold_that_a_probe_prolongs(clock: Clock) -> None:
    for name in ("a", "b"):
        put(f"{name}@gone.io", START - 5 * DAY, status="5.1.2")
    put("c@x.io", START - 5 * DAY)
    enable(WEEK)
    run()
    hours(clock, 50)
    assert [email for email, _, _ in said(EXPIRING)] == ["c@x.io"]
    assert len(logged()) == 2


def test_a_walk_that_follows_another_announces_nothing_again_and_reads_no_evidence_for_it(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(brakes, "PER_DAY", 1)
    clock.now += 23 * HOUR
    put("due@x.io", clock.now - 8 * DAY)
    put("late@y.io", clock.now - 8 * DAY)
    put("soon@x.io", clock.now - 6 * DAY - HOUR)
    enable(WEEK)
    assert run()["judged"] == 3
    clock.now += HOUR
    # what the brakes held back
    again = run()
    assert (again["judged"], again["lifted"]) == (1, {"bounces": 1})
    assert [email for email, _, _ in said(EXPIRING)] == ["soon@x.io"]


def test_a_walk_of_another_version_announces_what_ends_by_that(clock: Clock) -> None:
    put("a@x.io", START - 6 * DAY - HOUR)
    enable(Policy((Rule("twenty", Then.HOLD, hold_days=(20,)),)))
    run()
    assert said(EXPIRING) == []
    enable(WEEK)
    run()
    enable(Policy((Rule("eight", Then.HOLD, hold_days=(8,)),)))
    run()
    assert len(said(EXPIRING)) == 1
    hours(clock, 25)
    assert [end for _, _, end in said(EXPIRING)] == ["2026-01-01T23:00:00.000Z", "2026-01-02T23:00:00.000Z"]


def test_what_is_to_be_heard_of_is_while_the_brakes_let_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brakes, "PER_DAY", 1)
    monkeypatch.setattr(policy_run, "CHUNK", 1)
    put("due@y.io", START - 8 * DAY)
    put("soon@y.io", START - 6 * DAY - HOUR)
    put("partner@x.io", START - HOUR, status="5.2.2")
    enable(Policy((PARTNERS.rules[0], *WEEK.rules)))
    assert run()["lifted"] == {"bounces": 1}
    assert [email for email, _, _ in said(EXPIRING)] == ["soon@y.io"]
    assert [email for email, _, _ in said(NOTIFY)] == ["partner@x.io"]


@pytest.mark.parametrize(
    ("error", "said_so"),
    [(Unavailable("the table did not answer"), "the table did not answer"), (ValueError("secret"), "ValueError at ")],
)
def test_hooks_that_cannot_be_read_keep_no_policy_from_lifting(error: Exception, said_so: str) -> None:
    put("due@x.io", START - 8 * DAY)
    put("soon@x.io", START - 6 * DAY - HOUR)
    enable(WEEK)
    found = run_broken(wiring.hook_store(), "enabled", error)
    (fault,) = found["faults"]
    assert (found["lifted"], fault.startswith(f"hooks: {said_so}"), "secret" in fault) == ({"bounces": 1}, True, False)
    assert said(EXPIRING) == []


def test_a_rule_that_notifies_reports_each_failure_once_and_lifts_nothing(clock: Clock) -> None:
    enable(PARTNERS)
    put("A@x.io", START, status="5.2.2")
    put("b@y.io", START)
    hours(clock, 60)
    assert said(NOTIFY) == [("A@x.io", "2026-01-01T00:00:00.000Z", "")]
    put("A@x.io", clock.now, status="5.2.2")
    hours(clock, 60)
    assert [email for email, _, _ in said(NOTIFY)] == ["A@x.io", "A@x.io"]
    (entry, _) = logged(NOTIFY)
    debug: dict[str, Any] = entry["debugContext"]["debugData"]
    assert {name: debug[name] for name in ("list", "rule", "providerMessage", "enhancedStatusCode")} == {
        "list": "bounces",
        "rule": "partners",
        "providerMessage": "said so",
        "enhancedStatusCode": "5.2.2",
    }
    assert "a@x.io" in on()


def test_a_rule_that_notifies_does_not_report_what_failed_long_ago() -> None:
    put("old@x.io", START - 4 * DAY)
    put("new@x.io", START - 2 * DAY)
    enable(PARTNERS)
    run()
    assert [email for email, _, _ in said(NOTIFY)] == ["new@x.io"]
