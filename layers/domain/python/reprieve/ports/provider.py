"""What the removal job and the reconciliation need of an upstream provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.removal import (
        LiftAnswer,
    )
    from reprieve.suppression import Suppression, SuppressionList


class Provider(Protocol):
    """An upstream email provider's suppression lists, under one organization's account."""

    #: how many addresses one call of `lift` may carry
    batch: int

    def lift(
        self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int | None = None
    ) -> list[LiftAnswer]:
        """Take addresses off one list.

        Args:
            suppression_list: which list.
            emails: exact spellings, at most `batch`, no two alike.
            budget: milliseconds that this may take; the adapter's own bound when that is less. What it does not reach
                is answered WAIT.

        Returns:
            One answer an address, in the same order. Never raises for what a provider or a network can do.
        """
        ...

    def entries(self, suppression_list: SuppressionList, *, start: int, end: int) -> Iterator[Suppression]:
        """What the provider's list holds, by time of creation, both ends included, in milliseconds.

        Raises:
            Unavailable: the provider did not answer, or refused the account.
        """
        ...

    def close(self) -> None:
        """Give back what is kept between calls; it may be called once, at the end."""
        ...
