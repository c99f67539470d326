"""A dry run of a policy: what it would lift of the present lists, and what it would have lifted in the past.

The past is the system log. Where a message was delivered after a lift that the policy would have made, the lift would
have been right; where it failed again, wrong. Most often neither is known, because the provider sent nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from reprieve.policies.term import with_evidence
from reprieve.policies.verdict import Decision, verdict
from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.evidence import OF_FAILURES, Evidence, Outcome, newest
from reprieve.suppressions.listed import suppression_of
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.log_entries import delivery_in
from reprieve.system_log.span import Order, Span, position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.policies.policy import Policy
    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.ports import EvidenceStore, ListingStore
    from reprieve.suppressions.suppression import AnyList, Suppression
    from reprieve.system_log.ports import LogReader

#: a page of the system log, in entries
PAGE: Final = 1_000


@dataclass(slots=True)
class Past:
    """What a policy would have done to the failures of some time.

    Attributes:
        entries: how many entries of lists the failures would have made: one per address and list.
        ended: how many suppressions a delivery would have ended before their time.
        lifted: how many suppressions would have been lifted when their time was over.
        delivered: after how many of those lifts a message was delivered, before any failed.
        failed: after how many of them a message failed, before any was delivered.
    """

    entries: int = 0
    ended: int = 0
    lifted: int = 0
    delivered: int = 0
    failed: int = 0

    @property
    def active(self) -> float | None:
        """The share of the lifts with news that a delivery followed, 0 to 1; None without news."""
        return self.delivered / (self.delivered + self.failed) if self.delivered + self.failed else None


@dataclass(slots=True)
class _Track:
    """One address on one list in the past: its evidence, whether it is suppressed, and whether a lift has no news."""

    entry: Suppression
    evidence: Evidence
    suppressed: bool = True
    awaiting: bool = False


@dataclass(slots=True)
class Backtest:
    """Failures and deliveries under a policy, as they happened; events are given oldest first."""

    policy: Policy
    past: Past = field(default_factory=Past)
    _tracks: dict[str, dict[AnyList, _Track]] = field(default_factory=dict)

    def take(self, event: DeliveryEvent) -> None:
        """Go on to the moment of one event, and take it in."""
        if event.kind is DeliveryKind.DELIVERED:
            for track in self._tracks.get(event.key, {}).values():
                self._advance(track, event.at)
                self._deliver(track, event.at)
            return
        entry = suppression_of(event)
        if entry is None or entry.list not in OF_FAILURES:
            return
        tracks = self._tracks.setdefault(entry.key, {})
        before = tracks.get(entry.list)
        if before is None:
            self.past.entries += 1
            tracks[entry.list] = _Track(entry, Evidence((Outcome.of(entry),)))
            return
        self._advance(before, event.at)
        self.past.failed += before.awaiting
        outcomes = newest([*before.evidence.outcomes, Outcome.of(entry)])
        tracks[entry.list] = _Track(entry, replace(before.evidence, outcomes=outcomes))

    def finish(self, now: Millis) -> Past:
        """Go on to a moment in milliseconds, and return what was counted."""
        for tracks in self._tracks.values():
            for track in tracks.values():
                self._advance(track, now)
        return self.past

    def _advance(self, track: _Track, now: Millis) -> None:
        """Lift an address whose time is over."""
        if not track.suppressed:
            return
        found = verdict(track.entry, track.evidence, self.policy, now=now)
        if found.decision is Decision.LIFT:
            lifted_at = track.evidence.outcomes[-1].at if found.until is None else found.until
            track.evidence = replace(track.evidence, lifts=track.evidence.lifts + 1, lifted_at=lifted_at)
            track.suppressed, track.awaiting = False, True
            self.past.lifted += 1

    def _deliver(self, track: _Track, at: Millis) -> None:
        if track.awaiting:
            self.past.delivered += 1
            track.awaiting = False
        elif track.suppressed:
            evidence = replace(track.evidence, delivered_at=at)
            track.suppressed = verdict(track.entry, evidence, self.policy, now=at).decision is not Decision.LIFT
            self.past.ended += not track.suppressed


@dataclass(frozen=True, slots=True)
class DryRuns:
    """Dry runs, for an operator; nothing is changed."""

    listing: ListingStore
    evidence: EvidenceStore
    log: LogReader

    def present(
        self, organization: Organization, policy: Policy, *, now: Millis, most: int | None = None
    ) -> Mapping[AnyList, Mapping[Decision, int]]:
        """How many entries of each list of failures a policy would have in each state.

        Args:
            organization: whose lists.
            policy: the rules.
            now: in milliseconds.
            most: how many entries of each list are looked at, the first ones; None for all.
        """
        return {name: self._count(organization, name, policy, now, most) for name in sorted(OF_FAILURES)}

    def past(
        self,
        organization: Organization,
        policy: Policy,
        *,
        since: Millis,
        now: Millis,
        progress: Callable[[int], None] = lambda _read: None,
    ) -> Past:
        """What a policy would have done since a moment.

        Args:
            organization: whose system log is read.
            policy: the rules.
            since: in milliseconds; what failed before then is not known.
            now: in milliseconds.
            progress: called with the number of entries read, a page at a time.
        """
        backtest = Backtest(policy)
        span = Span(Order.PUBLISHED, position(since), position(now))
        for read, stored in enumerate(self.log.entries(organization, span, first=PAGE), start=1):
            event = delivery_in(stored)
            if event is not None:
                backtest.take(event)
            if read % PAGE == 0:
                progress(read)
        return backtest.finish(now)

    def _count(
        self, organization: Organization, name: AnyList, policy: Policy, now: Millis, most: int | None
    ) -> Mapping[Decision, int]:
        entries = islice(self.listing.each(organization, name, Selection(), now=now), most)
        counted: Counter[Decision] = Counter()
        for entry, evidence in with_evidence(self.evidence, organization, entries):
            counted[verdict(entry, evidence, policy, now=now).decision] += 1
        return {decision: counted[decision] for decision in Decision}
