"""The one answer to "why is this address not mailed?"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from reprieve.access.quota import Bucket
from reprieve.address import Address, comparison_key
from reprieve.addresses.outlook import AddressRecord, Outlook, block_state, outlook, shown, suppresses
from reprieve.addresses.prospect import Prospect, prospect
from reprieve.addresses.prospects import domain_of
from reprieve.addresses.withheld import Withheld, delivered, withheld
from reprieve.clock import Millis
from reprieve.errors import MalformedAddress
from reprieve.policies.term import Term, term
from reprieve.recipients.membership import belonging
from reprieve.removals.block import Block, describe
from reprieve.removals.hold import domain_key
from reprieve.suppressions.suppression import HOLDS, GroupList, SuppressionList
from reprieve.system_log.span import LATEST, LOG_RETENTION, Order, Span, fold, position

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.access.quota import Quota
    from reprieve.access.quotas import Quotas
    from reprieve.addresses.mail_domain import MailDomain
    from reprieve.addresses.ports import AddressRecords, MailHosts
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.recipients.ports import RecipientStore
    from reprieve.removals.hold import Hold
    from reprieve.removals.ports import HoldStore
    from reprieve.suppressions.group import Groups
    from reprieve.suppressions.ports import GroupStore, WhitelistStore
    from reprieve.suppressions.suppression import AnyList
    from reprieve.system_log.ports import LogReader

#: how many log entries the answer shows
EVENTS: Final = 20
#: the scope that lifts through Okta's remove-list, under the membership rule
OKTA_MANAGE: Final = "okta.orgs.manage"


@dataclass(frozen=True, slots=True)
class OnList:
    """One list's part of the answer.

    Attributes:
        record: the stored record.
        shown: whether the list shows the address.
        suppresses: whether mail is withheld because of it.
        next: what happens next, None when nothing does.
        lifted_by: the names of the dialects in which the caller can lift it; empty when there are none.
        term: until when it stays there by itself; None when it is not on the list.
        prospect: what is to be expected of a lift; None when it is not on the list.
    """

    record: AddressRecord
    shown: bool
    suppresses: bool
    next: Outlook | None
    lifted_by: tuple[str, ...]
    term: Term | None
    prospect: Prospect | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer.

    Attributes:
        email: the address as the caller spelled it.
        lists: every list that the address is or has been on, those of unsubscribe groups included.
        block: how the lists' bounces block it, and how many unblocks are left.
        events: the newest log entries about it, newest first, as Okta's LogEvents.
        belongs: whether the membership rule lets the organization lift it; None when the text is not an address.
        quota: what is left of the organization's requests to the lists, as far as no process has leased it.
        groups: the organization's unsubscribe groups.
        domain: where its domain takes mail; None when the text is not an address.
        withheld: the evidence that the provider withholds mail although no list here does; None when there is none.
        holds: those that are in force for it, its own and its domain's, whatever the address whitelist covers.
        whitelisted_by: the entry of the address whitelist that covers it; None when none does.
    """

    email: str
    lists: Sequence[OnList]
    block: Block
    events: Sequence[Mapping[str, Any]]
    belongs: bool | None
    quota: Quota
    groups: Groups
    withheld: Withheld | None
    whitelisted_by: str | None = None
    holds: Sequence[Hold] = ()
    domain: MailDomain | None = None

    @property
    def mailed(self) -> bool:
        """Whether nothing withholds all mail: no list or hold here, and by its drops none of the provider's lists."""
        return self.withheld is None and not self.holds and not any(one.suppresses for one in self.lists)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Explains addresses."""

    records: AddressRecords
    groups: GroupStore
    whitelists: WhitelistStore
    holds: HoldStore
    log: LogReader
    recipients: RecipientStore
    quotas: Quotas
    hosts: MailHosts

    def explain(self, context: Context, email: str) -> Explanation:
        """Gather what is known about an address, or about what a provider takes for one.

        Raises:
            MalformedAddress: it is not an address, and it is on no list and never was.
            Unavailable: a store did not answer.
        """
        organization, now, key = context.organization, context.now, comparison_key(email)
        groups = self.groups.all(organization)
        past = self.records.records(organization, key, [*SuppressionList, *groups.lists, HOLDS])
        records = [record for record in past if record.list != HOLDS]
        try:
            address = Address.parse(email)
        except MalformedAddress:
            if not records:
                raise
            belongs = None
        else:
            belongs = key in belonging(self.recipients, organization, [address])
        whitelist = self.whitelists.whitelist(organization)
        holds = self._holds_of(organization, key, now=now)
        spared = {record.list for record in records if whitelist.spares(record.list, key)}
        span = Span(Order.PUBLISHED, position(Millis(now - LOG_RETENTION)), LATEST, newest_first=True, target=fold(key))
        stored = list(islice(self.log.entries(organization, span, first=EVENTS), EVENTS))
        delivered_at = delivered(stored)
        terms = {record.list: _term(record, organization, delivered_at, now) for record in records}
        domain = domain_of(key, self.hosts)
        lists = [
            OnList(
                record=record,
                shown=shown(record, organization, now=now),
                suppresses=record.list not in spared and suppresses(record, organization, now=now),
                next=outlook(record, organization, terms[record.list], now=now, spared=record.list in spared),
                lifted_by=_ways(context, record.list, belongs=bool(belongs)),
                term=terms[record.list],
                prospect=_prospect(record, delivered_at, domain),
            )
            for record in records
        ]
        block = describe(block_state(records, organization, now=now), organization.soft_bounce_threshold)
        on = [one.record.list for one in lists if one.shown and one.record.list not in spared]
        # what is held is dropped, which says nothing about other lists
        evidence = None if holds else withheld(stored, past, on, now=now)
        events = [one.event for one in stored]
        quota = self.quotas.peek(organization, Bucket.SENDGRID, now=now)
        return Explanation(
            email, lists, block, events, belongs, quota, groups, evidence, whitelist.covering(key), holds, domain
        )

    def _holds_of(self, organization: Organization, key: str, *, now: Millis) -> list[Hold]:
        """The holds that are in force for the address with a comparison key: its own, and its domain's."""
        # text that is not an address can begin with @, and is then the key of its domain
        keys = list(dict.fromkeys([key, domain_key(key.rpartition("@")[2])]))
        return [one for one in self.holds.of(organization, keys) if one.is_active(now)]


def _term(record: AddressRecord, organization: Organization, delivered_at: Millis | None, now: Millis) -> Term | None:
    if record.suppression is None:
        return None
    return term(record.suppression, replace(record.evidence, delivered_at=delivered_at), organization, now=now)


def _prospect(record: AddressRecord, delivered_at: Millis | None, domain: MailDomain | None) -> Prospect | None:
    if record.suppression is None:
        return None
    return prospect(record.suppression, replace(record.evidence, delivered_at=delivered_at), domain)


def _ways(context: Context, suppression_list: AnyList, *, belongs: bool) -> tuple[str, ...]:
    ways = []
    if belongs and suppression_list is SuppressionList.BOUNCES and context.may(OKTA_MANAGE):
        ways.append("okta")
    is_group = isinstance(suppression_list, GroupList)
    own = "asm.groups.suppressions.delete" if is_group else f"suppression.{suppression_list}.delete"
    if context.may(own, "suppression.delete"):
        ways.append("sendgrid")
    return tuple(ways)
