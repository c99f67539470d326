"""Comparing our lists with the provider's, and taking over what a missed webhook left out.

It goes one way only: what the provider lists and we do not is recorded, by the same conditional write as a webhook's,
so what a removal forgave stays forgiven. An entry that only we hold stays: our list decides.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import EPOCH, SKEW_ALLOWANCE, Millis
from reprieve.errors import describe
from reprieve.suppressions.suppression import HOLDS, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprieve.access.ports import AccessStore
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.suppressions.groups import UnsubscribeGroups
    from reprieve.suppressions.inquiry import Inquiry
    from reprieve.suppressions.ports import (
        Comparison,
        HeldAddresses,
        ProviderLists,
        WhitelistStore,
    )
    from reprieve.suppressions.suppression import Suppression
    from reprieve.suppressions.take_over import TakeOver

#: entries compared at a time: one BatchGetItem
CHUNK = 100
#: the place of all groups' lists, which are read together
GROUPS = "groups"
#: the place of an account's lists, where it could not be opened
ALL = "all"


@dataclass(slots=True)
class Differences:
    """The result of the comparison of one organization.

    Attributes:
        compared: how many entries the provider's lists hold in the range.
        missing: those that were not here, without what the address whitelist covers; after a dry run they still are
            not.
        repaired: how many were recorded; fewer than missing when a webhook was faster.
        unread: lists that a provider did not give, each with a sentence that is safe to log; GROUPS are those of all
            unsubscribe groups, and ALL is all of an account. A list of another account than the default one has the
            account's name before it.
    """

    compared: int = 0
    missing: list[Suppression] = field(default_factory=list)
    repaired: int = 0
    unread: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Range:
    """What is compared: from when to when, in milliseconds and both included, and whether anything is recorded."""

    start: Millis
    end: Millis
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The comparison, for the daily run and for the operator's command."""

    access: AccessStore
    entries: TakeOver
    whitelists: WhitelistStore
    holds: HeldAddresses
    comparison: Comparison
    groups: UnsubscribeGroups
    provider_for: Callable[[Organization, ProviderAccount], ProviderLists]

    def run(self, context: Context, *, start: Millis, end: Millis, dry_run: bool = False) -> Differences:
        """Compare one organization's lists.

        Args:
            context: who asks, for which organization.
            start: the earliest creation at the provider that counts, in milliseconds, included.
            end: the latest, included.
            dry_run: compare, and change nothing.

        Returns:
            The differences. An organization without an account has nothing to compare, and an account that is paused is
            left out.
        """
        found, span = Differences(), Range(start, end, dry_run)
        for account in self.access.provider_accounts(context.organization.id):
            if account.is_paused(end):
                continue
            try:
                provider = self.provider_for(context.organization, account)
            except Exception as problem:  # noqa: BLE001  (an account that cannot be opened does not stop the others)
                found.unread[_place(account, ALL)] = describe(problem)
                continue
            with closing(provider):
                self._compare_lists(context, account, provider, found, span)
            self._compare_groups(context, account, found, span)
        return found

    def ask(
        self,
        context: Context,
        account: ProviderAccount,
        provider: ProviderLists,
        inquiry: Inquiry,
        found: Differences,
    ) -> None:
        """Ask an account about one address, and record what it lists and we do not.

        Args:
            context: who asks, for which organization.
            account: which account.
            provider: its lists.
            inquiry: which address, and which list.
            found: takes what was found. All that is asked in one context is in the same one.

        Raises:
            Unavailable: the provider or the store did not answer.
        """
        entry = provider.entry_of(inquiry.list, inquiry.email, otherwise=inquiry.listed_since)
        shared = HOLDS in provider.kept_with(inquiry.list)
        span = Range(EPOCH, context.now, dry_run=False)
        self._compare(context, account, iter([entry] if entry else []), found, span, shared=shared)

    def _compare_lists(
        self, context: Context, account: ProviderAccount, provider: ProviderLists, found: Differences, span: Range
    ) -> None:
        for name in SuppressionList:
            try:
                entries = provider.entries(name, start=span.start, end=span.end)
                shared = HOLDS in provider.kept_with(name)
                self._compare(context, account, entries, found, span, shared=shared)
            except Exception as problem:  # noqa: BLE001  (a list that cannot be read does not stop the others)
                found.unread[_place(account, name)] = describe(problem)

    def _compare_groups(self, context: Context, account: ProviderAccount, found: Differences, span: Range) -> None:
        """Know the groups that an account has, and compare their lists."""
        try:
            provider = self.groups.provider_for(context.organization, account.name)
            if provider is None:
                return
            with closing(provider):
                if not span.dry_run:
                    self.groups.take_over(context, provider.all(), account=account.name)
                entries = provider.entries(start=span.start, end=span.end)
                self._compare(context, account, entries, found, span)
        except Exception as problem:  # noqa: BLE001  (as above)
            found.unread[_place(account, GROUPS)] = describe(problem)

    def _compare(
        self,
        context: Context,
        account: ProviderAccount,
        entries: Iterator[Suppression],
        found: Differences,
        span: Range,
        *,
        shared: bool = False,
    ) -> None:
        """Compare one list. `shared`: the provider keeps our holds there, too, and they are not taken for its own."""
        organization, whitelist = context.organization, None
        latest = Millis(span.end + SKEW_ALLOWANCE)
        reported = (entry.no_later_than(latest).reported_by(account.name) for entry in entries)
        while chunk := list(islice(reported, CHUNK)):
            missing = self.comparison.missing(organization, chunk)
            if missing:
                whitelist = whitelist or self.whitelists.whitelist(organization)
                missing = whitelist.screen(missing).kept
            if missing and shared:
                held = self.holds.held(
                    organization, list(dict.fromkeys(entry.key for entry in missing)), now=context.now
                )
                missing = [entry for entry in missing if entry.key not in held]
            found.compared += len(chunk)
            first = len(found.missing)
            found.missing += missing
            if missing and not span.dry_run:
                found.repaired += self.entries.record(context, missing, source=missing[0].provider, first=first)


def _place(account: ProviderAccount, name: str) -> str:
    """A list of an account, for a person."""
    return name if account.name == DEFAULT else f"{account.name}/{name}"
