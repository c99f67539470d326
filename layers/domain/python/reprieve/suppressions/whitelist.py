"""The address whitelist: addresses and domains that no event suppresses, spam reports excepted.

It is SendGrid's mail setting of this name. Its documents say that bounces, blocks and unsubscribes are ignored for what
is on it; what it does with invalid addresses, with subdomains and with letter case they leave open, and
docs/reference/sendgrid-api.md lists the choices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from reprieve.address import Address
from reprieve.errors import InvalidInput, LimitExceeded, MalformedAddress
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.suppressions.suppression import AnyList, Suppression

#: the most entries; with their counts they fit one item of the store, and one read of it
MAX_ENTRIES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Screened:
    """The entries of lists that were held against the whitelist.

    Attributes:
        kept: those that are put on their lists.
        spared: by the id of its event, the entry of the whitelist that keeps an address off a list.
    """

    kept: list[Suppression]
    spared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Whitelist:
    """An organization's address whitelist.

    Attributes:
        enabled: whether it applies.
        entries: the entries as they were given, in order, by `entry_key`.
        hits: how many events each entry has kept from suppressing an address, by `entry_key`; one that has kept none
            is left out. An event that its provider repeats counts again.
    """

    enabled: bool = False
    entries: Mapping[str, str] = field(default_factory=dict)
    hits: Mapping[str, int] = field(default_factory=dict)

    def covering(self, key: str) -> str | None:
        """The entry that covers the address with a comparison key: its own before its domain's; None if none does."""
        if not self.enabled:
            return None
        return self.entries.get(key) or self.entries.get(key.rpartition("@")[2])

    def spares(self, suppression_list: AnyList, key: str) -> str | None:
        """The entry that keeps an address from being suppressed by a list; None if none does."""
        return None if suppression_list is SuppressionList.SPAM_REPORTS else self.covering(key)

    def screen(self, suppressions: Sequence[Suppression]) -> Screened:
        """Hold entries of lists against the whitelist."""
        by = [self.spares(one.list, one.key) for one in suppressions]
        return Screened(
            [one for one, entry in zip(suppressions, by, strict=True) if entry is None],
            {one.event_id: entry for one, entry in zip(suppressions, by, strict=True) if entry is not None},
        )


def checked(entries: Sequence[str], *, field: str = "list") -> dict[str, str]:
    """The entries by their keys, the first of those that mean the same.

    Args:
        entries: addresses and domains.
        field: the name that the caller knows them by, for the error.

    Raises:
        InvalidInput: one of them is neither, or there are too many.
    """
    if len(entries) > MAX_ENTRIES:
        raise LimitExceeded(f"must not have more than {MAX_ENTRIES} items", field=field)
    found: dict[str, str] = {}
    for entry in entries:
        found.setdefault(entry_key(entry, field=field), entry)
    return found


def entry_key(entry: str, *, field: str = "list") -> str:
    """The text by which an entry is found: an address's comparison key, or a domain as lower-case A-labels.

    Raises:
        InvalidInput: it is neither an address nor the domain of one.
    """
    try:
        return Address.parse(entry).key if "@" in entry else Address.parse(f"postmaster@{entry}").domain
    except MalformedAddress:
        raise InvalidInput("each item must be an email address or the domain of one", field=field) from None
