"""Every kind of log entry, and entries of unusual facts, read by the strict models of Okta's Python SDK 3.x."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from okta.models import LogEvent

from reprieve.access.log_entries import organization_changed, provider_account_changed, provider_paused
from reprieve.access.provider_account import DEFAULT
from reprieve.email_servers.log_entries import MESSAGE, server_entry
from reprieve.exports import log_entries as export_entries
from reprieve.organization import Organization
from reprieve.recipients.log_entries import OF_RECORDS, recipient_changed
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.removals.log_entries import held, hold_lifted, removal_failed, removal_requested
from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.group import Groups
from reprieve.suppressions.log_entries import delivery_entry, groups_changed
from reprieve.suppressions.suppression import HOLDS, Suppression, SuppressionList
from reprieve.system_log.entry import EventType
from tests.support.log_entries import ACCOUNT, DELIVERY, GROUP, NOW, SERVER, WHO, a_removal, entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.system_log.entry import LogEntry

LONG = "5.7.1 " + "déjà vu " * 200


def of_unusual_facts() -> Iterator[LogEntry]:
    """Entries whose facts are long, empty, absent or of another type."""
    for kind in DeliveryKind:
        for message in ("", LONG):
            yield delivery_entry(replace(DELIVERY, kind=kind, message=message, status=""), provider_name="SES")
    nowhere = replace(WHO, organization=Organization("demo", "Demo"))
    yield from removal_requested(["a@b.example"], SuppressionList.BOUNCES, context=nowhere)
    for removal in (a_removal(), replace(a_removal(), adds=True)):
        for reason in ("", LONG):
            yield removal_failed(removal, now=NOW, reason=reason)
    hold = Suppression(HOLDS, "@b.example", "@b.example", NOW, LONG)
    yield held(hold, context=WHO)
    yield hold_lifted(hold, context=WHO)
    person = Recipient("00u1", USERS, None, None, 1, 1)
    for event_type in (EventType.USER_DEACTIVATE, *OF_RECORDS):
        yield recipient_changed(event_type, person, context=WHO)
    for event_type in OF_RECORDS:
        yield recipient_changed(event_type, replace(person, id="4711", module="Leads"), context=WHO)
    yield organization_changed(EventType.ORGANIZATION_CREATE, {}, context=WHO)
    names = frozenset({"a.example"}), frozenset({"b.example"})
    yield organization_changed(EventType.ORGANIZATION_UPDATE, {"domains": names}, context=WHO)
    yield organization_changed(EventType.PURGE_UPDATE, {"purge.soft_days": (None, 5)}, context=WHO)
    yield from (export_entries.organization_moved(one, context=WHO) for one in export_entries.MESSAGE)
    yield from groups_changed(Groups((GROUP,)), Groups((replace(GROUP, is_default=True),)), context=WHO)
    yield provider_account_changed(ACCOUNT, replace(ACCOUNT, sealed_key=b"another"), context=WHO)
    yield provider_paused(WHO.organization, DEFAULT, LONG, now=NOW)
    before = replace(SERVER, settings=replace(SERVER.settings, port=25))
    for event_type in MESSAGE:
        for failure in (None, LONG):
            yield server_entry(event_type, SERVER, context=WHO, failure=failure, before=before)


@pytest.mark.parametrize(
    "entry", [*entries().values(), *of_unusual_facts()], ids=lambda entry: entry.event["eventType"]
)
def test_okta_s_model_reads_the_entry(entry: LogEntry) -> None:
    read = LogEvent.from_dict(json.loads(json.dumps(entry.event)))
    assert (read.uuid, read.event_type, read.version) == (entry.uuid, entry.event["eventType"], "0")
    assert [target.id for target in read.target] == [entry.target]
    assert read.outcome.result == entry.event["outcome"]["result"]
