"""Every change through an API, by the command or by a schedule is in the organization's system log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.provider_account import ProviderAccount
from reprieve.errors import Unavailable
from reprieve.organization import Membership, Organization
from reprieve.recipients.imports import Content
from reprieve.recipients.imports import Row as RecipientRow
from reprieve.recipients.recipient import Field, Recipient
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest, RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.imports import ListReport, Row
from reprieve.suppressions.suppression import Suppression, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support import queue
from tests.support.contexts import context
from tests.support.gateway import DEMO, Context, Gateway, function
from tests.support.unblock_email import bounce, enrol, rid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reprieve.suppressions.recorded import Recorded
    from tests.support.gateway import Calls, Clock

NOW = 1_767_225_600_000
BOUNCES = SuppressionList.BOUNCES
ANYONE = Organization("demo", "Demo", Membership.ANYONE)


pytestmark = pytest.mark.usefixtures("demo")


def entries() -> list[Mapping[str, Any]]:
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    return [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=1_000)]


def logged() -> list[tuple[str, str, str]]:
    """The type, target and actor of each entry."""
    return [(one["eventType"], one["target"][0]["displayName"], one["actor"]["displayName"]) for one in entries()]


def sendgrid(call: Gateway, name: str, method: str, resource: str, scope: str, **more: Any) -> None:
    assert call(function(name), method, resource, scopes=[scope], stage="v3", **more).status < 300


def test_a_change_of_the_bounce_purge(call: Gateway, calls: Calls) -> None:
    body, scope = {"enabled": True, "soft_bounces": 5}, "mail_settings.bounce_purge.update"
    sendgrid(call, "bounce_purge", "PATCH", "/mail_settings/bounce_purge", scope, body=body)
    # the request's count and the change, and the log
    assert calls == {"UpdateItem": 1, "BatchExecuteStatement": 1}
    assert logged() == [("reprieve.bounce_purge.update", "Demo", "credential cred-1")]
    assert entries()[0]["target"][0]["changeDetails"] == {
        "from": {"purge.enabled": False, "purge.soft_days": None},
        "to": {"purge.enabled": True, "purge.soft_days": 5},
    }


def test_a_change_of_the_bounce_purge_that_names_nothing_changes_and_logs_nothing(call: Gateway) -> None:
    scope = "mail_settings.bounce_purge.update"
    sendgrid(call, "bounce_purge", "PATCH", "/mail_settings/bounce_purge", scope, body={})
    assert logged() == []


def test_global_unsubscribes_are_logged_with_fifty_addresses_per_entry(call: Gateway) -> None:
    emails = [f"u{number}@x.io" for number in range(51)]
    body, scope = {"recipient_emails": emails}, "asm.suppressions.global.create"
    sendgrid(call, "global_suppressions", "POST", "/asm/suppressions/global", scope, body=body)
    first, second = entries()
    assert {one["eventType"] for one in (first, second)} == {"reprieve.suppression.add"}
    names = sorted([first["target"][0]["displayName"], second["target"][0]["displayName"]], key=len)
    assert names == ["u50@x.io", ", ".join(emails[:50])]
    assert {key: first["debugContext"]["debugData"][key] for key in ("list", "source")} == {
        "list": "unsubscribes",
        "source": "api",
    }


def zoho(call: Gateway, method: str, resource: str, **more: Any) -> Any:
    path = {"version": "v8", "module": "Leads"}
    return call(
        function("records"), method, resource, path=path, scopes=["ZohoCRM.modules.ALL"], stage="crm", **more
    ).body


def test_records_that_are_added_changed_and_deleted(call: Gateway, clock: Clock) -> None:
    body = {"data": [{"Email": "ann@x.io"}]}
    (saved,) = zoho(call, "POST", "/{version}/{module}", body=body)["data"]
    clock.now += 1
    zoho(
        call,
        "POST",
        "/{version}/{module}/upsert",
        body={"data": [{"Email": "ann@x.io", "City": "K"}, {"Email": "b@x.io"}]},
    )
    clock.now += 1
    zoho(call, "DELETE", "/{version}/{module}", query={"ids": f"{saved['details']['id']},2423488000000575001"})
    by = "credential cred-1"
    assert sorted(logged()) == [
        ("reprieve.record.create", "ann@x.io", by),
        ("reprieve.record.create", "b@x.io", by),
        ("reprieve.record.delete", "ann@x.io", by),
        ("reprieve.record.update", "ann@x.io", by),
    ]
    assert {one["target"][0]["type"] for one in entries()} == {"Leads"}


def test_what_was_saved_before_the_store_failed(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    store = wiring.recipients()
    add, left = store.add, iter([True])

    def failing(*arguments: Any) -> None:
        if next(left, None) is None:
            raise Unavailable("no answer")
        add(*arguments)

    monkeypatch.setattr(store, "add", failing)
    answer = zoho(call, "POST", "/{version}/{module}/upsert", body={"data": [{"Email": "a@x.io"}, {"Email": "b@x.io"}]})
    assert answer["status"] == "error"
    assert logged() == [("reprieve.record.create", "a@x.io", "credential cred-1")]


def ask(*emails: str, organization: Organization = ANYONE) -> None:
    wanted = [RemovalRequest(f"r-{at}", BOUNCES, email, email) for at, email in enumerate(emails)]
    wiring.suppressions().request_removals(context(organization, now=NOW), wanted)


def test_a_retry_of_a_failed_removal(call: Gateway, calls: Calls) -> None:
    ask("a@x.io")
    (row,) = queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=NOW)
    assert wiring.removal_queue().settle(DEMO, [Settlement(row, RemovalState.FAILED, 10)], now=NOW) == [True]
    scopes, path = ["reprieve.removals.manage"], {"id": "r-0"}
    handler = function("removals")
    assert call(handler, "POST", "/removals/{id}/retry", path=path, scopes=scopes, stage="reprieve").status == 200
    assert (calls["UpdateItem"], calls["BatchExecuteStatement"]) == (1, 1)
    assert call(handler, "POST", "/removals/{id}/retry", path=path, scopes=scopes, stage="reprieve").status == 409
    assert logged() == [("reprieve.removal.retry", "a@x.io", "credential cred-1")]


def test_a_reset_of_the_count_of_unblocks() -> None:
    assert wiring.unblocks().reset(context(DEMO, now=NOW), "a@x.io") == 0
    (entry,) = entries()
    assert (entry["eventType"], entry["target"][0]["id"]) == ("reprieve.unblock.reset", "a@x.io")
    assert entry["target"][0]["changeDetails"] == {"from": {"unblocks": 0}, "to": {"unblocks": 0}}


def rows(*emails: str) -> list[Row]:
    listed = [Suppression(BOUNCES, email, email, NOW - 60_000) for email in emails]
    return [Row(number, one) for number, one in enumerate(listed, 2)]


def test_an_import_of_a_list_once_and_not_when_it_changes_nothing() -> None:
    wiring.list_imports().run(context(DEMO, now=NOW), BOUNCES, rows("a@x.io", "b@x.io"))
    wiring.list_imports().run(context(DEMO, now=NOW, request_id="again"), BOUNCES, rows("a@x.io", "b@x.io"))
    assert logged() == [("reprieve.suppression.add", "a@x.io, b@x.io", "credential c")]
    assert entries()[0]["debugContext"]["debugData"]["source"] == "import"


def test_of_an_import_only_the_rows_that_changed_the_list() -> None:
    ask("b@x.io")  # which forgives what bounced before
    report = wiring.list_imports().run(context(DEMO, now=NOW), BOUNCES, rows("a@x.io", "b@x.io", "c@x.io"))
    assert (report.imported, report.unchanged) == (2, 1)
    assert [name for _, name, _ in logged()] == ["a@x.io, c@x.io"]


@pytest.mark.parametrize("times", [1, 2])
def test_an_import_of_a_list_that_the_store_cut_off(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    ask("c@x.io")
    store, problems = wiring.suppressions(), iter([Unavailable("no answer")] * times)
    record = store.record

    def cut_off(organization: Organization, suppressions: Sequence[Suppression], by: str) -> Recorded:
        if problem := next(problems, None):
            record(organization, suppressions[:1], by=by)
            raise problem
        return record(organization, suppressions, by=by)

    monkeypatch.setattr(store, "record", cut_off)
    wanted = rows("a@x.io", "b@x.io", "c@x.io")
    if times == 1:
        assert wiring.list_imports().run(context(DEMO, now=NOW), BOUNCES, wanted) == ListReport(2, 1, [])
        assert [name for _, name, _ in logged()] == ["a@x.io, b@x.io"]
    else:
        with pytest.raises(Unavailable):
            wiring.list_imports().run(context(DEMO, now=NOW), BOUNCES, wanted)
        # which of them are stored is not known, and another import would find those unchanged
        assert [name for _, name, _ in logged()] == ["a@x.io, b@x.io, c@x.io"]


def test_an_import_of_recipients_that_the_store_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    store = wiring.recipients()
    put = store.put

    def refusing(organization: Organization, recipient: Recipient) -> None:
        if recipient.id == "2423488000000575002":
            raise Unavailable("no answer")
        put(organization, recipient)

    monkeypatch.setattr(store, "put", refusing)
    people = [Recipient(f"242348800000057500{number}", "Leads", None, None, NOW, NOW) for number in (1, 2, 3)]
    content = Content([RecipientRow(number, one, has_id=True) for number, one in enumerate(people)], [], [])
    with pytest.raises(Unavailable):
        wiring.recipient_imports().run(context(DEMO, now=NOW), content)
    assert sorted(name for _, name, _ in logged()) == ["2423488000000575001", "2423488000000575003"]


class Upstream:
    """A provider that lists one bounce, and refuses the account when asked to lift."""

    batch = 100

    def entries(self, name: SuppressionList, **_: int) -> Iterator[Suppression]:
        found = Suppression(name, "a@x.io", "A@x.io", NOW - 1_000, provider="ses")
        return iter([found] if name is BOUNCES else [])

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, _: SuppressionList, emails: Sequence[str], **_more: Any) -> list[LiftAnswer]:
        return [LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "401: the API key was not accepted")] * len(emails)

    def close(self) -> None:
        pass


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wiring.access().set_provider_account("demo", ProviderAccount("ses"), provider_name="SES", before=None)
    monkeypatch.setattr(wiring, "provider_for", lambda *_: Upstream())


def test_what_the_reconciliation_takes_over(upstream: None, clock: Clock) -> None:
    function("reconciliation")({}, Context(remaining=900_000))
    clock.now += 1
    function("reconciliation")({}, Context(remaining=900_000))
    assert logged() == [("reprieve.suppression.add", "A@x.io", "reconciliation")]
    assert entries()[0]["debugContext"]["debugData"]["source"] == "ses"
    assert entries()[0]["transaction"]["type"] == "JOB"


def test_a_pause_of_the_provider_with_its_reason(upstream: None) -> None:
    ask("a@x.io")
    function("removal_job")({}, Context(remaining=110_000))
    (entry,) = entries()
    assert (entry["eventType"], entry["severity"]) == ("reprieve.provider_account.pause", "WARN")
    assert entry["outcome"] == {"result": "SUCCESS", "reason": "401: the API key was not accepted"}


def test_a_removal_is_logged_as_one_from_its_own_list() -> None:
    wiring.removals().request(context(ANYONE, now=NOW), ["a@x.io"], suppression_list=SuppressionList.BLOCKS)
    (entry,) = entries()
    assert (entry["eventType"], entry["debugContext"]["debugData"]["list"]) == (
        "reprieve.suppression.removal",
        "blocks",
    )


def by_okta(organization: Organization) -> None:
    wiring.removals().request(context(organization, now=NOW), ["a@x.io"])


def by_sendgrid(organization: Organization) -> None:
    wiring.lists().lift(context(organization, now=NOW), BOUNCES, "a@x.io")


def by_zoho(organization: Organization) -> None:
    enrol(1, "a@x.io")
    wiring.unblocks().request(context(organization, now=NOW), "Leads", [rid(1)], [Field.EMAIL])


@pytest.mark.parametrize(("name", "shown"), [("SES", "SES"), ("Sendgrid", "Sendgrid"), ("", None)])
@pytest.mark.parametrize("lift", [by_okta, by_sendgrid, by_zoho])
def test_a_removal_names_the_organizations_own_provider_or_none(
    lift: Callable[[Organization], None], name: str, shown: str | None
) -> None:
    bounce("a@x.io", at=NOW - 60_000)
    lift(replace(ANYONE, provider_name=name))
    (entry,) = entries()
    assert entry["eventType"] == "system.email.bounce.removal"
    assert entry["debugContext"]["debugData"].get("bounceEmailProvider") == shown


def test_the_name_of_the_provider_comes_with_the_caller(call: Gateway) -> None:
    path, scopes = "/v1/org/email/bounces/remove-list", ["okta.orgs.manage"]
    organization, body = replace(ANYONE, provider_name="SES"), {"emailAddresses": ["a@x.io"]}
    assert (
        call(function("remove_list"), "POST", path, body=body, scopes=scopes, organization=organization).status == 200
    )
    assert entries()[0]["debugContext"]["debugData"]["bounceEmailProvider"] == "SES"
