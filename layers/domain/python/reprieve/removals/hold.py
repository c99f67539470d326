"""A hold: an address or a domain that no mail is to go to, by hand, with a reason and perhaps an end.

A hold is an entry of a list of its own. That of an address is carried to the provider as an addition; its end, early or
at its time, is a removal. A domain is held here only: no provider has a list of domains.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reprieve.removals.removal import Removal, RemovalState

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.suppressions.suppression import Suppression


class AtProvider(StrEnum):
    """The state of a hold at the provider."""

    HERE = "kept_here"
    """A domain: it is held here only."""
    PENDING = "pending"
    """The removal job has not put it on the provider's list yet."""
    DONE = "done"
    """It is on the provider's list, or the provider keeps no list for it."""
    FAILED = "failed"
    """The provider did not take it, or does not give it up: a person has to look."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold.

    Attributes:
        entry: its reason, author, beginning and end; of a domain, its key is `@` and the domain.
        removal: the addition that carries it, or the removal that ends it; None of a domain.
    """

    entry: Suppression
    removal: Removal | None

    @property
    def domain(self) -> str | None:
        """The domain that it holds, as lower-case A-labels; None when it holds an address."""
        return self.entry.key[1:] if is_of_domain(self.entry.key) else None

    @property
    def at_provider(self) -> AtProvider:
        """Whether the provider holds it, too."""
        if self.removal is None:
            return AtProvider.HERE
        if self.removal.state is RemovalState.FAILED:
            return AtProvider.FAILED
        waits = self.removal.adds and self.removal.state is RemovalState.PENDING
        return AtProvider.PENDING if waits else AtProvider.DONE

    def is_active(self, now: Millis) -> bool:
        """Whether it has not ended."""
        return self.entry.until is None or self.entry.until > now


def domain_key(domain: str) -> str:
    """The key of a domain's hold; no address has one like it."""
    return f"@{domain}"


def is_of_domain(key: str) -> bool:
    """Whether a hold with this key is a domain's."""
    return key.startswith("@")
