"""Queries of the lists, and the rule for which entries are shown.

An entry can be on a list and yet not shown: when the list was cleared after it came, or when it has expired by the
organization's bounce purge. Both are decided here, at every read; what is not shown any more is taken off
and lifted at the provider in the background.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.address import Address, fold
from reprieve.clock import EPOCH, Millis, Seconds, days, to_millis, to_seconds
from reprieve.errors import MalformedAddress
from reprieve.suppressions.suppression import Permanence, SuppressionList

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.suppressions.suppression import AnyList, Classification, Suppression

#: the lists whose entries the bounce purge lets expire
EXPIRING: Final = frozenset({SuppressionList.BOUNCES, SuppressionList.BLOCKS})
WILDCARD: Final = "%"
#: the longest address; for a longer prefix the list is read in order of time
MAX_PREFIX: Final = 254


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of addresses: SendGrid's `email` parameter.

    Attributes:
        prefix: what an address begins with, folded; "" for anything.
        pieces: what follows it, in this order, with anything between; folded.
        whole: whether the prefix must be the whole address instead.
    """

    prefix: str = ""
    pieces: tuple[str, ...] = ()
    whole: bool = False

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read a prefix with `%` for any run of characters; what follows the last piece does not matter.

        A whole address is looked for by its comparison key, so that any spelling of it finds every other.
        """
        if WILDCARD not in text:
            with suppress(MalformedAddress):
                return cls(Address.parse(text).key)
        prefix, *others = fold(text).split(WILDCARD)
        return cls(prefix, tuple(piece for piece in others if piece))

    @property
    def narrow(self) -> bool:
        """Whether every address that matches has a comparison key that begins with the prefix.

        A key differs from the spelling by needless quotes and by what is not ASCII.
        """
        plain = self.prefix.isascii() and self.prefix.isprintable() and not set(self.prefix) & {'"', "\\"}
        return bool(self.prefix) and plain and len(self.prefix) <= MAX_PREFIX

    def matches(self, suppression: Suppression) -> bool:
        """Whether an entry's address matches, by its comparison key or by its spelling."""
        return self._finds(suppression.key) or self._finds(fold(suppression.email))

    def _finds(self, text: str) -> bool:
        if self.whole:
            return text == self.prefix
        if not text.startswith(self.prefix):
            return False
        at = len(self.prefix)
        for piece in self.pieces:
            found = text.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return True


ANY_ADDRESS: Final = Pattern()


@dataclass(frozen=True, slots=True)
class Selection:
    """A query of one list.

    Attributes:
        start: the first second, inclusive; None for the beginning.
        end: the last second, inclusive; None for no end.
        pattern: the addresses.
    """

    start: Seconds | None = None
    end: Seconds | None = None
    pattern: Pattern = ANY_ADDRESS


@dataclass(frozen=True, slots=True)
class Filter:
    """A query of all lists at once; an attribute that is empty or None does not restrict it.

    Attributes:
        lists: the lists to search.
        start: the first second, inclusive.
        end: the last second, inclusive.
        reason: text that the reason contains, in any letter case.
        status: the beginning of the enhanced status: `5.1.1`, or `5.` for a class.
        domain: the domain of the address, as lower-case A-labels.
        permanence: hard, soft or undetermined.
        classification: one of the seven.
    """

    lists: tuple[AnyList, ...] = tuple(SuppressionList)
    start: Seconds | None = None
    end: Seconds | None = None
    reason: str = ""
    status: str = ""
    domain: str = ""
    permanence: Permanence | None = None
    classification: Classification | None = None

    @property
    def only_by_time(self) -> bool:
        """Whether lists and times decide alone, so that the store can count without reading."""
        return not (self.reason or self.status or self.domain or self.permanence or self.classification)

    def matches(self, suppression: Suppression) -> bool:
        """Whether an entry matches, apart from its list and time."""
        return (
            fold(self.reason) in fold(suppression.reason)
            and suppression.status.startswith(self.status)
            and (not self.domain or suppression.key.rpartition("@")[2] == self.domain)
            and self.permanence in (None, suppression.permanence)
            and self.classification in (None, suppression.classification)
        )


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the order of all lists: newest first, then by address, then by list.

    Attributes:
        second: when the entry was created.
        key: its address.
        list: the list it is on.
    """

    second: Seconds
    key: str
    list: AnyList

    @classmethod
    def of(cls, suppression: Suppression) -> Position:
        """The position of an entry."""
        return cls(to_seconds(suppression.created), suppression.key, suppression.list)


@dataclass(frozen=True, slots=True)
class Since:
    """The second from which entries of one list are shown, by their permanence; and until when those with an end are.

    Attributes:
        hard: for hard entries.
        soft: for all others.
        now: the moment, in milliseconds, at which a hold must not have ended.
    """

    hard: Seconds
    soft: Seconds
    now: Millis = EPOCH

    @property
    def earliest(self) -> Seconds:
        """The second before which nothing is shown."""
        return min(self.hard, self.soft)

    @property
    def latest(self) -> Seconds:
        """The second from which everything is shown."""
        return max(self.hard, self.soft)

    def shows(self, suppression: Suppression) -> bool:
        """Whether an entry that is on the list is shown."""
        if suppression.until is not None and suppression.until <= self.now:
            return False
        first = self.hard if suppression.permanence is Permanence.HARD else self.soft
        return to_seconds(suppression.created) >= first


def shown_since(organization: Organization, suppression_list: AnyList, *, now: Millis) -> Since:
    """The second from which the entries of a list are shown.

    Args:
        organization: its `cleared` and `purge` decide.
        suppression_list: which list.
        now: in milliseconds.
    """
    first = Seconds(organization.cleared.get(suppression_list, -1) + 1)
    purge = organization.purge
    if not purge.enabled or suppression_list not in EXPIRING:
        return Since(first, first, now)

    def oldest(kept: int | None) -> Seconds:
        return first if kept is None else max(first, Seconds(to_seconds(Millis(now - days(kept))) + 1))

    return Since(hard=oldest(purge.hard_days), soft=oldest(purge.soft_days))


def expires_at(organization: Organization, suppression: Suppression) -> Millis | None:
    """When an entry expires by the organization's bounce purge, in milliseconds; None when it does not."""
    purge = organization.purge
    kept = purge.hard_days if suppression.permanence is Permanence.HARD else purge.soft_days
    if not purge.enabled or kept is None or suppression.list not in EXPIRING:
        return None
    return to_millis(to_seconds(Millis(suppression.created + days(kept))))
