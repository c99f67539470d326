"""The term of an entry: until when it stays on its list by itself, and why.

Nothing is lifted by itself but what the bounce purge lets expire, and what a policy that is in force lifts. Otherwise
the term is advice: what the organization's policy would have happen, and when.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH
from reprieve.policies.verdict import Decision, Ground, Verdict, verdict
from reprieve.policies.written import policy_of
from reprieve.suppressions.listing import expires_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.suppressions.evidence import Evidence
    from reprieve.suppressions.ports import EvidenceStore
    from reprieve.suppressions.suppression import Suppression

#: entries whose evidence is read at a time: one BatchGetItem
CHUNK: Final = 100
#: the decisions after which an entry is lifted, at once or later
LIFTS: Final = frozenset({Decision.HOLD, Decision.LIFT})


@dataclass(frozen=True, slots=True)
class Term:
    """A term.

    Attributes:
        verdict: what the organization's policy says.
        expires: when the bounce purge takes the entry off, in milliseconds; None when it does not, or a policy in force
            lifts it before then.
        in_force: whether the organization's policy is.
    """

    verdict: Verdict
    expires: Millis | None = None
    in_force: bool = False

    @property
    def until(self) -> Millis | None:
        """Until when, in milliseconds; None for no end, or an end that a moment does not bring."""
        return self.verdict.until if self.expires is None else self.expires

    @property
    def is_lifted_by_policy(self) -> bool:
        """Whether the organization's policy lifts it, then or when it is next run."""
        return self.expires is None and self.in_force and self.verdict.decision in LIFTS

    @property
    def is_advice(self) -> bool:
        """Whether nothing happens then by itself."""
        return self.expires is None and not self.in_force and self.verdict.ground is not Ground.WISH


def term(entry: Suppression, evidence: Evidence, organization: Organization, *, now: Millis) -> Term:
    """The term of an entry of an organization.

    Args:
        entry: on its list.
        evidence: about the same address on the same list.
        organization: its policy and its bounce purge count.
        now: in milliseconds.
    """
    found, expires = verdict(entry, evidence, policy_of(organization), now=now), expires_at(organization, entry)
    in_force = organization.policy.enabled
    if expires is not None and in_force and found.decision in LIFTS and (found.until or EPOCH) < expires:
        expires = None
    return Term(found, expires, in_force)


def with_evidence(
    store: EvidenceStore, organization: Organization, entries: Iterable[Suppression]
) -> Iterator[tuple[Suppression, Evidence]]:
    """Each entry with the evidence about its address, in order, `CHUNK` at a time; its accounts are its record's."""
    left = iter(entries)
    while chunk := list(islice(left, CHUNK)):
        for entry, (known, evidence) in zip(chunk, store.known(organization, chunk), strict=True):
            yield (replace(entry, accounts=known.accounts) if known else entry), evidence


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of entries that were read from a list."""

    store: EvidenceStore

    def of(
        self, organization: Organization, entries: Iterable[Suppression], *, now: Millis
    ) -> Iterator[tuple[Suppression, Term]]:
        """Each entry with its term, in order; deliveries are not looked for. `now` is in milliseconds."""
        for entry, evidence in with_evidence(self.store, organization, entries):
            yield entry, term(entry, evidence, organization, now=now)
