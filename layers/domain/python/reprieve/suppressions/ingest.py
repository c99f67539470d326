"""Taking in a provider's delivery events: nothing acknowledged is lost, and a repeated event changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import SKEW_ALLOWANCE, Millis
from reprieve.errors import describe
from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.group import Groups
from reprieve.suppressions.inquiry import inquiry_of
from reprieve.suppressions.listed import resubscription_of, suppression_of
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.whitelist import Screened
from reprieve.system_log.dead_letter import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reprieve.organization import Organization
    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.groups import UnsubscribeGroups
    from reprieve.suppressions.ports import DeliveryCounts, InquiryStore, SuppressionStore, WhitelistStore
    from reprieve.system_log.ports import DeadLetters, EventLog


@dataclass(frozen=True, slots=True)
class Post:
    """What a provider's webhook posts.

    Attributes:
        headers: by lower-case name.
        body: the raw bytes; signatures are verified over exactly these.
        now: when it arrived, in milliseconds.
    """

    headers: Mapping[str, str]
    body: bytes
    now: Millis


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part of a post that could not be read.

    Attributes:
        provider: the kind of the provider that posted it.
        reason: why, as a sentence without the offending value.
        content: the part's own bytes, in the form of a whole post, so that it can be read again by itself.
    """

    provider: str
    reason: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """A post's content, sorted by what we can do with it.

    Attributes:
        events: those that are kept.
        unreadable: what could not be read; it goes to the dead-letter queue.
        ignored: how many were of kinds that are not ours (opens, clicks, processed).
    """

    events: Sequence[DeliveryEvent]
    unreadable: Sequence[Unreadable] = ()
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch: how many events were kept, changed a list, were dead-lettered or ignored.

    Attributes:
        lag: how long the oldest of the kept events was under way, in milliseconds; 0 without one.
        uncounted: how many new ones are in no rate, because the counts could not be written.
        why_uncounted: a sentence that is safe to log; "" where all are counted.
    """

    events: int
    listed: int
    malformed: int
    ignored: int
    lag: int = 0
    uncounted: int = 0
    why_uncounted: str = ""


@dataclass(frozen=True, slots=True)
class Ingest:
    """The one way in for delivery events, whichever provider they come from."""

    suppressions: SuppressionStore
    groups: UnsubscribeGroups
    whitelists: WhitelistStore
    log: EventLog
    dead_letters: DeadLetters
    inquiries: InquiryStore
    counts: DeliveryCounts

    def accept(
        self, organization: Organization, batch: Batch, *, provider_name: str, account: str = DEFAULT, now: Millis
    ) -> Report:
        """Make every event of a batch durable; lists first, because a missing log entry does no harm.

        An event that is stamped further ahead than clocks may differ is listed as of `now` and that allowance: the
        removal that forgave it would otherwise forgive every bounce until then. The log keeps its stamp.

        An event that is new to the log is counted for the rates, once all else is done: one that is sent again is not.

        An event that the address whitelist covers puts nothing on a list; its log entry says so. A drop that no list
        explains has the account asked about its address.

        Args:
            organization: whose events.
            batch: the content of a post whose sender is proved.
            provider_name: the sender's name as logs show it.
            account: the name of the organization's account that they come from.
            now: when it arrived, in milliseconds.

        Raises:
            Unavailable: something could not be stored; the provider must send the whole batch again, which is safe.
        """
        latest = Millis(now + SKEW_ALLOWANCE)
        groups = self._groups(organization, batch.events, account=account, now=now)
        made = [suppression_of(event, groups) for event in batch.events]
        entries = [found.no_later_than(latest).reported_by(account) for found in made if found]
        screened = self.whitelists.whitelist(organization).screen(entries) if entries else Screened([])
        recorded = self.suppressions.record(organization, screened.kept)
        left = [(event.id, one) for event in batch.events if (one := resubscription_of(event, latest=latest))]
        self.suppressions.resubscribe(organization, [one for _, one in left], now=now)
        lists = {found.event_id: found.list.value for found in entries if found.event_id in recorded.event_ids}
        lists |= {event_id: one.list.value for event_id, one in left}
        self._inquire(organization, batch.events, account=account, now=now)
        logged = [
            delivery_entry(
                event,
                provider_name=provider_name,
                account=account,
                spared_by=screened.spared.get(event.id, ""),
                listed=lists.get(event.id, ""),
            )
            for event in batch.events
        ]
        new = self.log.append(organization, logged)
        fresh = {entry.uuid: event for entry, event in zip(logged, batch.events, strict=True) if entry.uuid in new}
        if batch.unreadable:
            other = "" if account == DEFAULT else account
            self.dead_letters.put(
                [DeadLetter(organization.id, one.provider, one.reason, one.content, other) for one in batch.unreadable]
            )
        self.whitelists.count_hits(organization, screened.spared.values())
        lag = max((0, *(now - event.at for event in batch.events)))
        report = Report(len(batch.events), len(recorded.changed), len(batch.unreadable), batch.ignored, lag)
        return self._counted(organization, report, fresh.values(), account=account, now=now)

    def _counted(
        self,
        organization: Organization,
        report: Report,
        events: Collection[DeliveryEvent],
        *,
        account: str,
        now: Millis,
    ) -> Report:
        """Count new events for the rates, and report those that could not be: sent again, they would not be new."""
        try:
            self.counts.add(organization, events, account=account, now=now)
        except Exception as error:  # noqa: BLE001  (what is stored is not refused because of a count)
            return replace(report, uncounted=len(events), why_uncounted=describe(error))
        return report

    def _inquire(
        self, organization: Organization, events: Sequence[DeliveryEvent], *, account: str, now: Millis
    ) -> None:
        """Have the account asked about the addresses whose drops nothing here explains."""
        drops = [one for event in events if (one := inquiry_of(event, account=account, now=now))]
        if drops:
            self.inquiries.note(organization, self.inquiries.unexplained(organization, drops), now=now)

    def _groups(
        self, organization: Organization, events: Sequence[DeliveryEvent], *, account: str, now: Millis
    ) -> Groups:
        """The organization's groups, with those that the events name; not read where no event names one."""
        ids = {event.group for event in events if event.group and event.kind is not DeliveryKind.DROPPED}
        return self.groups.hear_of(organization, ids, account=account, now=now) if ids else Groups()
