"""How much mail bounces: what a webhook counts, the rates over two windows, and warnings near a provider's limits."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, HOUR, Millis
from reprieve.errors import Unavailable, describe
from reprieve.hooks.notice import notice_of
from reprieve.organization import Organization
from reprieve.rates.counts import COUNTED, MAX_DOMAINS, OTHER, Dimension, tally
from reprieve.runtime import metrics, wiring
from reprieve.store import rates as store
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch, Unreadable
from reprieve.suppressions.suppression import Classification
from reprieve.system_log.entry import EventType
from reprieve.system_log.span import LATEST, Order, Span
from tests.support.cloudwatch import TESTED
from tests.support.dynamodb import MAX_EXPRESSION
from tests.support.gateway import DEMO, Answer, Gateway, function

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock

pytestmark = pytest.mark.usefixtures("demo")
NOW = Millis(1_767_225_600_000)
ZERO = dict.fromkeys(("delivered", "bounces", "blocked", "deferred", "dropped", "complaints"), 0)


def event(number: int, kind: DeliveryKind = DeliveryKind.DELIVERED, at: int = NOW, **more: Any) -> DeliveryEvent:
    email = more.pop("email", f"a{number}@x.io")
    return DeliveryEvent(f"e{number}-{kind}", kind, email, email, Millis(at), provider="sendgrid", **more)


def take(*events: DeliveryEvent, organization: Organization = DEMO, account: str = "default", now: int = NOW) -> Any:
    return wiring.ingest().accept(
        organization, Batch(events), provider_name="Sendgrid", account=account, now=Millis(now)
    )


def mail(bounces: int, sent: int, kind: DeliveryKind = DeliveryKind.BOUNCE, at: int = NOW) -> list[DeliveryEvent]:
    """Messages of which some failed."""
    return [
        event(number + at % 10**9, kind if number < bounces else DeliveryKind.DELIVERED, at) for number in range(sent)
    ]


def ask(call: Gateway, organization: Organization = DEMO) -> Answer:
    return call(
        function("addresses"),
        "GET",
        "/rates",
        scopes=["reprieve.suppressions.read"],
        stage="reprieve",
        organization=organization,
    )


def warnings(organization: Organization = DEMO) -> list[dict[str, Any]]:
    entries = wiring.log_reader().entries(organization, Span(Order.PUBLISHED, "0", LATEST), first=10)
    return [dict(one.event) for one in entries if one.event["eventType"] == EventType.RATE_WARNING]


def look(now: int = NOW) -> int:
    return wiring.rate_watch().look(DEMO, now=Millis(now))


# ---------------------------------------------------------------- the answer


def test_without_mail_there_is_nothing_to_say(call: Gateway, calls: Calls) -> None:
    nothing: dict[str, Any] = {**ZERO, "sent": 0, "bounce_rate": None, "complaint_rate": None}
    rest = {"total": nothing, "accounts": [], "domains": [], "classes": []}
    days = [f"2025-12-{day}" for day in range(19, 32)] + ["2026-01-01"]
    assert ask(call) == Answer(
        200,
        {
            "at": "2026-01-01T00:00:00.000Z",
            "limits": {"bounces": 0.05, "complaints": 0.001},
            "warnings_at_percent": [40, 80],
            "warnings": [],
            "windows": [
                {"window": "24h", "since": "2025-12-31T00:00:00.000Z", **rest},
                {"window": "7d", "since": "2025-12-25T00:00:00.000Z", **rest},
            ],
            "days": [{"day": day, **ZERO} for day in days],
        },
    )
    assert calls == {"Query": 1}


def test_rates_are_by_account_domain_and_class_over_two_windows_and_counts_by_day(call: Gateway, clock: Clock) -> None:
    invalid = Classification.INVALID_ADDRESS
    take(
        *[event(number) for number in range(90)],
        *[event(100 + number, DeliveryKind.BOUNCE, classification=invalid) for number in range(4)],
        event(200, DeliveryKind.BLOCKED, email="b@y-z.example"),
        event(201, DeliveryKind.DEFERRED),
        event(202, DeliveryKind.DROPPED, suppresses=False),
        event(203, DeliveryKind.SPAM_REPORT),
    )
    take(*[event(300 + number, at=NOW - 2 * DAY) for number in range(5)], account="other")
    body = ask(call).body
    default = {**ZERO, "delivered": 90, "bounces": 4, "blocked": 1, "deferred": 1, "dropped": 1, "complaints": 1}
    rated = {**default, "sent": 95, "bounce_rate": 0.042105, "complaint_rate": 0.010526}
    day, week = body["windows"]
    assert day["total"] == rated
    assert day["accounts"] == [{"account": "default", **rated}]
    assert day["domains"] == [
        {
            "domain": "x.io",
            **ZERO,
            "delivered": 90,
            "bounces": 4,
            "complaints": 1,
            "sent": 94,
            "bounce_rate": 0.042553,
            "complaint_rate": 0.010638,
        },
        {"domain": "y-z.example", **ZERO, "blocked": 1, "sent": 1, "bounce_rate": None, "complaint_rate": None},
    ]
    assert day["classes"] == [
        {"classification": "Invalid Address", "bounces": 4, "blocked": 0, "bounce_rate": 0.042105},
        {"classification": "Unclassified", "bounces": 0, "blocked": 1, "bounce_rate": 0.0},
    ]
    assert [(one["account"], one["delivered"]) for one in week["accounts"]] == [("default", 90), ("other", 5)]
    assert (week["total"]["sent"], day["total"]["sent"]) == (100, 95)
    assert [one for one in body["days"] if one["delivered"]] == [
        {"day": "2025-12-30", **ZERO, "delivered": 5},
        {"day": "2026-01-01", **default},
    ]
    # of so few messages nothing is warned
    assert body["warnings"] == []


def test_another_organization_sees_none_of_it(call: Gateway) -> None:
    take(*mail(10, 100))
    other = ask(call, Organization("other", "Other"))
    assert other.body["windows"][0]["accounts"] == []


# ---------------------------------------------------------------- counting


def test_an_event_that_is_sent_again_counts_once(call: Gateway, calls: Calls) -> None:
    events = mail(3, 10)
    take(*events)
    calls.clear()
    take(*events, *events)
    assert calls["UpdateItem"] == 0
    take(*events, event(77))
    assert ask(call).body["windows"][0]["total"]["delivered"] == 8


def test_events_of_one_hour_cost_one_write_and_others_one_for_each_hour(calls: Calls) -> None:
    calls.clear()
    take(*[event(number) for number in range(20)])
    assert calls["UpdateItem"] == 1
    calls.clear()
    take(*[event(100 + number, at=NOW - number * HOUR) for number in range(3)])
    assert calls["UpdateItem"] == 3


def test_no_more_domains_are_named_in_an_hour_than_the_maximum_whoever_counts(calls: Calls) -> None:
    def counted(*numbers: int, by: store.Rates) -> None:
        events = [event(number, email=f"a@d{number}.example") for number in numbers]
        by.add(DEMO, events, account="default", now=NOW)

    one, other = (store.Rates(wiring.table("SUPPRESSIONS")) for _ in range(2))
    counted(*range(MAX_DOMAINS - 2), by=one)
    # it has not met the hour, so it is refused once, and then knows its domains
    calls.clear()
    counted(0, *range(100, 110), by=other)
    assert calls == {"UpdateItem": 2}
    calls.clear()
    counted(0, 200, by=other)
    counted(200, 201, 202, by=one)
    (hour,) = wiring.rate_store().hours(DEMO, since=Millis(0)).values()
    named = {value: number for (of, value, _), number in hour.items() if of is Dimension.DOMAIN}
    assert len(named.keys() - {OTHER}) <= MAX_DOMAINS
    assert named["d0.example"] == 3
    assert sum(named.values()) == MAX_DOMAINS - 2 + 11 + 2 + 3


def test_a_full_hour_costs_one_write_still(calls: Calls) -> None:
    counts = wiring.rate_store()
    events = [event(number, email=f"a@d{number}.example") for number in range(2 * MAX_DOMAINS)]
    counts.add(DEMO, events, account="default", now=NOW)
    calls.clear()
    counts.add(DEMO, [event(999, email="a@new.example")], account="default", now=NOW)
    assert calls == {"UpdateItem": 1}
    (hour,) = counts.hours(DEMO, since=Millis(0)).values()
    assert hour[Dimension.DOMAIN, OTHER, DeliveryKind.DELIVERED] == MAX_DOMAINS + 1


def test_an_organization_of_several_shards_spreads_its_counts_and_reads_their_sum(
    calls: Calls, dynamodb: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = replace(DEMO, shards=3)
    turns = itertools.cycle(range(3))
    monkeypatch.setattr(store, "randbelow", lambda most: next(turns) % most)
    for number in range(6):
        take(event(number, at=NOW - number // 4 * HOUR), organization=large)
    items = [one for one in dynamodb.scan(TableName="Suppressions")["Items"] if "domains" in one]
    assert {one["partition"]["S"] for one in items} == {"demo#rates", "demo#rates#1", "demo#rates#2"}
    calls.clear()
    found = wiring.rate_store().hours(large, since=Millis(0))
    assert calls == {"Query": 3}
    cells = [(Dimension.ACCOUNT, "default"), (Dimension.DOMAIN, "x.io")]
    assert found == {
        hour: {(*cell, DeliveryKind.DELIVERED): number for cell in cells}
        for hour, number in ((NOW - HOUR, 2), (NOW, 4))
    }
    assert list(found) == sorted(found)


def test_an_hour_of_many_long_domains_is_counted_in_an_expression_that_dynamodb_takes(calls: Calls) -> None:
    kinds = sorted(COUNTED[Dimension.DOMAIN])
    domains = [f"{number:02}{'-a' * 45}.example" for number in range(MAX_DOMAINS)]
    events = [event(0, kind, email=f"a@{domain}") for domain in domains for kind in kinds]
    (counted,) = tally(events, account="default", now=NOW).values()
    _, update, _ = store._change({}, NOW, counted, (), domains)
    assert len(update.expression()) <= MAX_EXPRESSION
    calls.clear()
    counts = store.Rates(wiring.table("SUPPRESSIONS"))
    counts.add(DEMO, events, account="default", now=NOW)
    assert calls == {"UpdateItem": 1}
    (hour,) = counts.hours(DEMO, since=Millis(0)).values()
    named = {(value, kind): number for (of, value, kind), number in hour.items() if of is Dimension.DOMAIN}
    assert named == {(domain, kind): 1 for domain in domains for kind in kinds}


@pytest.mark.parametrize("fault", [Unavailable("throttled"), RuntimeError("a defect")])
def test_a_post_is_taken_whole_though_it_cannot_be_counted(
    fault: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []

    def fails(*_: object) -> None:
        done.append("counts")
        raise fault

    ingest = wiring.ingest()
    monkeypatch.setattr(store.Rates, "_add", fails)
    monkeypatch.setattr(ingest.dead_letters, "put", lambda _: done.append("letters"))
    monkeypatch.setattr(type(ingest.whitelists), "count_hits", lambda *_: done.append("hits"))
    batch = Batch([event(1), event(2)], [Unreadable("sendgrid", "no JSON", b"[]")])
    report = ingest.accept(DEMO, batch, provider_name="Sendgrid", now=NOW)
    assert (report.events, report.malformed, report.uncounted) == (2, 1, 2)
    assert done == ["letters", "hits", "counts"]
    monkeypatch.setenv("METRICS_NAMESPACE", TESTED)
    capsys.readouterr()
    metrics.ingest(report, service="event-webhook")
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["why_uncounted"] == describe(fault)


def test_an_hour_is_forgotten_when_no_answer_has_it(dynamodb: Client) -> None:
    take(event(1))
    (item,) = [one for one in dynamodb.scan(TableName="Suppressions")["Items"] if "domains" in one]
    assert int(item["expires_at"]["N"]) == (NOW + 16 * DAY) // 1000


LABELS = st.from_regex(r"[a-z0-9]{1,5}(-{1,3}[a-z0-9]{1,3}){0,2}", fullmatch=True)
CELLS = st.one_of(
    st.tuples(st.just(Dimension.ACCOUNT), LABELS, st.sampled_from(list(store.LETTERS))),
    st.tuples(
        st.just(Dimension.DOMAIN), st.lists(LABELS, min_size=2).map(".".join), st.sampled_from(list(store.LETTERS))
    ),
    st.tuples(
        st.just(Dimension.CLASS),
        st.sampled_from(Classification).map(lambda one: one.value),
        st.sampled_from(list(store.LETTERS)),
    ),
)


@given(st.dictionaries(CELLS, st.integers(1, 9)))
def test_whatever_is_counted_is_read_as_it_was(cells: dict[Any, int]) -> None:
    item = {store._name(cell): number for cell, number in cells.items()}
    assert store._cells(item | {"domains": frozenset({"x_io"}), "expires_at": 1, "partition": "a#rates"}) == cells


# ---------------------------------------------------------------- warnings


def test_a_rate_near_the_limit_is_logged_once_a_day_and_a_higher_level_once_more(calls: Calls) -> None:
    take(*mail(19, 1_000))
    assert look() == 0
    assert warnings() == []
    take(*mail(31, 500, at=NOW + HOUR), now=NOW + HOUR)
    calls.clear()
    assert look(NOW + HOUR) == 0
    # the counts of a week, what was logged of the account on this day, and the entry
    assert calls == {"Query": 2, "BatchExecuteStatement": 1}
    (first,) = warnings()
    assert first["published"] == "2026-01-01T01:00:00.000Z"
    assert (first["severity"], first["displayMessage"]) == ("WARN", "Rate near the provider's limit")
    assert first["outcome"] == {
        "result": "SUCCESS",
        "reason": "3.333% of 1500 messages bounced in 24h; the provider's limit is 5.0%",
    }
    assert (first["target"][0]["type"], first["target"][0]["id"]) == ("ProviderAccount", "demo")
    assert first["debugContext"]["debugData"] == {
        "account": "default",
        "measure": "bounces",
        "window": "24h",
        "level": "40",
        "rate": "0.033333",
        "limit": "0.05",
        "sent": "1500",
        "bounces": "50",
        "complaints": "0",
    }
    # the same level on the same day says nothing new
    assert (look(NOW + 2 * HOUR), len(warnings())) == (0, 1)
    take(*mail(50, 100, at=NOW + 3 * HOUR), now=NOW + 3 * HOUR)
    assert (look(NOW + 3 * HOUR), len(warnings())) == (1, 2)
    take(*mail(0, 1_500, at=NOW + 4 * HOUR), now=NOW + 4 * HOUR)
    # back at the lower level, of which was warned, and of worse, too
    assert (look(NOW + 4 * HOUR), len(warnings())) == (0, 2)
    assert (look(NOW + DAY), len(warnings())) == (0, 3)


def test_a_quiet_organization_costs_one_query(calls: Calls) -> None:
    calls.clear()
    assert look() == 0
    assert calls == {"Query": 1}


def test_a_rate_near_the_limit_is_in_the_answer_and_hooks_hear_of_it(call: Gateway) -> None:
    take(*mail(4, 5_000, DeliveryKind.SPAM_REPORT))
    assert ask(call).body["warnings"] == [
        {"account": "default", "measure": "complaints", "window": "24h", "rate": 0.000801, "percent_of_limit": 80}
    ]
    assert look() == 1
    (entry,) = warnings()
    notice = notice_of(entry)
    assert notice is not None
    assert json.loads(notice.body) == {
        "type": "rate.warning",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "id": entry["uuid"],
        "data": {
            "account": "default",
            "measure": "complaints",
            "window": "24h",
            "rate": 0.000801,
            "limit": 0.001,
            "percent_of_limit": 80,
            "sent": 4_996,
            "complaints": 4,
        },
    }


def test_each_account_is_warned_of_by_itself() -> None:
    for name in ("default", "news"):
        events: Iterable[DeliveryEvent] = mail(100, 1_000)
        take(*(replace(one, id=f"{name}{one.id}") for one in events), account=name)
    assert look() == 2
    assert sorted(one["debugContext"]["debugData"]["account"] for one in warnings()) == ["default", "news"]
