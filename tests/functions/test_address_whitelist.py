"""SendGrid's address whitelist: what it covers is suppressed by no way in, but for spam reports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import DAY
from reprieve.organization import Organization
from reprieve.refused_row import RefusedRow
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.imports import Row
from reprieve.suppressions.ingest import Batch
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import Suppression, SuppressionList
from reprieve.suppressions.whitelist import MAX_ENTRIES, Whitelist
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Gateway, Matching, cases, event, function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import Calls

NOW = 1_767_225_600_000
PATH = "/mail_settings/address_whitelist"
OTHER = Organization("other", "Other")
NEITHER = "each item must be an email address or the domain of one"


pytestmark = pytest.mark.usefixtures("demo")


def setting(call: Gateway, method: str, body: object = None, organization: Organization = DEMO, **more: Any) -> Answer:
    return call(
        function("address_whitelist"),
        method,
        PATH,
        body=body,
        scopes=["mail_settings.address_whitelist.read", "mail_settings.address_whitelist.update"],
        stage="v3",
        organization=organization,
        **more,
    )


def allow(*entries: str) -> None:
    wiring.whitelists().change(context(DEMO, now=NOW), enabled=True, entries=entries)


def happened(email: str, kind: DeliveryKind = DeliveryKind.BOUNCE, at: int = NOW - 1) -> DeliveryEvent:
    return DeliveryEvent(f"{email} {kind} {at}", kind, email, email.casefold(), at, "550 5.1.1 no such user", "5.1.1")


def take(*events: DeliveryEvent, organization: Organization = DEMO) -> int:
    return wiring.ingest().accept(organization, Batch(events), provider_name="Sendgrid", now=NOW).listed


def listed(name: SuppressionList = SuppressionList.BOUNCES, organization: Organization = DEMO) -> list[str]:
    return [one.email for one in wiring.listing().each(organization, name, Selection(), now=NOW)]


def logged() -> list[dict[str, Any]]:
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    return [dict(stored.event) for stored in wiring.log_reader().entries(DEMO, span, first=1_000)]


def hits() -> dict[str, int]:
    return dict(wiring.whitelists().find(DEMO).hits)


def test_it_is_off_and_empty_at_first_and_changes_member_by_member(call: Gateway, calls: Calls) -> None:
    assert setting(call, "GET") == Answer(200, {"enabled": False, "list": []})
    assert calls == {"GetItem": 1}
    entries = ["Postmaster@Example.com", "bücher.example", "x.io"]
    assert setting(call, "PATCH", {"list": entries}) == Answer(200, {"enabled": False, "list": entries})
    assert calls == {"GetItem": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    assert setting(call, "PATCH", {"enabled": True}) == Answer(200, {"enabled": True, "list": entries})
    assert setting(call, "PATCH", {"list": ["x.io"]}) == Answer(200, {"enabled": True, "list": ["x.io"]})
    assert setting(call, "GET") == Answer(200, {"enabled": True, "list": ["x.io"]})
    assert setting(call, "PATCH", {"list": []}) == Answer(200, {"enabled": True, "list": []})


def test_a_change_that_changes_nothing_writes_nothing(call: Gateway, calls: Calls) -> None:
    allow("x.io")
    for body in ({}, {"enabled": True}, {"list": ["x.io", "X.io"]}):
        assert setting(call, "PATCH", body) == Answer(200, {"enabled": True, "list": ["x.io"]})
        assert calls == {"GetItem": 1}


@pytest.mark.parametrize(
    ("body", "message", "field"),
    [
        ({"list": ["x.io", "a b"]}, NEITHER, "list"),
        ({"list": ["@x.io"]}, NEITHER, "list"),
        ({"list": ["io"]}, NEITHER, "list"),
        ({"list": "x.io"}, "must be an array of strings", "list"),
        ({"list": None}, "must be an array of strings", "list"),
        ({"list": [f"d{n}.io" for n in range(MAX_ENTRIES + 1)]}, "must not have more than 1000 items", "list"),
        ({"enabled": 1}, "must be true or false", "enabled"),
        ({"enabled": None}, "must be true or false", "enabled"),
        ([], "the body must be a JSON object", None),
    ],
)
def test_what_cannot_be_set_is_named_and_changes_nothing(
    call: Gateway, body: object, message: str, field: str | None
) -> None:
    error = {"errors": [{"field": field, "message": message}], "id": Matching(".{22}")}
    assert setting(call, "PATCH", body) == Answer(400, error)
    assert wiring.whitelists().find(DEMO) == Whitelist()


def test_the_longest_list_of_the_longest_entries_can_be_stored_and_counted(call: Gateway) -> None:
    entries = [f"{number:04}{'a' * 60}@{'.'.join(['b' * 61] * 3)}.io" for number in range(MAX_ENTRIES)]
    assert setting(call, "PATCH", {"enabled": True, "list": entries}).body == {"enabled": True, "list": entries}
    assert take(*(happened(entry) for entry in entries)) == 0
    assert hits() == dict.fromkeys(entries, 1)


def webhook(entry: Suppression) -> None:
    kinds = {
        SuppressionList.BOUNCES: DeliveryKind.BOUNCE,
        SuppressionList.BLOCKS: DeliveryKind.BLOCKED,
        SuppressionList.SPAM_REPORTS: DeliveryKind.SPAM_REPORT,
        SuppressionList.UNSUBSCRIBES: DeliveryKind.UNSUBSCRIBE,
        SuppressionList.INVALID_EMAILS: DeliveryKind.DROPPED,
    }
    one = happened(entry.email, kinds[entry.list])
    take(replace(one, message="Invalid") if entry.list is SuppressionList.INVALID_EMAILS else one)


def file(entry: Suppression) -> None:
    report = wiring.list_imports().run(context(DEMO, now=NOW), entry.list, [Row(2, entry)])
    spared = entry.list is not SuppressionList.SPAM_REPORTS and entry.key.endswith("@x.io")
    assert list(report.refused) == ([RefusedRow(2, "email: the address whitelist covers it")] if spared else [])


def providers_list(entry: Suppression) -> None:
    class Provider:
        def kept_with(self, _: object) -> tuple[()]:
            return ()

        def entries(self, name: SuppressionList, *, start: int, end: int) -> Iterator[Suppression]:
            return iter([entry] if name is entry.list else [])

        def close(self) -> None:
            """Do nothing."""

    wiring.access().set_provider_account(DEMO.id, ProviderAccount("none"), provider_name="", before=None)
    comparison = replace(wiring.reconciliation(), provider_for=lambda *_: Provider())
    comparison.run(context(DEMO, now=NOW), start=NOW - DAY, end=NOW)


@pytest.mark.parametrize("way", [webhook, file, providers_list])
@pytest.mark.parametrize("name", SuppressionList)
def test_every_way_in_spares_what_is_covered_and_lists_the_rest(way: Any, name: SuppressionList) -> None:
    allow("x.io")
    way(Suppression(name, "ann@x.io", "Ann@X.io", NOW - 1, "550 5.1.1 no such user", "5.1.1", provider="any"))
    assert listed(name) == (["Ann@X.io"] if name is SuppressionList.SPAM_REPORTS else [])
    way(Suppression(name, "ann@sub.x.io", "ann@sub.x.io", NOW - 1, "550 5.1.1 no such user", "5.1.1", provider="any"))
    assert "ann@sub.x.io" in listed(name)


def test_an_address_covers_all_its_spellings_and_no_other_address() -> None:
    allow("Ann@x.io")
    assert take(happened("ANN@X.IO"), happened("ben@x.io")) == 1
    assert listed() == ["ben@x.io"]


def test_a_whitelist_that_is_off_covers_nothing() -> None:
    allow("x.io")
    wiring.whitelists().change(context(DEMO, now=NOW), enabled=False)
    assert take(happened("ann@x.io")) == 1


def test_events_that_it_spares_are_counted_by_entry_and_logged_with_it(calls: Calls) -> None:
    allow("ann@x.io", "x.io", "y.io")
    calls.clear()
    take(happened("ann@x.io"), happened("ben@x.io"), happened("cid@x.io"), happened("d@z.io"))
    # the whitelist, the new entry of a list and the log, the counts of hits and those of the hour
    assert calls == {"GetItem": 1, "BatchExecuteStatement": 2, "UpdateItem": 2}
    assert hits() == {"ann@x.io": 1, "x.io": 2}
    spared = {
        one["target"][0]["id"]: one["debugContext"]["debugData"].get("whitelistedBy")
        for one in logged()
        if one["eventType"] == "system.email.delivery"
    }
    assert spared == {"ann@x.io": "ann@x.io", "ben@x.io": "x.io", "cid@x.io": "x.io", "d@z.io": None}


def test_a_batch_that_suppresses_nothing_reads_no_whitelist(calls: Calls) -> None:
    take(happened("ann@x.io", DeliveryKind.DELIVERED))
    assert calls == {"BatchExecuteStatement": 1, "UpdateItem": 1}


def test_an_entry_that_stays_keeps_its_count_and_one_that_comes_back_begins_anew() -> None:
    allow("x.io", "y.io")
    take(happened("ann@x.io"), happened("ann@y.io"))
    allow("z.io", "x.io")
    assert hits() == {"x.io": 1}
    allow("y.io", "x.io")
    assert hits() == {"x.io": 1}


def test_what_was_listed_before_stays_listed_and_suppresses_nothing_while_it_is_covered(call: Gateway) -> None:
    take(happened("ann@x.io"), happened("ann@x.io", DeliveryKind.UNSUBSCRIBE))
    allow("x.io")
    answer = explain(call)
    assert (answer["mailed"], answer["whitelisted_by"]) == (True, "x.io")
    assert [(one["list"], one["suppresses"]) for one in answer["suppressions"]] == [
        ("bounces", False),
        ("unsubscribes", False),
    ]
    assert [(one["then"], one["at"]) for one in answer["next"]] == [("spared", None), ("spared", None)]
    take(happened("ann@x.io", DeliveryKind.SPAM_REPORT))
    assert explain(call)["mailed"] is False
    wiring.whitelists().change(context(DEMO, now=NOW), entries=[])
    answer = explain(call)
    assert (answer["mailed"], answer["whitelisted_by"]) == (False, None)
    assert {one["suppresses"] for one in answer["suppressions"]} == {True}


def explain(call: Gateway) -> dict[str, Any]:
    answer = call(
        function("addresses"),
        "GET",
        "/addresses/{email+}",
        path={"email": "ann@x.io"},
        scopes=["reprieve.addresses.read"],
        stage="reprieve",
    )
    assert answer.status == 200
    body: dict[str, Any] = answer.body
    return body


def test_the_whitelist_is_shown_with_its_counts(call: Gateway, calls: Calls) -> None:
    allow("Ann@x.io", "y.io")
    take(happened("ann@x.io"))
    route: dict[str, Any] = {"scopes": ["reprieve.suppressions.read"], "stage": "reprieve"}
    assert call(function("addresses"), "GET", "/whitelist", **route) == Answer(
        200,
        {
            "enabled": True,
            "entries": [
                {"entry": "Ann@x.io", "kind": "address", "hits": 1},
                {"entry": "y.io", "kind": "domain", "hits": 0},
            ],
        },
    )
    assert calls == {"GetItem": 1}
    empty = call(function("addresses"), "GET", "/whitelist", organization=OTHER, **route)
    assert empty == Answer(200, {"enabled": False, "entries": []})


def test_one_organizations_whitelist_is_not_anothers(call: Gateway) -> None:
    allow("x.io")
    assert setting(call, "GET", organization=OTHER) == Answer(200, {"enabled": False, "list": []})
    assert take(happened("ann@x.io"), organization=OTHER) == 1
    stranger = setting(call, "PATCH", {"list": []}, organization=OTHER, headers={"on-behalf-of": "demo"})
    assert stranger.status == 403
    assert list(wiring.whitelists().find(DEMO).entries) == ["x.io"]


def test_a_parent_sets_its_childs_whitelist(call: Gateway) -> None:
    child = Organization("child", "Child", parent="demo")
    wiring.access().create_organization(child)
    changed = {"enabled": True, "list": ["x.io"]}
    assert setting(call, "PATCH", changed, headers={"on-behalf-of": "child"}) == Answer(200, changed)
    assert setting(call, "GET") == Answer(200, {"enabled": False, "list": []})
    assert take(happened("ann@x.io"), organization=child) == 0


def test_a_change_is_logged_with_both_values() -> None:
    for request, entries in (("r1", ["x.io"]), ("r2", ["x.io", "y.io"])):
        wiring.whitelists().change(context(DEMO, now=NOW, request_id=request), enabled=True, entries=entries)
    first, second = sorted(logged(), key=lambda one: len(one["target"][0]["changeDetails"]["from"]), reverse=True)
    assert {first["eventType"], second["eventType"]} == {"reprieve.address_whitelist.update"}
    assert first["target"][0]["changeDetails"] == {
        "from": {"enabled": False, "entries": []},
        "to": {"enabled": True, "entries": ["x.io"]},
    }
    assert second["target"][0]["changeDetails"] == {"from": {"entries": ["x.io"]}, "to": {"entries": ["x.io", "y.io"]}}


@pytest.mark.parametrize(
    ("before", "meanwhile", "mine"),
    [
        ({}, {"enabled": True, "entries": ["x.io"]}, {"entries": ["y.io"]}),
        ({"enabled": False, "entries": ["x.io"]}, {"enabled": True}, {"entries": ["y.io"]}),
        ({"enabled": False, "entries": ["x.io"]}, {"entries": ["y.io"]}, {"enabled": True}),
    ],
    ids=["the first ones", "of enabled", "of the list"],
)
def test_two_changes_at_once_are_both_made(
    monkeypatch: pytest.MonkeyPatch, before: dict[str, Any], meanwhile: dict[str, Any], mine: dict[str, Any]
) -> None:
    def change(changes: dict[str, Any]) -> None:
        wiring.whitelists().change(context(DEMO, now=NOW), **changes)

    change(before)
    store = wiring.whitelist_store()
    replaced = type(store).replace_whitelist
    others = [meanwhile]

    def replace_whitelist(organization: Organization, old: Whitelist, new: Whitelist) -> bool:
        if others:
            change(others.pop())
        return replaced(store, organization, old, new)

    monkeypatch.setattr(store, "replace_whitelist", replace_whitelist)
    change(mine)
    found = wiring.whitelists().find(DEMO)
    assert (found.enabled, list(found.entries)) == (True, ["y.io"])


def test_the_events_for_sam_local_invoke_are_answered(call: Gateway) -> None:
    for case in cases("address_whitelist"):
        answer = call.send(function("address_whitelist"), event("address_whitelist", case))
        assert answer.status == (400 if case == "neither_address_nor_domain" else 200), case
